"""A correction that is being typed, while other things happen at the station."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from imgdash.dashboard.pages.review import Review
from tests.dashboard.conftest import Station, Tab
from tests.dashboard.test_shell import shell_of
from tests.helpers import wait_until

pytestmark = pytest.mark.browser
IMAGES = [{"PatientID": f"C{number}"} for number in range(3)]


def typing(tab: Tab, image: str) -> Locator:
    """The input in which the patient ID of an image is corrected."""
    tab.open(image)
    tab.page.locator("dd[data-keyword=PatientID] [role=button]").click()
    field = tab.page.locator("dd[data-keyword=PatientID] input")
    field.wait_for()
    return field


def test_what_is_typed_stays_with_focus_and_caret_while_the_rest_is_drawn_anew(
    tab: Tab, station: Station, images: list[str]
) -> None:
    field = typing(tab, images[0])
    tab.page.keyboard.type("P 77")
    tab.page.keyboard.press("ArrowLeft")
    # The information of the image changes, its badges, and the list.
    station.apparatus.edit(images[0], by="mona", StationName="ROOM 7")
    station.apparatus.prioritise(images[0], by="mona")
    station.take(PatientID="C9")
    tab.page.locator("dd[data-keyword=StationName]", has_text="ROOM 7").wait_for()
    tab.page.keyboard.type("x")
    assert field.input_value() == "P 7x7"
    assert field.evaluate("node => node.selectionStart") == 4
    tab.page.keyboard.press("Enter")
    wait_until(lambda: station.apparatus.image(images[0]).patient.id == "P 7x7")
    # Space is a key of the page again.
    tab.page.locator("dd[data-keyword=PatientID]", has_text="P 7x7").wait_for()
    assert tab.page.locator("dd input").count() == 0


def test_what_is_given_up_shows_what_is_known_by_then(tab: Tab, station: Station, images: list[str]) -> None:
    typing(tab, images[0])
    tab.page.keyboard.type("nonsense")
    station.apparatus.edit(images[0], by="mona", PatientID="P 78", StationName="ROOM 8")
    tab.page.locator("dd[data-keyword=StationName]", has_text="ROOM 8").wait_for()
    tab.page.keyboard.press("Escape")
    tab.page.locator("dd[data-keyword=PatientID]", has_text="P 78").wait_for()
    assert station.apparatus.image(images[0]).patient.id == "P 78"


def test_a_correction_is_said_and_taken_back(tab: Tab, station: Station, images: list[str]) -> None:
    before = station.apparatus.image(images[0]).patient.id
    typing(tab, images[0])
    tab.page.keyboard.type("P 79")
    tab.page.keyboard.press("Enter")
    tab.page.get_by_text(f"It was {before}.").wait_for()
    assert station.apparatus.image(images[0]).patient.id == "P 79"
    tab.page.click("[data-does='Take back']")
    tab.page.get_by_text("Patient ID is as it was.").wait_for()
    assert station.apparatus.image(images[0]).patient.id == before


def test_a_birth_date_that_is_still_to_come_is_refused(tab: Tab, station: Station, images: list[str]) -> None:
    tab.open(images[0])
    before = station.apparatus.image(images[0]).patient.birth_date
    tab.page.locator("dd[data-keyword=PatientBirthDate] [role=button]").click()
    tab.page.keyboard.type("20991231")
    tab.page.keyboard.press("Enter")
    tab.page.get_by_text("That day is still to come.").first.wait_for()
    assert station.apparatus.image(images[0]).patient.birth_date == before
    # What was typed is still there, with the reason, and is typed on.
    cell = tab.page.locator("dd[data-keyword=PatientBirthDate]")
    expect(cell.locator("input")).to_have_value("20991231")
    expect(cell.locator("input")).to_be_focused()
    expect(cell.locator("[role=alert]")).to_contain_text("That day is still to come.")
    cell.locator("input").fill("19991231")
    tab.page.keyboard.press("Enter")
    wait_until(lambda: station.apparatus.image(images[0]).patient.birth_date == "19991231")
    expect(cell.locator("[role=alert]")).to_have_count(0)


def test_what_is_corrected_back_to_what_the_file_has_is_no_correction(
    tab: Tab, station: Station, images: list[str]
) -> None:
    cell = tab.page.locator("dd[data-keyword=PatientID]")
    for text, mark in (("P 81", 1), ("C0", 0)):
        typing(tab, images[0])
        tab.page.keyboard.type(text)
        tab.page.keyboard.press("Enter")
        expect(cell).to_contain_text(text)
        expect(tab.page.locator("dd.edited[data-keyword=PatientID]")).to_have_count(mark)
    assert "PatientID" not in station.apparatus.image(images[0]).edits


def test_who_came_to_a_value_by_keyboard_goes_on_from_there(tab: Tab, images: list[str]) -> None:
    tab.open(images[0])
    value = tab.page.locator("dd[data-keyword=PatientID] [role=button]")
    value.focus()
    tab.page.keyboard.press("Enter")
    tab.page.locator("dd[data-keyword=PatientID] input").wait_for()
    tab.page.keyboard.press("Escape")
    expect(value).to_be_focused()
    value.blur()


def test_enter_in_a_field_that_nobody_touched_takes_no_correction_back(
    tab: Tab, station: Station, images: list[str]
) -> None:
    typing(tab, images[0])
    station.apparatus.edit(images[0], by="mona", PatientID="P 80", StationName="ROOM 9")
    tab.page.locator("dd[data-keyword=StationName]", has_text="ROOM 9").wait_for()
    tab.page.keyboard.press("Enter")
    tab.page.locator("dd[data-keyword=PatientID]", has_text="P 80").wait_for()
    # Another correction, said after it, comes after it.
    tab.page.locator("dd[data-keyword=StationName] [role=button]").click()
    tab.page.keyboard.type("ROOM 10")
    tab.page.keyboard.press("Enter")
    wait_until(lambda: station.apparatus.image(images[0]).edits.get("StationName") == "ROOM 10")
    assert station.apparatus.image(images[0]).patient.id == "P 80"


def test_what_is_typed_for_one_image_is_never_put_into_another_one(
    tab: Tab, station: Station, images: list[str]
) -> None:
    field = typing(tab, images[0])
    tab.page.keyboard.type("of the first")
    shell = shell_of(station, "mona")
    review = shell.pages["review"]
    assert isinstance(review, Review)
    wait_until(lambda: review.about.typing == images[0])
    shell.session._later(lambda: review.show(images[1]))
    tab.page.locator("dd[data-keyword=PatientID]", has_text="C1").wait_for()
    field.wait_for(state="detached")
    wait_until(lambda: not review.about.typing)
    tab.page.keyboard.press("Enter")
    # One that was on its way when the image changed is of the image it was typed for.
    shell.session._later(
        lambda: review.about.facts._handle_msg({"edit": "PatientID", "value": "P 79", "image": images[0]})
    )
    wait_until(lambda: station.apparatus.image(images[0]).patient.id == "P 79")
    assert station.apparatus.image(images[1]).patient.id == "C1"


def test_nobody_is_led_away_while_he_types(tab: Tab, station: Station, images: list[str]) -> None:
    shell = shell_of(station, "mona")
    review = shell.pages["review"]
    assert isinstance(review, Review)
    typing(tab, images[1])
    wait_until(lambda: review.about.typing == images[1])
    # Whatever comes is opened by itself once he has done, not before.
    review.idle = True
    new = station.take(PatientID="C10")
    tab.page.wait_for_selector(f".item[data-image='{new}']")
    assert review.current == images[1]
    tab.page.keyboard.press("Escape")
    wait_until(lambda: review.current != images[1])
