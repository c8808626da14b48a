"""A confirmation is taken back as fast as hands are: before the apparatus has it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from imgdash.dashboard.pages.review import Review
from tests.dashboard.conftest import Station
from tests.dashboard.pages.desk import Desk


@pytest.fixture
def held(station: Station) -> Iterator[threading.Event]:
    """The records take no change until this is set."""
    gate = threading.Event()
    station.apparatus.store.submit(lambda change: gate.wait(30))
    yield gate
    gate.set()


@pytest.fixture
def page(desk_of: Callable[..., Desk], hands: list[str]) -> Iterator[tuple[Desk, Review]]:
    desk = desk_of("manager")
    page = desk.show(Review)
    desk.session.go = lambda name, **query: page.open(**query)
    desk.until(lambda: page.current and page.processing.editable)
    page._on_view({"shown": page.current})
    yield desk, page
    desk.until(lambda: not page.session.edits.busy)


def events(station: Station, image: str) -> list[str]:
    """What was decided on an image, first to last."""
    told = station.apparatus.journal("image", image)
    return [line["event"] for line in reversed(told) if line["event"] in ("confirm", "undo")]


def test_undo_waits_for_the_confirmation_and_that_for_the_edit_before(
    page: tuple[Desk, Review], station: Station, held: threading.Event
) -> None:
    desk, review = page
    image = review.current
    review.processing._on_parameters({"set": {"gradation.contrast": 1.2}, "image": review.current})
    review.key("confirm")
    assert review.current != image
    review.key("undo")
    # It is open again at once: what is pressed next is for it, and not for the image that came after it.
    assert review.current == image
    review.key("confirm")
    # It neither decides on what is being taken back nor leads away from it.
    assert review.current == image
    held.set()
    desk.until(lambda: events(station, image) == ["confirm", "undo"])
    desk.until(lambda: review.work[image].state == "awaiting")
    desk.until(lambda: "confirm" in review.bar.enabled)
    assert review.current == image
    assert [kind for kind, *_ in desk.toasts if kind == "error"] == []
    assert station.apparatus.image(image).overrides["gradation.contrast"] == 1.2
    assert {header.state for header in station.apparatus.images()} == {"awaiting"}


def test_a_confirmation_that_is_refused_is_not_taken_back_from_who_was_quicker(
    page: tuple[Desk, Review], station: Station
) -> None:
    desk, review = page
    image = review.current
    # The page has not heard of it: it hears when the desk takes its turns.
    station.apparatus.confirm(image, by="max")
    review.key("confirm")
    review.key("undo")
    desk.until(lambda: [text for kind, text, _ in desk.toasts if kind == "error"])
    assert "max" in desk.toasts[-1][1]
    assert events(station, image)[-1] == "confirm"
    assert station.apparatus.image(image).confirmed_by == "max"
    station.apparatus.undo(image, by="max")


def test_what_is_said_of_a_later_confirmation_stays_when_an_earlier_one_is_taken_back(
    page: tuple[Desk, Review], station: Station
) -> None:
    desk, review = page
    withdrawn: list[str] = []
    desk.session.withdraw = withdrawn.append
    images, undo = [], []
    for count in (1, 2):
        images.append(review.current)
        review._on_view({"shown": review.current})
        review.key("confirm")
        desk.until(lambda count=count: sum("confirmed" in text for _, text, _ in desk.toasts) == count)
        undo.append(desk.does["Undo"])
    for image, back, said in zip(images, undo, ([], ["confirm"]), strict=True):
        back()
        desk.until(lambda image=image: review.work[image].state == "awaiting")
        assert withdrawn == said
