"""What is moved under the histogram, or put beside an image, is of the image that it was begun on."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from imgdash.dashboard.pages.review import Review
from tests.dashboard.conftest import Station, Tab
from tests.dashboard.test_shell import shell_of
from tests.helpers import wait_until

pytestmark = pytest.mark.browser
IMAGES = [{"PatientID": f"R{number}"} for number in range(5)]
LOW = "Darkest signal of the range"


def review_of(station: Station) -> Review:
    review = shell_of(station, "mona").pages["review"]
    assert isinstance(review, Review)
    return review


def show(tab: Tab, review: Review, image: str) -> None:
    """Open an image, and wait until everything of it is there."""
    tab.page.click(f".item[data-image='{image}']")
    tab.page.wait_for_function("(image) => location.search.includes(image)", arg=image)
    wait_until(lambda: "frame" in tab.painted(image))
    tab.page.wait_for_selector(f"[aria-label='{LOW}'][aria-disabled=false]")
    wait_until(lambda: not review.processing.histogram._behind)


def came(tab: Tab, review: Review, image: str) -> None:
    """The station shows another image."""
    review.session.soon(lambda: review.show(image))
    tab.page.wait_for_function("(image) => location.search.includes(image)", arg=image)
    wait_until(lambda: "frame" in tab.painted(image))


def place(page: Page, held: str, review: Review) -> tuple[float, float]:
    """Where it is taken: the middle of a handle, or of the range in the figure."""
    if held == "handle":
        box = page.get_by_label(LOW).bounding_box()
        assert box is not None
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    box = page.locator(".bk-Figure:visible").first.bounding_box()
    assert box is not None
    low, high = review.processing.histogram._given
    # Where the frame of the figure begins and ends.
    return box["x"] + 60 + (low + high) / 2 * (box["width"] - 79), box["y"] + 50


def all_kept(tab: Tab, station: Station, review: Review, image: str) -> None:
    """A message of the same browser comes after all that was moved; then nothing of that is on its way any more."""
    before = station.apparatus.image(image).protected
    tab.page.keyboard.press("k")
    wait_until(lambda: station.apparatus.image(image).protected != before)
    wait_until(lambda: review.processing.histogram._rest is None and not review.session.edits.busy)


@pytest.mark.parametrize("held", ["handle", "figure"])
def test_a_range_that_a_hand_holds(tab: Tab, station: Station, images: list[str], held: str) -> None:
    review = review_of(station)
    first, second = (images[0], images[1]) if held == "handle" else (images[2], images[3])
    show(tab, review, first)
    x, y = place(tab.page, held, review)
    tab.page.mouse.move(x, y)
    tab.page.mouse.down()
    tab.page.mouse.move(x + 12, y)
    tab.page.mouse.move(x + 20, y)
    wait_until(lambda: review.viewport.trial or station.apparatus.image(first).overrides)
    came(tab, review, second)
    tab.page.mouse.move(x + 32, y)
    tab.page.mouse.move(x + 40, y)
    tab.page.mouse.up()
    all_kept(tab, station, review, second)
    assert station.apparatus.image(second).overrides == {}
    assert review.viewport.trial == ""
    # What was seen of the first one is kept for it.
    moved = {"automatic.s_low"} if held == "handle" else {"automatic.s_low", "automatic.s_high"}
    assert station.apparatus.image(first).overrides.keys() == moved
    # And the second one can be moved, from where it is.
    wait_until(lambda: not review.processing.histogram._behind)
    low = review.processing.histogram._given[0]
    tab.page.get_by_label(LOW).press("ArrowRight")
    wait_until(lambda: station.apparatus.image(second).overrides)
    assert station.apparatus.image(second).overrides == {"automatic.s_low": pytest.approx(low + 0.005, abs=1e-3)}


def test_what_was_moved_just_before_is_part_of_what_is_decided(tab: Tab, station: Station, images: list[str]) -> None:
    review = review_of(station)
    first = images[4]
    show(tab, review, first)
    tab.page.get_by_label(LOW).press("ArrowRight")
    tab.page.keyboard.press(" ")
    wait_until(lambda: station.state(first) == "confirmed")
    assert station.apparatus.image(first).overrides.keys() == {"automatic.s_low"}
    wait_until(lambda: "preview" in tab.painted(review.current) and review.current != first)
    assert review.viewport.trial == ""
    tab.page.keyboard.press("z")
    wait_until(lambda: station.state(first) == "awaiting")
    tab.page.wait_for_selector(f".item[data-image='{first}'][aria-selected=true]")


def test_what_was_chosen_beside_one_image_is_not_beside_the_next(tab: Tab, station: Station, images: list[str]) -> None:
    review = review_of(station)
    first, second = images[:2]
    show(tab, review, first)
    tab.page.keyboard.press("s")
    choice = tab.page.get_by_label("Beside the image")
    choice.wait_for()
    wait_until(lambda: review.beside.chosen == "received")
    # Taken on the first one, and let go of on the second.
    choice.dispatch_event("pointerdown")
    came(tab, review, second)
    choice.select_option("former")
    all_kept(tab, station, review, second)
    assert review.beside.chosen == "received"
    assert choice.input_value() == "received"
    choice.select_option("former")
    wait_until(lambda: review.beside.chosen == "former")
    tab.page.keyboard.press("s")
    choice.wait_for(state="hidden")
    assert tab.errors == []
