"""The parameters wanted in Chromium: a value that is none is said before it is sent."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.dashboard.conftest import Station, Tab
from tests.helpers import wait_until

pytestmark = pytest.mark.browser
IMAGES = [{"PatientID": "W1"}, {"PatientID": "W2"}]


def test_a_value_out_of_bounds_is_said_under_the_picture(tab: Tab, station: Station, images: list[str]) -> None:
    tab.open(images[0])
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


def test_a_parameter_that_is_marked_and_has_no_value_is_not_left_out_silently(
    tab: Tab, station: Station, images: list[str]
) -> None:
    tab.open(images[1])
    tab.page.keyboard.press("r")
    dialog = tab.page.locator("dialog[open]")
    asked = dialog.get_by_label("ask for Gradation: contrast", exact=True)
    value = dialog.get_by_label("Gradation: contrast", exact=True)
    # What was not asked for and is emptied is not asked for.
    asked.uncheck()
    value.fill("")
    expect(asked).not_to_be_checked()
    asked.check()
    send = dialog.get_by_role("button", name="Send request")
    send.click()
    said = "Gradation: contrast: write a value, or do not ask for it."
    expect(dialog.locator(".complaint")).to_have_text(said)
    expect(dialog.locator("figcaption").last).to_have_text(said)
    expect(value).to_be_focused()
    assert station.apparatus.requests() == []
    value.fill("2")
    # As it is here, and sent all the same.
    dialog.get_by_label("ask for Gradation: shift", exact=True).check()
    send.click()
    (request,) = wait_until(lambda: station.apparatus.requests())
    assert (request.parameters["gradation.contrast"], request.parameters["gradation.shift"]) == (2, 0)
    # It is listed, too.
    tab.page.click("[data-page=requests]")
    tab.page.locator(".card:visible").click(position={"x": 20, "y": 10})
    tab.page.get_by_text("gradation.shift").locator("visible=true").wait_for()
    tab.page.get_by_text("0 (here 0)").locator("visible=true").wait_for()
    assert tab.errors == []
