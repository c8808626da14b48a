"""Publishing: readers see whole files of one moment, only what changed is written again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from imgdash.model import Event, ImgdashError
from imgdash.records import partitions, snapshot
from imgdash.records.publish import Publisher
from imgdash.store import database
from imgdash.store.store import Change, Store
from tests.helpers import wait_until
from tests.store.domain import add, born, header

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "it's a site")
    yield store
    store.close()


@pytest.fixture
def publisher(store: Store) -> Publisher:
    return Publisher(store, store.folder / "records", every=0.05)


def month(store: Store, number: int, received_at: str | None) -> str:
    """An image that was received in a month, with an exposure."""

    def change(change: Change) -> str:
        id = change.emit(born(number, received_at=received_at)).id
        change.emit(Event("exposure", f"1.2.{number}", "register", {"image_id": id, "at": received_at, "kvp": 70}))
        return id

    return store.write(change)


def stamps(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_ino for path in folder.glob("*/*.parquet")}


def published(folder: Path, table: str) -> list[tuple[object, ...]]:
    """As a notebook reads it."""
    key = {"image": "image_id", "exposure": "event_uid", "journal": "seq"}[table]
    files = str(folder / table / "*.parquet").replace("'", "''")
    return duckdb.sql(f"select * from read_parquet('{files}') order by {key}").fetchall()


def equal(store: Store, folder: Path) -> None:
    for table, key in (("image", "image_id"), ("exposure", "event_uid"), ("journal", "seq")):
        rows = [tuple(row.values()) for row in store.query(f'select * from "{table}" order by "{key}"')]
        assert published(folder, table) == rows


def test_what_is_published_equals_the_database(store: Store, publisher: Publisher) -> None:
    for number, when in enumerate(("2025-01-31T23:59:59", "2025-02-01T00:00:00", "2025-02-27T08:00:00", None), 1):
        month(store, number, when)
    manifest = publisher.publish()
    assert manifest.tables["image"] == {"2025-01": 1, "2025-02": 2, "unknown": 1}
    assert manifest.seq == store.journal.seq
    equal(store, publisher.folder)
    assert {path.name for path in publisher.folder.glob("*/*")} >= {"2025-01.parquet", "unknown.parquet"}


def test_only_changed_periods_are_written_again(store: Store, publisher: Publisher) -> None:
    ids = [month(store, number, f"2025-0{number}-05T10:00:00") for number in (1, 2, 3)]
    publisher.publish()
    before = stamps(publisher.folder)
    store.set("image", ids[1], comment="late correction")
    publisher.publish()
    after = stamps(publisher.folder)
    changed = {name for name in after if after[name] != before.get(name)}
    today = store.query("select strftime(max(\"at\"), '%Y-%m-%d') as day from journal")[0]["day"]
    assert changed == {"image/2025-02.parquet", f"journal/{today}.parquet"}
    equal(store, publisher.folder)


def test_nothing_changed_nothing_written(store: Store, publisher: Publisher) -> None:
    month(store, 1, "2025-01-05T10:00:00")
    first = publisher.publish()
    before = stamps(publisher.folder)
    assert publisher.publish() == first
    assert stamps(publisher.folder) == before


def test_a_row_that_moved_to_another_month_is_not_published_twice(store: Store, publisher: Publisher) -> None:
    id = month(store, 1, "2025-01-05T10:00:00")
    month(store, 2, "2025-01-06T10:00:00")
    publisher.publish()
    store.set("image", id, received_at="2025-03-05T10:00:00")
    assert publisher.publish().tables["image"] == {"2025-01": 1, "2025-03": 1}
    equal(store, publisher.folder)
    store.set("image", header(2).image_id, received_at="2025-03-05T10:00:00")
    assert publisher.publish().tables["image"] == {"2025-03": 2}
    assert not (publisher.folder / "image" / "2025-01.parquet").exists()


@pytest.mark.parametrize("harm", ["manifest", "file", "schema", "folder"])
def test_a_damaged_publication_is_made_whole(
    store: Store, publisher: Publisher, harm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = month(store, 1, "2025-01-05T10:00:00")
    month(store, 2, "2025-02-05T10:00:00")
    publisher.publish()
    if harm == "manifest":
        (publisher.folder / "manifest.json").write_text('{"seq": 1')
    elif harm == "file":
        (publisher.folder / "image" / "2025-02.parquet").unlink()
    elif harm == "schema":
        monkeypatch.setattr("imgdash.records.publish.SCHEMA_VERSION", "newer")
    else:
        shutil.rmtree(publisher.folder)
    store.set("image", id, comment="x")
    publisher.publish()
    equal(store, publisher.folder)


def test_it_publishes_by_itself_after_changes_and_when_it_stops(store: Store, publisher: Publisher) -> None:
    publisher.start()
    month(store, 1, "2025-01-05T10:00:00")
    seq = store.journal.seq
    wait_until(lambda: (found := partitions.read(publisher.folder)) and found.seq == seq)
    publisher.every = 1000
    month(store, 2, "2025-01-05T10:00:00")
    month(store, 3, "2025-01-05T10:00:00")
    publisher.stop()
    found = partitions.read(publisher.folder)
    assert found is not None
    assert found.seq == store.journal.seq
    equal(store, publisher.folder)


def test_trouble_is_told_and_the_next_time_works(store: Store, publisher: Publisher) -> None:
    publisher.folder.write_text("a file where the folder should be")
    month(store, 1, "2025-01-05T10:00:00")
    publisher.start()
    wait_until(lambda: publisher.trouble)
    publisher.folder.unlink()
    wait_until(lambda: not publisher.trouble and partitions.read(publisher.folder))
    publisher.stop()
    equal(store, publisher.folder)


def test_readers_never_see_half_of_anything(store: Store, publisher: Publisher) -> None:
    """While images and exposures are written in pairs, every snapshot holds whole pairs."""
    stop = threading.Event()
    wrong: list[str] = []
    taken = 0

    def naive() -> None:
        while not stop.is_set():
            for path in publisher.folder.glob("*/*.parquet"):
                try:
                    # Opened once: by its path it would be opened twice, and may be replaced in between.
                    with path.open("rb") as file:
                        pq.read_table(file)
                except FileNotFoundError:
                    continue
                except Exception as error:
                    wrong.append(f"{path.name}: {error}")

    def careful() -> None:
        nonlocal taken
        while not stop.is_set():
            into = store.folder / f"snapshot-{taken}"
            into.mkdir()
            manifest = snapshot.take(publisher.folder, into)
            counts = {
                table: sum(pq.read_metadata(into / table / f"{p}.parquet").num_rows for p in periods)
                for table, periods in manifest.tables.items()
            }
            if counts["image"] != counts["exposure"] or counts["journal"] != manifest.seq:
                wrong.append(str(counts))
            taken += 1

    month(store, 1, "2025-01-05T10:00:00")
    publisher.publish()
    threads = [threading.Thread(target=work) for work in (naive, careful)]
    for thread in threads:
        thread.start()
    for number in range(2, 25):
        month(store, number, f"2025-0{number % 9 + 1}-05T10:00:00")
        publisher.publish()
    wait_until(lambda: taken > 3)
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_snapshot_stays_as_it_is(store: Store, publisher: Publisher, tmp_path: Path) -> None:
    id = month(store, 1, "2025-01-05T10:00:00")
    publisher.publish()
    into = tmp_path / "snapshot"
    into.mkdir()
    snapshot.take(publisher.folder, into)
    before = published(into, "image")
    store.set("image", id, comment="later")
    publisher.publish()
    assert published(into, "image") == before
    assert published(publisher.folder, "image") != before


def test_there_is_nothing_before_the_first_publication(tmp_path: Path) -> None:
    with pytest.raises(ImgdashError, match="Start 'imgdash serve'"):
        snapshot.take(tmp_path, tmp_path / "x")


def test_kill_9_leaves_a_whole_publication(tmp_path: Path) -> None:
    """Killed at any moment, what is published is whole, and the next start makes it complete."""
    code = (
        "import sys; from pathlib import Path;"
        "from imgdash.store.store import Store; from imgdash.records.publish import Publisher;"
        "from tests.store.domain import add;"
        "store = Store(Path(sys.argv[1])); publisher = Publisher(store, store.folder / 'records', every=0.0);"
        "first = 1 + store.query('select coalesce(max(number), 0) n from image')[0]['n'];"
        "[(add(store, n), publisher.publish(), print(n, flush=True)) for n in range(first, first + 10000)]"
    )
    for turn in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT
        )
        assert process.stdout is not None
        for _ in range(3 + 2 * turn):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=20)
        for path in (tmp_path / "records").glob("*/*.parquet"):
            assert pq.read_table(path).num_columns > 5
    store = Store(tmp_path)
    publisher = Publisher(store, tmp_path / "records")
    publisher.start()
    publisher.stop()
    equal(store, publisher.folder)
    assert not list((tmp_path / "records").rglob("*.new"))
    store.close()


def test_scratch_folders_of_queries_that_were_killed_are_removed(store: Store, publisher: Publisher) -> None:
    old, recent = publisher.folder / ".query-old", publisher.folder / ".query-recent"
    for folder in (old, recent):
        (folder / "records" / "image").mkdir(parents=True)
        (folder / "records" / "image" / "2025-01.parquet").write_text("x")
    os.utime(old, (0, 0))
    add(store, 1)
    publisher.start()
    publisher.stop()
    assert not old.exists()
    assert (recent / "records" / "image" / "2025-01.parquet").exists()


def test_every_table_but_the_private_ones_is_published() -> None:
    connection = duckdb.connect()
    connection.execute(database.SCHEMA)
    tables = {row[0] for row in connection.execute("select table_name from duckdb_tables()").fetchall()}
    assert tables - {table.name for table in partitions.PUBLISHED} == {"preference", "station"}
