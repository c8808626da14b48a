"""The first look at a replay: it is there at once, and says that its pictures come."""

from __future__ import annotations

import threading

import pytest
from playwright.sync_api import expect

from imgdash.apparatus.tuning import Tuning
from tests.dashboard.conftest import Station, Tab

pytestmark = pytest.mark.browser
IMAGES = [{"PatientID": "Y1"}]


def test_it_is_said_that_the_pictures_come(tab: Tab, station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, replay = threading.Event(), Tuning.replay

    def waiting(*arguments: object) -> object:
        gate.wait(60)
        return replay(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Tuning, "replay", waiting)
    tab.page.click("[data-page=conditions]")
    tab.page.get_by_text("as version 1 has it").wait_for()
    tab.page.locator("[data-tab=replay]").click()
    grid = tab.page.locator(".grid:visible")
    try:
        expect(grid).to_have_text("One moment …")
    finally:
        gate.set()
    expect(grid.locator("figure")).to_have_count(1)
    expect(grid).not_to_contain_text("One moment …")
