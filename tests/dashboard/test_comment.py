"""A comment that is written into the image in Chromium: all of it, however long."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.dashboard.conftest import Station, Tab
from tests.helpers import wait_until

pytestmark = pytest.mark.browser
IMAGES = [{"PatientID": "C1"}]
LONG = "taken in bed, patient could not stand: no view of the left side"


def test_a_comment_too_long_for_the_image_is_said_to_be_smaller(tab: Tab, station: Station, images: list[str]) -> None:
    tab.page.keyboard.press("o")
    words = tab.page.get_by_label("Comment to write into the image")
    words.fill(LONG)
    words.press("Enter")
    tab.page.get_by_text(f"{LONG} is written at").first.wait_for()
    wait_until(lambda: station.apparatus.image(images[0]).overlays)
    # On the small picture beside the image it is one line, which does not leave the picture.
    expect(tab.page.locator("span.mark", has_text=LONG).first).to_have_css("white-space", "nowrap")
    tab.page.keyboard.press("Escape")
