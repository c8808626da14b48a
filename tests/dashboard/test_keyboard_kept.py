"""What is pressed keeps the keyboard while it is carried out; what a key can do nothing with is passed by."""

from __future__ import annotations

import pytest

from tests.dashboard.conftest import Station, Tab
from tests.dashboard.test_by_keyboard import focused, reach
from tests.helpers import wait_until

pytestmark = pytest.mark.browser
IMAGES = [{"PatientID": "S0"}]
# Figures at which Tab would stop, and those that there are.
FIGURES = """() => {
  const found = []
  const walk = (root) => { for (const node of root.querySelectorAll("*")) {
    if (node.shadowRoot) walk(node.shadowRoot)
    if (node.classList.contains("bk-events")) found.push(node.tabIndex)
  } }
  walk(document)
  return [found.filter((index) => index >= 0).length, found.length]
}"""
# The ratio of WCAG between the words over an image and what is behind them where the image is white.
CONTRAST = """(node) => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number)
  const light = (grey) => { const v = grey / 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4 }
  const of = ([r, g, b]) => 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b)
  const ground = parts(getComputedStyle(node.closest(".corner div,.tools")).backgroundColor), alpha = ground[3] ?? 1
  const behind = of(ground.slice(0, 3).map((part) => part * alpha + 255 * (1 - alpha)))
  return (of(parts(getComputedStyle(node).color)) + 0.05) / (behind + 0.05)
}"""


def test_tab_passes_the_figures(tab: Tab) -> None:
    wait_until(lambda: tab.page.evaluate(FIGURES)[1])
    tab.page.keyboard.press("Tab")
    assert tab.page.evaluate(FIGURES)[0] == 0


def test_who_is_shown_is_read_also_over_a_white_image(tab: Tab) -> None:
    for part in (".corner.ul div >> nth=1", ".corner.ur div >> nth=0", ".tools button >> nth=0"):
        assert tab.page.locator(part).first.evaluate(CONTRAST) >= 4.5 - 1.5 * part.startswith(".tools"), part


def test_a_user_is_added_and_the_keyboard_stays(tab: Tab, station: Station) -> None:
    page = tab.page
    page.keyboard.press("j")
    page.keyboard.press("9")
    page.locator("[data-tab=station]:visible").wait_for()
    reach(page, "station")
    page.keyboard.press("ArrowRight")
    reach(page, "Name")
    for word in ("berta", "", "a long password", "a long password"):
        page.keyboard.type(word)
        page.keyboard.press("Tab")
    assert focused(page) == "BUTTON"
    page.keyboard.press("Enter")
    wait_until(lambda: any(user.name == "berta" for user in station.apparatus.users.all()))
    page.get_by_text("berta is a user now").wait_for()
    assert focused(page) == "BUTTON"
    # It has nothing to do until there is another name.
    assert page.get_by_role("button", name="Add user").get_attribute("aria-disabled") == "true"


def test_a_version_is_saved_and_the_keyboard_stays(tab: Tab, station: Station, images: list[str]) -> None:
    page = tab.page
    key = station.apparatus.image(images[0]).condition
    version = station.apparatus.conditions.get(key).version
    page.keyboard.press("j")
    page.keyboard.press("4")
    page.wait_for_function("(key) => location.search.includes(key)", arg=key)
    page.get_by_label("Shift", exact=True).wait_for()
    reach(page, "Shift")
    page.keyboard.press("ArrowRight")
    reach(page, "Note to the version")
    page.keyboard.type("a little lighter")
    page.keyboard.press("Tab")
    assert focused(page) == "BUTTON"
    page.keyboard.press("Enter")
    wait_until(lambda: station.apparatus.conditions.get(key).version == version + 1)
    page.get_by_role("button", name=f"Save as version {version + 2}").wait_for()
    assert focused(page) == "BUTTON"
