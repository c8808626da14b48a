"""How many lines of a list are chosen is seen, and said to who listens: once it is another number."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.dashboard.conftest import Station, Tab

pytestmark = pytest.mark.browser
IMAGES = [{"PatientID": f"C{number}"} for number in range(3)]
# Counts how often what is said changes, from now on.
COUNT = """(node) => {
  window.said = 0
  new MutationObserver(() => { window.said += 1 }).observe(node, {childList: true, characterData: true, subtree: true})
}"""


def said(page: Page, words: str) -> None:
    """Wait until the number is said."""
    page.locator("[role=status].many:visible", has_text=words).wait_for()


def test_lines_of_a_table(tab: Tab, images: list[str]) -> None:
    page = tab.page
    page.click("[data-page=images]")
    rows = page.locator(".rows .row:visible")
    rows.nth(0).click()
    said(page, "1 line chosen")
    for number in (1, 2):
        rows.nth(number).click(modifiers=["Control"])
    said(page, "3 lines chosen")
    page.keyboard.press("ArrowUp")
    said(page, "1 line chosen")
    page.locator("[role=status].many:visible").evaluate(COUNT)
    for key in ("Home", "ArrowDown", "ArrowUp"):
        page.keyboard.press(key)
    page.wait_for_function("(image) => location.search.includes(image)", arg=images[2])
    assert page.evaluate("window.said") == 0
    page.keyboard.press("Control+a")
    said(page, "3 lines chosen")
    assert page.evaluate("window.said") == 1


def test_lines_of_cards(tab: Tab, station: Station, images: list[str]) -> None:
    page = tab.page
    for image in images[:2]:
        station.apparatus.confirm(image, by="mona")
    page.click("[data-page=queues]")
    cards = page.locator(".card:visible")
    cards.nth(1).wait_for()
    cards.nth(0).click()
    said(page, "1 line chosen")
    page.keyboard.press("Shift+ArrowDown")
    said(page, "2 lines chosen")
    page.keyboard.press("ArrowUp")
    said(page, "1 line chosen")
    # Gone with the lines, as where another view is shown.
    page.click("[data-tab=over]:visible")
    said(page, "no line chosen")
