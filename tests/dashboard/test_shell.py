"""The shell in Chromium: what is said below the page, taking back in time, roles, leaving, coming back."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from imgdash.dashboard import Dashboard
from imgdash.dashboard.app import SHELLS
from imgdash.dashboard.shell import Shell
from tests.dashboard.conftest import PASSWORD, Station, Tab, log_in
from tests.helpers import wait_until

pytestmark = pytest.mark.browser
IMAGES = [{"PatientID": f"S{number}"} for number in range(3)]


def shells_of(station: Station, name: str) -> list[Shell]:
    """The open tabs of a person at this station."""
    open_ = [shell for shell in SHELLS if shell.session.apparatus is station.apparatus and not shell.session.closed]
    return [shell for shell in open_ if shell.session.actor.name == name]


def shell_of(station: Station, name: str) -> Shell:
    """The open tab of a person at this station."""
    return shells_of(station, name)[0]


def test_a_confirmation_is_taken_back_from_its_message(tab: Tab, station: Station, images: list[str]) -> None:
    tab.open(images[0])
    tab.page.wait_for_selector("[data-action=confirm]:visible:enabled")
    tab.page.keyboard.press(" ")
    wait_until(lambda: station.state(images[0]) == "confirmed")
    entries = station.apparatus.store.queue("image_id = ?", [images[0]])
    assert {(entry.due_at - entry.registered_at).total_seconds() for entry in entries} == {5.0}
    # The key, while another image is shown already, or the button of the message.
    tab.page.click("[data-does=Undo]")
    wait_until(lambda: station.state(images[0]) == "awaiting")
    tab.page.wait_for_selector(f".item[data-image='{images[0]}'][aria-selected=true]")


def test_an_error_is_said_below_the_work_and_goes_by_itself(tab: Tab, station: Station) -> None:
    # What a reload has left is forgotten first.
    wait_until(lambda: len(shells_of(station, "mona")) == 1)
    shell = shell_of(station, "mona")
    shell.session._later(lambda: shell.session.tell("The film is torn.", "error", "Look at the printer.", seconds=6))
    said = tab.page.locator(".said .text", has_text="The film is torn.")
    said.wait_for()
    line, bar = said.bounding_box(), tab.page.locator("[data-action=confirm]:visible").bounding_box()
    assert line is not None
    assert bar is not None
    assert line["y"] >= bar["y"] + bar["height"]
    said.wait_for(state="detached")
    # It can be read again.
    tab.page.click("button.more[aria-expanded]")
    tab.page.locator("[role=log]", has_text="Look at the printer.").wait_for()
    tab.page.keyboard.press("Escape")


def test_pages_are_reached_by_keys_and_their_place_is_in_the_address(tab: Tab) -> None:
    tab.page.keyboard.press("j")
    tab.page.keyboard.press("3")
    tab.page.locator(".rows .row:visible").first.wait_for()
    tab.page.locator(".rows .row:visible").first.click()
    tab.page.wait_for_function("location.search.includes('page=images') && location.search.includes('image=')")
    chosen = tab.page.evaluate("new URLSearchParams(location.search).get('image')")
    tab.page.reload()
    tab.page.locator(".rows .row[aria-selected=true]:visible").wait_for()
    assert tab.page.evaluate("new URLSearchParams(location.search).get('image')") == chosen
    tab.page.keyboard.press("j")
    tab.page.keyboard.press("1")
    tab.page.wait_for_selector("[data-action=confirm]:visible")


def test_the_header_is_searched_and_corrected(tab: Tab, station: Station, images: list[str]) -> None:
    tab.page.goto(f"{station.dashboard.url}?page=review&image={images[2]}")
    wait_until(lambda: "preview" in tab.painted(images[2]))
    tab.page.keyboard.press("h")
    search = tab.page.get_by_label("Search the header")
    search.fill("0010 0020")
    tab.page.locator("dialog[open] [data-keyword=PatientID]", has_text="S2").click()
    tab.page.keyboard.type("S 22")
    tab.page.keyboard.press("Enter")
    tab.page.locator("dialog[open] .corrected", has_text="in the file: S2").wait_for()
    assert station.apparatus.image(images[2]).patient.id == "S 22"
    tab.page.keyboard.press("Escape")


def test_the_wanted_result_is_seen_before_it_is_asked_for(tab: Tab, station: Station, images: list[str]) -> None:
    tab.page.keyboard.press("r")
    now, then = (tab.page.get_by_role("img", name=name, exact=True) for name in ("as it is", "as wanted"))

    def grey(shot: object) -> float:
        return shot.evaluate(  # type: ignore[attr-defined]
            "c => { const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
            "let s = 0; for (let n = 0; n < d.length; n += 4) s += d[n]; return s / (d.length / 4) }"
        )

    wait_until(lambda: now.get_attribute("data-painted") and then.get_attribute("data-painted"))
    assert grey(then) == pytest.approx(grey(now), abs=1)
    tab.page.get_by_label("Gradation: shift", exact=True).fill("0.4")
    wait_until(lambda: abs(grey(then) - grey(now)) > 2)
    tab.page.keyboard.press("Escape")


def test_a_changed_role_counts_at_once(browser: Browser, station: Station, images: list[str]) -> None:
    other = log_in(browser, station, "rita", f"?page=review&image={images[1]}")
    cell = other.page.locator("dd[data-keyword=PatientID]:visible").first
    cell.wait_for()
    assert cell.locator("[role=button]").count() == 0
    station.apparatus.station.set_user("rita", "manager", PASSWORD, station.apparatus.users.role("max"))
    other.page.locator("dd[data-keyword=PatientID] [role=button]:visible").first.wait_for()
    assert shell_of(station, "rita").session.actor.role == "manager"
    station.apparatus.station.set_user("rita", "user", PASSWORD, station.apparatus.users.role("max"))
    wait_until(lambda: not shell_of(station, "rita").session.actor.may("edit"))
    # Who logs out holds nothing any more, at once and not when the tab is missed.
    wait_until(lambda: station.apparatus.image(images[1]).held_by == "rita")
    other.page.get_by_label("Log out").click()
    other.page.wait_for_selector("input[name=password]")
    wait_until(lambda: station.apparatus.image(images[1]).held_by == "", within=5)
    other.page.close()


def test_after_a_restart_of_the_server_the_page_is_where_it_was(
    browser: Browser, station: Station, images: list[str]
) -> None:
    # Not Mona, whose tab the others look for.
    clicks = {"max": "maker"}
    with Dashboard(station.apparatus, 0, one_click=clicks, forget_seconds=1.0) as first:
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        page.set_default_timeout(20_000)
        page.goto(f"{first.url}?page=images&view=work&image={images[1]}")
        page.click("button[value=max]")
        page.locator(".rows .row[aria-selected=true]:visible").wait_for()
    page.get_by_text("The station does not answer").wait_for()
    with Dashboard(station.apparatus, first.port, one_click=clicks, forget_seconds=1.0):
        page.locator(".rows .row[aria-selected=true]:visible").wait_for()
        page.get_by_text("connected", exact=True).wait_for()
        query = page.evaluate("Object.fromEntries(new URLSearchParams(location.search))")
        assert query == {"page": "images", "view": "work", "image": images[1]}
        page.close()


def test_nothing_went_wrong(tab: Tab) -> None:
    assert tab.elsewhere == []
    assert tab.errors == []
