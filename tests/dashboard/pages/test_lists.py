"""Orders, Image list, Queues, Requests: what they show, what they let a person do, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser

from imgdash.dashboard.listing import Listing
from imgdash.dashboard.pages.images import Images
from imgdash.dashboard.pages.orders import Orders
from imgdash.dashboard.pages.queues import Queues
from imgdash.dashboard.pages.requests import Requests
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


def choose(desk: Desk, page: Listing, key: str) -> None:
    """Choose the row of `key`, once it is there, and wait until its story is told."""
    desk.until(lambda: key in [row.key for row in page._rows])
    number = [row.key for row in page._rows].index(key)
    page._choose({"chosen": [number]})
    desk.until(lambda: page.text.text)


def test_the_image_list_has_every_image_and_its_story(desk: Desk, image: str) -> None:
    page = desk.show(Images)
    choose(desk, page, image)
    assert "<b>Bold</b>, Name" in page.table.rows[0]
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
        desk.until(lambda wanted=state: wanted in page.table.rows[0])


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


def test_a_request_is_shown_with_its_reason_and_withdrawn(desk: Desk, station: Station, image: str) -> None:
    request = station.apparatus.request(image, desk.actor, reason="111209", to="ris", comment="please centre")
    page = desk.show(Requests)
    choose(desk, page, request.request_id)
    assert "Positioning" in page.text.text
    assert "please centre" in page.text.text
    assert [item["id"] for item in page.shown.items] == [image]
    assert page.badge() is not None
    assert page.badge()[0] >= 1
    page._action({"action": "withdraw"})
    desk.until(lambda: station.apparatus.requests("withdrawn"))
    assert station.state(image) == "awaiting"


def test_entries_are_held_released_and_cancelled(desk: Desk, station: Station, image: str) -> None:
    station.apparatus.queue_switch("STORAGE", False, desk.actor)
    station.apparatus.confirm(image, desk.actor)
    page = desk.show(Queues)
    desk.until(lambda: page.table.rows)
    assert "SWITCHED OFF" in page.head.said
    entry = page._rows[0].key
    for action, state in (("hold", "held"), ("release", "waiting"), ("cancel", "cancelled")):
        choose(desk, page, entry)
        assert action in page.bar.enabled
        page._action({"action": action})
        wait = "entry_id = ?"
        desk.until(lambda wanted=state, where=wait: station.apparatus.store.queue(where, [entry])[0].state == wanted)
        if state != "cancelled":
            desk.until(lambda wanted=state: page.table.rows and page.table.rows[0][1] == wanted)
    page._action({"action": "switch"})
    desk.until(lambda: station.apparatus.queues()["STORAGE"].on)


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
    for name in ("orders", "images", "queues", "requests"):
        tab.page.click(f"[data-page={name}]")
        title = {"images": "Image list"}.get(name, name.capitalize())
        tab.page.get_by_role("heading", name=title).or_(tab.page.get_by_text(title)).first.wait_for()
    tab.page.click("[data-page=images]")
    tab.page.get_by_text("<b>Bold</b>, Name").first.wait_for()
    wait_until(lambda: not tab.errors)
    assert tab.elsewhere == []
    tab.page.close()
