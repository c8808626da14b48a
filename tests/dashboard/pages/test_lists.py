"""Orders, Image list: what they show, what they let a person do, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser

from imgdash.dashboard.browsing import Browsing
from imgdash.dashboard.pages.images import Images
from imgdash.dashboard.pages.orders import Orders
from tests.dashboard.conftest import Station, log_in
from tests.dashboard.pages.desk import Desk
from tests.helpers import wait_until


@pytest.fixture(scope="module")
def image(station: Station) -> str:
    """One image that awaits its reviewer."""
    return station.take(AccessionNumber="A77", PatientID="P77", PatientName="<b>Bold</b>^Name")


@pytest.fixture
def desk(desk_of: Callable[..., Desk]) -> Desk:
    return desk_of("manager")


def choose(desk: Desk, page: Browsing, key: str) -> None:
    """Choose the row of `key`, once it is there, and wait until its story is told."""
    desk.until(lambda: key in [row.key for row in page._rows])
    number = [row.key for row in page._rows].index(key)
    page._choose({"chosen": [number]})
    desk.until(lambda: page.text.text)


def row(page: Browsing, key: str) -> list[Any]:
    """The row of `key`."""
    cells: list[Any] = page.table.rows[[row.key for row in page._rows].index(key)]
    return cells


def test_the_image_list_has_every_image_and_its_story(desk: Desk, image: str) -> None:
    page = desk.show(Images)
    choose(desk, page, image)
    assert "<b>Bold</b>, Name" in row(page, image)
    assert "received from TESTER" in page.text.text
    assert page.shown.items[0]["id"] == image
    assert {"confirm", "postpone", "open"} <= set(page.bar.enabled)
    assert "restore" not in page.bar.enabled


def test_an_image_is_postponed_and_resumed_from_the_list(desk: Desk, station: Station, image: str) -> None:
    page = desk.show(Images)
    for action, state in (("postpone", "postponed"), ("resume", "awaiting")):
        choose(desk, page, image)
        page._action({"action": action})
        desk.until(lambda wanted=state: station.state(image) == wanted)
        desk.until(lambda wanted=state: wanted in row(page, image))


def test_a_view_of_the_list_shows_only_its_images(desk: Desk, image: str) -> None:
    page = desk.show(Images)
    page._tab({"tab": "bad"})
    desk.until(lambda: page.head.current == "bad" and not page.table.rows)
    page._tab({"tab": "work"})
    desk.until(lambda: page.table.rows)


def test_an_image_without_order_is_seen(desk: Desk, image: str) -> None:
    page = desk.show(Orders)
    page._tab({"tab": "stray"})
    choose(desk, page, image)
    assert "no order was found" in page.text.text


def test_a_general_user_may_not_restore_or_delete(desk_of: Callable[..., Desk], station: Station) -> None:
    image = station.take(AccessionNumber="A78", PatientID="P78")
    station.apparatus.reject(image, "mona", "111209")
    desk = desk_of("user")
    page = desk.show(Images)
    choose(desk, page, image)
    assert not {"restore", "delete"} & set(page.bar.enabled)
    page.carry_out("delete", page.chosen)
    desk.until(lambda: desk.toasts)
    assert "manager" in desk.toasts[0][2]
    assert station.state(image) == "rejected"


@pytest.mark.browser
def test_the_pages_show_their_content_and_nothing_goes_wrong(browser: Browser, station: Station, image: str) -> None:
    tab = log_in(browser, station, "mona")
    for name in ("orders", "images"):
        tab.page.click(f"[data-page={name}]")
        title = {"images": "Image list"}.get(name, name.capitalize())
        tab.page.get_by_role("heading", name=title).or_(tab.page.get_by_text(title)).first.wait_for()
    tab.page.click("[data-page=images]")
    tab.page.locator(".rows .row:visible").get_by_text("<b>Bold</b>, Name").first.wait_for()
    assert tab.elsewhere == []
    assert tab.errors == []
    tab.page.close()


@pytest.mark.browser
def test_review_still_fits_the_window_after_every_other_page(browser: Browser, station: Station, image: str) -> None:
    tab = log_in(browser, station, "mona")
    for name in ("orders", "images", "conditions", "queues", "requests", "records", "system"):
        tab.page.click(f"[data-page={name}]")
        tab.page.wait_for_function("(name) => location.search.includes('page=' + name)", arg=name)
    tab.page.click("[data-page=review]")
    confirm = tab.page.locator("[data-action=confirm]:visible").first
    confirm.wait_for()

    def inside() -> bool:
        box = confirm.bounding_box()
        return box is not None and box["y"] + box["height"] <= 768

    wait_until(inside)
    tab.page.close()
