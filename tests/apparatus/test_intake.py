"""What the intake does where a file, the folder, or the registration fails: it goes on, and nothing stays unseen."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from imgdash import Apparatus
from imgdash.apparatus import intake
from imgdash.apparatus.examining import Examined
from imgdash.apparatus.intake import Intake
from imgdash.model import ImageHeader, ImgdashError, RecordsFailed
from imgdash.records import emission
from imgdash.store import files
from imgdash.workers import StationFull, WorkerDied
from tests.apparatus.sites import radiograph, send, site
from tests.helpers import wait_until


class Bench:
    """An intake whose workers and registration do what the test says."""

    count = 1

    def __init__(self, folder: Path) -> None:
        self.incoming = folder
        self.asked: dict[str, Future[Examined]] = {}
        self.registered: list[tuple[str, Examined]] = []
        self.given_up: list[tuple[str, str]] = []
        self.tries: list[str] = []
        self.trouble: dict[str, Exception] = {}
        self.unprepared: dict[str, Exception] = {}
        self.ready = threading.Event()
        self.ready.set()
        workers: Any = self
        self.intake = Intake(
            folder, workers, display_size=64, pitch_mm=1.0, raw_senders={},
            prepare=self._prepare, register=self._register, give_up=self._give_up, message=lambda path: None,
            ready=lambda: bool(self.ready.wait(30)),
        )  # fmt: skip
        self.looked, finish = 0, self.intake._finish

        def counted() -> None:
            finish()
            self.looked += 1

        self.intake._finish = counted  # type: ignore[method-assign]

    def run(self, function: Any, path: Path, *_: Any, **__: Any) -> Future[Examined]:
        self.asked[path.name] = Future()
        return self.asked[path.name]

    def _prepare(self, path: Path, arrived_at: datetime, found: Examined) -> str:
        if path.name in self.unprepared:
            self.tries.append(path.name)
            raise self.unprepared[path.name]
        return f"of {path.name}"

    def _register(self, path: Path, arrived_at: datetime, found: Examined, prepared: str) -> None:
        assert prepared == f"of {path.name}"
        self.tries.append(path.name)
        if path.name in self.trouble:
            raise self.trouble[path.name]
        self.registered.append((path.name, found))
        path.unlink()

    def _give_up(self, path: Path, arrived_at: datetime, found: Examined, trouble: str) -> None:
        self.given_up.append((path.name, trouble))
        path.unlink()

    def put(self, name: str) -> Future[Examined]:
        """A file arrives; returns what the worker will say of it."""
        (self.incoming / name).write_bytes(b"what came")
        self.intake.arrived(name)
        return wait_until(lambda: self.asked.get(name))

    def sound(self, name: str) -> None:
        """Another file arrives, and is registered."""
        self.put(name).set_result(Examined(name, {}, {}, {}, None))
        wait_until(lambda: name in dict(self.registered))


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr(intake, "_RESCAN", 0.05)
    (tmp_path / "incoming").mkdir()
    made = Bench(tmp_path / "incoming")
    made.intake.start()
    yield made
    made.intake.stop()
    # As the workers do when they are stopped.
    for future in made.asked.values():
        future.cancel()


def test_what_comes_before_images_can_be_examined_waits(bench: Bench) -> None:
    bench.ready.clear()
    (bench.incoming / "1-1-1.dcm").write_bytes(b"what came")
    bench.intake.arrived("1-1-1.dcm")
    wait_until(lambda: bench.intake.waiting)
    looked = bench.looked
    wait_until(lambda: bench.looked > looked + 2)
    assert bench.asked == {}
    bench.ready.set()
    wait_until(lambda: bench.asked).popitem()[1].set_result(Examined("first", {}, {}, {}, None))
    wait_until(lambda: bench.registered)


def test_files_are_looked_at_beside_each_other_and_registered_in_their_order(bench: Bench) -> None:
    first, second = bench.put("1-1-1.dcm"), bench.put("2-1-1.dcm")
    second.set_result(Examined("second", {}, {}, {}, None))
    # Everything of the second is there, and it was looked at again since.
    wait_until(lambda: [future.done() for _, _, future in bench.intake._pending] == [False, True])
    looked = bench.looked
    wait_until(lambda: bench.looked > looked + 2)
    assert bench.tries == []
    first.set_result(Examined("first", {}, {}, {}, None))
    wait_until(lambda: len(bench.registered) == 2)
    assert bench.tries == ["1-1-1.dcm", "2-1-1.dcm"]


def test_what_cannot_be_prepared_is_given_up_after_some_tries(bench: Bench) -> None:
    bench.unprepared["1-1-1.dcm"] = ValueError("a strange number")
    bench.put("1-1-1.dcm")
    answer(bench, "1-1-1.dcm", lambda: bench.given_up)
    assert bench.tries == ["1-1-1.dcm"] * 3
    bench.sound("2-1-1.dcm")


def test_a_file_that_is_taken_away_ends_nothing(bench: Bench) -> None:
    told = bench.put("1-1-1.dcm")
    (bench.incoming / "1-1-1.dcm").unlink()
    told.set_exception(WorkerDied("It died."))
    bench.sound("2-1-1.dcm")
    assert bench.intake.alive
    assert bench.tries == ["2-1-1.dcm"]


def test_a_folder_that_is_away_for_a_moment_ends_nothing(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.incoming.rename(away := bench.incoming.with_name("away"))
    wait_until(lambda: "nothing could be taken from incoming" in caplog.text)
    away.rename(bench.incoming)
    bench.sound("1-1-1.dcm")
    assert bench.intake.alive


def test_what_a_worker_died_of_is_not_read_whole(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_large(path: Path) -> bytes:
        raise MemoryError

    monkeypatch.setattr(Path, "read_bytes", too_large)
    path = bench.incoming / "1-1-1.dcm"
    told = bench.put(path.name)
    image_id = files.content_id(path, 0)
    told.set_exception(WorkerDied("Out of memory."))
    _, found = wait_until(lambda: bench.registered)[0]
    assert (found.image_id, found.trouble, found.readable_header) == (image_id, "Out of memory.", False)


def answer(bench: Bench, name: str, until: Callable[[], Any]) -> None:
    """The worker finds the same each time the file is tried."""

    def step() -> Any:
        if not (future := bench.asked[name]).done():
            future.set_result(Examined(name, {}, {}, {}, None))
        return until()

    wait_until(step)


def test_what_cannot_be_registered_is_given_up_after_some_tries(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.trouble["1-1-1.dcm"] = ValueError("a strange number")
    bench.put("1-1-1.dcm")
    answer(bench, "1-1-1.dcm", lambda: bench.given_up)
    assert bench.tries == ["1-1-1.dcm"] * 3
    assert bench.given_up == [("1-1-1.dcm", "The image was received, but could not be registered: a strange number.")]
    bench.sound("2-1-1.dcm")
    # Once with all that is known of the place, not at every try.
    assert caplog.text.count("Traceback") == 1


@pytest.mark.parametrize(
    "trouble",
    [OSError(errno.ENOSPC, "No space left"), RecordsFailed("The journal cannot be written."), "wrapped"],
)
def test_trouble_of_the_disk_is_waited_for(bench: Bench, trouble: Any) -> None:
    if trouble == "wrapped":
        trouble = ImgdashError("The file cannot be kept.")
        trouble.__cause__ = OSError(errno.EIO, "Input/output error")
    bench.trouble["1-1-1.dcm"] = trouble
    bench.put("1-1-1.dcm")
    answer(bench, "1-1-1.dcm", lambda: len(bench.tries) > 4)
    assert bench.given_up == []
    del bench.trouble["1-1-1.dcm"]
    answer(bench, "1-1-1.dcm", lambda: bench.registered)


def test_a_file_that_the_station_has_no_room_for_waits(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    full, seen = StationFull("The station has no room for this task: it may open no more files."), []

    def refused() -> bool:
        if not (future := bench.asked["1-1-1.dcm"]).done():
            seen.append(future)
            future.set_exception(full)
        return len(seen) > 4

    bench.put("1-1-1.dcm")
    wait_until(refused)
    assert (bench.tries, bench.registered, bench.given_up) == ([], [], [])
    answer(bench, "1-1-1.dcm", lambda: bench.registered)
    assert bench.registered[0][1].readable_header
    assert caplog.text.count("Traceback") == 1


POISON = "P666"


@pytest.fixture
def apparatus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Apparatus]:
    monkeypatch.setattr(intake, "_RESCAN", 0.05)
    with Apparatus(site(tmp_path / "site")) as running:
        yield running


def arrived(apparatus: Apparatus, folder: Path) -> ImageHeader:
    """The poisonous image, after it and a good one were sent."""
    poison, good = radiograph(folder / "a.dcm", PatientID=POISON), radiograph(folder / "b.dcm", PatientID="P1")
    assert send(apparatus, poison, good).returncode == 0
    wait_until(lambda: len(apparatus.images()) == 2 and not list(apparatus.files.incoming.iterdir()))
    found = {image.patient.id: image for image in apparatus.images()}
    assert found["P1"].state == "awaiting"
    return found[POISON]


def poisoned(wrapped: Any, told: Callable[..., str]) -> Any:
    """As `wrapped`, but of one patient it cannot be done."""

    def function(*arguments: Any, **more: Any) -> Any:
        if told(*arguments) == POISON:
            raise ValueError("a strange number")
        return wrapped(*arguments, **more)

    return function


@pytest.mark.peer
def test_an_image_without_parameters_is_shown_as_unreadable(
    apparatus: Apparatus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registration = apparatus._registration
    process = poisoned(registration.process, lambda header, *_: header.patient.id)
    monkeypatch.setattr(registration, "process", process)
    image = arrived(apparatus, tmp_path)
    assert image.state == "quarantined"
    assert "could not be registered: a strange number" in image.judgement.storage[0].text
    assert apparatus.files.has(image.image_id)
    # The dose was given all the same.
    assert apparatus.sql("select count(*) from exposure").fetchone() == (2,)


@pytest.mark.peer
def test_of_an_image_that_fails_everywhere_the_header_is_shown(
    apparatus: Apparatus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emission, "facts", poisoned(emission.facts, lambda ds: ds.PatientID))
    image = arrived(apparatus, tmp_path)
    assert image.state == "quarantined"
    assert "could not be registered: a strange number" in image.judgement.storage[0].text
    assert apparatus.files.has(image.image_id)


@pytest.mark.peer
def test_an_image_whose_request_cannot_be_found_is_reviewed(
    apparatus: Apparatus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = apparatus._requests
    monkeypatch.setattr(requests, "match", poisoned(requests.match, lambda header, ds: ds.PatientID))
    image = arrived(apparatus, tmp_path)
    assert image.state == "awaiting"
    said = [row["why"] for row in apparatus.journal("image", image.image_id)]
    assert any("could not be registered: a strange number" in why for why in said)


@pytest.mark.peer
def test_a_part_that_has_ended_is_told(apparatus: Apparatus) -> None:
    assert set(apparatus.health()["alive"].values()) == {True}
    assert apparatus.station.running().ended == ()
    apparatus._intake.stop()
    assert apparatus.health()["alive"]["intake"] is False
    assert apparatus.station.running().ended == ("intake",)
