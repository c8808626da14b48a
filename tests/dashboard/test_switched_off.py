"""What is said of a confirmation where output apparatus are switched off."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.dashboard.conftest import Station, Tab
from tests.helpers import wait_until

pytestmark = pytest.mark.browser
IMAGES = [{"PatientID": f"O{number}"} for number in range(4)]


def test_what_waits_because_it_is_switched_off_is_not_said_to_be_sent(
    tab: Tab, station: Station, images: list[str]
) -> None:
    said = tab.page.locator(".said", has_text="confirmed")
    storage = "It waits for STORAGE, switched off on Queues."
    both = "It waits for STORAGE and FILM, switched off on Queues."
    some, urgent = f"It is sent to FILM in 5 s. {storage}", f"Emergency: it is sent to FILM at once. {storage}"
    station.apparatus.prioritise(images[2], "mona")
    for image, name, words in zip(
        images, ("", "STORAGE", "", "FILM"), ("It is sent in 5 s.", some, urgent, both), strict=True
    ):
        if name:
            station.apparatus.queue_switch(name, False, "mona")
        tab.page.click(f".item[data-image='{image}']")
        wait_until(lambda image=image: "frame" in tab.painted(image))
        tab.page.locator("[data-action=confirm]:enabled").wait_for()
        tab.page.keyboard.press(" ")
        expect(said).to_contain_text(words)
        if words == both:
            expect(said).not_to_contain_text("sent in")
