"""Numbers that are typed: a comma is a decimal point, and what is out of bounds is said, not made another number."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.dashboard.conftest import Station, Tab
from tests.helpers import wait_until

pytestmark = pytest.mark.browser
IMAGES = [{"PatientID": "N1"}]


def contrast(station: Station, image: str) -> float | None:
    found: float | None = station.apparatus.image(image).overrides.get("gradation.contrast")
    return found


def test_a_comma_is_a_decimal_point(tab: Tab, station: Station, images: list[str]) -> None:
    tab.open(images[0])
    box = tab.page.get_by_label("Contrast, value", exact=True).locator("visible=true")
    box.click(click_count=3)
    tab.page.keyboard.type("1,5")
    expect(box).to_have_value("1.5")
    tab.page.keyboard.press("Enter")
    wait_until(lambda: contrast(station, images[0]) == 1.5)
    # In the midst of what stands there, too.
    box.click(click_count=3)
    tab.page.keyboard.type("25")
    tab.page.keyboard.press("ArrowLeft")
    tab.page.keyboard.type(",")
    expect(box).to_have_value("2.5")
    tab.page.keyboard.press("Enter")
    wait_until(lambda: contrast(station, images[0]) == 2.5)


def test_what_is_out_of_bounds_in_review_is_said_and_not_taken(tab: Tab, station: Station, images: list[str]) -> None:
    tab.open(images[0])
    box = tab.page.get_by_label("Contrast, value", exact=True).locator("visible=true")
    said = tab.page.get_by_text("Contrast lies between 0.2 and 5: 15 is not taken.")
    before, seen = contrast(station, images[0]), box.input_value()
    box.click(click_count=3)
    tab.page.keyboard.type("15")
    tab.page.keyboard.press("Enter")
    expect(said).to_be_visible()
    expect(box).to_have_value(seen)
    assert contrast(station, images[0]) == before
    # It is gone with the next one that can be.
    box.click(click_count=3)
    tab.page.keyboard.type("1.2")
    tab.page.keyboard.press("Enter")
    expect(said).to_have_count(0)
    wait_until(lambda: contrast(station, images[0]) == 1.2)


def test_what_is_out_of_bounds_in_tune_is_said_and_not_tried(tab: Tab) -> None:
    tab.page.click("[data-page=conditions]")
    box = tab.page.get_by_label("Contrast, value", exact=True).locator("visible=true")
    tab.page.get_by_text("as version 1 has it").wait_for()
    before = box.input_value()
    box.click(click_count=3)
    tab.page.keyboard.type("15,5")
    tab.page.keyboard.press("Enter")
    expect(tab.page.get_by_text("Contrast lies between 0.2 and 5: 15.5 is not taken.")).to_be_visible()
    expect(box).to_have_value(before)
    expect(tab.page.get_by_text("1 parameter differs")).to_have_count(0)
