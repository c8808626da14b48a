"""Who looks at which image: known at once, to everybody, and in no record."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from imgdash.model import Event
from imgdash.store import holds
from imgdash.store.store import Store
from tests.store.domain import add


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path)
    yield made
    made.close()


class Yielding(str):
    """An id at which others go on, wherever it is looked up."""

    def __hash__(self) -> int:
        time.sleep(0)
        return super().__hash__()


def three(store: Store) -> list[str]:
    return add(store, 1, 2, 3)


def names(store: Store, images: list[str]) -> list[str]:
    singly = [store.image(image_id).held_by for image_id in images]
    assert [one.held_by for one in store.headers(images).values()] == singly
    known = {one.image_id: one.held_by for one in store.images()}
    assert [known[image_id] for image_id in images] == singly
    return singly


def test_who_looked_first_is_shown_until_he_leaves(store: Store) -> None:
    image, *_ = three(store)
    assert store.holds.hold(image, "ann") == "ann"
    assert store.holds.hold(image, "max") == "ann"
    store.holds.leave(image, "max")
    assert names(store, [image]) == ["ann"]
    store.holds.leave(image, "ann")
    assert names(store, [image]) == [""]
    assert store.holds.hold(image, "max") == "max"


def test_who_goes_on_gets_the_first_that_is_free_and_lets_go_of_the_former(store: Store) -> None:
    images = three(store)
    assert store.holds.first(images, "ann") == images[0]
    assert store.holds.first(images, "max") == images[1]
    assert store.holds.first(images[1:], "ann", leaving=images[0]) == images[2]
    assert names(store, images) == ["", "max", "ann"]
    # Looked at on, it is not let go of; nor is what another one looks at.
    assert store.holds.first(images[2:], "ann", leaving=images[2]) == images[2]
    assert store.holds.first(images[1:2], "ann", leaving=images[1]) == ""
    assert names(store, images) == ["", "max", "ann"]


def test_all_who_go_on_at_once_get_different_images(store: Store) -> None:
    images = [Yielding(f"{number:032x}") for number in range(64)]
    begin, got = threading.Barrier(8), []

    def work(name: str) -> None:
        begin.wait()
        mine: list[str] = []
        for _ in range(8):
            mine.append(store.holds.first([one for one in images if one not in mine], name))
        got.extend(mine)

    threads = [threading.Thread(target=work, args=(f"n{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Nobody has left anything, so each image was given once.
    assert sorted(got) == images


def test_a_decision_ends_it_and_nobody_is_sent_there_until_it_is_taken_back(store: Store) -> None:
    images = three(store)
    store.holds.hold(images[0], "ann")
    store.transition("image", images[0], "confirm", "ann")
    assert names(store, images[:1]) == [""]
    # A list that has not heard of it still names it.
    assert store.holds.first(images, "max") == images[1]
    # Another one may look at it nevertheless; of a decided image that is shown to nobody.
    store.holds.hold(images[0], "max")
    assert names(store, images[:1]) == [""]
    store.transition("image", images[0], "undo", "ann")
    assert store.holds.first(images, "max", leaving=images[1]) == images[0]
    assert names(store, images) == ["max", "", ""]


def test_pages_hear_of_it_and_the_journal_does_not(store: Store) -> None:
    image, other, third = three(store)
    heard: list[tuple[str, str, str]] = []
    lines = store.journal.seq

    def listen(events: Sequence[Event]) -> None:
        heard.extend((event.subject, event.event, event.by) for event in events if event.id == image)

    end = store.subscribe(listen)
    store.holds.first([image], "ann")
    # Nothing of this changes who looks at it.
    store.holds.hold(image, "max")
    store.holds.first([image, other], "max")
    store.holds.first([image], "ann")
    store.holds.leave(image, "max")
    store.holds.leave(image, "ann")
    store.holds.hold(image, "eva")
    store.holds.first([third], "eva", leaving=image)
    end()
    ann, eva = ([("holding", event, name) for event in ("hold", "leave")] for name in ("ann", "eva"))
    assert heard == [*ann, *eva]
    assert store.journal.seq == lines


def test_a_header_that_nothing_has_changed_of_stays_the_same_object(store: Store) -> None:
    image, *_ = three(store)
    known = store.image(image)
    assert store.image(image) is known


@pytest.mark.parametrize(
    ("state", "seen", "given"),
    [("awaiting", "ann", True), ("quarantined", "ann", True), ("postponed", "ann", False), ("confirmed", "", False)],
)
def test_which_images_are_looked_at_and_which_are_given_out(store: Store, state: str, seen: str, given: bool) -> None:
    image, *_ = three(store)
    store.holds.hold(image, "ann")
    assert store.holds.seen(replace(store.image(image), state=state)).held_by == seen
    store.holds.leave(image, "ann")
    store.holds.heard([Event("image", image, "confirm", data={"state": "confirmed"})])
    store.holds.heard([Event("image", image, "any", data={"state": state})])
    assert store.holds.first([image], "max") == (image if given else "")


def test_what_was_decided_long_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holds, "_KEPT", 2)
    known = holds.Holds(lambda events: None)
    for image in "abc":
        known.heard([Event("image", image, "confirm", data={"state": "confirmed"})])
    assert known.first("cba", "max") == "a"
