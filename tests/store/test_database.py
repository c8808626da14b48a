"""The database is a projection of the journal: whatever happens to it, it comes back equal."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import duckdb
import pytest

from imgdash.model import LIFECYCLES, Event, ImgdashError
from imgdash.store import database
from imgdash.store.columns import TABLES
from imgdash.store.image_rows import image_columns
from imgdash.store.store import Change, Store
from tests.store.domain import WHEN, add, born, header

FILE = "imgdash.duckdb"


def content(store: Store) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table."""
    keys = dict(TABLES.values()) | {"journal": "seq", "station": "key"}
    return {table: store.query(f'select * from "{table}" order by "{key}"') for table, key in keys.items()}


def busy(store: Store) -> None:
    """Something of every kind: births, transitions, settings, values of every type and of the wrong one."""
    ids = add(store, *range(1, 40))

    def change(change: Change) -> None:
        for number, id in enumerate(ids):
            if number % 2:
                change.transition("image", id, "confirm", by="anna", confirmed_by="anna", confirmed_at=WHEN)
            if number % 3 == 0:
                change.set("image", id, comment="„gut“", protected=True, rows="2048", pixel_spacing=None)
            change.emit(
                Event(
                    "queue",
                    f"{id}@FILM#1",
                    "register",
                    {"image_id": id, "apparatus": "FILM", "state": "waiting", "position": number + 0.5},
                )
            )
        change.emit(Event("preference", "user/anna/keys", "set", {"value": {"confirm": " "}}))
        change.emit(Event("preference", "user/anna/keys", "set", {"value": ["x", 1, None]}))
        change.emit(Event("exposure", "1.2.3", "register", {"image_id": ids[0], "kvp": 70, "dap": 1.25, "at": WHEN}))
        change.emit(Event("exposure", "1.2.3", "sign", {"signature": "Dr. A"}))
        change.emit(Event("user", "anna", "login", {"role": "manager"}))
        change.emit(Event("image", ids[0], "seen", {"no_such_column": 1}))

    store.write(change)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site that was busy, and closed."""
    store = Store(tmp_path_factory.mktemp("busy"))
    busy(store)
    store.close()
    return store.folder


@pytest.fixture
def store(site: Path, tmp_path: Path) -> Store:
    shutil.copytree(site, tmp_path, dirs_exist_ok=True)
    return Store(tmp_path)


def test_a_rebuilt_database_equals_the_live_one(store: Store) -> None:
    before = content(store)
    store.close()
    (store.folder / FILE).unlink()
    again = Store(store.folder)
    assert content(again) == before
    again.close()


def test_a_database_left_behind_catches_up(store: Store, tmp_path: Path) -> None:
    store.close()
    old = (tmp_path / FILE).read_bytes()
    store = Store(tmp_path)
    busy_ids = [image.image_id for image in store.images("state = 'awaiting'")]
    for id in busy_ids[:5]:
        store.transition("image", id, "postpone", by="bert")
    add(store, 100, 101)
    before = content(store)
    store.close()
    (tmp_path / FILE).write_bytes(old)
    store = Store(tmp_path)
    assert content(store) == before
    store.close()


@pytest.mark.parametrize("chunk", [7, 64])
def test_replaying_in_chunks_of_any_size_gives_the_same(
    store: Store, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content(store)
    store.close()
    (store.folder / FILE).unlink()
    monkeypatch.setattr("imgdash.store.replay._CHUNK", chunk)
    again = Store(store.folder)
    assert content(again) == before
    again.close()


def garbage(content: bytes) -> bytes:
    return b"not a database" * 1000


def zeros_in_the_middle(content: bytes) -> bytes:
    return content[:4096] + bytes(len(content) - 4096)


def cut_off(content: bytes) -> bytes:
    return content[: len(content) // 3]


@pytest.mark.parametrize("harm", [garbage, zeros_in_the_middle, cut_off])
def test_a_corrupt_database_is_put_aside_and_rebuilt_equal(store: Store, harm: Any) -> None:
    before = content(store)
    store.close()
    path = store.folder / FILE
    harmed = harm(path.read_bytes())
    path.write_bytes(harmed)
    again = Store(store.folder)
    assert content(again) == before
    assert again.database.put_aside == store.folder / f"{FILE}.corrupt-1"
    assert again.database.put_aside.read_bytes() == harmed
    again.close()


def test_a_changed_schema_makes_the_tables_anew(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    before = content(store)
    store.close()
    monkeypatch.setattr(database, "SCHEMA", database.SCHEMA + "create table later (i integer);")
    monkeypatch.setattr(database, "SCHEMA_VERSION", "another")
    again = Store(store.folder)
    after = content(again)
    assert after.pop("station") == [{"key": "schema", "value": "another"}]
    before.pop("station")
    assert after == before
    assert again.query("select count(*) as n from later") == [{"n": 0}]
    again.close()


def test_a_journal_that_was_cut_is_not_quietly_believed(store: Store) -> None:
    store.close()
    path = store.journal.path
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:3]))
    for _ in range(2):
        with pytest.raises(ImgdashError, match="ahead of the journal"):
            Store(store.folder)


def test_another_program_reading_the_file_is_named(store: Store) -> None:
    """A second process cannot read a database that is open for writing, nor write one that is being read."""
    store.close()
    opening = f"c = duckdb.connect({str(store.folder / FILE)!r}, read_only=True)"
    code = f"import duckdb; {opening}; print(1, flush=True); input()"
    reader = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert reader.stdout is not None
    reader.stdout.readline()
    try:
        with pytest.raises(ImgdashError, match="in use by another process"):
            Store(store.folder)
    finally:
        reader.communicate(b"\n", timeout=20)
    Store(store.folder).close()


def test_readers_in_many_threads_see_whole_changes(store: Store) -> None:
    """A change is seen whole or not at all, while the writer goes on."""
    stop = threading.Event()
    wrong: list[Any] = []

    def read() -> None:
        while not stop.is_set():
            row = store.query("select count(*) n, count(*) filter (comment = 'pair') p from image")[0]
            if row["p"] % 2:
                wrong.append(row)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    ids = [image.image_id for image in store.images()]
    for first, second in zip(ids[::2], ids[1::2], strict=False):

        def pair(change: Change, first: str = first, second: str = second) -> None:
            change.set("image", first, comment="pair")
            change.set("image", second, comment="pair")

        store.write(pair)
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong
    store.close()


def test_the_database_cannot_reach_outside_its_records(store: Store) -> None:
    store.close()
    store = Store(store.folder)
    with pytest.raises(duckdb.Error):
        store.query("select * from read_text('/etc/passwd')")
    with pytest.raises(duckdb.Error):
        store.query(f"copy image to '{store.folder}/evil.csv'")
    store.close()


def test_an_image_header_survives_its_row(store: Store) -> None:
    store.write(lambda change: change.emit(born(500)))
    assert store.image(header(500).image_id) == header(500)
    assert image_columns(store.image(header(500).image_id)) == image_columns(header(500))
    store.close()


def test_every_subject_with_a_lifecycle_has_its_table(store: Store) -> None:
    assert set(LIFECYCLES) <= set(TABLES)
    for table, key in TABLES.values():
        assert store.query(f'select "{key}" from "{table}" limit 0') == []
    store.close()
