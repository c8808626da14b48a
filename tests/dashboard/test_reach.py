"""Everybody can reach the pages: by keyboard, with a screen reader; and no page reaches for another host."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from imgdash.model import Event, Order, Patient
from imgdash.store import rows
from tests.conftest import CI
from tests.dashboard.conftest import Station, Tab, log_in
from tests.dashboard.places import PLACES, go, leave
from tests.dashboard.test_shell import shell_of
from tests.helpers import wait_until

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def image(station: Station) -> str:
    """An image that awaits; another one is in the queues, one is asked for again, one is rejected; an order waits."""
    apparatus = station.apparatus
    first, *others = (station.take(PatientID=f"T{number}", AccessionNumber=f"T{number}") for number in range(4))
    order = Order("A80", "A80", Patient("P80", "Key^Kim"), procedure_code="X80", received_at=datetime.now())
    apparatus.store.write(lambda change: change.emit(Event("order", "A80", "new", rows.order_columns(order))))
    apparatus.confirm(others[0], by="mona")
    apparatus.request(others[1], by="mona", reason="111219", ask="processed", to="modality")
    apparatus.reject(others[2], by="mona", reason="111210")
    return first


@pytest.fixture(scope="module")
def tab(browser: Browser, station: Station, image: str) -> Iterator[Tab]:
    tab = log_in(browser, station, "mona")
    wait_until(lambda: "frame" in tab.painted(image))
    # So that there is a message.
    session = shell_of(station, "mona").session
    session._later(lambda: session.tell("The film printer is away.", "warning"))
    tab.page.locator(".more:visible").first.wait_for()
    yield tab
    tab.page.close()


@pytest.fixture(scope="module")
def axe() -> str | None:
    """The rules of axe-core, where ``npm install --prefix DIR axe-core`` was, with NODE_PATH=DIR/node_modules."""
    for folder in os.environ.get("NODE_PATH", "").split(os.pathsep):
        path = Path(folder, "axe-core", "axe.min.js")
        if folder and path.exists():
            return path.read_text(encoding="utf-8")
    if CI:
        pytest.fail("no axe-core: its folder is not in NODE_PATH")
    return None


# Success criteria of WCAG 2.2, A and AA.
# What is asked of style sheets alone, whether one holds a phone in one way, is not worth fetching them all for.
AXE = """async () => {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
  const only = {runOnly: {type: "tag", values: tags}, resultTypes: ["violations"], preload: false}
  const found = await axe.run(document, only)
  return found.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 200)}`))
}"""

# Everything that can be operated, through all shadow roots; what has no name, and what no key reaches.
AUDIT = """() => {
  let seen = 0
  const wrong = []
  const clickable = "button,input,select,textarea,a[href],[role=button],[role=tab],[role=switch],[role=slider]"
  const walk = (root) => { for (const node of root.querySelectorAll("*")) {
    if (node.shadowRoot) walk(node.shadowRoot)
    const box = node.getBoundingClientRect()
    const hidden = !box.width || !box.height || getComputedStyle(node).visibility === "hidden"
    if (!node.matches(clickable) || hidden) continue
    seen += 1
    const label = node.labels && [...node.labels].map((l) => l.textContent).join("")
    const name = node.getAttribute("aria-label") || node.title || label || node.textContent || node.value
    const what = `${node.tagName} ${node.className} ${node.outerHTML.slice(0, 120)}`
    if (!name || !String(name).trim()) wrong.push("no name: " + what)
    const composite = node.closest("[role=tablist],[role=grid],[role=row],[role=listbox]")
    const off = node.disabled || node.ariaDisabled === "true"
    if (node.tabIndex < 0 && !off && !composite) wrong.push("no key reaches: " + what)
    // An input is seen by its edge alone (WCAG 1.4.11).
    const typed = node.matches("textarea,select,input:not([type=checkbox],[type=radio],[type=range],[type=file])")
    const grey = getComputedStyle(node).borderTopColor.match(/\\d+/g).map(Number)
    if (typed && Math.max(...grey.slice(0, 3)) < 0x70) wrong.push("its edge is not seen: " + what)
  } }
  walk(document)
  return {wrong, seen}
}"""


def rests(page: Page) -> None:
    """Wait until the same things can be operated twice in succession; the rail alone has ten."""
    seen = [0]

    def still() -> bool:
        seen.append(page.evaluate(AUDIT)["seen"])
        return seen[-1] > 12 and seen[-1] == seen[-2]

    wait_until(still, every=0.3)


def found(page: Page, axe: str | None) -> list[str]:
    """What is wrong with what is shown."""
    wrong: list[str] = page.evaluate(AUDIT)["wrong"]
    if axe is not None:
        if not page.evaluate("'axe' in window"):
            page.evaluate(axe)
        wrong += page.evaluate(AXE)
    return wrong


@pytest.mark.parametrize("name", PLACES)
def test_a_place_is_for_everybody_and_asks_no_other_host(tab: Tab, name: str, axe: str | None) -> None:
    place = PLACES[name]
    go(tab.page, place, rests)
    try:
        assert found(tab.page, axe) == []
    finally:
        leave(tab.page, place)
    assert tab.elsewhere == []
    assert tab.errors == []


def test_the_login_page_is_reached_too(browser: Browser, station: Station, axe: str | None) -> None:
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    elsewhere = []
    home = station.dashboard.url.rstrip("/")
    page.on(
        "request", lambda request: None if request.url.startswith((home, "data:")) else elsewhere.append(request.url)
    )
    page.goto(station.dashboard.url)
    page.fill("input[name=username]", "mona")
    page.fill("input[name=password]", "not her password")
    page.keyboard.press("Enter")
    page.get_by_text("User or password is wrong.").wait_for()
    assert found(page, axe) == []
    assert elsewhere == []
    page.close()
