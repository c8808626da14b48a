"""The address names what is shown, always; Back and Forward of the browser go from page to page."""

from __future__ import annotations

import threading

import pytest
from playwright.sync_api import Page

from tests.dashboard.conftest import Station, Tab
from tests.dashboard.test_by_keyboard import focused
from tests.dashboard.test_shell import shell_of
from tests.helpers import wait_until

pytestmark = pytest.mark.browser
IMAGES = [{"PatientID": f"S{number}"} for number in range(3)]
ASKED = "Object.fromEntries(new URLSearchParams(location.search))"


def shown(page: Page) -> tuple[str, str]:
    """The page that is in sight, and the one that the address names."""
    there = page.locator("[data-page][aria-current]").get_attribute("data-page") or ""
    return there, page.evaluate(ASKED).get("page", "")


def jump(page: Page, number: int, name: str) -> None:
    """To a page by its number."""
    page.keyboard.press("j")
    page.keyboard.press(str(number))
    wait_until(lambda: shown(page) == (name, name))


def test_the_page_is_in_the_address_from_the_beginning(tab: Tab, images: list[str]) -> None:
    open_now = tab.page.get_attribute(".item[aria-selected=true]", "data-image")
    assert open_now in images
    wait_until(lambda: tab.page.evaluate(ASKED) == {"page": "review", "image": open_now})


def test_back_and_forward_go_from_page_to_page(tab: Tab, images: list[str]) -> None:
    page = tab.page
    jump(page, 3, "images")
    rows = page.locator(".rows .row:visible")
    wait_until(lambda: rows.count() == 3)
    steps = page.evaluate("history.length")
    for image, row in zip(reversed(images), range(3), strict=True):
        rows.nth(row).click()
        page.wait_for_function("(image) => location.search.includes(image)", arg=image)
    # What was looked at in between is no step.
    assert page.evaluate("history.length") == steps
    jump(page, 8, "records")
    page.locator("[data-tab=emission]:visible").click()
    page.wait_for_function("location.search.includes('tab=emission')")
    page.go_back()
    wait_until(lambda: shown(page) == ("images", "images"))
    page.locator(".rows .row[aria-selected=true]:visible", has_text="S0").wait_for()
    assert page.evaluate(ASKED)["image"] == images[0]
    page.go_back()
    wait_until(lambda: shown(page) == ("review", "review"))
    page.go_forward()
    page.go_forward()
    wait_until(lambda: shown(page) == ("records", "records"))
    # As it was left, and the address says so.
    page.locator("[data-tab=emission][aria-selected=true]:visible").wait_for()
    wait_until(lambda: page.evaluate(ASKED).get("tab") == "emission")
    jump(page, 1, "review")


def test_what_comes_of_a_page_that_back_has_left_is_no_step(tab: Tab, station: Station) -> None:
    page = tab.page
    jump(page, 3, "images")
    jump(page, 8, "records")
    shell = shell_of(station, "mona")
    gate = threading.Event()

    def late() -> None:
        gate.wait(30)
        shell.where.search += "&patient=S0"

    # What the page has read is on its way while its user goes back.
    shell.session.soon(late)
    try:
        page.evaluate("history.back()")
        page.wait_for_function("location.search.includes('page=images')")
    finally:
        gate.set()
    wait_until(lambda: shell.where.search.startswith("?page=images"))
    wait_until(lambda: shown(page) == ("images", "images"))
    page.go_back()
    wait_until(lambda: shown(page) == ("review", "review"))


def test_what_comes_late_for_a_hidden_page_leaves_the_address(tab: Tab, station: Station, images: list[str]) -> None:
    page = tab.page
    jump(page, 2, "orders")
    before = page.evaluate("location.search")
    shell = shell_of(station, "mona")
    done: list[bool] = []
    # As an image says it whose details were on their way when the page was left.
    shell.session.soon(lambda: (shell.session.address(image=images[1]), done.append(True)))
    wait_until(lambda: done)
    assert shell.where.search == before == page.evaluate("location.search")
    jump(page, 1, "review")


def test_a_page_that_is_come_to_by_a_key_has_the_keyboard(tab: Tab, images: list[str]) -> None:
    page = tab.page
    names = {
        2: ("orders", "Orders"),
        3: ("images", "Image list"),
        4: ("conditions", "Condition keys"),
        5: ("queues", "Queues"),
        6: ("requests", "Requests"),
        7: ("notices", "Notices"),
        8: ("records", "emission"),
        9: ("system", "station"),
        1: ("review", "Images"),
    }
    # Records as it was left: at another view than its first one.
    jump(page, 8, "records")
    page.click("[data-tab=emission]:visible")
    page.wait_for_function("location.search.includes('tab=emission')")
    for number, (name, home) in names.items():
        jump(page, number, name)
        wait_until(lambda home=home: focused(page) == home)
    # From within a page, too: the image of a row, and back to the rows.
    jump(page, 3, "images")
    wait_until(lambda: focused(page) == "Image list")
    page.keyboard.press("Home")
    page.wait_for_function("(image) => location.search.includes(image)", arg=images[2])
    page.keyboard.press("Enter")
    wait_until(lambda: shown(page) == ("review", "review"))
    wait_until(lambda: focused(page) == "Images")
    page.go_back()
    wait_until(lambda: focused(page) == "Image list")
    jump(page, 1, "review")


def test_who_uses_the_mouse_keeps_what_he_clicked(tab: Tab) -> None:
    page = tab.page
    page.click("[data-page=images]")
    wait_until(lambda: shown(page) == ("images", "images"))
    page.locator(".rows .row:visible").first.wait_for()
    assert focused(page) == "images"
    page.click("[data-page=review]")
    wait_until(lambda: shown(page) == ("review", "review"))
