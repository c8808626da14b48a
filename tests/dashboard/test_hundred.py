"""One hundred images, fit and unfit ones mixed, reviewed in Chromium with the keyboard alone."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from imgdash import Apparatus
from imgdash.dashboard import Dashboard
from tests.apparatus.sites import BOTH, radiograph, send, site
from tests.dashboard.conftest import AWAY, PASSWORD, Station, log_in
from tests.helpers import wait_until

pytestmark = pytest.mark.browser
COUNT = 100
_OPEN = "(window.imgdash.painted.at(-1) || {}).image"


def unfit(number: int) -> bool:
    """Every fifth image came without a patient ID."""
    return number % 5 == 3


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """A station that takes small images for good ones."""
    folder = tmp_path_factory.mktemp("station")
    with Apparatus(site(folder, station=BOTH, fitness={"film_minimum_pixels": 32}, **AWAY)) as apparatus:
        apparatus.users.add("mona", "manager", PASSWORD)
        with Dashboard(apparatus, 0, one_click={"mona": "manager"}) as dashboard:
            yield Station(apparatus, dashboard, folder)


@pytest.fixture(scope="module")
def images(station: Station) -> list[str]:
    """Their image_ids in the order of receipt; small ones, for it is the hands that are tested."""
    files = [
        radiograph(station.folder / f"{number}.dcm", 64, PatientID="" if unfit(number) else f"P{number}")
        for number in range(COUNT)
    ]
    sent = send(station.apparatus, *files)
    assert sent.returncode == 0, sent.stderr
    found = wait_until(lambda: len(h := station.apparatus.images(state="awaiting")) == COUNT and h, within=120)
    return [header.image_id for header in found]


def decide(page: Page, how: str) -> None:
    """What hands do on the keyboard."""
    page.keyboard.press({"confirmed": " ", "postponed": "p", "rejected": "x", "requested": "r"}[how])
    if how in ("rejected", "requested"):
        page.wait_for_selector("dialog[open] #reason:focus")
        if how == "rejected":
            # The first reason of the list.
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")


def test_a_hundred_images_by_keyboard_alone(browser: Browser, station: Station, images: list[str]) -> None:
    tab = log_in(browser, station, "mona")
    ways = itertools.cycle(("rejected", "requested", "postponed"))
    wanted: dict[str, str] = {}
    for _ in range(COUNT):
        # What is seen is decided upon, by what the page says of it.
        image = wait_until(lambda: (now := tab.page.evaluate(_OPEN)) not in wanted and now)
        item = tab.page.locator(f".item[data-image='{image}']")
        how = next(ways) if "not fit" in str(item.get_attribute("title")) else "confirmed"
        wanted[image] = how
        decide(tab.page, how)
    assert set(wanted) == set(images)
    nameless = {header.image_id for header in station.apparatus.images() if not header.patient.id}
    assert {image for image, how in wanted.items() if how != "confirmed"} == nameless
    assert len(nameless) == sum(map(unfit, range(COUNT)))
    wait_until(lambda: {h.image_id: h.state for h in station.apparatus.images()} == wanted)
    decided = Counter(
        (line["id"], line["by"])
        for line in station.apparatus.journal("image", limit=10_000)
        if line["event"] == "confirm"
    )
    assert decided == {(image, "mona"): 1 for image, how in wanted.items() if how == "confirmed"}
    assert (tab.elsewhere, tab.errors) == ([], [])
    tab.page.close()
