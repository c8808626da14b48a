"""Notices: what machines are told, what they refused, and telling it again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from imgdash.dashboard.pages.notices import Notices
from imgdash.model import Event
from tests.dashboard.conftest import Station, log_in
from tests.dashboard.pages.desk import Desk

_AT = datetime(2026, 3, 2, 9, 0)


@pytest.fixture
def image(station: Station) -> str:
    """Told of to a machine that refused it and to one that took it; a storage would not hear of its rejection.

    Neither machine is in the site file, so what is told again is refused again, for that reason.
    """
    image = station.take(PatientID=f"P77{len(station.images)}", PatientName="<b>Bold</b>^Name")
    common = {"image_id": image, "attempts": 3, "answers": 3, "created_at": _AT}
    hl7 = {**common, "kind": "hl7", "machine": "RISGONE", "what": "order A7: rejected", "content": {}}
    note = {**common, "entry_id": f"{image}@GONE#1", "apparatus": "GONE", "reason": "111210", "dataset": {}}
    later = {"created_at": _AT + timedelta(minutes=1), "state": "sent", "what": "order A7: received", "trouble": ""}

    def fill(change: Any) -> None:
        refused = {"state": "failed", "trouble": "RISGONE answered with <i>AE</i>."}
        change.emit(Event("notice", f"{image}-1", "register", hl7 | refused))
        change.emit(Event("notice", f"{image}-2", "register", hl7 | later))
        change.emit(Event("note", f"{image}@GONE#1!", "register", note | refused))

    station.apparatus.store.write(fill)
    return image


def cells(page: Notices) -> list[list[Any]]:
    return [[row[0], row[2], row[4]] for row in page.table.rows]


def test_what_was_refused_is_seen_and_told_again(desk_of: Callable[..., Desk], station: Station, image: str) -> None:
    desk = desk_of("user")
    page = desk.show(Notices, view="person", text=station.apparatus.image(image).patient.id)
    desk.until(lambda: len(page.table.rows) == 2)
    assert sorted(cells(page)) == [["failed", "GONE", "Motion blur"], ["failed", "RISGONE", "order A7: rejected"]]
    assert page.badge() == (2 * len(station.images), "bad")
    for key, subject in ((f"{image}-1", "notice"), (f"{image}@GONE#1!", "note")):
        page.table._handle_msg({"chosen": [[row.key for row in page._rows].index(key)]})
        desk.until(lambda: page.facts.sections)
        assert "again" in page.bar.enabled
        page.key("again")
        by = f"select \"by\" from journal where subject = '{subject}' and id = ? and event = 'resume'"
        desk.until(lambda by=by, key=key: [row["by"] for row in station.apparatus.store.query(by, [key])] == ["rita"])
    page._tab({"tab": "over"})
    desk.until(lambda: cells(page) == [["sent", "RISGONE", "order A7: received"]])
    page.table._handle_msg({"chosen": [0]})
    desk.until(lambda: page.facts.sections)
    assert "again" not in page.bar.enabled
    page.key("again")
    page.find(machine="GONE")
    desk.until(lambda: page.table.rows == [])


def test_in_the_browser_it_is_text(browser: Browser, station: Station, image: str) -> None:
    tab = log_in(browser, station, "rita", "?page=notices&view=person&text=RISGONE")
    row = tab.page.get_by_text("order A7: rejected").first
    expect(row).to_be_visible()
    row.click()
    expect(tab.page.get_by_text("RISGONE answered with <i>AE</i>.").first).to_be_visible()
    expect(tab.page.get_by_role("button", name="Tell again")).to_be_enabled()
    tab.page.close()
