"""What is pressed twice is as it was before, however late the station answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import pytest
from playwright.sync_api import Page

from imgdash.model import Event
from tests.dashboard.conftest import Station, Tab
from tests.helpers import wait_until

pytestmark = pytest.mark.browser
IMAGES = [{"PatientID": "T0"}, {"PatientID": "T1"}]
# The mark that each key sets.
MARKS = {"k": "protected", "e": "priority"}


def _in_the_list(page: Page, image: str) -> None:
    page.click("[data-page=images]")
    page.locator(".rows .row:visible", has_text="T1").click()
    page.wait_for_function("(image) => location.search.includes('page=images') && location.search.includes(image)",
                           arg=image)  # fmt: skip
    page.wait_for_selector("[data-action=protect]:visible:enabled")


def _on_review(page: Page, image: str) -> None:
    page.wait_for_selector(f".item[data-image='{image}'][aria-selected=true]")
    page.wait_for_selector("[data-action=protect]:visible:enabled")


@pytest.mark.parametrize(("number", "come"), [(0, _on_review), (1, _in_the_list)], ids=["review", "image list"])
@pytest.mark.parametrize("key", MARKS)
def test_the_second_press_takes_back_the_first(
    tab: Tab, station: Station, images: list[str], key: str, number: int, come: Callable[[Page, str], None]
) -> None:
    page, image, mark = tab.page, images[number], MARKS[key]
    page.click("[data-page=review]")
    come(page, image)
    set_to: list[bool] = []

    def happened(events: Sequence[Event]) -> None:
        set_to.extend(event.data[mark] for event in events if event.id == image and mark in event.data)

    leave = station.apparatus.subscribe(happened)
    held, ready = threading.Event(), threading.Event()
    # While something else is written, nothing that was pressed is kept: the page shows the image as it was.
    busy = threading.Thread(target=station.apparatus.store.write, args=[lambda _: (ready.set(), held.wait(45))])
    busy.start()
    try:
        assert ready.wait(45)
        page.keyboard.press(key)
        page.keyboard.press(key)
        # A message of the same browser that is carried out comes after both.
        page.keyboard.press("?")
        page.locator("dialog[open] .keys").first.wait_for()
        assert set_to == []
    finally:
        held.set()
        busy.join()
        page.keyboard.press("Escape")
    wait_until(lambda: len(set_to) == 2)
    assert set_to == [True, False]
    assert not getattr(station.apparatus.image(image), mark)
    leave()
