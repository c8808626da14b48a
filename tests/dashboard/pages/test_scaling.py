"""The size of text and controls is a person's own: at once, and there again in the next session (H4)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page

from imgdash.dashboard.scaling import AUTOMATIC, Scaling
from tests.dashboard.conftest import Station, log_in
from tests.dashboard.pages.desk import Desk
from tests.helpers import wait_until


def test_a_size_is_seen_before_it_is_kept_and_kept_for_the_person_alone(desk_of: Callable[..., Desk]) -> None:
    desk = desk_of("user")
    scaling = Scaling(desk.session)
    scaling.show()
    (field,) = scaling.dialog.fields
    assert [words for _, words, _ in field["options"]] == ["Automatic", "100 %", "110 %", "125 %", "150 %"]
    assert field["value"] == str(AUTOMATIC)
    scaling._answered({"changed": "scale", "values": {"scale": "1.25"}})
    assert scaling.drawn.scale == 1.25
    # Closed without keeping it.
    scaling._answered({"closed": True})
    assert scaling.drawn.scale == AUTOMATIC
    scaling._answered({"submit": "scale", "values": {"scale": "1.1"}})
    desk.until(lambda: desk.apparatus.preference("rita", "scale") == 1.1)
    later, other = Scaling(desk.session), Scaling(desk_of("manager").session)
    later.read()
    desk.until(lambda: later.drawn.scale == 1.1)
    later.show()
    assert later.dialog.fields[0]["value"] == "1.1"
    # What nobody can choose is as shipped: written by another version, or by somebody's hand.
    for strange in (7, "huge", None, {}):
        other.drawn.scale = 1.5
        other._take(strange)
        assert other.drawn.scale == AUTOMATIC


def width_of_rail(page: Page) -> float:
    box = page.locator("[role=banner]").bounding_box()
    assert box
    return float(box["width"])


@pytest.mark.browser
def test_in_a_browser(browser: Browser, station: Station) -> None:
    tab = log_in(browser, station, "mona")
    page = tab.page
    page.get_by_label("Size of text and controls").click()
    page.get_by_label("125 %").check()
    wait_until(lambda: width_of_rail(page) == pytest.approx(80, abs=1))
    page.keyboard.press("Enter")
    page.locator("dialog[open]").wait_for(state="detached")
    wait_until(lambda: station.apparatus.preference("mona", "scale") == 1.25)
    # All of the window is used, and no more: the last line ends at its lower edge.
    line = page.locator(".all:has(.link)").bounding_box()
    assert line
    assert (line["x"] + line["width"], line["y"] + line["height"]) == pytest.approx((1366, 768), abs=1)
    page.close()
    # In the next session, of whatever width: here it would be 120 % by itself.
    tab = log_in(browser, station, "mona")
    tab.page.set_viewport_size({"width": 2560, "height": 1440})
    wait_until(lambda: width_of_rail(tab.page) == pytest.approx(80, abs=1))
    tab.page.keyboard.press("v")
    tab.page.get_by_label("Automatic").check()
    tab.page.keyboard.press("Enter")
    wait_until(lambda: width_of_rail(tab.page) == pytest.approx(64 * 1.2, abs=1))
    assert (tab.elsewhere, tab.errors) == ([], [])
    tab.page.close()
