"""What is laid out where a page is shown: that page, once, and none that is hidden."""

from __future__ import annotations

import pytest

from tests.dashboard.conftest import Station, Tab
from tests.helpers import wait_until

pytestmark = pytest.mark.browser
IMAGES = [{"PatientID": "P1"}]

# Which views are measured, by the page they belong to; and how often a page as a whole is.
COUNT = """() => {
  const [first] = Bokeh.index
  let kind = first
  while (!Object.hasOwn(kind, "layoutable_views")) kind = Object.getPrototypeOf(kind)
  window.counted = {hidden: 0, whole: 0}
  const measure = kind.measure_layout
  kind.measure_layout = function () {
    if (this.is_layout_root) counted.whole += 1
    if (!this.el.isConnected || this.el.getClientRects().length === 0) counted.hidden += 1
    return measure.call(this)
  }
}"""


def show(tab: Tab, name: str) -> None:
    tab.page.click(f"[data-page={name}]")
    tab.page.wait_for_function("(name) => location.search.includes('page=' + name)", arg=name)
    tab.page.wait_for_selector(f"[data-page={name}][aria-current=page]")


def test_a_page_that_is_shown_is_laid_out_and_no_hidden_one(tab: Tab, station: Station) -> None:
    for name in ("images", "queues", "system", "review"):
        show(tab, name)
    tab.page.evaluate(COUNT)
    show(tab, "queues")
    tab.page.wait_for_selector("[data-tool]:visible, .card:visible, .lane:visible")
    wait_until(lambda: tab.page.evaluate("counted.whole") > 0)
    counted = tab.page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(counted))))"
    )
    assert counted["hidden"] == 0
    # The hidden one, the shown one, and what has another size after them.
    assert counted["whole"] <= 6
    assert tab.errors == []


def test_what_was_hidden_while_the_window_grew_fills_it_when_it_is_shown(tab: Tab) -> None:
    show(tab, "review")
    canvas = tab.page.get_by_label("Radiograph")
    before = canvas.bounding_box()
    assert before is not None
    show(tab, "queues")
    tab.page.set_viewport_size({"width": 1600, "height": 900})
    show(tab, "review")

    def filled() -> bool:
        now = canvas.bounding_box()
        return now is not None and now["width"] >= before["width"] + 200 and now["height"] >= before["height"] + 100

    wait_until(filled)
    figures = tab.page.locator(".bk-Canvas:visible")
    window = 1600
    for number in range(figures.count()):
        box = figures.nth(number).bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= window
    assert tab.errors == []
