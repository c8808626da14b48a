"""Drawn at 150 % on a small screen, what is worked with still has room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.dashboard.conftest import Station, Tab, log_in
from tests.helpers import wait_until

pytestmark = pytest.mark.browser
IMAGES = [{"PatientID": f"S{number}"} for number in range(2)]
SCALE = 1.5
WIDTHS = """() => {
  const found = []
  const walk = (root) => { for (const node of root.querySelectorAll("*")) {
    if (node.shadowRoot) walk(node.shadowRoot)
    const box = node.getBoundingClientRect()
    if (node.classList.contains("bk-events") && box.width && box.top > innerHeight / 2) found.push(box.width)
  } }
  walk(document)
  return found
}"""


@pytest.fixture(scope="module")
def tab(browser: Browser, station: Station, images: list[str]) -> Iterator[Tab]:
    station.apparatus.confirm(images[0], by="mona")
    tab = log_in(browser, station, "mona")
    tab.page.keyboard.press("v")
    tab.page.get_by_label("150 %", exact=True).check()
    tab.page.keyboard.press("Enter")
    tab.page.locator("dialog[open]").wait_for(state="detached")
    yield tab
    assert (tab.elsewhere, tab.errors) == ([], [])
    tab.page.close()


def width(page: Page, selector: str) -> float:
    box = page.locator(selector).first.bounding_box()
    assert box
    return box["width"] / SCALE


def test_a_queue_is_read_beside_its_lanes_and_details(tab: Tab) -> None:
    page = tab.page
    page.click("[data-page=queues]")
    page.locator(".card:visible").first.click()
    page.get_by_label("About the chosen line").locator("visible=true").first.wait_for()
    assert width(page, "[role=grid][aria-label=Queues]") >= 300
    # The switch of a lane is not below the list.
    switch, found = page.locator(".lane .switch").first, page.locator("[role=grid][aria-label=Queues]")
    before = "(node, x) => node.getBoundingClientRect().right <= x"
    wait_until(lambda: switch.evaluate(before, found.evaluate("node => node.getBoundingClientRect().x")))
    # What is done with it is not cut off.
    bar = page.locator("[role=toolbar]:visible")
    wait_until(lambda: bar.evaluate("node => node.scrollWidth - node.clientWidth") <= 1)


def test_curves_and_modes_of_a_key_are_seen(tab: Tab) -> None:
    page = tab.page
    page.click("[data-page=conditions]")
    last = page.get_by_role("radio", name="Regions")
    last.wait_for()
    wait_until(lambda: len(page.evaluate(WIDTHS)) >= 4)
    wait_until(lambda: min(page.evaluate(WIDTHS)) >= 165)
    box, tuner = last.bounding_box(), page.locator("summary", has_text="frequency").bounding_box()
    assert box
    assert tuner
    assert box["x"] + box["width"] <= tuner["x"]
