"""Queues against DCMTK's storescp: order, absence, refusal, poison, holds, switches, restarts (F1-F5)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from pynetdicom import AE, evt
from pynetdicom.sop_class import ComputedRadiographyImageStorage, Verification

from imgdash.model import ImgdashError
from imgdash.wire.entity import STEADY
from imgdash.workers import StationFull
from tests.helpers import wait_until
from tests.output.bench import Bench, radiograph, received
from tests.output.conftest import stop

Make = Callable[..., Bench]
Program = Callable[..., Any]


def archive(port: int, **more: Any) -> dict[str, Any]:
    return {"name": "ARCHIVE", "kind": "storage", "ae_title": "ARCHIVE", "port": port, "commitment": False, **more}


def names(folder: Path) -> list[str]:
    """Numbers of the received images, in the order of arrival."""
    return [str(ds.InstanceNumber) for ds in received(folder)]


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    folder.mkdir()
    return folder


def storescp(program: Program, port: int, inbox: Path, *options: str) -> Any:
    return program("storescp", "-aet", "ARCHIVE", "-od", str(inbox), "-uf", *options, str(port), port=port)


def test_images_leave_in_order_of_position_and_are_delivered(
    bench: Make, program: Program, free_port: int, inbox: Path
) -> None:
    storescp(program, free_port, inbox)
    site = bench(archive(free_port))
    images = [site.add(radiograph(number)) for number in (1, 2, 3)]
    for image in images[:2]:
        site.register(image, "ARCHIVE")
    site.register(images[2], "ARCHIVE", position=-1e9, priority=True)
    with site.running():
        wait_until(lambda: site.states() == ["done"] * 3)
    assert names(inbox) == ["3", "1", "2"]
    assert [image.state for image in site.store.images()] == ["delivered"] * 3
    assert received(inbox)[0].SOPInstanceUID == site.store.queue()[0].output_uid


def test_an_absent_peer_makes_its_queue_wait_and_drain_once_in_order(
    bench: Make, program: Program, free_port: int, inbox: Path
) -> None:
    site = bench(archive(free_port, attempts=2))
    entries = [site.register(site.add(radiograph(number)), "ARCHIVE") for number in (1, 2, 3)]
    with site.running() as outputs:
        # It fails more often than one image may.
        wait_until(lambda: outputs.queues["ARCHIVE"].backoff.failures >= 4)
        assert "cannot be reached" in outputs.status()["ARCHIVE"].trouble
        assert "cannot be reached" in site.entry(entries[0]).trouble
        assert [site.entry(entry).attempts for entry in entries] == [0, 0, 0]
        storescp(program, free_port, inbox)
        wait_until(lambda: site.states() == ["done"] * 3)
        assert outputs.status()["ARCHIVE"].trouble == ""
    assert names(inbox) == ["1", "2", "3"]
    assert all(site.events(entry).count("finish") == 1 for entry in entries)


def test_a_peer_that_rejects_associations_is_waited_for(
    bench: Make, program: Program, free_port: int, inbox: Path
) -> None:
    refusing = storescp(program, free_port, inbox, "--refuse")
    site = bench(archive(free_port, attempts=1))
    site.register(site.add(radiograph()), "ARCHIVE")
    with site.running() as outputs:
        wait_until(lambda: "rejected" in outputs.status()["ARCHIVE"].trouble)
        stop(refusing)
        storescp(program, free_port, inbox)
        wait_until(lambda: site.states() == ["done"])


def test_a_peer_that_aborts_everything_sets_nothing_aside(
    bench: Make, program: Program, free_port: int, inbox: Path
) -> None:
    aborting = storescp(program, free_port, inbox, "--abort-during")
    site = bench(archive(free_port, attempts=2))
    entries = [site.register(site.add(radiograph(number)), "ARCHIVE") for number in (1, 2)]
    with site.running():
        wait_until(lambda: sum(site.events(entry).count("retry") for entry in entries) >= 4)
        stop(aborting)
        for path in inbox.iterdir():
            path.unlink()
        storescp(program, free_port, inbox)
        wait_until(lambda: site.states() == ["done"] * 2)
    assert sorted(names(inbox)) == ["1", "2"]


def test_a_peer_that_never_answers_is_given_up_and_tried_again(
    bench: Make, program: Program, free_port: int, inbox: Path
) -> None:
    sleeping = storescp(program, free_port, inbox, "--sleep-during", "30")
    site = bench(archive(free_port, timeout_seconds=0.5))
    entry = site.register(site.add(radiograph()), "ARCHIVE")
    with site.running():
        wait_until(lambda: "did not answer" in site.entry(entry).trouble)
        stop(sleeping)
        for path in inbox.iterdir():
            path.unlink()
        storescp(program, free_port, inbox)
        wait_until(lambda: site.states() == ["done"])
    assert names(inbox) == ["1"]


class Storage:
    """A storage that treats single images badly: what no Debian program does."""

    def __init__(self, *, refuse: str = "", abort: str = "", status: int = 0xC000) -> None:
        self.got: list[str] = []
        self.tries: list[str] = []
        self.refuse, self.abort, self.status = refuse, abort, status
        self.full = False
        self.lock = threading.Lock()
        ae = AE("ARCHIVE")
        ae.add_supported_context(ComputedRadiographyImageStorage)
        ae.add_supported_context(Verification)
        self.server: Any = ae.start_server(
            ("127.0.0.1", 0), block=False, evt_handlers=[STEADY, (evt.EVT_C_STORE, self._store)]
        )
        self.port = int(self.server.socket.getsockname()[1])

    def _store(self, event: Any) -> int:
        number = str(event.dataset.InstanceNumber)
        self.tries.append(number)
        if number == self.abort:
            event.assoc.abort()
            return 0xC000
        if self.full or number == self.refuse:
            return self.status
        self.got.append(number)
        return 0x0000

    def __enter__(self) -> Storage:
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()


def test_an_image_that_is_refused_is_set_aside_and_the_others_flow(bench: Make) -> None:
    with Storage(refuse="1") as storage:
        site = bench(archive(storage.port, attempts=3))
        entries = [site.register(site.add(radiograph(number)), "ARCHIVE") for number in (1, 2, 3)]
        with site.running():
            wait_until(lambda: site.states() == ["failed", "done", "done"])
    assert storage.got == ["2", "3"]
    assert storage.tries.count("1") == 3
    failed = site.entry(entries[0])
    assert failed.attempts == 3
    assert "C000" in failed.trouble
    # It is not delivered: something of it is left to do.
    assert site.store.image(failed.image_id).state == "confirmed"


def test_what_a_person_retries_or_cancels_settles_the_image(bench: Make) -> None:
    with Storage(refuse="1") as storage:
        site = bench(archive(storage.port, attempts=1), archive(storage.port, name="SECOND", attempts=1))
        image = site.add(radiograph(1))
        first, second = (site.register(image, name) for name in ("ARCHIVE", "SECOND"))
        with site.running():
            wait_until(lambda: site.states() == ["failed", "failed"])
            storage.refuse = ""
            site.store.transition("queue", first, "retry", "anna", attempts=0)
            wait_until(lambda: site.entry(first).state == "done")
            assert site.store.image(image.image_id).state == "confirmed"
            site.store.transition("queue", second, "cancel", "anna")
            wait_until(lambda: site.store.image(image.image_id).state == "delivered")


def test_a_refusal_that_repeating_cannot_mend_is_final_at_once(bench: Make) -> None:
    with Storage() as storage:
        site = bench(archive(storage.port, sop_class="sc"))
        entry = site.register(site.add(radiograph()), "ARCHIVE")
        with site.running():
            wait_until(lambda: site.entry(entry).state == "failed")
    assert "does not take Secondary Capture" in site.entry(entry).trouble
    assert "sop_class" in site.entry(entry).trouble


def test_out_of_resources_is_the_storages_trouble_not_the_images(bench: Make) -> None:
    with Storage(status=0xA700) as storage:
        storage.full = True
        site = bench(archive(storage.port, attempts=1))
        entries = [site.register(site.add(radiograph(number)), "ARCHIVE") for number in (1, 2)]
        with site.running() as outputs:
            wait_until(lambda: min(storage.tries.count(number) for number in "12") >= 3)
            assert "out of resources" in outputs.status()["ARCHIVE"].trouble
            assert [site.entry(entry).attempts for entry in entries] == [0, 0]
            assert storage.got == []
            storage.full = False
            wait_until(lambda: site.states() == ["done"] * 2)
        assert sorted(storage.got) == ["1", "2"]


def test_an_image_that_there_is_never_room_for_is_set_aside_and_the_others_flow(bench: Make) -> None:
    with Storage(refuse="1", status=0xA700) as storage:
        site = bench(archive(storage.port, attempts=2))
        first = site.register(site.add(radiograph(1)), "ARCHIVE")
        number = 1
        with site.running():
            while site.entry(first).state != "failed":
                # It counts when another one has passed it, however often it is tried.
                assert site.entry(first).attempts <= number - 1
                number += 1
                other = site.register(site.add(radiograph(number)), "ARCHIVE")
                wait_until(lambda other=other: site.entry(other).state == "done")
                tries = storage.tries.count("1")
                wait_until(lambda tries=tries: site.entry(first).state == "failed" or storage.tries.count("1") > tries)
    assert site.entry(first).attempts == 2
    assert "out of resources (status A700)" in site.entry(first).trouble
    assert storage.got == [str(k) for k in range(2, number + 1)]


def test_a_storage_that_had_room_for_one_and_is_full_again_sets_nothing_aside(bench: Make) -> None:
    with Storage(refuse="1", status=0xA700) as storage:
        site = bench(archive(storage.port, attempts=2))
        first, second = (site.register(site.add(radiograph(number)), "ARCHIVE") for number in (1, 2))
        with site.running():
            wait_until(lambda: site.entry(second).state == "done" and site.entry(first).attempts == 1)
            tries = len(storage.tries)
            wait_until(lambda: len(storage.tries) >= tries + 4)
            assert site.entry(first).attempts == 1
            storage.refuse = ""
            wait_until(lambda: site.entry(first).state == "done")


def test_an_image_that_breaks_the_association_is_found_out(bench: Make) -> None:
    with Storage(abort="1") as storage:
        site = bench(archive(storage.port, attempts=3))
        for number in (1, 2, 3):
            site.register(site.add(radiograph(number)), "ARCHIVE")
        with site.running():
            wait_until(lambda: site.states() == ["failed", "done", "done"])
    assert storage.got == ["2", "3"]
    assert storage.tries.count("1") <= 4


def test_an_image_that_the_station_has_no_room_to_form_waits_and_goes(
    bench: Make, program: Program, free_port: int, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storescp(program, free_port, inbox)
    site = bench(archive(free_port, attempts=2))
    image = site.add(radiograph(1))
    with site.running() as outputs:
        run, refused = outputs.former.workers.run, []

        def full(*arguments: Any, **more: Any) -> Any:
            if len(refused) > 3:
                return run(*arguments, **more)
            refused.append(Future[Any]())
            refused[-1].set_exception(StationFull("The station has no room for this task."))
            return refused[-1]

        monkeypatch.setattr(outputs.former.workers, "run", full)
        entry = site.register(image, "ARCHIVE")
        outputs.wake()
        wait_until(lambda: site.states() == ["done"])
    assert site.events(entry).count("fail") == 0
    assert names(inbox) == ["1"]


def test_an_image_that_cannot_be_formed_is_set_aside_with_the_reason(bench: Make) -> None:
    with Storage() as storage:
        site = bench(archive(storage.port))
        bad = site.add(radiograph(1), edits={"PatientBirthDate": "yesterday"})
        broken = site.add(radiograph(2))
        path = site.files.path(broken.image_id)
        path.write_bytes(path.read_bytes()[:-5000])
        entries = [site.register(image, "ARCHIVE") for image in (bad, broken, site.add(radiograph(3)))]
        with site.running():
            wait_until(lambda: site.states() == ["failed", "failed", "done"])
    assert "PatientBirthDate" in site.entry(entries[0]).trouble
    assert "cannot be read" in site.entry(entries[1]).trouble


def test_held_switched_off_and_not_confirmed_images_stay(bench: Make) -> None:
    with Storage() as storage:
        site = bench(archive(storage.port))
        site.store.set("preference", "station/apparatus/ARCHIVE/off", "anna", value=True)
        held = site.register(site.add(radiograph(1)), "ARCHIVE", state="held")
        free = site.register(site.add(radiograph(2)), "ARCHIVE")
        postponed = site.register(site.add(radiograph(3), state="postponed"), "ARCHIVE")
        with site.running() as outputs:
            assert not outputs.status()["ARCHIVE"].on
            # The queue has looked at the table when it has taken note of this change.
            site.store.set("queue", free, "anna", why="a change")
            wait_until(lambda: not outputs.queues["ARCHIVE"].woken.is_set())
            assert storage.tries == []
            site.store.set("preference", "station/apparatus/ARCHIVE/off", "anna", value=False)
            wait_until(lambda: site.entry(free).state == "done")
            wait_until(lambda: site.entry(postponed).state == "cancelled")
            assert site.entry(held).state == "held"
            site.store.transition("queue", held, "release", "anna")
            wait_until(lambda: site.entry(held).state == "done")
    assert storage.got == ["2", "1"]


def test_queues_do_not_wait_for_each_other(bench: Make, free_port: int) -> None:
    with Storage() as storage:
        site = bench(archive(free_port, name="AWAY"), archive(storage.port))
        image = site.add(radiograph())
        away, here = site.register(image, "AWAY"), site.register(image, "ARCHIVE")
        with site.running():
            wait_until(lambda: site.entry(here).state == "done")
            assert site.entry(away).state == "waiting"
            assert site.store.image(image.image_id).state == "confirmed"


def test_what_was_being_sent_when_imgdash_was_killed_is_sent_again_as_the_same_object(bench: Make) -> None:
    with Storage() as storage:
        site = bench(archive(storage.port))
        entry = site.register(site.add(radiograph()), "ARCHIVE")
        site.store.transition("queue", entry, "take")
        site.restart()
        with site.running():
            wait_until(lambda: site.entry(entry).state == "done")
        assert site.events(entry) == ["register", "take", "retry", "take", "finish"]
        # An image that came through twice is the same object, byte for byte.
        job = site.outputs.former.job(site.entry(entry), site.site.output("ARCHIVE"))
        first = site.outputs.former.result(job)
        once = first.read_bytes()
        first.unlink()
        assert site.outputs.former.result(job).read_bytes() == once


@pytest.mark.parametrize(("kind", "state", "got"), [("reject", "cancelled", []), ("repeat", "done", ["1"])])
@pytest.mark.parametrize("on_its_way", [("take",), ("take", "sent", "retry")])
def test_what_was_rejected_on_its_way_goes_no_further_unless_as_a_repeat(
    bench: Make, kind: str, state: str, got: list[str], on_its_way: tuple[str, ...]
) -> None:
    with Storage() as storage:
        site = bench(archive(storage.port))
        image = site.add(radiograph(1))
        entry = site.register(image, "ARCHIVE")
        for event in on_its_way:
            site.store.transition("queue", entry, event)
        site.store.transition("image", image.image_id, "reject", "anna", kind=kind)
        with site.running():
            wait_until(lambda: site.entry(entry).state == state)
    assert storage.got == got


def test_a_queue_ends_although_its_peer_does_not_answer(bench: Make) -> None:
    release = threading.Event()
    ae = AE("ARCHIVE")
    ae.add_supported_context(ComputedRadiographyImageStorage)
    ae.add_supported_context(Verification)

    def never(event: Any) -> int:
        release.wait(20)
        return 0

    server: Any = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[STEADY, (evt.EVT_C_STORE, never)])
    try:
        site = bench(archive(server.socket.getsockname()[1], timeout_seconds=60))
        entry = site.register(site.add(radiograph()), "ARCHIVE")
        with site.running() as outputs:
            wait_until(lambda: outputs.queues["ARCHIVE"].assoc is not None and site.entry(entry).state == "sending")
        assert site.entry(entry).state == "waiting"
    finally:
        release.set()
        server.shutdown()


@pytest.mark.parametrize("step", ["take", "finish"])
def test_when_the_records_cannot_be_written_the_queue_goes_on_later(
    bench: Make, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    with Storage() as storage:
        site = bench(archive(storage.port))
        entries = [site.register(site.add(radiograph(number)), "ARCHIVE") for number in (1, 2)]
        append = site.store.journal.append
        refused: list[str] = []

        def full(events: Any) -> Any:
            if events[0].event == step and len(refused) < 3:
                refused.append(step)
                raise ImgdashError("The disk is full.", "Make room.")
            return append(events)

        monkeypatch.setattr(site.store.journal, "append", full)
        with site.running():
            wait_until(lambda: len(refused) == 3 and set(storage.got) == {"1", "2"})
            wait_until(lambda: [site.entry(entry).state for entry in entries] == ["done", "done"])


def test_a_wake_tries_at_once_what_is_waited_for(bench: Make, program: Program, free_port: int, inbox: Path) -> None:
    site = bench(archive(free_port, retry_seconds=600, retry_cap_seconds=600))
    site.register(site.add(radiograph()), "ARCHIVE")
    with site.running() as outputs:
        wait_until(lambda: (outputs.status()["ARCHIVE"].next_try_seconds or 0) > 500)
        storescp(program, free_port, inbox)
        outputs.wake()
        wait_until(lambda: site.states() == ["done"])
