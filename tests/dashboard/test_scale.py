"""On a large screen everything is drawn larger: it fills the window, stays sharp, and is where the pointer is."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.dashboard.conftest import Station, Tab, log_in
from tests.dashboard.test_viewport import point_at
from tests.helpers import wait_until

pytestmark = pytest.mark.browser

WIDE = {"width": 2560, "height": 1440}
LARGER = 1.2


@pytest.fixture(scope="module")
def tab(browser: Browser, station: Station) -> Iterator[Tab]:
    image = station.take(PatientID="L1")
    tab = log_in(browser, station, "mona")
    tab.page.set_viewport_size(WIDE)
    wait_until(lambda: "frame" in tab.painted(image))
    yield tab
    tab.page.close()


def test_what_is_drawn_larger_fills_the_window_and_no_more(tab: Tab) -> None:
    def right_and_below() -> bool:
        rail, line = (tab.page.locator(name).bounding_box() for name in ("[role=banner]", ".all:has(.link)"))
        assert rail is not None
        assert line is not None
        ends = rail["width"], rail["height"], line["x"] + line["width"], line["y"] + line["height"]
        return ends == pytest.approx((64 * LARGER, WIDE["height"], WIDE["width"], WIDE["height"]), abs=1)

    wait_until(right_and_below)
    assert tab.page.locator("[data-action=confirm]").evaluate("node => node.currentCSSZoom") == pytest.approx(LARGER)


def test_the_image_has_the_pixels_of_the_screen_and_the_pointer_is_where_it_seems(tab: Tab) -> None:
    canvas = tab.page.get_by_label("Radiograph")

    def sharp() -> bool:
        box, size = canvas.bounding_box(), canvas.evaluate("node => [node.width, node.height]")
        assert box is not None
        return size == pytest.approx([box["width"], box["height"]], abs=1.01)

    wait_until(sharp)
    point_at(tab.page, 0.5, 0.5)
    text = wait_until(lambda: tab.page.locator(".corner.ll").first.inner_text())
    found = re.match(r"x ([\d.]+)\s+y ([\d.]+)", text)
    assert found, text
    assert [float(place) for place in found.groups()] == pytest.approx([130, 130], abs=1.5)


def test_a_figure_is_taken_where_it_is_drawn(tab: Tab, station: Station) -> None:
    end = tab.page.get_by_label("Lightest signal of the range", exact=True)
    wait_until(lambda: end.get_attribute("aria-disabled") == "false")
    before = end.bounding_box()
    assert before is not None
    middle = before["x"] + before["width"] / 2
    # The edge of the range in the figure above the handle.
    tab.page.mouse.move(middle, before["y"] - 100)
    tab.page.mouse.down()
    tab.page.mouse.move(middle - 60, before["y"] - 100, steps=5)
    tab.page.mouse.up()

    def moved() -> float:
        now = end.bounding_box()
        assert now is not None
        return now["x"] - before["x"]

    wait_until(lambda: moved() == pytest.approx(-60, abs=3))
    assert tab.errors == []


def test_the_login_page_is_as_large_as_the_pages_behind_it(browser: Browser, station: Station) -> None:
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    page.goto(station.dashboard.url)
    usual = page.locator("main").bounding_box()
    page.set_viewport_size(WIDE)
    box = page.locator("main").bounding_box()
    assert usual is not None
    assert box is not None
    assert box["width"] == pytest.approx(usual["width"] * LARGER, abs=1)
    # In the middle, and nothing to scroll.
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    assert middle == pytest.approx((WIDE["width"] / 2, WIDE["height"] / 2), abs=2)
    assert page.evaluate("document.documentElement.scrollHeight") <= WIDE["height"]
    page.close()
