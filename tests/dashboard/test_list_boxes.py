"""A list box has the keyboard itself: a screen reader is told at which of its lines it is."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.dashboard.conftest import Station, Tab
from tests.helpers import wait_until

pytestmark = pytest.mark.browser
IMAGES = [{"PatientID": f"L{number}", "AccessionNumber": f"L{number}"} for number in range(3)]

# The place of the option that is said to be active; null where none is, or another one is chosen than it.
ACTIVE = """(list) => {
  const options = [...list.querySelectorAll("[role=option]")]
  const told = options.map((one) => one.getAttribute("aria-selected"))
  const active = list.getRootNode().getElementById(list.getAttribute("aria-activedescendant"))
  const alone = told.every((one, n) => one === String(options[n] === active))
  return options.length > 1 && list.contains(active) && alone ? options.indexOf(active) : null
}"""


def active(page: Page, label: str) -> int | None:
    """Which option of a list box is active."""
    place: int | None = page.get_by_role("listbox", name=label, exact=True).locator("visible=true").evaluate(ACTIVE)
    return place


def walked(page: Page, label: str, key: str, back: str) -> None:
    """A list box, whose first or last option is the active one: from there to another one and back."""
    page.get_by_role("listbox", name=label, exact=True).locator("visible=true").focus()
    start = wait_until(lambda: [place] if (place := active(page, label)) is not None else [])[0]
    page.keyboard.press(key)
    wait_until(lambda: active(page, label) not in (start, None))
    page.keyboard.press(back)
    wait_until(lambda: active(page, label) == start)


def test_thumbnails(tab: Tab, images: list[str]) -> None:
    tab.open(images[0])
    walked(tab.page, "Images", "ArrowDown", "ArrowUp")


def test_condition_keys_their_images_and_versions(tab: Tab, station: Station, images: list[str]) -> None:
    key = station.apparatus.image(images[0]).condition
    shipped = station.apparatus.conditions.get(key)
    station.apparatus.save_condition(shipped, "mona", "as it was")
    tab.page.click("[data-page=conditions]")
    tab.page.click(f"[data-key={key}]:visible")
    tab.page.wait_for_selector(f"[data-key={key}][aria-selected=true]:visible")
    walked(tab.page, "Images of this key", "ArrowRight", "ArrowLeft")
    tab.page.click("[data-tab=versions]:visible")
    walked(tab.page, "Versions", "ArrowDown", "ArrowUp")
    tab.page.click("[data-tab=tune]:visible")
    walked(tab.page, "Condition keys", "ArrowDown", "ArrowUp")
    # What is not found is not active.
    tab.page.get_by_label("Find a condition key").fill("no such key")
    listed = tab.page.get_by_role("listbox", name="Condition keys", exact=True)
    wait_until(lambda: listed.get_attribute("aria-activedescendant") is None)
    tab.page.get_by_label("Find a condition key").fill("")
    wait_until(lambda: active(tab.page, "Condition keys") is not None)


def test_reports_and_patients(tab: Tab, station: Station, images: list[str]) -> None:
    tab.page.click("[data-page=records]")
    walked(tab.page, "Reports", "ArrowDown", "ArrowUp")
    tab.page.click("[data-tab=emission]:visible")
    tab.page.locator("[data-patient]:visible").first.click()
    walked(tab.page, "Patients", "ArrowDown", "ArrowUp")
    assert tab.errors == []
