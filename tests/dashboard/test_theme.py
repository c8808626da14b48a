"""Everybody can read and reach the pages: contrast AA, names for screen readers, no state by colour alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from imgdash.dashboard.theme import ICONS, PALETTE, STATES
from imgdash.model.lifecycle import LIFECYCLES
from tests.conftest import CI
from tests.dashboard.conftest import Station, Tab, log_in
from tests.helpers import wait_until

TEXTS = ("text", "dim", "faint", "accent", "good", "warn", "bad", "film")
GROUNDS = ("ground", "panel", "raised")


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb`` (WCAG 2.2)."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def mixed(colour: str, part: float, ground: str) -> str:
    """As CSS' ``color-mix(in srgb, …)``: rows that are chosen or in trouble."""
    pairs = [(int(colour[n : n + 2], 16), int(ground[n : n + 2], 16)) for n in (1, 3, 5)]
    return "#" + "".join(f"{round(part * a + (1 - part) * b):02x}" for a, b in pairs)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("text", TEXTS)
def test_every_text_is_readable_on_every_ground(text: str) -> None:
    for ground in GROUNDS:
        assert contrast(PALETTE[text], PALETTE[ground]) >= 4.5, ground


@pytest.mark.parametrize("shape", ["edge", "accent", "warn", "bad", "good"])
def test_edges_of_inputs_and_signs_stand_out(shape: str) -> None:
    for ground in GROUNDS:
        assert contrast(PALETTE[shape], PALETTE[ground]) >= 3, ground


@pytest.mark.parametrize(("colour", "part"), [("accent", 0.16), ("warn", 0.10), ("bad", 0.16)])
def test_text_is_readable_on_rows_that_stand_out(colour: str, part: float) -> None:
    for text in ("text", "dim"):
        assert contrast(PALETTE[text], mixed(PALETTE[colour], part, PALETTE["panel"])) >= 4.5, text


@pytest.mark.parametrize(("text", "ground"), [("#001018", "accent"), ("#04150b", "good"), ("#220000", "bad"),
                                              ("#221100", "warn")])  # fmt: skip
def test_words_on_coloured_buttons_and_badges_are_readable(text: str, ground: str) -> None:
    assert contrast(text, PALETTE[ground]) >= 4.5


def test_every_state_has_a_word_and_an_icon_of_its_own_beside_its_colour() -> None:
    states = {state for lifecycle in LIFECYCLES.values() for state in lifecycle.states}
    assert states <= set(STATES)
    for colour, icon, word in STATES.values():
        assert colour in PALETTE
        assert icon in ICONS
        assert word


@pytest.fixture(scope="module")
def tab(browser: Browser, station: Station) -> Iterator[Tab]:
    station.take(PatientID="T1")
    tab = log_in(browser, station, "mona")
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
AXE = """async () => {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
  const found = await axe.run(document, {resultTypes: ["violations"], runOnly: {type: "tag", values: tags}})
  return found.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 200)}`))
}"""

# Everything that can be operated, through all shadow roots; what has no name, and what no key reaches.
AUDIT = """() => {
  let seen = 0
  const wrong = [], clickable = "button,input,select,textarea,a[href],[role=button],[role=tab],[role=switch]"
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
    if (node.tabIndex < 0 && !node.disabled && !composite) wrong.push("no key reaches: " + what)
    // An input is seen by its edge alone (WCAG 1.4.11).
    const typed = node.matches("textarea,select,input:not([type=checkbox],[type=radio],[type=range],[type=file])")
    const grey = getComputedStyle(node).borderTopColor.match(/\\d+/g).map(Number)
    if (typed && Math.max(...grey.slice(0, 3)) < 0x70) wrong.push("its edge is not seen: " + what)
  } }
  walk(document)
  return {wrong, seen}
}"""


@pytest.mark.browser
@pytest.mark.parametrize(
    "page", ["review", "orders", "images", "conditions", "queues", "requests", "records", "system"]
)
def test_whatever_can_be_operated_has_a_name_and_is_reached_by_keyboard(tab: Tab, page: str, axe: str | None) -> None:
    tab.page.click(f"[data-page={page}]")
    tab.page.wait_for_function("(name) => location.search.includes('page=' + name)", arg=page)
    # The rail alone has nine; the page is looked at once it has more, and rests.
    seen = [0]

    def rests() -> bool:
        seen.append(tab.page.evaluate(AUDIT)["seen"])
        return seen[-1] > 12 and seen[-1] == seen[-2]

    wait_until(rests, every=0.3)
    assert tab.page.evaluate(AUDIT)["wrong"] == []
    if axe is not None:
        tab.page.evaluate(axe)
        assert tab.page.evaluate(AXE) == []
