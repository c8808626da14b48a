"""Orders and Image list: looked for, sorted and opened; several images changed at once, each by its own right."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from imgdash.dashboard.browsing import Browsing
from imgdash.dashboard.pages.images import Images
from imgdash.dashboard.pages.orders import Orders
from imgdash.model import Order, Patient
from tests.dashboard.conftest import Station, log_in
from tests.dashboard.pages.desk import Desk
from tests.helpers import wait_until


@pytest.fixture(scope="module")
def images(station: Station) -> list[str]:
    """Three images; the second belongs to an order, which is instead of another one."""
    orders = station.apparatus._orders
    patient = Patient("P12", "Müller^Anna")
    orders.take(Order("o1", "A11", patient, placer_number="PL1", filler_number="FI1", procedure_text="Hand"))
    orders.take(Order("o2", "A12", patient, procedure_text="Hand again", parent="PL1^FI1",
                      scheduled_at=datetime(2026, 3, 2, 9, 0)))  # fmt: skip
    orders.take(Order("o3", "A13", Patient("P13", "Nobody^Came")))
    return [
        station.take(PatientID="P11", PatientName="<i>Lean</i>^Otto", AccessionNumber="A10"),
        station.take(PatientID="P12", PatientName="Muller^Anna", AccessionNumber="A12"),
        station.take(PatientID="P14", PatientName="Zoe^Last", AccessionNumber="A14", Modality="DX"),
    ]


@pytest.fixture
def desk(desk_of: Callable[..., Desk], images: list[str]) -> Desk:
    return desk_of("manager")


def keys(page: Browsing) -> list[str]:
    return [row.key for row in page._rows]


def choose(desk: Desk, page: Browsing, *wanted: str) -> None:
    desk.until(lambda: set(wanted) <= set(keys(page)))
    page.facts.sections = []
    page.table._handle_msg({"chosen": [keys(page).index(key) for key in wanted]})
    desk.until(lambda: page.facts.sections)


def find(desk: Desk, page: Browsing, wanted: list[str], **values: str) -> None:
    page.finder._handle_msg({"find": values})
    desk.until(lambda: not page.table.waiting and keys(page) == wanted)


def facts(page: Browsing) -> dict[str, Any]:
    return {row["label"]: row["value"] for section in page.facts.sections for row in section["rows"]}


def test_images_are_narrowed_sorted_and_counted(desk: Desk, images: list[str]) -> None:
    page = desk.show(Images)
    desk.until(lambda: keys(page) == images[::-1])
    assert {tab["name"]: tab["count"] for tab in page.head.tabs}["work"] == 3
    find(desk, page, [images[1]], text="müller p12")
    find(desk, page, [images[2]], modality="DX")
    find(desk, page, [], begin="2001-01-01", end="2001-01-02")
    assert page.table.empty == "Nothing fits these filters."
    page.finder._handle_msg({"find": {"begin": "yesterday"}})
    desk.until(lambda: desk.toasts)
    assert "is no day" in desk.toasts[0][1]
    find(desk, page, images[::-1])
    page.table._handle_msg({"sort": "patient", "down": False})
    desk.until(lambda: keys(page) == images)
    assert page.table.sorting == {"name": "patient", "down": False}
    page.table._handle_msg({"sort": "", "down": False})
    desk.until(lambda: keys(page) == images[::-1])


def test_a_link_shows_one_image_with_all_that_is_known_of_it(desk: Desk, images: list[str]) -> None:
    page = desk.show(Images, image=images[1])
    desk.until(lambda: page.facts.sections)
    assert keys(page) == [images[1]]
    known = facts(page)
    assert known["Patient ID"] == "P12"
    assert known["Procedure"] == "Hand again"
    assert [item["id"] for item in page.shown.items] == [images[1]]
    assert "received from TESTER" in page.text.text


def test_a_correction_is_made_where_it_is_read(desk: Desk, station: Station, images: list[str]) -> None:
    page = desk.show(Images)
    choose(desk, page, images[0])
    assert page.facts.editable
    page.facts._handle_msg({"edit": "PatientSex", "value": "f", "image": images[0]})
    desk.until(lambda: facts(page).get("Patient's Sex") == "F")
    assert station.apparatus.image(images[0]).edits == {"PatientSex": "F"}


def test_several_are_routed_and_marked_at_once(desk: Desk, station: Station, images: list[str]) -> None:
    page = desk.show(Images)
    choose(desk, page, *images[:2])
    assert len(page.shown.items) == 2
    page.bar._handle_msg({"action": "route"})
    desk.until(lambda: page.dialog.open)
    assert page.dialog.fields[0]["value"] == ["STORAGE", "FILM"]
    page.dialog._handle_msg({"submit": "route", "values": {"outputs": ["FILM"]}})
    desk.until(lambda: [station.apparatus.image(one).outputs for one in images[:2]] == [("FILM",)] * 2)
    assert not page.dialog.open
    page.key("protect")
    desk.until(lambda: all(station.apparatus.image(one).protected for one in images[:2]))
    desk.until(lambda: all("protected" in row.cells for row in page.chosen))
    page.key("protect")
    desk.until(lambda: not any(station.apparatus.image(one).protected for one in images[:2]))


def test_one_that_refuses_does_not_stop_the_others(desk: Desk, station: Station, images: list[str]) -> None:
    page = desk.show(Images)
    choose(desk, page, images[0], images[2])
    rows = page.chosen
    # A colleague was quicker with one of them.
    station.apparatus.postpone(images[0], "rita")
    page.carry_out("postpone", rows)
    desk.until(lambda: desk.toasts)
    assert desk.toasts[0][1].startswith("1 of 2 done.")
    assert station.state(images[2]) == "postponed"
    desk.until(lambda: all(row.cells[2] == "postponed" for row in page.chosen))
    page.carry_out("resume", page.chosen)
    desk.until(lambda: station.state(images[0]) == station.state(images[2]) == "awaiting")


def test_rejecting_asks_why_and_deleting_asks_once_more(desk: Desk, station: Station, images: list[str]) -> None:
    bad = station.take(PatientID="P15", AccessionNumber="A15")
    page = desk.show(Images)
    choose(desk, page, bad)
    page.bar._handle_msg({"action": "reject"})
    desk.until(lambda: page.dialog.open)
    page.dialog._handle_msg({"submit": "reject", "values": {"reason": "111209", "kind": "reject", "comment": "cut"}})
    desk.until(lambda: "delete" in page.bar.enabled)
    assert station.apparatus.image(bad).comment == "cut"
    page.bar._handle_msg({"action": "delete"})
    desk.until(lambda: page.dialog.open)
    assert station.state(bad) == "rejected"
    page.dialog._handle_msg({"submit": "delete", "values": {}})
    desk.until(lambda: bad not in keys(page))
    page.head._handle_msg({"tab": "gone"})
    choose(desk, page, bad)
    assert page.bar.enabled == []
    assert "delete by mona" in page.text.text


def test_a_general_user_corrects_nothing(desk_of: Callable[..., Desk], images: list[str]) -> None:
    desk = desk_of("user")
    page = desk.show(Images)
    choose(desk, page, images[0])
    assert not page.facts.editable
    page.facts._handle_msg({"edit": "PatientID", "value": "P0", "image": images[0]})
    desk.until(lambda: desk.toasts)
    assert "manager" in desk.toasts[0][2]


def test_orders_lead_to_their_images_and_to_what_they_replace(desk: Desk, images: list[str]) -> None:
    page = desk.show(Orders)
    desk.until(lambda: set(keys(page)) == {"o1", "o2", "o3"})
    assert {tab["name"]: tab["count"] for tab in page.head.tabs} == {"all": 3, "open": 2, "again": 1, "stray": 2}
    gone: list[Any] = []
    desk.session.go = lambda *where, **query: gone.append((*where, query))
    choose(desk, page, "o2")
    assert [item["id"] for item in page.shown.items] == [images[1]]
    assert facts(page)["Instead of"] == "A11"
    page.table._handle_msg({"opened": keys(page).index("o2")})
    assert gone == [("review", {"image": images[1]})]
    page.bar._handle_msg({"action": "parent"})
    desk.until(lambda: keys(page) == ["o1"] and facts(page).get("Placer") == "PL1")
    assert page.bar.enabled == []
    page.finder._handle_msg({"find": {}})
    page.head._handle_msg({"tab": "stray"})
    desk.until(lambda: set(keys(page)) == {images[0], images[2]})
    choose(desk, page, images[2])
    page.bar._handle_msg({"action": "list"})
    assert gone[-1] == ("images", {"image": images[2]})


@pytest.mark.browser
def test_in_a_browser(browser: Browser, station: Station, images: list[str]) -> None:
    tab = log_in(browser, station, "mona", "?page=images")
    page = tab.page
    rows = page.locator(".rows .row:visible")
    expect(rows).to_have_count(3)
    page.get_by_text("<i>Lean</i>, Otto").wait_for()
    rows.nth(0).click()
    rows.nth(2).click(modifiers=["Shift"])
    expect(page.locator(".row[aria-selected=true]:visible")).to_have_count(3)
    page.keyboard.press("/")
    page.keyboard.type("müller")
    expect(rows).to_have_count(1)
    page.click("[aria-label='Clear the filters']:visible")
    expect(rows).to_have_count(3)
    page.click("[role=columnheader] button:has-text('patient'):visible >> nth=0")
    expect(rows.nth(0)).to_contain_text("Lean")
    rows.nth(1).dblclick()
    page.wait_for_url(re.compile(f"page=review.*image={images[1]}"))
    page.click("[data-page=orders]")
    page.click("[data-tab=open]:visible")
    expect(rows).to_have_count(2)
    assert tab.errors == []
    assert tab.elsewhere == []
    page.close()


def test_the_patient_id_goes_before_the_queues_where_width_is_wanting(
    browser: Browser, station: Station, images: list[str]
) -> None:
    """Two patients of one name are told apart by it, also once their images wait for two apparatus."""
    station.apparatus.confirm(images[0], by="mona")
    tab = log_in(browser, station, "mona", "?page=images")
    tab.page.locator(".rows .row:visible", has_text="confirmed").wait_for()
    heads = tab.page.locator("[role=columnheader]:visible")
    expect(heads.filter(has_text="patient ID")).to_be_visible()
    expect(tab.page.locator(".rows .row:visible", has_text="confirmed")).to_contain_text("P11")
    assert tab.errors == []
    tab.page.close()
    station.apparatus.undo(images[0], by="mona")


def test_what_happened_has_its_part_of_a_high_window(browser: Browser, station: Station, images: list[str]) -> None:
    tab = log_in(browser, station, "mona", f"?page=images&image={images[1]}")
    happened = tab.page.get_by_label("About the chosen line").locator("visible=true")
    for high, least in ((768, 132), (1440, 300)):
        tab.page.set_viewport_size({"width": 1366, "height": high})
        wait_until(lambda least=least: happened.evaluate("node => node.clientHeight") >= least)
    # The last line of the details ends at the status line, and no later.
    ends = happened.bounding_box()
    assert ends
    assert ends["y"] + ends["height"] <= 1440 - 28
    assert tab.errors == []
    tab.page.close()
