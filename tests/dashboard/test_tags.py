"""Every attribute of an image in Chromium: found by words, corrected in place."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.dashboard.conftest import Station, Tab
from tests.helpers import wait_until

pytestmark = pytest.mark.browser
IMAGES = [{"PatientID": "H1"}]


def test_a_correction_that_is_refused_is_typed_on(tab: Tab, station: Station, images: list[str]) -> None:
    tab.page.keyboard.press("h")
    dialog = tab.page.locator("dialog[open]")
    dialog.get_by_label("Search the header").fill("birth")
    value = dialog.locator("button[data-keyword=PatientBirthDate]")
    field = dialog.get_by_label("Patient's Birth Date")
    value.click()
    for _ in range(2):
        field.fill("20991231")
        tab.page.keyboard.press("Enter")
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(dialog.get_by_role("alert")).to_contain_text("That day is still to come.")
        expect(field).to_have_value("20991231")
        expect(field).to_be_focused()
    # The same once more is refused once more; what is mended is taken, and the keyboard goes on from there.
    tab.page.keyboard.press("Enter")
    expect(field).to_have_attribute("aria-invalid", "true")
    field.fill("19991231")
    tab.page.keyboard.press("Enter")
    wait_until(lambda: station.apparatus.image(images[0]).patient.birth_date == "19991231")
    expect(value).to_contain_text("19991231")
    expect(value).to_be_focused()
    expect(dialog.get_by_role("alert")).to_have_count(0)
    # Escape leaves the value as it is, and the dialog open; a second one closes that.
    tab.page.keyboard.press("Enter")
    field.fill("19981231")
    tab.page.keyboard.press("Escape")
    expect(value).to_contain_text("19991231")
    tab.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert station.apparatus.image(images[0]).patient.birth_date == "19991231"
