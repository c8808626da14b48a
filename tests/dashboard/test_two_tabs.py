"""Two tabs of one person: what he sets in one is not undone by what he sets in the other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.dashboard.conftest import Station, Tab, log_in
from tests.helpers import wait_until

pytestmark = pytest.mark.browser
IMAGES = [{"PatientID": "W0"}]


@pytest.fixture(scope="module")
def tabs(browser: Browser, station: Station, images: list[str]) -> Iterator[tuple[Tab, Tab]]:
    """Both are opened before anything is set."""
    both = log_in(browser, station, "mona"), log_in(browser, station, "mona")
    for tab in both:
        wait_until(lambda tab=tab: "frame" in tab.painted(images[0]))
    yield both
    for tab in both:
        assert (tab.elsewhere, tab.errors) == ([], [])
        tab.page.close()


def kept(page: Page) -> None:
    """Press the button that keeps what a dialog asks for."""
    page.locator("dialog[open] button.main").click()
    page.locator("dialog[open]").wait_for(state="detached")


def rekey(page: Page, action: str, key: str) -> None:
    """Give an action of Review another key."""
    page.keyboard.press("?")
    page.locator(f"dialog[open] [data-action={action}]").click()
    page.keyboard.press(key)
    kept(page)


def test_keys(tabs: tuple[Tab, Tab], station: Station) -> None:
    first, second = (tab.page for tab in tabs)
    rekey(first, "protect", "y")
    wait_until(lambda: station.apparatus.preference("mona", "keys") == {"protect": "y"})
    rekey(second, "priority", "u")
    wait_until(lambda: station.apparatus.preference("mona", "keys") == {"protect": "y", "priority": "u"})
    # The second has both by now.
    second.wait_for_selector("[data-action=protect][aria-keyshortcuts=y]:visible")
    # What stands for two things on one page is said, where each alone would have been right.
    rekey(first, "postpone", "u")
    first.locator(".said .text", has_text="U stands for").wait_for()
    rekey(first, "postpone", "p")
    wait_until(lambda: station.apparatus.preference("mona", "keys") == {"protect": "y", "priority": "u"})


def test_layout_and_columns(tabs: tuple[Tab, Tab], station: Station) -> None:
    first, second = (tab.page for tab in tabs)
    first.keyboard.press("l")
    first.get_by_text("Below the image").click()
    kept(first)
    wait_until(lambda: station.apparatus.preference("mona", "layout/review") == {"strip": "below"})
    second.keyboard.press("l")
    second.get_by_text("Large", exact=True).click()
    kept(second)
    wait_until(lambda: station.apparatus.preference("mona", "layout/review") == {"strip": "below", "size": "large"})
    for page in (first, second):
        page.click("[data-page=images]")
        page.wait_for_selector(".rows .row:visible")
    first.click("[data-tool=columns]:visible")
    first.locator("dialog[open] .order input").first.uncheck()
    kept(first)
    wait_until(lambda: station.apparatus.preference("mona", "list/images"))
    second.click("[data-tool=details]:visible")
    wait_until(lambda: station.apparatus.preference("mona", "list/images").keys() == {"columns", "details"})
