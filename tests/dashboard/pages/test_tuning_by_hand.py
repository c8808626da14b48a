"""A person tunes a chest key in a browser: the image moves under the slider, before it is let go."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page

from imgdash.simulate import samples
from tests.dashboard.conftest import Station, log_in
from tests.helpers import wait_until

KEY = "chest-pa"


@pytest.fixture(scope="module")
def chest(station: Station) -> str:
    """An unprocessed chest of a phantom."""
    samples.send(samples.cohort("CHEST", "PA", 1, pitch_mm=0.9), station.apparatus.addresses["dicom"])
    (image,) = wait_until(lambda: station.apparatus.images(state="awaiting"))
    assert (image.condition, image.parameters["unprocessed"]) == (KEY, True)
    return image.image_id


def seen(picture: Locator) -> np.ndarray:
    """The pixels of a part of the page."""
    return np.asarray(cv2.imdecode(np.frombuffer(picture.screenshot(), np.uint8), cv2.IMREAD_GRAYSCALE), np.float64)


def drag(page: Page, slider: Locator) -> Callable[[float], None]:
    """Take hold of a slider's thumb; the returned function moves it to a part of its way."""
    box = slider.bounding_box()
    assert box is not None
    low, high, value = (float(slider.evaluate(f"slider => slider.{name}")) for name in ("min", "max", "value"))
    thumb = 12.0

    def place(part: float) -> tuple[float, float]:
        return box["x"] + thumb / 2 + part * (box["width"] - thumb), box["y"] + box["height"] / 2

    page.mouse.move(*place((value - low) / (high - low)))
    page.mouse.down()
    return lambda part: page.mouse.move(*place(part), steps=3)


@pytest.mark.browser
def test_the_result_moves_under_the_slider(browser: Browser, station: Station, chest: str, tmp_path: Path) -> None:
    conditions = station.apparatus.conditions
    tab = log_in(browser, station, "mona", f"?page=conditions&key={KEY}&image={chest}")
    page = tab.page
    page.click("[data-page=conditions]")
    page.wait_for_selector("text=EI · target · DI")
    tried, before = (page.locator(".bk-Figure").nth(number) for number in (0, 1))
    gradation, number = page.locator(".gradation .bk-Figure"), page.get_by_label("Contrast, value")
    slider = page.locator("#gradation-contrast")
    slider.scroll_into_view_if_needed()
    # The chest is there: dark lung, light mediastinum.
    wait_until(lambda: np.ptp(np.percentile(seen(tried), (30, 90))) > 60)
    curve = seen(gradation)

    move, looks = drag(page, slider), [seen(tried)]
    for part in (0.45, 0.8):
        move(part)
        # The button is still held.
        wait_until(lambda: np.abs(seen(tried) - looks[-1]).mean() > 3)
        looks.append(seen(tried))
    assert np.abs(seen(gradation) - curve).mean() > 0.5
    contrast = float(number.input_value())
    assert contrast > 3
    page.mouse.up()
    page.wait_for_selector("text=1 parameter differs from version 2")
    # More contrast: less in between black and white than the version in force has.
    between = [((look := seen(picture)) > 50).mean() - (look > 200).mean() for picture in (tried, before)]
    assert between[0] < between[1]
    assert page.locator("dd.was:not(:empty)").count() >= 2

    page.keyboard.press("b")
    wait_until(lambda: np.abs(seen(tried) - seen(before)).mean() < np.abs(looks[-1] - seen(before)).mean() / 2)
    page.keyboard.press("b")

    with page.expect_download() as exported:
        page.click("role=button[name=Export]")
    assert f"contrast = {contrast:g}" in Path(exported.value.path()).read_text(encoding="utf-8")

    page.get_by_label("Note to the version").fill("Harder, for the phantom")
    page.click("text=Save as version 3")
    page.wait_for_selector("text=as version 3 has it")
    assert conditions.get(KEY).processing["gradation"]["contrast"] == pytest.approx(contrast)
    assert conditions.get(KEY).author == "mona"

    # A file of another site: what differs is seen first, then tried.
    other = tmp_path / "chest-pa.v9.toml"
    other.write_text(station.apparatus.tuning.text(KEY, 2), encoding="utf-8")
    page.click("role=tab[name=Versions]")
    page.get_by_label("Condition file").set_input_files(other)
    page.wait_for_selector("text=for chest-pa, compared with version 3 in force")
    page.get_by_label("Imported file").get_by_text("Load into the sliders").click()
    page.wait_for_selector("text=1 parameter differs from version 3")
    assert tab.errors == []
    assert tab.elsewhere == []
    page.close()
