"""The Review page as a person arranges it: kept for that person, there again at the next login, taken back (H4)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser

from imgdash.dashboard.pages.review import Review
from imgdash.dashboard.review.layout import PANELS
from tests.dashboard.conftest import Station, log_in
from tests.dashboard.pages.desk import Desk
from tests.helpers import wait_until

WANTED = {"panels": ["facts", "judged"], "strip": "below", "size": "large"}


@pytest.fixture(scope="module")
def image(station: Station) -> str:
    return station.take(PatientID="P7")


def shown(page: Review) -> list[object]:
    return list(page.layout.side.objects)


def test_panels_and_thumbnails_are_kept_for_the_person(
    desk_of: Callable[..., Desk], station: Station, image: str
) -> None:
    desk = desk_of("manager")
    page = desk.show(Review)
    desk.until(lambda: page.current == image)
    assert len(shown(page)) == len(PANELS)
    page.key("layout")
    panels, strip, size = page.layout.dialog.fields
    assert (panels["value"], strip["value"], size["value"]) == (list(PANELS), "left", "medium")
    page.layout._answered({"submit": "layout", "values": {**WANTED, "panels": ["facts", "no such", "judged"]}})
    assert shown(page) == [page.about.facts, page.about.judged]
    assert page.strip.across
    page.layout.arranging.splitter._handle_msg({"rests": 500})
    desk.until(lambda: station.apparatus.preference("mona", "layout/review") == WANTED)
    # At the next login it is there; others have it as shipped.
    again, other = desk_of("manager"), desk_of("user")
    later, theirs = again.show(Review), other.show(Review)
    again.until(lambda: shown(later) == [later.about.facts, later.about.judged] and later.layout.side.width == 500)
    other.until(lambda: theirs.strip.items)
    assert len(shown(theirs)) == len(PANELS)
    # What is not shown is offered, after what is.
    later.key("layout")
    (options,) = [field["options"] for field in later.layout.dialog.fields if field["name"] == "panels"]
    assert [name for name, _ in options][:4] == ["facts", "judged", "measured", "condition"]
    later.layout._answered({"other": "layout"})
    assert len(shown(later)) == len(PANELS)
    assert later.layout.side.width == 376
    assert not later.strip.across
    again.until(lambda: station.apparatus.preference("mona", "layout/review") == {})
    again.until(lambda: station.apparatus.preference("mona", "list/review") == {})


def test_what_is_no_layout_is_as_shipped(desk_of: Callable[..., Desk], image: str) -> None:
    page = desk_of("user").show(Review)
    shipped = dict(page.layout.view.styles)
    page.layout._take({"strip": "none", "size": "small", "panels": []})
    assert not page.strip.visible
    assert shown(page) == []
    # Kept by a former version of the program, or written by somebody else.
    page.layout._take({"strip": "ceiling", "size": 7, "panels": None})
    assert page.layout.view.styles == shipped
    assert page.strip.visible
    assert len(shown(page)) == len(PANELS)


@pytest.mark.browser
def test_in_a_browser(browser: Browser, station: Station, image: str) -> None:
    tab = log_in(browser, station, "rita")
    page = tab.page
    wait_until(lambda: "frame" in tab.painted(image))
    page.keyboard.press("l")
    page.locator("dialog[open] .order input").nth(3).uncheck()
    page.get_by_text("Below the image").click()
    page.get_by_text("Large", exact=True).click()
    page.get_by_text("Keep", exact=True).click()
    item = page.locator(f".item[data-image='{image}']")
    canvas = page.locator("canvas.image").first

    def below() -> bool:
        thumbnail, picture = item.bounding_box(), canvas.bounding_box()
        return bool(thumbnail and picture and thumbnail["y"] >= picture["y"] + picture["height"] - 1)

    wait_until(below)
    wait_until(lambda: item.bounding_box()["height"] > 150)
    wait_until(lambda: page.locator(".bk-Figure:visible").count() == 0)
    # The image is painted still, as wide as the room, and the page is as high as the window.
    room = canvas.bounding_box()
    assert room
    assert room["width"] > 800
    wait_until(lambda: canvas.evaluate("c => c.width") == round(room["width"]))
    bar = page.locator("[data-action=confirm]").bounding_box()
    assert bar
    assert bar["y"] + bar["height"] <= 768 - 28
    # A tab opened anew has it, too; one button takes it back.
    page.reload()
    wait_until(below)
    page.keyboard.press("l")
    page.get_by_text("As shipped").click()
    wait_until(lambda: not below() and page.locator(".bk-Figure:visible").count() == 1)
    assert (tab.elsewhere, tab.errors) == ([], [])
    page.close()
