"""What is read on the pages is whole: numbers in tables, names of figures, what is missing and where to correct it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.dashboard.conftest import Station, Tab, log_in
from tests.helpers import wait_until

pytestmark = pytest.mark.browser

# What a cell shows that is longer than its place, in the tables that are seen.
CUT = """() => {
  const cut = []
  const walk = (root) => { for (const node of root.querySelectorAll("*")) {
    if (node.shadowRoot) walk(node.shadowRoot)
    const cell = node.matches(".rows .cell") && node.clientWidth
    if (cell && node.scrollWidth > node.clientWidth) cut.push(node.textContent)
  } }
  walk(document)
  return cut
}"""


@pytest.fixture(scope="module")
def image(station: Station) -> str:
    """One without a patient ID, with the longest accession number there may be, of the widest digits."""
    return station.take(AccessionNumber="0000000000000000", PatientID="", PatientName="W" * 18 + "^" + "W" * 4)


@pytest.fixture(scope="module")
def tab(browser: Browser, station: Station, image: str) -> Iterator[Tab]:
    tab = log_in(browser, station, "mona")
    wait_until(lambda: "frame" in tab.painted(image))
    yield tab
    assert tab.errors == []
    tab.page.close()


@pytest.mark.parametrize("width", [1366, 1920, 2560])
def test_no_number_in_a_list_is_cut_off(tab: Tab, image: str, width: int) -> None:
    tab.page.set_viewport_size({"width": width, "height": 900})
    tab.page.click("[data-page=images]")
    tab.page.wait_for_selector(".rows .row:visible")
    numbers = ("0", "1", "2")
    wait_until(lambda: [text for text in tab.page.evaluate(CUT) if text.startswith(numbers)] == [])
    if width == 2560:
        # There is room for all of everything.
        tab.page.get_by_text("0000000000000000", exact=True).locator("visible=true").first.wait_for()
        wait_until(lambda: tab.page.evaluate(CUT) == [])


def test_what_is_missing_is_corrected_by_keyboard_alone(tab: Tab, station: Station, image: str) -> None:
    page = tab.page
    page.set_viewport_size({"width": 1366, "height": 768})
    page.click("[data-page=review]")
    page.locator(".judgement button:has-text('Correct')").first.wait_for()
    page.keyboard.press("c")
    place = page.locator("[data-keyword=PatientID] input")
    place.wait_for()
    # It is in sight, and so is the judgement above it.
    assert place.bounding_box()["y"] < 740
    assert page.locator(".judgement").bounding_box()["y"] >= 0
    page.keyboard.type("P77")
    page.keyboard.press("Enter")
    wait_until(lambda: station.apparatus.image(image).patient.id == "P77")
    page.locator(".judgement li:has-text('Patient ID is missing')").wait_for(state="detached")
    # What was in sight before is so again.
    wait_until(
        lambda: page.locator("h2:has-text('Condition key')").locator("visible=true").first.bounding_box()["y"] > 0
    )
    # The next key is one of the page again.
    page.keyboard.press("k")
    wait_until(lambda: station.apparatus.image(image).protected)
