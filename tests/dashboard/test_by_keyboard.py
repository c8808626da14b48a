"""All by keyboard, and with the mouse besides: a key does what its user means, and the keyboard is never lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page

from tests.dashboard.conftest import Station, Tab
from tests.helpers import wait_until

pytestmark = pytest.mark.browser
IMAGES = [{"AccessionNumber": f"B{number}", "PatientID": f"B{number}"} for number in range(6)]

FOCUSED = """() => {
  let node = document.activeElement
  while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement
  return node.getAttribute("aria-label") || node.dataset.page || node.dataset.action || node.dataset.tab || node.tagName
}"""


def focused(page: Page) -> str:
    """What has the keyboard, by its name."""
    return str(page.evaluate(FOCUSED))


def reach(page: Page, name: str) -> None:
    """Tab until something has the keyboard."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if focused(page) == name:
            return
    raise AssertionError(f"Tab does not come to {name}")


def confirm_key(tab: Tab, station: Station, image: str) -> None:
    """Press Space where `image` is in sight, and see that it is confirmed."""
    wait_until(lambda: "preview" in tab.painted(image))
    tab.page.wait_for_selector(f".item[data-image='{image}'][aria-selected=true]")
    tab.page.wait_for_selector("[data-action=confirm]:visible:enabled")
    tab.page.keyboard.press(" ")
    wait_until(lambda: station.state(image) == "confirmed")


def turned(page: Page) -> Locator:
    return page.locator(".corner.lr", has_text="view turned")


def test_who_clicked_a_button_of_the_view_confirms_by_space(tab: Tab, station: Station, images: list[str]) -> None:
    page = tab.page
    tab.open(images[0])
    page.get_by_label("Turn the view").first.click()
    # A key in between, from which on the browser shows what has the keyboard.
    page.keyboard.press("t")
    page.locator(".corner.lr", has_text="180").wait_for()
    assert focused(page) == "BODY"
    page.get_by_label("Fit", exact=True).first.click()
    confirm_key(tab, station, images[0])
    # So does who moved a slider: Space is nothing to it.
    page.get_by_label("Density", exact=True).click()
    confirm_key(tab, station, images[1])
    page.wait_for_function("(image) => !location.search.includes(image)", arg=images[1])
    tab.open(images[3])
    # With the arrows he goes on to another image, where who came by Tab moves the slider.
    page.get_by_label("Density", exact=True).click()
    below = page.get_attribute(f".item[data-image='{images[3]}'] + .item", "data-image")
    page.keyboard.press("ArrowDown")
    page.wait_for_selector(f".item[data-image='{below}'][aria-selected=true]")
    page.keyboard.press("ArrowUp")
    page.wait_for_selector(f".item[data-image='{images[3]}'][aria-selected=true]")


def test_a_button_that_tab_came_to_is_pressed_by_space(tab: Tab, station: Station, images: list[str]) -> None:
    page = tab.page
    tab.open(images[3])
    reach(page, "Turn the view")
    page.keyboard.press(" ")
    turned(page).first.wait_for()
    assert station.state(images[3]) == "awaiting"
    reach(page, "Before and after, while held")
    page.keyboard.down(" ")
    page.get_by_text("BEFORE · as received").wait_for()
    page.keyboard.up(" ")
    page.get_by_text("BEFORE · as received").wait_for(state="hidden")
    reach(page, "Density")
    before = page.get_by_label("Density", exact=True).input_value()
    page.keyboard.press("ArrowUp")
    assert page.get_by_label("Density", exact=True).input_value() != before
    page.wait_for_selector(f".item[data-image='{images[3]}'][aria-selected=true]")


def test_an_image_larger_than_its_pane_is_moved_by_the_arrows(tab: Tab, station: Station, images: list[str]) -> None:
    page = tab.page
    tab.open(images[3])
    page.keyboard.press("w")
    page.mouse.move(600, 300)
    page.keyboard.press("+")
    page.keyboard.press("+")

    def place() -> str:
        page.mouse.move(601, 301)
        page.mouse.move(600, 300)
        return page.locator(".corner.ll").first.inner_text()

    before = wait_until(place)
    reach(page, "Radiograph")
    page.keyboard.press("ArrowRight")
    wait_until(lambda: place() != before)
    page.wait_for_selector(f".item[data-image='{images[3]}'][aria-selected=true]")
    page.keyboard.press("f")


def test_a_side_of_the_output_range_leaves_the_edge(tab: Tab, station: Station, images: list[str]) -> None:
    """One step is nearer to the edge than what a hand moves there and snaps to it."""
    page = tab.page
    tab.open(images[3])
    page.keyboard.press("o")
    rect = page.locator(".range .rect")
    rect.wait_for()
    rect.press("Shift+ArrowLeft")
    (kept,) = wait_until(lambda: station.apparatus.image(images[3]).ranges).values()
    assert kept == {"left": 0, "top": 0, "right": 0.995, "bottom": 1}
    page.keyboard.press("Escape")
    rect.wait_for(state="hidden")


def test_what_is_drawn_anew_keeps_the_keyboard(tab: Tab, station: Station, images: list[str]) -> None:
    page = tab.page
    tab.open(images[2])
    reach(page, "confirm")
    # Its button can do nothing until the next image is in sight, and is not left.
    page.keyboard.press("Enter")
    wait_until(lambda: station.state(images[2]) == "confirmed")
    page.wait_for_selector(f".item[data-image='{images[3]}'][aria-selected=true]")
    wait_until(lambda: "preview" in tab.painted(images[3]))
    assert focused(page) == "confirm"
    # A page is chosen on the rail, which tells then where one is.
    reach(page, "images")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-page=images][aria-current]")
    assert focused(page) == "images"


def test_the_keyboard_comes_back_after_a_dialog(tab: Tab) -> None:
    page = tab.page
    reach(page, "Size of text and controls")
    page.keyboard.press("Enter")
    page.locator("dialog[open]").wait_for()
    page.keyboard.press("Escape")
    page.locator("dialog[open]").wait_for(state="detached")
    assert focused(page) == "Size of text and controls"


def test_space_confirms_in_a_list_and_leaves_the_keyboard_there(tab: Tab, station: Station, images: list[str]) -> None:
    page = tab.page
    page.click("[data-page=images]")
    page.locator(".rows .row:visible", has=page.get_by_text("5", exact=True)).click()
    page.wait_for_selector("[data-action=confirm]:visible:enabled")
    page.keyboard.press(" ")
    wait_until(lambda: station.state(images[4]) == "confirmed")
    assert focused(page) == "Image list"
    # What leaves the view leaves the keyboard to the one that followed it.
    page.click("[data-tab=work]:visible")
    rows = page.locator(".rows .row:visible")
    awaiting = len(station.apparatus.images(state="awaiting"))
    wait_until(lambda: rows.count() == awaiting)
    page.keyboard.press("/")
    page.keyboard.press("Enter")
    assert focused(page) == "Image list"
    page.keyboard.press("Home")
    page.wait_for_function("(image) => location.search.includes(image)", arg=images[5])
    page.wait_for_selector("[data-action=confirm]:visible:enabled")
    page.keyboard.press(" ")
    wait_until(lambda: station.state(images[5]) == "confirmed")
    wait_until(lambda: rows.count() == awaiting - 1)
    page.keyboard.press("ArrowDown")
    page.wait_for_function("(image) => location.search.includes(image)", arg=images[3])
