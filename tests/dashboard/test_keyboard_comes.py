"""A page that is come to by a key gets the keyboard, however long that takes and whatever is asked meanwhile."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.dashboard.conftest import Tab
from tests.dashboard.test_keyboard_walk import at, closed, go

pytestmark = pytest.mark.browser
IMAGES = [{"PatientID": "K0"}]

# A page is not there, for who looks what is to have the keyboard on it, until a test says so. A look can be long after
# the one before it, by the clock of the page, as in a browser that is busy making it.
COMING = """() => {
  const now = performance.now.bind(performance)
  let late = 0
  performance.now = () => now() + late
  Object.assign(window, {coming: false, looks: 0, apart: 0})
  window.addEventListener("imgdash:home", (event) => {
    if (!coming) return
    event.stopImmediatePropagation()
    if (!event.detail.last) return
    looks += 1
    late += apart
  }, true)
}"""
# What was due when this began is over when it ends: looks are 100 ms apart.
DUE = "() => new Promise((done) => setTimeout(done, 200))"


@pytest.fixture(scope="module", autouse=True)
def coming(tab: Tab) -> None:
    """Tests say when a page is there."""
    tab.page.evaluate(COMING)


def set_out(page: Page, number: str, name: str, apart: int = 0) -> None:
    """To a page that is not there yet when it is looked for the first time."""
    page.evaluate("(apart) => Object.assign(window, {coming: true, looks: 0, apart})", apart)
    go(page, number, name)
    page.wait_for_function("() => looks >= 1")


def arrive(page: Page) -> None:
    """It is there."""
    page.evaluate("() => { coming = false }")


def test_a_page_that_was_long_in_coming_has_the_keyboard(tab: Tab) -> None:
    page = tab.page
    set_out(page, "9", "system", apart=11_000)
    page.evaluate(DUE)
    arrive(page)
    at(page, "station")


def test_a_page_has_the_keyboard_after_a_question_that_was_there_before_it(tab: Tab) -> None:
    page = tab.page
    set_out(page, "8", "records")
    page.keyboard.press("?")
    page.locator("dialog[open]").wait_for()
    page.evaluate(DUE)
    arrive(page)
    page.keyboard.press("Escape")
    closed(page)
    at(page, "Reports")
