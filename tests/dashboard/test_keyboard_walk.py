"""A walk by keyboard alone: an order, a queue, a user. Everything is reached, and the keyboard is never lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from playwright.sync_api import Browser, Page

from imgdash.model import Event, Order, Patient
from imgdash.store import rows
from tests.dashboard.conftest import Station, Tab, log_in
from tests.dashboard.test_by_keyboard import focused, reach
from tests.helpers import wait_until

pytestmark = pytest.mark.browser
IMAGES = [{"PatientID": "Q0", "AccessionNumber": "Q0"}, {"PatientID": "Q1", "AccessionNumber": "Q1"}]
LANE = "FILM"
AGAIN = "(dialog, button) => { dialog.querySelector('footer button').click(); button.click() }"
HAS_IT = "(node) => node.getRootNode().activeElement === node"


@pytest.fixture(scope="module")
def tab(browser: Browser, station: Station, images: list[str]) -> Iterator[Tab]:
    """Mona, who has a mouse and does not touch it."""
    tab = log_in(browser, station, "mona")
    wait_until(lambda: "frame" in tab.painted(images[0]))
    yield tab
    assert (tab.elsewhere, tab.errors) == ([], [])
    tab.page.close()


def tab_to(page: Page, selector: str) -> None:
    """Tab until one thing has the keyboard."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.locator(selector).evaluate(HAS_IT):
            return
    raise AssertionError(f"Tab does not come to {selector}")


def go(page: Page, number: str, name: str) -> None:
    """A page by its number on the rail."""
    page.keyboard.press("j")
    page.keyboard.press(number)
    page.wait_for_function("(name) => location.search.includes('page=' + name)", arg=name)


def at(page: Page, name: str) -> None:
    """Wait until something has the keyboard."""
    try:
        wait_until(lambda: focused(page) == name)
    except AssertionError as error:
        raise AssertionError(f"{focused(page)!r} has the keyboard, not {name!r}") from error


def closed(page: Page) -> None:
    """Wait until a dialog is closed, and the keys are the page's again."""
    page.wait_for_function("!document.documentElement.dataset.modal")


def comes(station: Station, accession: str) -> None:
    """HIS/RIS sends an order."""
    patient = Patient(accession, f"Walk^{accession}")
    order = Order(accession, accession, patient, procedure_code="W80", received_at=datetime.now())
    columns = rows.order_columns(order)
    station.apparatus.store.write(lambda change: change.emit(Event("order", accession, "new", columns)))


def test_an_order_that_comes_gets_another_key(tab: Tab, station: Station) -> None:
    page = tab.page
    go(page, "2", "orders")
    at(page, "Orders")
    # What is made while he is there is in his list, and leaves him where he is.
    comes(station, "W1")
    page.locator(".rows .row:visible", has_text="W1").wait_for()
    assert focused(page) == "Orders"
    page.keyboard.press("Home")
    page.wait_for_function("() => location.search.includes('order=')")
    comes(station, "W2")
    page.locator(".rows .row:visible", has_text="W2").wait_for()
    assert focused(page) == "Orders"
    page.wait_for_selector("[data-action=procedure]:visible:enabled")
    reach(page, "procedure")
    page.keyboard.press("Enter")
    page.locator("dialog[open] select").wait_for()
    at(page, "Condition key")
    page.keyboard.type("foot")
    page.keyboard.press("Enter")
    closed(page)
    for accession in ("W1", "W2"):
        wait_until(lambda accession=accession: station.apparatus.search.order(accession).condition == "foot")
    at(page, "procedure")
    # Changed again, and left as it is.
    page.keyboard.press("Enter")
    page.locator("dialog[open] select").wait_for()
    wait_until(lambda: page.locator("dialog[open] select").input_value() == "foot")
    page.keyboard.press("Escape")
    closed(page)
    at(page, "procedure")


def test_an_entry_is_sent_again_and_set_aside(tab: Tab, station: Station, images: list[str]) -> None:
    page, apparatus = tab.page, station.apparatus
    apparatus.queue_switch(LANE, False, "mona")
    for image in images:
        apparatus.confirm(image, by="mona")
    entries = {entry.image_id: entry.entry_id for entry in apparatus.store.queue("apparatus = ?", [LANE])}
    failed, other = (entries[image] for image in images)
    for event in ("take", "fail"):
        apparatus.store.transition("queue", failed, event)

    def state(entry: str) -> str:
        return apparatus.store.queue("entry_id = ?", [entry])[0].state

    go(page, "5", "queues")
    at(page, "Queues")
    # To the queue of the other apparatus.
    lane = f"[data-focus='name {LANE}']"
    tab_to(page, lane)
    page.keyboard.press("Enter")
    page.wait_for_function("(lane) => location.search.includes('lane=' + lane)", arg=LANE)
    page.locator(f".card[data-key='{failed}']:visible").wait_for()
    assert page.locator(lane).evaluate(HAS_IT)
    reach(page, "Queues")
    page.keyboard.press("Home")
    page.wait_for_selector(f".card[data-key='{failed}'][aria-selected=true]")
    page.wait_for_selector("[data-action=again]:visible:enabled")
    # By its button, which keeps the keyboard although it has nothing to do then.
    reach(page, "again")
    page.keyboard.press("Enter")
    wait_until(lambda: state(failed) == "waiting")
    page.wait_for_selector("[data-action=hold]:visible:enabled")
    at(page, "again")
    reach(page, "hold")
    page.keyboard.press(" ")
    wait_until(lambda: state(failed) == "held")
    page.wait_for_selector("[data-action=release]:visible:enabled")
    at(page, "hold")
    page.keyboard.press("r")
    wait_until(lambda: state(failed) == "waiting")
    # Taken out, after a question.
    page.wait_for_selector("[data-action=cancel]:visible:enabled")
    reach(page, "cancel")
    page.keyboard.press("Enter")
    question = page.locator("dialog[open]")
    question.wait_for()
    # Closed, and asked again before the browser has told that it was closed.
    question.evaluate(AGAIN, page.locator("[data-action=cancel]:visible").element_handle())
    question.wait_for()
    page.keyboard.press("Escape")
    at(page, "cancel")
    page.keyboard.press("Enter")
    question.wait_for()
    tab_to(page, "dialog[open] button.main")
    page.keyboard.press("Enter")
    wait_until(lambda: state(failed) == "cancelled")
    closed(page)
    at(page, "cancel")
    assert state(other) == "waiting"


def test_a_user_gets_another_role(tab: Tab, station: Station) -> None:
    page = tab.page
    # From another page: who is at System already has the keyboard where he left it.
    go(page, "1", "review")
    go(page, "9", "system")
    # The view that was looked at last; who comes for the first time sees the first one.
    last = page.locator("[role=tab][aria-selected=true]:visible")
    at(page, last.get_attribute("data-tab") or "")
    page.keyboard.press("Home")
    at(page, "station")
    page.keyboard.press("ArrowRight")
    at(page, "users")
    # There before it is looked for: a walk by Tab goes round the page once.
    page.locator("[aria-label=Users]:visible", has_text="rita").wait_for()
    page.wait_for_function("location.search.includes('tab=users')")
    reach(page, "Users")
    page.keyboard.press("Home")
    names = [user.name for user in station.apparatus.station.users()]
    for _ in range(names.index("rita")):
        page.keyboard.press("ArrowDown")
    page.get_by_role("heading", name="rita").wait_for()
    assert focused(page) == "Users"
    reach(page, "Role")
    page.keyboard.type("manager")
    page.keyboard.press("Tab")
    for _ in range(2):
        page.keyboard.type("another password")
        page.keyboard.press("Tab")
    assert page.locator("button[type=submit]:visible").evaluate(HAS_IT)
    page.keyboard.press("Enter")
    page.get_by_text("rita is a manager now").wait_for()
    wait_until(lambda: station.apparatus.users.role("rita").role == "manager")
    # The form is for the next user, and the keyboard still where it was pressed.
    page.get_by_role("heading", name="New user").wait_for()
    assert page.locator("button[type=submit]:visible").evaluate(HAS_IT)
