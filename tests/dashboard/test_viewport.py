"""The viewport in Chromium: what it shows is measured against the apparatus' own pixels."""

from __future__ import annotations

import re
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Route

from tests.apparatus.sites import radiograph, send
from tests.dashboard.conftest import Station, Tab, log_in
from tests.helpers import wait_until

pytestmark = pytest.mark.browser
SIDE = 260  # rows and columns of the images, 1 mm each


@pytest.fixture(scope="module")
def images(station: Station) -> list[str]:
    """Three images that can be shown, and last one whose pixels are cut off."""
    found = [station.take(PatientID=f"P{number}") for number in range(3)]
    whole = radiograph(station.folder / "whole.dcm", SIDE, PatientID="P9").read_bytes()
    incoming = station.apparatus.files.incoming
    (incoming / "1-1-1.tmp").write_bytes(whole[:-4000])
    (incoming / "1-1-1.tmp").rename(incoming / "1-1-1.dcm")
    broken = wait_until(lambda: station.apparatus.images(state="quarantined"))
    return [*found, broken[0].image_id]


def box(page: Page, pane: int = 0) -> dict[str, float]:
    found = page.locator("canvas.image").nth(pane).bounding_box()
    assert found
    return dict(found)


def point_at(page: Page, x: float, y: float, pane: int = 0) -> None:
    """The pointer to a place of a pane, in parts of it."""
    at = box(page, pane)
    page.mouse.move(at["x"] + at["width"] * x, at["y"] + at["height"] * y)


def readout(page: Page, pane: int = 0) -> tuple[int, int, int, int]:
    """Row, column, value and full scale under the pointer, as the corner says."""
    text = wait_until(lambda: page.locator(".corner.ll").nth(pane).inner_text())
    found = re.search(r"x ([\d.]+)\s+y ([\d.]+) mm\s+P (\d+) of (\d+)", text)
    assert found, text
    x, y, value, top = found.groups()
    return int(float(y)), int(float(x)), int(value), int(top)


def test_value_and_place_are_those_of_the_full_image(tab: Tab, station: Station, images: list[str]) -> None:
    frame = station.apparatus.frame(images[0]).result()
    for x, y in ((0.5, 0.5), (0.44, 0.3), (0.55, 0.8)):
        point_at(tab.page, x, y)
        row, column, value, top = readout(tab.page)
        assert (value, top) == (frame[row, column], 4095)
        assert row == pytest.approx(y * SIDE, abs=1)


def test_beside_a_short_line_of_words_the_image_is_seen(tab: Tab) -> None:
    """Where a side marker often stands: the ground of the longest line does not lie over it."""
    # What is written, not the node around it: that is as wide as its ground.
    written = """nodes => nodes.filter(node => node.textContent.trim()).map(node => {
        const words = document.createRange()
        words.selectNodeContents(node)
        const {x, y, width, height} = words.getBoundingClientRect()
        return {x, y, width, height}
    })"""
    lines = tab.page.locator(".corner.ul div").evaluate_all(written)
    short, long = min(lines, key=lambda at: at["width"]), max(lines, key=lambda at: at["width"])
    left = short["x"] + short["width"] + 9  # its ground is a little longer
    beside = {"x": left, "y": short["y"] + 2, "width": long["x"] + long["width"] - left, "height": short["height"] - 4}

    def seen() -> Any:
        return cv2.imdecode(np.frombuffer(tab.page.screenshot(clip=beside), np.uint8), cv2.IMREAD_GRAYSCALE)

    with_words = seen()
    tab.page.locator(".corner.ul").first.evaluate("node => { node.style.visibility = 'hidden' }")
    without = seen()
    tab.page.locator(".corner.ul").first.evaluate("node => { node.style.visibility = '' }")
    assert without.mean() > 40  # an image that is dark there would say nothing
    assert (with_words == without).all()


def test_before_has_every_pixel_of_the_detector(tab: Tab, station: Station, images: list[str]) -> None:
    tab.page.keyboard.down("b")
    wait_until(lambda: "before original" in tab.painted(images[0]))
    tab.page.wait_for_selector("text=BEFORE · as received")
    point_at(tab.page, 0.47, 0.52)
    row, column, value, top = readout(tab.page)
    tab.page.keyboard.up("b")
    off = {"frequency.amount": 0.0, "equalization.light": 0.0, "equalization.dark": 0.0, "gradation.type": "linear"}
    plain = station.apparatus.chain(images[0]).with_(**off, **{"gradation.contrast": 1.0, "gradation.shift": 0.0})
    assert (value, top) == (station.apparatus.frame(images[0], plain).result()[row, column], 4095)
    tab.page.wait_for_selector("text=BEFORE · as received", state="hidden")


def test_a_line_measures_in_mm(tab: Tab) -> None:
    tab.page.keyboard.press("d")
    at = box(tab.page)
    point_at(tab.page, 0.5, 0.3)
    tab.page.mouse.down()
    tab.page.mouse.move(at["x"] + at["width"] * 0.5 + 90, at["y"] + at["height"] * 0.3 + 120, steps=3)
    tab.page.mouse.up()
    (line,) = [text for text in tab.page.locator(".marks text").all_text_contents() if text]
    # The image fits the height: 260 mm of it are the pane's height.
    assert float(line.removesuffix(" mm")) == pytest.approx(150 * SIDE / at["height"], abs=0.3)
    tab.page.keyboard.press("d")
    wait_until(lambda: not tab.page.locator(".marks line").count())


def test_the_magnifier_stands_under_the_pointer_while_its_key_is_held(tab: Tab) -> None:
    point_at(tab.page, 0.5, 0.5)
    tab.page.keyboard.down("g")
    lens = tab.page.locator("canvas.lens").first.bounding_box()
    tab.page.keyboard.up("g")
    at = box(tab.page)
    assert lens
    assert lens["x"] + lens["width"] / 2 == pytest.approx(at["x"] + at["width"] / 2, abs=2)
    assert not tab.page.locator("canvas.lens").first.is_visible()


def test_side_by_side_shows_the_same_place_of_both(tab: Tab, station: Station, images: list[str]) -> None:
    tab.open(images[0])
    tab.page.keyboard.press("s")
    wait_until(lambda: "beside original" in tab.painted(images[0]))
    header = station.apparatus.image(images[0])
    condition = next(c for c in station.apparatus.conditions.all()
                     if c.group == station.apparatus.conditions.get(header.condition).group
                     and c.key != header.condition)  # fmt: skip
    tab.page.select_option("select.beside", f"key:{condition.key}")
    wait_until(lambda: "beside frame" in tab.painted(images[0]))
    point_at(tab.page, 0.3, 0.4)
    tab.page.mouse.wheel(0, -300)
    point_at(tab.page, 0.6, 0.45, pane=1)
    here, there = (wait_until(lambda pane=pane: readout(tab.page, pane)) for pane in (0, 1))
    assert here[:2] == there[:2]
    row, column = here[:2]
    assert here[2] == station.apparatus.frame(images[0]).result()[row, column]
    wanted = station.apparatus.process(images[0], condition=condition.key).values
    assert there[2:] == (wanted[row, column], 4095)
    assert station.apparatus.image(images[0]).condition == header.condition
    tab.page.keyboard.press("s")
    wait_until(lambda: tab.page.locator("canvas.image:visible").count() == 1)
    tab.page.keyboard.press("w")


def test_an_image_on_its_way_is_said_and_cannot_be_confirmed(
    browser: Browser, station: Station, images: list[str]
) -> None:
    # Postponed ones are not fetched ahead.
    station.apparatus.postpone(images[2], "mona")
    tab = log_in(browser, station, "rita")
    held: list[Route] = []
    tab.page.route(re.compile(rf"image/{images[2]}/preview"), lambda route: held.append(route))
    tab.page.click(f".item[data-image='{images[2]}']")
    tab.page.wait_for_selector(".busy:visible:has-text('Loading the image')")
    confirm = tab.page.locator("[data-action=confirm]")
    wait_until(lambda: confirm.is_disabled() and held)
    tab.page.keyboard.press(" ")
    # What comes after it and is of no image is done.
    tab.page.keyboard.press("n")
    tab.page.wait_for_selector("[data-action=advance][aria-pressed=false]")
    tab.page.keyboard.press("n")
    tab.page.wait_for_selector("[data-action=advance][aria-pressed=true]")
    assert station.state(images[2]) == "postponed"
    held[0].continue_()
    wait_until(lambda: "preview" in tab.painted(images[2]))
    wait_until(confirm.is_enabled)
    tab.page.close()


def test_an_image_that_cannot_be_shown_says_why_and_offers_the_request(
    tab: Tab, station: Station, images: list[str]
) -> None:
    tab.page.click(f".item[data-image='{images[3]}']")
    tab.page.wait_for_selector(".trouble:has-text('pixels')")
    wait_until(tab.page.locator("[data-action=confirm]:visible").is_disabled)
    tab.page.click(".trouble button")
    tab.page.wait_for_selector("dialog[open] #reason")
    tab.page.keyboard.press("Escape")
    tab.page.wait_for_selector("dialog[open]", state="hidden")
    # One that was asked for again says so, and offers it no more.
    page = tab.page
    page.click(f".item[data-image='{images[0]}']")
    handle = page.locator("[role=slider]").first
    wait_until(lambda: handle.get_attribute("aria-disabled") == "false")
    station.apparatus.request(images[3], by="mona", reason="111221", ask="resend", to="modality")
    page.click(f".item[data-image='{images[3]}']")
    page.wait_for_selector(".trouble:has-text('It was asked for again')")
    page.locator(".trouble button").wait_for(state="detached")
    # Nothing of the image before stands beside it.
    wait_until(lambda: handle.get_attribute("aria-disabled") == "true")
    wait_until(lambda: handle.get_attribute("aria-valuetext") == "0.000 of the signal")
    # In lists it has a sign instead of a picture.
    page.click("[data-page=images]")
    page.locator(".rows .row:visible", has_text="requested").first.click()
    wait_until(
        lambda: page.locator(f"img[src*='{images[3]}']").locator("visible=true").first.evaluate("i => i.naturalWidth")
    )
    page.click("[data-page=review]")


def test_a_window_that_is_display_only_is_called_so(tab: Tab, station: Station, images: list[str]) -> None:
    tab.page.click(f".item[data-image='{images[1]}']")
    wait_until(lambda: "frame" in tab.painted(images[1]))
    corner = tab.page.locator(".corner.lr").first
    assert "contrast" not in corner.inner_text()
    station.apparatus.confirm(images[1], "max")
    tab.page.wait_for_selector("text=confirmed")
    point_at(tab.page, 0.5, 0.5)
    tab.page.mouse.down()
    point_at(tab.page, 0.6, 0.55)
    tab.page.mouse.up()
    wait_until(lambda: "display only: contrast ×" in corner.inner_text())
    assert station.apparatus.image(images[1]).overrides == {}
    tab.page.keyboard.press("w")
    wait_until(lambda: "display only" not in corner.inner_text())


def test_every_pixel_of_a_dense_screen_is_used(browser: Browser, station: Station, images: list[str]) -> None:
    context = browser.new_context(viewport={"width": 1200, "height": 700}, device_scale_factor=2)
    page = context.new_page()
    page.goto(station.dashboard.url)
    page.click("button[value=rita]")
    page.wait_for_function("(window.imgdash?.painted || []).length > 0", timeout=20_000)
    at = box(page)
    canvas = page.locator("canvas.image").first
    assert canvas.evaluate("node => [node.width, node.height]") == [2 * at["width"], 2 * at["height"]]
    context.close()


def test_over_a_slow_line_the_small_image_does_not_wait(browser: Browser, station: Station) -> None:
    sent = [radiograph(station.folder / f"large-{number}.dcm", 1400, PatientID=f"L{number}") for number in range(4)]
    assert send(station.apparatus, *sent).returncode == 0

    def arrived() -> list[str]:
        return [header.image_id for header in station.apparatus.images(state="awaiting") if header.rows == 1400]

    wait_until(lambda: len(arrived()) == len(sent))
    large = arrived()
    for image in large:
        station.apparatus.postpone(image, "max")  # not fetched ahead
    tab = log_in(browser, station, "rita")
    for image in large:
        tab.page.wait_for_selector(f".item[data-image='{image}']")
    network = tab.page.context.new_cdp_session(tab.page)
    line = {"offline": False, "latency": 20, "downloadThroughput": 20e6 / 8, "uploadThroughput": 20e6 / 8}
    told: list[tuple[str, str, int]] = []  # in the order of the line: what happened, to which request, how many bytes
    asked: dict[str, str] = {}

    def begun(event: dict[str, Any]) -> None:
        asked[event["requestId"]] = event["request"]["url"]
        told.append(("begun", event["requestId"], 0))

    network.on("Network.requestWillBeSent", begun)
    network.on("Network.dataReceived", lambda it: told.append(("came", it["requestId"], it["encodedDataLength"])))
    network.on("Network.loadingFinished", lambda it: told.append(("ended", it["requestId"], 0)))
    network.send("Network.enable")
    network.send("Network.emulateNetworkConditions", line)

    def small(image: str) -> str | None:
        return next((request for request, url in asked.items() if f"{image}/preview" in url), None)

    for image in large:
        # The full image of the one before is still on its way: it must not stand in the way.
        tab.page.click(f".item[data-image='{image}']")
        wait_until(lambda image=image: "preview" in tab.painted(image))
        assert tab.page.evaluate("image => imgdash.painted.find(one => one.image === image).kind", image) == "preview"
        request = wait_until(lambda image=image: small(image))
        ended = wait_until(lambda request=request: ("ended", request, 0) in told and told.index(("ended", request, 0)))
        since = told[told.index(("begun", request, 0)) : ended]
        # Counted, not timed: at 20 Mbit/s, a quarter of a second for both.
        assert 0 < sum(size for what, _, size in since if what == "came") < 0.25 * 20e6 / 8, since
    tab.page.close()
