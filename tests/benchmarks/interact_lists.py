"""Lists of many rows, from the click or the last letter to the rows painted: a part of `tests.benchmarks.interact`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from playwright.sync_api import Browser, Page

Station = Callable[..., AbstractContextManager[dict[str, Any]]]
Spread = Callable[[list[float]], dict[str, float]]
_TURNS = 5
# The first element that is seen, whatever shadow it stands in.
SEEK = """
window.seek = (root, selector) => {
  for (const node of root.querySelectorAll("*")) {
    if (node.matches(selector) && node.getClientRects().length) return node
    const found = node.shadowRoot && seek(node.shadowRoot, selector)
    if (found) return found
  }
  return null
}
"""
# The clock starts in the browser, with the event that a person causes; `shown` is what stands in the list now.
_CLOCK = """
for (const kind of ["click", "input", "change"])
  document.addEventListener(kind, () => { window.began = performance.now() }, true)
window.shown = () => {
  if (seek(document, "[aria-busy=true]")) return ""
  const parts = [".rows .row", ".list .card", ".none", ".empty", ".foot"]
  const told = parts.map((one) => seek(document, one)?.textContent || "").join(" ")
  return told.includes("One moment") ? "" : told.trim()
}
"""


def listed(browser: Browser, station: Station, count: int, spread: Spread) -> dict[str, Any]:
    """Opening each page, and what is done in the Image list, where the records hold many images."""
    begun = time.monotonic()
    with station("--images", "1", "--rows", "400", "--columns", "300", "--recorded", str(count)) as about:
        taken: dict[str, list[float]] = {}
        result: dict[str, Any] = {"images": count, "seconds to make them": round(time.monotonic() - begun)}
        _say(result)
        for turn in range(_TURNS):
            page = browser.new_page(viewport={"width": 1600, "height": 900})
            page.add_init_script(SEEK + _CLOCK)
            page.set_default_timeout(60_000)
            page.goto(about["url"])
            came = time.perf_counter()
            page.click(f"button[value=reviewer{turn}]")
            page.wait_for_function("(window.imgdash?.painted || []).length > 0")
            taken.setdefault("log in to the first image", []).append(1000 * (time.perf_counter() - came))
            for name, milliseconds in _worked(page).items():
                taken.setdefault(name, []).append(milliseconds)
            page.close()
            _say({name: round(values[-1]) for name, values in taken.items()})
        return result | {name: spread(values) for name, values in taken.items()}


def _worked(page: Page) -> dict[str, float]:
    """One person's way through the lists."""
    found = {"open images": _until(page, lambda: page.click("[data-page=images]"))}
    search = page.locator("input[type=search]:visible")
    # The last letter counts.
    search.fill("name1234")
    page.wait_for_function("shown().includes('Name1234')", polling="raf")
    found["search"] = _until(page, lambda: page.keyboard.type("5"))
    _until(page, lambda: search.fill(""))
    sender = page.get_by_label("Sender")
    found["filter"] = _until(page, lambda: sender.select_option("CR2"))
    _until(page, lambda: sender.select_option(""))
    found["sort"] = _until(page, lambda: page.get_by_role("button", name="patient", exact=True).click())
    found["next page"] = _until(page, lambda: page.get_by_label("Next page").locator("visible=true").click())
    for name in ("orders", "requests", "queues", "records"):
        found[f"open {name}"] = _until(page, lambda name=name: page.click(f"[data-page={name}]"))
        ended = {"requests": "ended", "queues": "over"}.get(name)
        if ended:
            found[f"{name}, what is over"] = _until(page, lambda tab=ended: page.click(f"[data-tab={tab}]"))
    found["back to review"] = _reviewed(page)
    return found


def _until(page: Page, act: Callable[[], Any]) -> float:
    """Milliseconds from what a person does to something else in the list."""
    page.evaluate("() => { window.before = shown(); window.began = 0 }")
    act()
    ended = page.wait_for_function(
        "() => began && shown() && shown() !== before && performance.now() - began", polling="raf"
    )
    milliseconds = float(ended.json_value())
    print(f"{milliseconds:.0f}", end=" ", file=sys.stderr, flush=True)
    return milliseconds


def _reviewed(page: Page) -> float:
    page.evaluate("() => { window.began = 0 }")
    page.click("[data-page=review]")
    return float(
        page.wait_for_function(
            "() => began && seek(document, '[data-action=confirm]') && performance.now() - began", polling="raf"
        ).json_value()
    )


def _say(what: dict[str, Any]) -> None:
    print(what, file=sys.stderr, flush=True)
