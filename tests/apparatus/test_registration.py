"""Images that come again: deleted, unreadable, half registered by a stop. What was acknowledged is not lost (E1)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from imgdash import Apparatus
from imgdash.apparatus import reservations
from imgdash.apparatus.examining import Examined, examine
from imgdash.confirm import retention
from imgdash.model import Actor, ImageHeader, Order
from tests.apparatus.sites import radiograph, site
from tests.helpers import wait_until

MANAGER = Actor("max", "manager")
MODALITY = {"name": "cr", "kind": "modality", "ae_title": "TESTER", "port": 1, "resend": True}
AUTOMATIC = {"rules": [{"rule": "unreadable", "policy": "automatic"}], "rounds": 2}
_NUMBERS = count(1)


def arrived(apparatus: Apparatus, source: Path, *, name: str = "", unread: bool = False) -> tuple[Path, Examined]:
    """A file as its receiver left it, and what a worker found; `unread` is one whose worker failed."""
    path = apparatus.files.incoming / (name or f"{next(_NUMBERS)}-1-1.dcm")
    ds = pydicom.dcmread(source)
    ds.file_meta.SourceApplicationEntityTitle = MODALITY["ae_title"]
    ds.save_as(path, enforce_file_format=True)
    settings = apparatus.site.station
    found = examine(path, settings.display_size, settings.processing_pitch_mm, {})
    if unread:
        found = Examined(found.image_id, found.columns, found.attributes, {}, None, "The worker died on this task.")
    return path, found


def register(apparatus: Apparatus, source: Path, **how: Any) -> ImageHeader:
    """Registered by the intake's thread, once."""
    path, found = arrived(apparatus, source, **how)
    apparatus._registration.register(path, datetime.now(), found)
    assert not path.exists()
    return apparatus.image(found.image_id)


@pytest.fixture
def apparatus(tmp_path: Path) -> Iterator[Apparatus]:
    """One that does not run: what arrives is registered by the test."""
    ris = {"name": "ris", "kind": "ris", "hl7_port": 1}
    made = Apparatus(site(tmp_path / "site", station={"workers": 1}, peer=[MODALITY, ris], requests=AUTOMATIC))
    yield made
    made.stop()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return radiograph(tmp_path / "a.dcm", ImageComments="one")


@pytest.mark.parametrize("swept", [True, False])
def test_what_was_deleted_and_is_received_again_begins_anew(apparatus: Apparatus, source: Path, swept: bool) -> None:
    """The sender was told Success, and that it is held if it asks."""
    first = register(apparatus, source)
    apparatus.edit(first.image_id, MANAGER, PatientID="RIGHT")
    apparatus.actions.reject(first.image_id, MANAGER, "111209")
    apparatus.actions.delete(first.image_id, MANAGER)
    if swept:
        apparatus._sweep()
        assert not apparatus.files.has(first.image_id)
    again = register(apparatus, source)
    apparatus._sweep()
    assert (again.state, again.reason, again.confirmed_by) == ("awaiting", "", "")
    # What a person knew better of these bytes is still so.
    assert (again.patient.id, again.edits) == ("RIGHT", {"PatientID": "RIGHT"})
    assert again.number > first.number
    assert apparatus.open(again.image_id).shape == (96, 96)
    assert apparatus.reduced(again.image_id).display.size
    told = apparatus.sql("select patient_id, amends <> '' from exposure order by amends").fetchall()
    assert told == [("P1", False), ("RIGHT", True)]
    apparatus.confirm(again.image_id, MANAGER)


def test_what_was_prepared_before_its_order_came_is_prepared_anew(apparatus: Apparatus, tmp_path: Path) -> None:
    """Several are prepared at a time; what has changed until one is registered counts."""
    source = radiograph(tmp_path / "b.dcm", AccessionNumber="A7")
    path, found = arrived(apparatus, source)
    prepared = apparatus._registration.prepare(path, datetime.now(), found)
    assert prepared is not None
    assert (prepared.order, apparatus.images()) == (None, [])
    order = Order(order_id="O7", accession="A7", patient=prepared.header.patient)
    apparatus.store.write(lambda change: reservations.keep(change, apparatus.site, order))
    apparatus._registration.register(path, datetime.now(), found, prepared)
    image = apparatus.image(found.image_id)
    assert (image.order_id, image.state) == ("O7", "awaiting")


def test_an_unreadable_one_is_kept_after_its_deletion_too(apparatus: Apparatus, source: Path) -> None:
    first = register(apparatus, source, unread=True)
    apparatus._requests.withdraw(apparatus.requests()[0].request_id, MANAGER)
    apparatus.delete(first.image_id, MANAGER)
    again = register(apparatus, source, unread=True)
    assert again.state == "requested"
    assert apparatus.files.has(again.image_id)


@pytest.mark.parametrize("moment", ["sweep", "birth"])
def test_a_file_is_not_swept_away_from_an_image_that_is_back(
    apparatus: Apparatus, source: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """It comes when the sweep has seen it deleted, or the sweep comes when its file was just kept."""
    image = register(apparatus, source).image_id
    apparatus.actions.reject(image, MANAGER, "111209")
    apparatus.actions.delete(image, MANAGER)
    seen, headed = apparatus.store.images, apparatus._registration._header

    def looked(*where: Any, **more: Any) -> list[ImageHeader]:
        found = seen(*where, **more)
        if where and where[0].startswith("state = 'deleted'") and found:
            monkeypatch.undo()
            register(apparatus, source)
        return found

    def swept(*facts: Any) -> ImageHeader:
        monkeypatch.undo()
        assert retention.sweep(apparatus.store, apparatus.site, apparatus.files) == [image]
        return headed(*facts)

    if moment == "sweep":
        monkeypatch.setattr(apparatus.store, "images", looked)
        assert retention.sweep(apparatus.store, apparatus.site, apparatus.files) == []
    else:
        monkeypatch.setattr(apparatus._registration, "_header", swept)
        register(apparatus, source)
    assert (apparatus.image(image).state, apparatus.files.has(image)) == ("awaiting", True)


def test_what_could_not_be_read_is_looked_at_again(apparatus: Apparatus, source: Path) -> None:
    """The fault was ours, or the way's: the same bytes are sound."""
    image = register(apparatus, source, unread=True)
    (asked,) = apparatus.requests()
    assert (image.state, asked.ask, asked.state) == ("requested", "resend", "waiting")
    seen = register(apparatus, source)
    assert (seen.state, seen.round, seen.request_id) == ("awaiting", 1, asked.request_id)
    assert seen.condition
    assert not [finding for finding in seen.judgement.storage if finding.rule == "unreadable"]
    assert apparatus.reduced(seen.image_id).display.size
    assert [request.state for request in apparatus.requests()] == ["answered"]
    apparatus.confirm(seen.image_id, MANAGER)
    assert [request.state for request in apparatus.requests()] == ["satisfied"]


@pytest.mark.parametrize("way", ["quarantined", "rejected"])
def test_it_is_taken_in_without_having_been_asked_for(apparatus: Apparatus, source: Path, way: str) -> None:
    image = register(apparatus, source, unread=True)
    apparatus._requests.withdraw(apparatus.requests()[0].request_id, MANAGER)
    if way == "rejected":
        apparatus.reject(image.image_id, MANAGER, "111221")
    assert apparatus.image(image.image_id).state == way
    seen = register(apparatus, source)
    assert (seen.state, seen.reason) == ("awaiting", "")
    assert apparatus.process(seen.image_id).size


def test_a_new_exposure_is_not_needed_where_the_image_can_be_read_after_all(apparatus: Apparatus, source: Path) -> None:
    image = register(apparatus, source, unread=True)
    apparatus._requests.withdraw(apparatus.requests()[0].request_id, MANAGER)
    asked = apparatus._requests.create(image.image_id, MANAGER, reason="UNREADABLE", ask="reradiograph", to="ris")
    assert register(apparatus, source).state == "awaiting"
    request = apparatus.store.request(asked.request_id)
    assert (request.state, request.contents["cancel"]) == ("withdrawn", "due")


def test_bytes_that_are_never_readable_are_asked_for_so_often_and_stay_in_quarantine(
    apparatus: Apparatus, source: Path
) -> None:
    for _ in range(4):
        image = register(apparatus, source, unread=True)
    assert image.state == "quarantined"
    # Two rounds by itself, then a person is asked.
    states = [(request.round, request.state) for request in apparatus.requests()]
    assert sorted(states) == [(1, "superseded"), (2, "superseded"), (3, "proposed")]


def test_unreadable_answers_count_as_rounds(apparatus: Apparatus, tmp_path: Path) -> None:
    """A modality that makes broken images of everything, other bytes each time."""
    uid = "2.25.4711"
    for number in range(3):
        broken = radiograph(tmp_path / "b.dcm", ImageComments=f"number {number}", SOPInstanceUID=uid)
        assert register(apparatus, broken, unread=True).round == number
    states = [(request.round, request.state) for request in apparatus.requests()]
    assert sorted(states) == [(1, "superseded"), (2, "superseded"), (3, "proposed")]
    assert len({request.chain for request in apparatus.requests()}) == 1


class Stop(Exception):
    """As a kill at this point."""


@pytest.mark.parametrize("unread", [True, False])
@pytest.mark.parametrize("at", ["_examined", "by_policy", "_put_away"])
def test_what_is_due_by_policy_survives_a_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str, unread: bool
) -> None:
    rules = [{"rule": rule, "policy": "automatic"} for rule in ("unreadable", "information")]
    fitness = {"required": ["ProtocolName"]}
    ris = {"name": "ris", "kind": "ris", "hl7_port": 1}
    policies = {"requests": {"rules": rules}, "fitness": fitness}
    apparatus = Apparatus(site(tmp_path / "site", station={"workers": 1}, peer=[MODALITY, ris], **policies))
    source = radiograph(tmp_path / "a.dcm")
    owner = apparatus._requests if at == "by_policy" else apparatus._registration

    def stop(*_: Any) -> None:
        raise Stop

    try:
        file, found = arrived(apparatus, source, unread=unread)
        with monkeypatch.context() as broke:
            broke.setattr(owner, at, stop)
            with pytest.raises(Stop):
                apparatus._registration.register(file, datetime.now(), found)
        assert file.exists()
        apparatus._registration.register(file, datetime.now(), found)
        assert not file.exists()
        assert apparatus.image(found.image_id).state == "requested"
        assert [(request.state, request.round) for request in apparatus.requests()] == [("waiting", 1)]
        again = [row for row in apparatus.journal("image", found.image_id) if "again" in row["why"]]
        assert again == [], "the same arrival is not received again"
    finally:
        apparatus.stop()


def test_a_new_image_awaits_its_reviewer_from_the_first(apparatus: Apparatus, source: Path) -> None:
    told: list[list[str]] = []
    apparatus.store.subscribe(lambda events: told.append([event.event for event in events if event.subject == "image"]))
    image = register(apparatus, source)
    assert image.state == "awaiting"
    # In one change, which waits for the disk once.
    assert told[0] == ["register", "examine"]
    assert apparatus.reduced(image.image_id).display.any()
    shown = apparatus.reduced_images.stack()[image.number].values
    assert shown.any()


@pytest.mark.parametrize("at", ["put", "between its two files", "within its second file", "write"])
def test_a_stop_before_a_new_image_is_known_loses_nothing(
    apparatus: Apparatus, source: Path, monkeypatch: pytest.MonkeyPatch, at: str, tmp_path: Path
) -> None:
    def stop(*told: Any, **_: Any) -> None:
        if at.startswith("within"):
            told[0].write(b"PK and no more")
        raise Stop

    path, _ = arrived(apparatus, source)
    with monkeypatch.context() as broke:
        if at in ("put", "write"):
            broke.setattr(apparatus._registration.reduced if at == "put" else apparatus.store, at, stop)
        else:
            broke.setattr(np, "savez", stop)
        with pytest.raises(Stop):
            apparatus._registration.register(path, datetime.now(), arrived(apparatus, source, name=path.name)[1])
    assert path.exists()
    # Another one gets the number for which the first was drawn.
    other = register(apparatus, radiograph(tmp_path / "b.dcm", 120))
    image = register(apparatus, source, name=path.name)
    assert (other.number, image.number) == (1, 2)
    stack = apparatus.reduced_images.stack()
    for one in (other, image):
        display = apparatus.reduced(one.image_id).display
        assert one.state == "awaiting"
        np.testing.assert_array_equal(stack[one.number].values[: display.shape[0], : display.shape[1]], display)
    assert list(apparatus.reduced_images.folder.rglob("*.tmp")) == []


def test_images_that_are_registered_at_once_are_each_drawn_under_their_own_number(
    apparatus: Apparatus, source: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    registration, found = apparatus._registration, [arrived(apparatus, source)]
    found.append(arrived(apparatus, radiograph(tmp_path / "b.dcm", 120)))
    put, drawn = registration.reduced.put, [threading.Event(), threading.Event()]

    def both(image_id: str, number: int, reduced: Any) -> None:
        put(image_id, number, reduced)
        mine = next(n for n, (_, one) in enumerate(found) if one.image_id == image_id)
        drawn[mine].set()
        if drawn[1 - mine].is_set():
            wait_until(lambda: apparatus.store.images("image_id = ?", [found[1 - mine][1].image_id]))
        else:
            # The other one comes between, where it can.
            drawn[1 - mine].wait(1)

    monkeypatch.setattr(registration.reduced, "put", both)
    threads = [threading.Thread(target=registration.register, args=(path, datetime.now(), one)) for path, one in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stack = apparatus.reduced_images.stack()
    for _, one in found:
        image = apparatus.image(one.image_id)
        display = apparatus.reduced(one.image_id).display
        np.testing.assert_array_equal(stack[image.number].values[: display.shape[0], : display.shape[1]], display)


@pytest.mark.parametrize(("before", "state"), [(True, "awaiting"), (False, "requested")])
def test_a_stop_between_two_looks_at_one_arrival(
    apparatus: Apparatus, source: Path, monkeypatch: pytest.MonkeyPatch, before: bool, state: str
) -> None:
    """It could not be read before the stop and can now, or the other way round."""

    def stop(*_: Any) -> None:
        raise Stop

    path, found = arrived(apparatus, source, unread=before)
    with monkeypatch.context() as broke:
        # As an image that answers a request: it is known before its reviewer may have it.
        broke.setattr(apparatus._registration, "_drawn", lambda *_: 0)
        broke.setattr(apparatus._registration, "_put_away" if before else "_examined", stop)
        with pytest.raises(Stop):
            apparatus._registration.register(path, datetime.now(), found)
    image = register(apparatus, source, name=path.name, unread=not before)
    assert (image.state, bool(image.condition)) == (state, before)
    assert [finding.rule for finding in image.judgement.storage if finding.rule == "unreadable"] == (
        [] if before else ["unreadable"]
    )
