"""The first look at a replay: it is there at once, and says that its pictures come."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from imgdash.apparatus.tuning import Tuning
from tests.dashboard.conftest import Tab

pytestmark = pytest.mark.browser
IMAGES = [{"PatientID": "Y1"}]


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Until it is set no picture is made."""
    gate, replay = threading.Event(), Tuning.replay

    def waiting(*arguments: object) -> object:
        gate.wait(60)
        return replay(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Tuning, "replay", waiting)
    yield gate
    gate.set()


def test_it_is_said_that_the_pictures_come(tab: Tab, gate: threading.Event) -> None:
    tab.page.click("[data-page=conditions]")
    tab.page.get_by_text("as version 1 has it").wait_for()
    tab.page.locator("[data-tab=replay]").click()
    grid = tab.page.locator(".grid:visible")
    expect(grid).to_have_text("One moment …")
    gate.set()
    expect(grid.locator("figure")).to_have_count(1)
    expect(grid).not_to_contain_text("One moment …")


PRESS = """(button) => { window.pressed = new Promise((done) => new MutationObserver((_, all) => {
  if (button.textContent !== "Stop") return
  all.disconnect()
  button.click()
  done()
}).observe(button, {childList: true})) }"""


def test_who_presses_replay_as_it_becomes_stop_stops_nothing(tab: Tab, gate: threading.Event) -> None:
    gate.set()
    tab.page.click("[data-page=conditions]")
    tab.page.locator("[data-tab=replay]").click()
    grid = tab.page.locator(".grid:visible")
    replay, stop = (tab.page.locator("button.main:visible", has_text=text) for text in ("Replay", "Stop"))
    expect(grid.locator("figure")).to_have_count(1)
    expect(replay).to_be_visible()
    gate.clear()
    replay.evaluate(PRESS)
    replay.click(delay=700)
    tab.page.evaluate("window.pressed")
    gate.set()
    expect(replay).to_be_visible()
    expect(grid.locator("figure")).to_have_count(1)
    # Who has read it stops it.
    gate.clear()
    replay.click(delay=700)
    stop.click(delay=700)
    expect(replay).to_be_visible()
    expect(grid).to_contain_text("Replay the parameters as they are set now")
