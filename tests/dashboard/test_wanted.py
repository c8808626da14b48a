"""The parameters wanted in Chromium: a value that is none is said before it is sent."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.dashboard.conftest import Station, Tab
from tests.helpers import wait_until

pytestmark = pytest.mark.browser
IMAGES = [{"PatientID": "W1"}]


def test_a_value_out_of_bounds_is_said_under_the_picture(tab: Tab, station: Station, images: list[str]) -> None:
    tab.page.keyboard.press("r")
    picture = tab.page.get_by_role("img", name="as wanted")
    wait_until(lambda: picture.get_attribute("data-painted"))
    said = tab.page.locator("dialog[open] figcaption").last
    value = tab.page.get_by_label("Gradation: contrast", exact=True)
    value.fill("1e9")
    expect(said).to_have_text("Gradation: contrast lies between 0.2 and 5")
    # What is typed next is asked of the station, and nothing was before: the tab would have an error.
    before = str(picture.get_attribute("data-painted"))
    value.fill("2")
    expect(said).to_have_text("as wanted")
    wait_until(lambda: picture.get_attribute("data-painted") != before)
    tab.page.keyboard.press("Escape")
    assert tab.errors == []
