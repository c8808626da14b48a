"""Several reviewers at one list: who comes second is sent on, and nobody stands still before a decided image (B2)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from imgdash.dashboard.pages.review import Review
from tests.dashboard.conftest import Station
from tests.dashboard.pages.desk import Desk


@pytest.fixture
def people(desk_of: Callable[..., Desk], hands: list[str]) -> tuple[tuple[Desk, Review], tuple[Desk, Review]]:
    """Rita and Mona, each before an image of her own."""
    (rita, hers), (mona, others) = ((desk, desk.show(Review)) for desk in (desk_of("user"), desk_of("manager")))
    rita.until(lambda: hers.current and rita.apparatus.image(hers.current).held_by == "rita")
    mona.until(lambda: others.current and mona.apparatus.image(others.current).held_by == "mona")
    assert hers.current != others.current
    return (rita, hers), (mona, others)


def seen(page: Review) -> None:
    """As the browser says that the image is painted."""
    page._on_view({"shown": page.current})


def test_who_is_sent_to_an_image_that_another_has_goes_on(
    people: tuple[tuple[Desk, Review], tuple[Desk, Review]],
) -> None:
    (_, hers), (mona, others) = people
    # Nothing of Rita has reached Mona's tab when it opens the next image.
    others.show(hers.current, by_itself=True)
    mona.until(lambda: others.current != hers.current)
    mona.until(lambda: mona.apparatus.image(others.current).held_by == "mona")
    # Chosen by hand, it stays open, and says who looks at it.
    others.show(hers.current)
    mona.until(lambda: "rita is looking at this image." in str(others.about.judged.notes))
    assert others.current == hers.current


def test_an_image_that_another_decided_is_passed_by_the_same_key(
    people: tuple[tuple[Desk, Review], tuple[Desk, Review]], station: Station
) -> None:
    (_, hers), (mona, others) = people
    image = hers.current
    others.show(image)
    seen(others)
    station.apparatus.postpone(image, "rita")
    station.apparatus.resume(image, "rita")
    station.apparatus.confirm(image, "rita", grace_s=60)
    mona.until(lambda: others.bar.actions[0]["label"] == "Next" and "confirm" in others.bar.enabled)
    others.key("confirm")
    assert others.current != image
    assert others.bar.actions[0]["label"] == "Next" or station.state(others.current) == "awaiting"
    mona.until(lambda: others.bar.actions[0]["label"] == "Confirm")
    assert station.state(image) in ("confirmed", "queued")
    station.apparatus.undo(image, "rita")


def test_who_is_done_is_shown_what_arrives(desk_of: Callable[..., Desk], station: Station, hands: list[str]) -> None:
    desk = desk_of("user")
    page = desk.show(Review)
    desk.until(lambda: page.current)

    def awaits() -> bool:
        return bool(station.apparatus.images(state="awaiting"))

    while awaits():
        desk.until(lambda: page.work[page.current].state == "awaiting" or not awaits())
        seen(page)
        page.key("confirm")
    assert "confirm" not in page.deciding.possible(page.work[page.current])
    arrived = station.take(PatientID="P9")
    desk.until(lambda: page.current == arrived)
