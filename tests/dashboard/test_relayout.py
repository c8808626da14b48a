"""What is laid out where a page is shown: that page, once, as large as it is now; and none that is hidden."""

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

# Of each figure in sight: how wide it is, how wide its canvas is, and how many columns of that something is painted in.
WIDTHS = """(figures) => figures.map((figure) => {
  const canvas = figure.shadowRoot.querySelector(".bk-Canvas").shadowRoot.querySelector("canvas")
  const {width, height} = canvas, painted = new Set()
  if (width && height) {
    const {data} = canvas.getContext("2d").getImageData(0, 0, width, height)
    for (let n = 3; n < data.length; n += 4) if (data[n]) painted.add((n - 3) / 4 % width)
  }
  return [figure.clientWidth, canvas.clientWidth, painted.size]
})"""
# On the page of condition keys: two pictures, four curves below them.
FIGURES = 6


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


def drawn(tab: Tab, wider_than: float = 0) -> list[float]:
    """Wait until every figure is wider than so much, and drawn in all of that; how wide they are."""
    figures = tab.page.locator(".bk-Figure:visible")

    def filled() -> list[float]:
        widths = figures.evaluate_all(WIDTHS)
        fills = all(min(canvas, painted) >= figure - 1 for figure, canvas, painted in widths)
        least = min((figure for figure, *_ in widths), default=0)
        return [figure for figure, *_ in widths] if len(widths) == FIGURES and fills and least > wider_than else []

    try:
        return wait_until(filled)
    except AssertionError as error:
        widths = figures.evaluate_all(WIDTHS)
        raise AssertionError(f"width, width of the canvas, painted of it: {widths}") from error


def test_figures_that_were_hidden_while_the_window_grew_are_drawn_as_wide_as_it_is(tab: Tab) -> None:
    show(tab, "conditions")
    before = drawn(tab)
    show(tab, "queues")
    tab.page.locator(".bk-Figure:visible").first.wait_for(state="hidden")
    tab.page.set_viewport_size({"width": 1800, "height": 900})
    tab.page.wait_for_function("() => innerWidth === 1800")
    show(tab, "conditions")
    # Four beside each other share the 434 pixels that the window has more.
    after = drawn(tab, min(before) + 60)
    assert all(now > then + 60 for now, then in zip(after, before, strict=True))
    assert tab.errors == []
