"""The Review page in Chromium: a list worked through by keyboard, nothing from elsewhere, nothing left behind."""

from __future__ import annotations

import gc

import pytest
from playwright.sync_api import Browser, Page

from imgdash.dashboard.app import SHELLS
from tests.dashboard.conftest import Station, Tab, log_in
from tests.helpers import wait_until

pytestmark = pytest.mark.browser

NASTY = "<img src=x onerror=window.hacked=1>^<script>window.hacked=1</script>"
# The second has a hostile name and no patient ID.
IMAGES = [{"PatientID": f"P{number}"} for number in range(6)]
IMAGES[1] = {"PatientName": NASTY, "PatientID": ""}


def shown(page: Page) -> str:
    """The image that is open."""
    return str(page.get_attribute(".item[aria-selected=true]", "data-image"))


def press(tab: Tab, key: str, then: str) -> None:
    """Press a key that opens another image."""
    tab.page.keyboard.press(key)
    wait_until(lambda: shown(tab.page) == then and "preview" in tab.painted(then))


def test_thumbnails_appear_and_the_first_image_is_painted(tab: Tab, station: Station, images: list[str]) -> None:
    items = tab.page.locator(".item").evaluate_all("items => items.map(item => item.dataset.image)")
    assert sorted(items) == sorted(station.images)
    assert tab.page.evaluate("imgdash.painted[0].image") == images[0]
    tab.open(images[0])
    grey = tab.page.evaluate(
        "() => { const find = (root) => { for (const node of root.querySelectorAll('*')) {"
        "  if (node.tagName === 'CANVAS' && node.getAttribute('aria-label') === 'Radiograph') return node;"
        "  const inner = node.shadowRoot && find(node.shadowRoot); if (inner) return inner } };"
        "const canvas = find(document), {width, height} = canvas;"
        "return new Set(canvas.getContext('2d').getImageData(0, height / 2 | 0, width, 1).data).size }"
    )
    assert grey > 50


def test_a_list_is_worked_through_by_keyboard(tab: Tab, station: Station, images: list[str]) -> None:
    tab.open(images[0])
    press(tab, " ", images[1])
    wait_until(lambda: station.state(images[0]) == "confirmed")
    # Undo goes back to it, and it awaits again.
    press(tab, "z", images[0])
    # Not before that is known here: until then it is decided, and Space does nothing.
    tab.page.wait_for_selector(f".item[data-image='{images[0]}'] [aria-label='awaiting']")
    tab.page.wait_for_selector("[data-action=confirm]:enabled")
    assert station.state(images[0]) == "awaiting"
    press(tab, " ", images[1])
    wait_until(lambda: station.state(images[0]) == "confirmed")
    assert {entry.apparatus for entry in station.apparatus.store.queue("image_id = ?", [images[0]])} == {
        "STORAGE",
        "FILM",
    }
    press(tab, "p", images[2])
    wait_until(lambda: station.state(images[1]) == "postponed")
    # Reject with a reason; Enter sends the dialog, but not before a reason was chosen.
    tab.page.keyboard.press("x")
    tab.page.wait_for_selector("dialog[open] #reason")
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_selector("dialog[open] .complaint:has-text('choose one first')")
    assert station.state(images[2]) == "awaiting"
    tab.page.select_option("#reason", "111210")
    tab.page.keyboard.press("Enter")
    wait_until(lambda: station.state(images[2]) == "rejected")
    assert station.apparatus.image(images[2]).reason == "111210"
    wait_until(lambda: shown(tab.page) == images[3])
    # Ask for a better one, by reason, with another parameter.
    tab.page.keyboard.press("r")
    tab.page.wait_for_selector("dialog[open] #reason")
    tab.page.select_option("#reason", "111219")
    tab.page.get_by_label("Gradation: contrast", exact=True).fill("1.4")
    tab.page.fill("#comment", "softer, please; Space is no key here")
    tab.page.get_by_text("Send request").click()
    wait_until(lambda: station.state(images[3]) == "requested")
    (request,) = [request for request in station.apparatus.requests() if request.image_id == images[3]]
    assert (request.peer, request.ask, request.by) == ("CR1", "processed", "mona")
    assert request.parameters["gradation.contrast"] == 1.4
    assert "Space is no key" in request.comment
    wait_until(lambda: shown(tab.page) == images[4])


def test_keys_mark_and_a_digit_chooses_the_condition_key(tab: Tab, station: Station, images: list[str]) -> None:
    tab.open(images[4])
    tab.page.keyboard.press("e")
    tab.page.keyboard.press("k")
    wait_until(lambda: station.apparatus.image(images[4]).priority and station.apparatus.image(images[4]).protected)
    before = station.apparatus.image(images[4]).condition
    group = [
        c.key for c in station.apparatus.conditions.all() if c.group == station.apparatus.conditions.get(before).group
    ]
    other = next(n for n, key in enumerate(group[:9]) if key != before)
    tab.page.keyboard.press(str(other + 1))
    wait_until(lambda: station.apparatus.image(images[4]).condition == group[other])
    tab.page.wait_for_selector(f"text={group[other]} v1")
    # The same key takes a mark back.
    tab.page.keyboard.press("e")
    wait_until(lambda: not station.apparatus.image(images[4]).priority)


def test_a_slider_changes_curve_image_and_what_will_be_sent(tab: Tab, station: Station, images: list[str]) -> None:
    tab.open(images[4])
    painted = tab.page.evaluate("imgdash.painted.length")
    slider = tab.page.get_by_label("Contrast", exact=True)
    before = float(slider.input_value())
    slider.press("ArrowRight")
    kept = wait_until(lambda: station.apparatus.image(images[4]).overrides.get("gradation.contrast"))
    assert kept == pytest.approx(before + 0.02)
    wait_until(lambda: tab.page.evaluate("imgdash.painted.length") > painted)
    tab.page.get_by_text("reset all").click()
    wait_until(lambda: not station.apparatus.image(images[4]).overrides)


def test_the_signal_range_is_set_by_keyboard_and_spoken(tab: Tab, station: Station, images: list[str]) -> None:
    tab.open(images[4])
    low, high = (tab.page.get_by_label(f"{end} signal of the range", exact=True) for end in ("Darkest", "Lightest"))
    wait_until(lambda: low.get_attribute("aria-disabled") == "false")
    calculated = station.apparatus.image(images[4]).parameters
    before = float(str(low.get_attribute("aria-valuenow")))
    assert before == pytest.approx(calculated["s_low"])
    low.focus()
    tab.page.keyboard.press("ArrowRight")
    tab.page.keyboard.press("ArrowRight")
    kept = wait_until(lambda: station.apparatus.image(images[4]).overrides.get("automatic.s_low"))
    wait_until(
        lambda: (
            station.apparatus.image(images[4]).overrides["automatic.s_low"] == pytest.approx(before + 0.01, abs=1e-4)
        )
    )
    assert kept > before
    # What was not touched stays as it was calculated, to the last digit.
    assert "automatic.s_high" not in station.apparatus.image(images[4]).overrides
    assert low.get_attribute("aria-valuetext") == f"{before + 0.01:.3f} of the signal"
    # Tab goes on to the other end; they do not pass each other.
    tab.page.keyboard.press("Tab")
    assert high.evaluate("node => node.matches(':focus')")
    tab.page.keyboard.press("Home")
    assert float(str(high.get_attribute("aria-valuenow"))) == pytest.approx(before + 0.015, abs=1e-4)
    wait_until(lambda: station.apparatus.image(images[4]).overrides.get("automatic.s_high"))
    tab.page.get_by_text("reset all").click()
    wait_until(lambda: not station.apparatus.image(images[4]).overrides)


def test_dragging_over_the_image_is_processing_not_only_display(tab: Tab, station: Station, images: list[str]) -> None:
    tab.open(images[5])
    before = station.apparatus.image(images[5]).overrides.get("gradation.contrast", 1)
    box = tab.page.get_by_label("Radiograph").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tab.page.mouse.move(x, y)
    tab.page.mouse.down()
    tab.page.mouse.move(x + 60, y + 40, steps=4)
    tab.page.mouse.up()
    wait_until(lambda: station.apparatus.image(images[5]).overrides.get("gradation.shift", 0) > 0)
    assert station.apparatus.image(images[5]).overrides["gradation.contrast"] > before


def test_leaving_an_apparatus_out(tab: Tab, station: Station, images: list[str]) -> None:
    tab.open(images[5])
    tab.page.locator("button.to[aria-pressed=true]", has_text="FILM").click()
    wait_until(lambda: station.apparatus.image(images[5]).outputs == ("STORAGE",))


def test_a_button_outlasts_a_change_while_it_is_pressed(tab: Tab, station: Station, images: list[str]) -> None:
    tab.open(images[5])
    station.apparatus.adjust(images[5], by="mona", outputs=("STORAGE",))
    tab.page.locator("button.to[aria-pressed=false]", has_text="FILM").hover()
    tab.page.mouse.down()
    station.apparatus.adjust(images[5], by="mona", overrides={"gradation.contrast": 1.22})
    slider = tab.page.get_by_label("Contrast", exact=True)
    wait_until(lambda: float(slider.input_value()) == pytest.approx(1.22))
    tab.page.mouse.up()
    wait_until(lambda: station.apparatus.image(images[5]).outputs == ("STORAGE", "FILM"))
    # What was not drawn while it was pressed is drawn then.
    tab.page.wait_for_selector("button.to[aria-pressed=true]:has-text('FILM')")


def test_missing_information_is_marked_and_corrected_by_the_manager(
    tab: Tab, station: Station, images: list[str]
) -> None:
    tab.page.click(f".item[data-image='{images[1]}']")
    cell = tab.page.locator("dd[data-keyword=PatientID]")
    wait_until(lambda: "missing" in (cell.get_attribute("class") or ""))
    cell.click()
    tab.page.keyboard.type("P 777")
    tab.page.keyboard.press("Enter")
    wait_until(lambda: station.apparatus.image(images[1]).patient.id == "P 777")
    assert station.apparatus.image(images[1]).judgement.fit or station.state(images[1]) == "awaiting"


def test_a_hostile_name_is_text(tab: Tab, images: list[str]) -> None:
    tab.page.click(f".item[data-image='{images[1]}']")
    tab.page.wait_for_selector("text=<script>window.hacked")
    assert tab.page.evaluate("window.hacked") is None


def test_own_keys_are_kept_and_conflicts_refused(tab: Tab, station: Station) -> None:
    tab.page.keyboard.press("?")
    field = tab.page.locator("dialog[open] [data-action=postpone]")
    # Looking at the sheet takes no key: one is taken only where it was asked for.
    tab.page.keyboard.press("q")
    assert field.inner_text() == "P"
    field.click()
    field.press("x")
    # Both are marked before anything is kept.
    tab.page.wait_for_selector("dialog[open] .key.twice[data-action=reject]")
    assert tab.page.locator("dialog[open] .key.twice").count() == 2
    keep = tab.page.locator("dialog[open]").get_by_text("Keep", exact=True)
    keep.click()
    tab.page.wait_for_selector("dialog[open] .complaint:has-text('Reject')")
    field.click()
    field.press("q")
    assert tab.page.locator("dialog[open] .key.twice").count() == 0
    keep.click()
    wait_until(lambda: station.apparatus.preference("mona", "keys", {}) == {"postpone": "q"})
    # Where the bar is narrow its buttons do not show their keys, and have them all the same.
    tab.page.wait_for_selector("[data-action=postpone][aria-keyshortcuts=q]:not(dialog *)")
    tab.page.keyboard.press("?")
    tab.page.locator("dialog[open]").get_by_text("As shipped", exact=True).click()
    tab.page.wait_for_selector("[data-action=postpone][aria-keyshortcuts=p]:not(dialog *)")


def test_a_key_just_after_a_dialog_was_closed_is_for_the_page(tab: Tab) -> None:
    """The closed dialog has the focus until the next frame; a fast hand must not lose its key."""
    tab.page.wait_for_function("!document.documentElement.dataset.modal")
    tab.page.keyboard.press("?")
    tab.page.locator("dialog[open]").evaluate(
        """async (dialog) => {
            const closed = new Promise((done) => dialog.addEventListener("close", done, {once: true}))
            dialog.close()
            await closed
            dialog.dispatchEvent(new KeyboardEvent("keydown", {key: "?", bubbles: true, composed: true}))
        }"""
    )
    tab.page.locator("dialog[open] [data-action=postpone]").wait_for()
    tab.page.keyboard.press("Escape")
    tab.page.wait_for_function("!document.documentElement.dataset.modal")


def test_a_key_just_after_the_range_editor_was_left_is_for_the_page(tab: Tab) -> None:
    tab.page.keyboard.press("o")
    tab.page.locator(".range:focus").wait_for()
    tab.page.keyboard.press("Escape")
    tab.page.keyboard.press("l")
    tab.page.locator("dialog[open] .order").wait_for(timeout=10_000)
    tab.page.keyboard.press("Escape")
    tab.page.wait_for_function("!document.documentElement.dataset.modal")


def test_an_image_that_arrives_now_appears_by_itself(tab: Tab, station: Station) -> None:
    new = station.take(PatientID="late")
    tab.page.wait_for_selector(f".item[data-image='{new}']")


def test_a_deep_link_opens_a_finished_image(browser: Browser, station: Station, images: list[str]) -> None:
    other = log_in(browser, station, "rita", f"?page=review&image={images[2]}")
    wait_until(lambda: "preview" in other.painted(images[2]))
    assert shown(other.page) == images[2]
    # A general user may look at the information, not change it.
    other.page.wait_for_selector("dd[data-keyword=PatientID]")
    assert other.page.locator("dd[data-keyword=PatientID] [role=button]").count() == 0
    other.page.close()


def test_no_request_left_the_host_and_nothing_failed(tab: Tab) -> None:
    assert tab.elsewhere == []
    assert tab.errors == []


def test_closed_tabs_are_let_go(browser: Browser, station: Station, images: list[str]) -> None:
    before = len(SHELLS)
    for _ in range(2):
        closing = log_in(browser, station, "rita")
        wait_until(lambda tab=closing: tab.page.locator(".item").count() > 0)
        closing.page.close()

    def gone() -> bool:
        gc.collect()
        return len(SHELLS) <= before

    wait_until(gone, within=30, every=0.5)
    # And nothing is shown as looked at by somebody who went away.
    wait_until(lambda: "rita" not in {header.held_by for header in station.apparatus.images()})
