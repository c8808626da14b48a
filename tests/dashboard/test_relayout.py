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
