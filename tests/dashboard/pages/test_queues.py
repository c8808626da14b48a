"""Queues: lanes, entries in the order of sending, and what a person does with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from imgdash.dashboard.pages.queues import Queues
from imgdash.model import Event, QueueEntry
from imgdash.store import rows
from tests.dashboard.conftest import Station, log_in
from tests.dashboard.pages.desk import Desk

LANE = "FILM"


@pytest.fixture(scope="module")
def entries(station: Station) -> list[str]:
    """Five entries of one film printer: two failed or uncertain, three that wait, the last with priority."""
    station.apparatus.queue_switch(LANE, False, "mona")
    image = station.take(AccessionNumber="A81", PatientID="P81", PatientName="<b>Bold</b>^Name")
    states = ("waiting", "waiting", "failed", "uncertain", "waiting")
    made = [
        QueueEntry(f"{image}@{LANE}#{n}", image, LANE, state, n - (1e9 if n == 5 else 0), priority=n == 5,
                   trouble="no film left" if state == "failed" else "")
        for n, state in enumerate(states, 1)
    ]  # fmt: skip

    def fill(change: Any) -> None:
        for entry in made:
            change.emit(Event("queue", entry.entry_id, "register", rows.entry_columns(entry)))

    station.apparatus.store.write(fill)
    return [entry.entry_id for entry in made]


@pytest.fixture
def page(desk_of: Callable[..., Desk], entries: list[str]) -> tuple[Desk, Queues]:
    desk = desk_of("user")
    return desk, desk.show(Queues, lane=LANE)


def keys(page: Queues) -> list[str]:
    return [item["key"] for item in page.table.items]


def choose(desk: Desk, page: Queues, *wanted: str) -> None:
    desk.until(lambda: set(wanted) <= set(keys(page)))
    page.facts.sections = []
    page.table._handle_msg({"chosen": [keys(page).index(key) for key in wanted]})
    desk.until(lambda: page.facts.sections)


def state(station: Station, entry_id: str) -> str:
    return station.apparatus.store.queue("entry_id = ?", [entry_id])[0].state


def in_order(desk: Desk, page: Queues, entries: Sequence[str], *numbers: int) -> None:
    desk.until(lambda: keys(page) == [entries[number - 1] for number in numbers])


def _settle(desk: Desk, page: Queues, station: Station, wanted: Sequence[str], after: str) -> None:
    desk.until(lambda: [state(station, one) for one in wanted] == [after] * len(wanted))
    desk.until(lambda: {item["state"] for item in page.table.items if item["key"] in wanted} == {after})


def _switched(desk: Desk, page: Queues, name: str, on: bool) -> None:
    desk.until(lambda: [lane["on"] for lane in page.lanes.lanes if lane["name"] == name] == [on])


def test_what_needs_a_person_comes_first_then_the_order_of_sending(page: tuple[Desk, Queues], entries: Any) -> None:
    desk, queues = page
    in_order(desk, queues, entries, 3, 4, 5, 1, 2)
    lane = next(lane for lane in queues.lanes.lanes if lane["name"] == LANE)
    assert not lane["on"]
    assert lane["level"] == "bad"
    assert "2 need a person's decision. Switched off" in lane["trouble"]
    assert ["waiting", 3] in lane["counts"]
    assert {tab["name"]: tab["count"] for tab in queues.head.tabs} == {"open": 5, "person": 2, "over": 0}
    assert queues.badge() == (2, "bad")
    first = queues.table.items[0]
    assert (first["name"], first["trouble"], first["level"]) == ("<b>Bold</b>, Name", "no film left", "bad")
    queues.finder._handle_msg({"find": {"text": "bold p81", "state": "uncertain"}})
    in_order(desk, queues, entries, 4)
    queues.head._handle_msg({"tab": "over"})
    desk.until(lambda: queues.table.empty == "Nothing fits these filters." and not queues.table.items)


def test_entries_are_moved_by_keys_and_dragged(page: tuple[Desk, Queues], entries: list[str]) -> None:
    desk, queues = page
    choose(desk, queues, entries[1])
    queues.key("up")
    in_order(desk, queues, entries, 3, 4, 5, 2, 1)
    choose(desk, queues, entries[1])
    queues.key("down")
    in_order(desk, queues, entries, 3, 4, 5, 1, 2)
    queues.table._handle_msg({"moved": entries[1], "before": entries[0]})
    in_order(desk, queues, entries, 3, 4, 5, 2, 1)
    choose(desk, queues, entries[0])
    queues.key("first")
    # What has priority stays in front.
    in_order(desk, queues, entries, 3, 4, 5, 1, 2)
    queues.table._handle_msg({"moved": "somebody else's", "before": entries[0]})
    queues.table._handle_msg({"moved": entries[2], "before": entries[0]})
    in_order(desk, queues, entries, 3, 4, 5, 1, 2)
    queues.table._handle_msg({"moved": entries[0], "behind": entries[1]})
    in_order(desk, queues, entries, 3, 4, 5, 2, 1)
    # Behind all that has priority is before all else; what has priority does not go behind it, and that is said.
    queues.table._handle_msg({"moved": entries[0], "behind": entries[4]})
    in_order(desk, queues, entries, 3, 4, 5, 1, 2)
    queues.table._handle_msg({"moved": entries[4], "behind": entries[1]})
    desk.until(lambda: desk.toasts)
    assert "priority" in desk.toasts[-1][1]
    in_order(desk, queues, entries, 3, 4, 5, 1, 2)


def test_several_are_held_and_released(page: tuple[Desk, Queues], station: Station, entries: list[str]) -> None:
    desk, queues = page
    for action, after in (("hold", "held"), ("release", "waiting")):
        choose(desk, queues, *entries[:2])
        assert action in queues.bar.enabled
        assert not {"again", "arrived"} & set(queues.bar.enabled)
        queues.key(action)
        _settle(desk, queues, station, entries[:2], after)


def test_a_person_decides_on_what_failed_and_on_what_is_uncertain(
    page: tuple[Desk, Queues], station: Station, entries: list[str]
) -> None:
    desk, queues = page
    choose(desk, queues, entries[2])
    assert {"again", "cancel"} == set(queues.bar.enabled) - {"open"}
    facts = {row["label"]: row["value"] for section in queues.facts.sections for row in section["rows"]}
    assert facts["In the way"] == "no film left"
    queues.key("again")
    desk.until(lambda: state(station, entries[2]) == "waiting")
    choose(desk, queues, entries[3])
    queues.key("arrived")
    desk.until(lambda: state(station, entries[3]) == "done")
    desk.until(lambda: queues.badge() == (4, "accent"))
    choose(desk, queues, entries[2])
    queues.bar._handle_msg({"action": "cancel"})
    desk.until(lambda: queues.dialog.open)
    assert state(station, entries[2]) == "waiting"
    queues.dialog._handle_msg({"submit": "cancel", "values": {}})
    desk.until(lambda: state(station, entries[2]) == "cancelled")
    queues.head._handle_msg({"tab": "over"})
    desk.until(lambda: set(keys(queues)) == {entries[2], entries[3]})
    for entry, was, trouble in ((entries[2], "failed", "no film left"), (entries[3], "uncertain", "")):
        station.apparatus.store.set("queue", entry, state=was, trouble=trouble)


def test_lanes_are_chosen_and_switched(page: tuple[Desk, Queues], station: Station, entries: list[str]) -> None:
    desk, queues = page
    queues.lanes._handle_msg({"lane": "STORAGE"})
    desk.until(lambda: not queues.table.waiting and queues.table.empty.startswith("The queue of STORAGE"))
    assert queues.table.items == []
    for on in (False, True):
        queues.lanes._handle_msg({"switch": "STORAGE", "on": on})
        _switched(desk, queues, "STORAGE", on)
        assert station.apparatus.queues()["STORAGE"].on is on
    queues.lanes._handle_msg({"lane": "no such"})
    assert queues.lane == "STORAGE"


@pytest.mark.browser
def test_in_a_browser(browser: Browser, station: Station, entries: list[str]) -> None:
    tab = log_in(browser, station, "mona", f"?page=queues&lane={LANE}")
    page = tab.page
    # In the order of the page: the last one has priority.
    waiting = (entries[4], entries[0], entries[1])
    cards = page.locator(",".join(f".card[data-key='{one}']:visible" for one in waiting))
    expect(cards).to_have_count(3)
    page.get_by_text("<b>Bold</b>, Name").first.wait_for()
    cards.nth(2).drag_to(cards.nth(1), target_position={"x": 300, "y": 8})
    expect(cards.nth(1)).to_have_attribute("data-key", entries[1])
    # Over the lower half of another one it goes behind it.
    cards.nth(1).drag_to(cards.nth(2), target_position={"x": 300, "y": 48})
    expect(cards.nth(2)).to_have_attribute("data-key", entries[1])
    cards.nth(2).drag_to(cards.nth(1), target_position={"x": 300, "y": 8})
    expect(cards.nth(1)).to_have_attribute("data-key", entries[1])
    cards.nth(1).click()
    page.keyboard.press("h")
    expect(cards.nth(1)).to_contain_text("held")
    page.keyboard.press("r")
    expect(cards.nth(1)).to_contain_text("waiting")
    # The other one: of this one everything would be sent.
    storage = page.locator("[data-lane=STORAGE]")
    page.click("[aria-label='STORAGE is sent to']")
    expect(storage).to_contain_text("Switched off")
    page.click("[aria-label='STORAGE is sent to']")
    expect(storage).not_to_contain_text("Switched off")
    assert tab.errors == []
    assert tab.elsewhere == []
    page.close()
