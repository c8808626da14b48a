"""The list of messages in Chromium: what it says still holds, and it leads to what it is about."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.conftest import Station, Tab
from tests.helpers import wait_until

pytestmark = pytest.mark.browser
IMAGES = [{"PatientID": f"M{number}"} for number in range(3)]


def confirm(page: Page, station: Station, image: str) -> None:
    """With its key, once the next image can be decided on."""
    page.keyboard.press(" ")
    wait_until(lambda: station.state(image) == "confirmed")
    page.wait_for_function("(image) => !location.search.includes(image)", arg=image)
    page.wait_for_selector("[data-action=confirm]:enabled")


def test_a_confirmation_is_in_the_list_while_it_holds(tab: Tab, station: Station, images: list[str]) -> None:
    confirm(tab.page, station, images[0])
    messages = tab.page.locator("button.more[aria-expanded]")
    expect(messages).to_be_visible()
    tab.page.keyboard.press("z")
    wait_until(lambda: station.state(images[0]) == "awaiting")
    expect(messages).to_be_hidden()
    tab.page.wait_for_selector("[data-action=confirm]:enabled")
    # A message that is gone leads to its image from the list.
    confirm(tab.page, station, images[0])
    tab.page.get_by_label("Close this message").click()
    for _ in range(2):
        tab.page.locator("button.more[aria-expanded]").click()
        past = tab.page.get_by_role("log", name="Messages")
        # Whether it can still be taken back was said by the line; the list only leads there.
        expect(past.locator("button")).to_have_text(["Back to it"])
        past.get_by_text("Back to it").click()
        tab.page.wait_for_function("(image) => location.search.includes(image)", arg=images[0])
        tab.page.click(f".item[data-image='{images[1]}']")
        tab.page.wait_for_function("(image) => location.search.includes(image)", arg=images[1])
