"""Which rejection notes are owed: found at the start in everything, later in what happened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from imgdash.confirm import Actions
from imgdash.model import Actor, Event
from imgdash.request.owed import Owed
from imgdash.store.conditions import Conditions
from imgdash.store.store import Change, Store
from tests.confirm import making
from tests.confirm.making import header, put
from tests.request.test_rejection import delivered

MANAGER = Actor("max", "manager")


class _Made:
    """What `delivered` needs of the requests."""

    def __init__(self, folder: Path) -> None:
        self.conditions = Conditions(making.condition_folder(folder))


@pytest.fixture
def site(tmp_path: Path):
    return making.site(tmp_path, apparatus=[{"name": "STORE", "kind": "storage", "ae_title": "STORE", "port": 1}])


@pytest.fixture
def owed(store: Store) -> Iterator[Owed]:
    owed = Owed(store)
    unsubscribe = store.subscribe(lambda events: owed.heard(events) and None)
    yield owed
    unsubscribe()


def images(owed: Owed) -> list[str]:
    # The next change begins once everybody was told of the ones before.
    owed._store.write(lambda change: None)
    with owed.taken() as entries:
        return [entry.image_id for entry in entries]


def test_a_start_finds_what_was_owed_before(store: Store, site, tmp_path: Path) -> None:
    made = _Made(tmp_path / "conditions")
    image = delivered(store, site, made, "bad")
    Actions(store, site, made.conditions).reject(image.image_id, MANAGER, "111210")
    owed = Owed(store)
    assert images(owed) == [image.image_id]
    # Looked at everything once; nothing was heard since.
    assert images(owed) == []


def test_an_image_that_is_rejected_after_it_was_stored(store: Store, site, owed: Owed, tmp_path: Path) -> None:
    made = _Made(tmp_path / "conditions")
    assert images(owed) == []
    bad, good = (delivered(store, site, made, name) for name in ("bad", "good"))
    assert images(owed) == []
    Actions(store, site, made.conditions).reject(bad.image_id, MANAGER, "111210")
    assert images(owed) == [bad.image_id] != [good.image_id]


def test_an_image_that_is_stored_after_it_was_rejected(store: Store, site, owed: Owed, tmp_path: Path) -> None:
    """It was on its way: only the queue says so."""
    made = _Made(tmp_path / "conditions")
    image = put(store, header("late"))
    Actions(store, site, made.conditions).confirm(image.image_id, MANAGER)
    entry = store.queue("image_id = ?", [image.image_id])[0].entry_id
    store.transition("queue", entry, "take")
    Actions(store, site, made.conditions).reject(image.image_id, MANAGER, "111210")
    assert images(owed) == []
    store.transition("queue", entry, "sent", sop_class_uid="1.2", series_uid="1.3")
    assert images(owed) == [image.image_id]


def test_what_could_not_be_written_is_looked_for_again(store: Store, site, owed: Owed, tmp_path: Path) -> None:
    made = _Made(tmp_path / "conditions")
    image = delivered(store, site, made, "bad")
    assert images(owed) == []
    Actions(store, site, made.conditions).reject(image.image_id, MANAGER, "111210")
    seen = []

    def fail() -> None:
        store.write(lambda change: None)
        with owed.taken() as entries:
            seen.extend(entry.image_id for entry in entries)
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        fail()
    assert seen == [image.image_id]
    assert images(owed) == [image.image_id]


def test_it_is_heard_although_a_request_of_the_same_change_cannot_be_read(
    store: Store, site, requests_of, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = requests_of(site, start=False)
    owed = requests._notes._owed
    image = delivered(store, site, requests, "bad")
    assert images(owed) == []

    def full(_: list[str]) -> None:
        raise OSError("full")

    monkeypatch.setattr(requests, "_wake_senders", full)

    def change_(change: Change) -> None:
        change.emit(Event("request", "1.2", "register", {"image_id": image.image_id, "state": "proposed"}))
        change.transition("image", image.image_id, "reject", reason="111210")

    store.write(change_)
    assert images(owed) == [image.image_id]


def test_what_is_reviewed_every_day_owes_nothing(store: Store, site, tmp_path: Path) -> None:
    """Images that come and are confirmed wake nobody."""
    owed = Owed(store)
    woken: list[bool] = []
    store.subscribe(lambda events: woken.append(owed.heard(events)))
    image = put(store, header("good"))
    Actions(store, site, Conditions(making.condition_folder(tmp_path / "conditions"))).confirm(image.image_id, MANAGER)
    store.write(lambda change: None)
    assert woken
    assert not any(woken)
