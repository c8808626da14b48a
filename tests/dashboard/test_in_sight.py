"""A key is for what was in sight when it was pressed, and for nothing else."""

from __future__ import annotations

import threading

import pytest
from playwright.sync_api import Browser, Route

from imgdash.dashboard.pages.review import Review
from tests.dashboard.conftest import Station, Tab, log_in
from tests.dashboard.test_shell import shell_of
from tests.helpers import wait_until

pytestmark = pytest.mark.browser
IMAGES = [{"PatientID": f"K{number}"} for number in range(4)]

# In one turn of the browser: nothing that the station answers comes in between.
AT_ONCE = """([name, key]) => {
  const find = (root) => {
    for (const node of root.querySelectorAll("*")) {
      if (node.matches("nav [data-page=" + name + "]")) return node
      const inner = node.shadowRoot && find(node.shadowRoot)
      if (inner) return inner
    }
  }
  find(document).click()
  document.body.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, composed: true}))
}"""

# The editor of the range waits for the station as long as that takes, not four seconds.
PATIENT = """() => {
  const set = window.setTimeout
  window.setTimeout = (act, ms, ...more) => ms === 4000 ? 0 : set(act, ms, ...more)
}"""


def on_page(tab: Tab, name: str) -> None:
    """Wait until a page is shown, with its keys."""
    tab.page.wait_for_function("(name) => location.search.includes('page=' + name)", arg=name)


def test_a_key_just_after_a_change_of_page_is_for_neither_page(tab: Tab, station: Station, images: list[str]) -> None:
    tab.page.click("[data-page=images]")
    row = tab.page.locator(".rows .row:visible", has_text="K3")
    row.click()
    tab.page.wait_for_selector("[data-action=confirm]:visible:enabled")
    # Space is a key of both pages; the image of Review was painted a while ago, and is not in sight.
    tab.page.evaluate(AT_ONCE, ["review", " "])
    on_page(tab, "review")
    tab.page.wait_for_selector("[data-action=postpone]:visible:enabled")
    tab.page.evaluate(AT_ONCE, ["images", " "])
    on_page(tab, "images")
    # A message of the same browser that is carried out comes after both.
    tab.page.keyboard.press("k")
    wait_until(lambda: station.apparatus.image(images[3]).protected)
    assert {station.state(image) for image in images} == {"awaiting"}


def test_a_key_while_an_image_is_still_on_its_way_is_not_for_it(tab: Tab, station: Station, images: list[str]) -> None:
    tab.page.click("[data-page=review]")
    on_page(tab, "review")
    held: list[Route] = []
    tab.page.route("**/preview?*", lambda route: held.append(route))
    # Of one that comes now nothing was fetched ahead.
    new = station.take(PatientID="K9")
    tab.page.click(f".item[data-image='{new}']")
    tab.page.wait_for_selector(f".item[data-image='{new}'][aria-selected=true]")
    tab.page.locator("[role=status]:visible", has_text="Loading the image").wait_for()
    for key in "pek ":
        tab.page.keyboard.press(key)
    wait_until(lambda: held)
    for route in held:
        route.continue_()
    tab.page.unroute("**/preview?*")
    wait_until(lambda: "preview" in tab.painted(new))
    # Seen, it is marked; had the other keys been taken, it would be postponed by now.
    tab.page.keyboard.press("e")
    wait_until(lambda: station.apparatus.image(new).priority)
    image = station.apparatus.image(new)
    assert (image.state, image.protected) == ("awaiting", False)
    assert {station.state(image) for image in images} == {"awaiting"}


def test_the_editor_of_the_range_shows_an_image_too(tab: Tab, station: Station, images: list[str]) -> None:
    tab.open(images[2])
    tab.page.keyboard.press("o")
    tab.page.wait_for_selector(".range .film canvas")
    tab.page.click("[data-action=protect]:visible")
    wait_until(lambda: station.apparatus.image(images[2]).protected)
    station.apparatus.protect(images[2], "mona", on=False)
    # Escape leaves it also where nothing of it has the keyboard.
    tab.page.evaluate(
        "() => { for (let node = document.activeElement; node; node = node.shadowRoot?.activeElement) node.blur() }"
    )
    tab.page.keyboard.press("Escape")
    tab.page.get_by_label("Radiograph").wait_for()
    assert tab.errors == []


@pytest.mark.parametrize("held", ["[aria-label=Contrast]", "[aria-label=Radiograph]"], ids=["slider", "window"])
def test_what_a_hand_holds_is_of_the_image_it_took(tab: Tab, station: Station, images: list[str], held: str) -> None:
    shell = shell_of(station, "mona")
    review = shell.pages["review"]
    assert isinstance(review, Review)
    first, second = [image for image in images if image != review.current][:2]
    tab.open(first)
    box = tab.page.locator(held).first.bounding_box()
    assert box is not None
    middle, height = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tab.page.mouse.move(middle, height)
    tab.page.mouse.down()
    tab.page.mouse.move(middle + 20, height)
    shell.session.soon(lambda: review.show(second))
    tab.page.wait_for_function("(image) => location.search.includes(image)", arg=second)
    wait_until(lambda: "frame" in tab.painted(second))
    tab.page.mouse.move(middle + 30, height + 5)
    tab.page.mouse.up()
    # A message of the same browser that is carried out comes after it.
    tab.page.keyboard.press("k")
    wait_until(lambda: station.apparatus.image(second).protected)
    wait_until(lambda: not shell.session.edits.busy)
    assert station.apparatus.image(second).overrides == {}
    # A slider that had moved before is tried, not kept; the window is seen in the browser alone.
    assert station.apparatus.image(first).overrides == {}
    assert review.viewport.trial == ""
    # The key takes back what the page knows of.
    wait_until(lambda: review.work[second].protected)
    tab.page.keyboard.press("k")
    wait_until(lambda: not station.apparatus.image(second).protected)


@pytest.mark.parametrize("lost", ["blur", "moved with nothing pressed"])
def test_a_slider_that_was_let_go_of_unseen_is_of_the_next_image(
    tab: Tab, station: Station, images: list[str], lost: str
) -> None:
    """As where another window, or the menu of the browser, has taken the end of it."""
    shell = shell_of(station, "mona")
    review = shell.pages["review"]
    assert isinstance(review, Review)
    first, second = [image for image in images if image != review.current][:2]
    tab.open(first)
    slider = tab.page.locator("[aria-label=Contrast]").first
    box = slider.bounding_box()
    assert box is not None
    tab.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tab.page.mouse.down()
    event = "new Event('blur')" if lost == "blur" else "new PointerEvent('pointermove', {buttons: 0})"
    tab.page.evaluate(f"window.dispatchEvent({event})")
    shell.session.soon(lambda: review.show(second))
    # Told with what belongs to the image; it may have been painted before.
    tab.page.wait_for_function("(image) => location.search.includes(image)", arg=second)
    before = review.processing.chain.flat()["gradation.contrast"]
    if lost == "blur":
        # It may still be held: that is of the image before.
        tab.page.mouse.move(box["x"] + box["width"] / 2 + 20, box["y"] + box["height"] / 2)
    slider.press("ArrowRight")
    wait_until(lambda: "gradation.contrast" in station.apparatus.image(second).overrides)
    kept = station.apparatus.image(second).overrides["gradation.contrast"]
    # One step, from what the condition key has: not from where the hand was.
    assert kept == pytest.approx(before + 0.02)
    tab.page.mouse.up()
    wait_until(lambda: not shell.session.edits.busy)
    assert station.apparatus.image(first).overrides == {}
    station.apparatus.adjust(second, "mona", overrides={})
    wait_until(lambda: not review.work[second].overrides)


def test_a_range_that_was_moved_on_one_image_is_not_shown_on_the_next(
    tab: Tab, station: Station, images: list[str]
) -> None:
    shell = shell_of(station, "mona")
    review = shell.pages["review"]
    assert isinstance(review, Review)
    first, second = [image for image in images if image != review.current][:2]
    # What was moved stands until the station has kept it: here, until the end.
    tab.page.evaluate(PATIENT)
    rect = tab.page.locator(".range .rect")

    def narrowed() -> bool:
        """Whether the range that is in sight was made narrower: as wide as the image is how both come."""
        return rect.is_visible() and "width: 100%" not in (rect.get_attribute("style") or "")

    def edit(image: str) -> None:
        wait_until(lambda: "frame" in tab.painted(image) and review.framed.destinations.image == image)
        tab.page.keyboard.press("o")
        rect.wait_for()

    tab.page.click(f".item[data-image='{first}']")
    edit(first)
    gate = threading.Event()
    station.apparatus.store.submit(lambda change: gate.wait(60))
    try:
        rect.press("Shift+ArrowLeft")
        wait_until(narrowed)
        tab.page.keyboard.press("Escape")
        rect.wait_for(state="hidden")
        shell.session.soon(lambda: review.show(second))
        edit(second)
        wait_until(lambda: not narrowed())
        rect.press("Shift+ArrowUp")
    finally:
        gate.set()
    wait_until(lambda: station.apparatus.image(second).ranges)
    for image, side in ((first, "right"), (second, "bottom")):
        (kept,) = station.apparatus.image(image).ranges.values()
        assert [name for name, at in kept.items() if at not in (0, 1)] == [side]
    tab.page.keyboard.press("Escape")
    rect.wait_for(state="hidden")


def test_pixels_that_come_late_are_of_their_own_image(browser: Browser, station: Station, images: list[str]) -> None:
    """Nobody can confirm what he has not seen: the next image was not painted because the former one was."""
    tab = log_in(browser, station, "rita")
    shell = shell_of(station, "rita")
    review = shell.pages["review"]
    assert isinstance(review, Review)
    wait_until(lambda: "frame" in tab.painted(review.current))
    held: list[Route] = []

    def hold(route: Route) -> None:
        if "/frame?" in route.request.url or f"{second}/preview?" in route.request.url:
            held.append(route)
        else:
            route.continue_()

    second = ""
    tab.page.route("**/image/**", hold)
    # They are far down the list: nothing of them is fetched ahead.
    first = station.take(AccessionNumber="L1", PatientID="L1")
    second = station.take(AccessionNumber="L2", PatientID="L2")
    tab.page.click(f".item[data-image='{first}']")
    wait_until(lambda: "preview" in tab.painted(first))
    wait_until(lambda: tab.painted(first) and any(first in route.request.url for route in held))
    wait_until(lambda: second in review.work)
    tab.page.get_by_label("Fit", exact=True).first.hover()
    # While a button is held, the next image waits.
    tab.page.mouse.down()
    shell.session.soon(lambda: review.show(second))
    tab.page.wait_for_function("(image) => location.search.includes(image)", arg=second)
    for route in [route for route in held if first in route.request.url]:
        route.continue_()
    wait_until(lambda: "frame" in [*tab.painted(first), *tab.painted(second)])
    assert not tab.painted(second)
    tab.page.mouse.up()
    wait_until(lambda: tab.painted(first) and any(f"{second}/preview?" in route.request.url for route in held))
    assert not review.seen(second)
    tab.page.unroute_all()
    tab.page.close()
