"""A station with its dashboard, and Debian's Chromium to look at it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from imgdash import Apparatus
from imgdash.dashboard import Dashboard
from tests.apparatus.sites import radiograph, send, site
from tests.conftest import peer
from tests.helpers import wait_until

PASSWORD = "a long password"
# As long as all that tests wait for: five seconds are little for a browser on a busy machine.
expect.set_options(timeout=45_000)
# Chromium's own calls home are off: what is left over is the page's.
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    # Pages of its own behind its address line, which nobody sees here: a second of processor for each window.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup",
)
# Output apparatus and peers that are away: what is confirmed stays in its queue and can be taken back.
AWAY = {
    "apparatus": [
        {"name": "STORAGE", "kind": "storage", "ae_title": "STORE", "port": 1},
        {"name": "FILM", "kind": "printer", "ae_title": "PRINTER", "port": 1},
    ],
    "peer": [
        {"name": "CR1", "kind": "modality", "ae_title": "TESTER", "port": 1, "ups": True},
        {"name": "RIS", "kind": "ris", "hl7_port": 1},
    ],
}


@dataclass
class Station:
    """An apparatus and its dashboard."""

    apparatus: Apparatus
    dashboard: Dashboard
    folder: Path
    images: list[str] = field(default_factory=list)

    def take(self, **attributes: Any) -> str:
        """Send one more image; its image_id, once it awaits its reviewer."""
        known = {header.image_id for header in self.apparatus.images()}
        path = self.folder / f"image-{len(known)}.dcm"
        sent = send(self.apparatus, radiograph(path, 260, **attributes))
        assert sent.returncode == 0, sent.stderr
        new = wait_until(lambda: {h.image_id for h in self.apparatus.images(state="awaiting")} - known)
        self.images += new
        return str(next(iter(new)))

    def state(self, image_id: str) -> str:
        """The state of an image."""
        return self.apparatus.image(image_id).state


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """A station with a user of each role."""
    folder = tmp_path_factory.mktemp("station")
    # Two workers, as a station has them by itself: what is on the screen is not behind what arrives.
    with Apparatus(site(folder, station={"workers": 2}, **AWAY)) as apparatus:
        for name, role in (("rita", "user"), ("mona", "manager"), ("max", "maker")):
            apparatus.users.add(name, role, PASSWORD)
        # Long enough for a busy machine's browser to come back with the token of its page.
        with Dashboard(apparatus, 0, one_click={"rita": "user", "mona": "manager"}, forget_seconds=5.0) as dashboard:
            yield Station(apparatus, dashboard, folder)


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """Until something else is tested: while it runs, nothing else in this thread may use asyncio."""
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium, for one module."""
    chromium = playwright.chromium.launch(executable_path=peer("chromium"), args=list(_QUIET))
    yield chromium
    chromium.close()


@dataclass
class Tab:
    """A tab that keeps what went wrong in it."""

    page: Page
    elsewhere: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def painted(self, image_id: str) -> set[str]:
        """The forms in which an image was painted."""
        log = self.page.evaluate("(window.imgdash || {}).painted || []")
        return {entry["kind"] for entry in log if entry["image"] == image_id}

    def open(self, image_id: str) -> None:
        """Click an image in Review; what belongs to it is there when it is painted and the address names it."""
        self.page.click("[data-page=review]")
        self.page.click(f".item[data-image='{image_id}']")
        self.page.wait_for_function("(image) => location.search.includes(image)", arg=image_id)
        wait_until(lambda: "frame" in self.painted(image_id))


def log_in(browser: Browser, station: Station, user: str, path: str = "") -> Tab:
    """A new tab, logged in by one click."""
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    page.set_default_timeout(45_000)
    tab = Tab(page)
    home = station.dashboard.url.rstrip("/")

    def asked(request: Any) -> None:
        if not request.url.startswith((home, "data:", "blob:")):
            tab.elsewhere.append(request.url)

    page.on("request", asked)
    page.on("pageerror", lambda error: tab.errors.append(str(error)))
    page.on(
        "console",
        lambda message: tab.errors.append(f"{message.text} {message.location}") if message.type == "error" else None,
    )
    page.goto(f"{home}/{path}")
    page.click(f"button[value={user}]")
    page.wait_for_selector("[data-page=review]")
    return tab


@pytest.fixture(scope="module")
def images(station: Station, request: pytest.FixtureRequest) -> list[str]:
    """One image for each set of attributes in ``IMAGES`` of the module; others make them in their own way."""
    for number, attributes in enumerate(request.module.IMAGES):
        station.take(**{"AccessionNumber": f"A{number}", **attributes})
    return station.images


@pytest.fixture(scope="module")
def tab(browser: Browser, station: Station, images: list[str]) -> Iterator[Tab]:
    """Mona at Review, where the first image can be decided on; nothing goes wrong in it, whatever the module does."""
    tab = log_in(browser, station, "mona")
    # Another one is open where somebody of a former test, who is not forgotten yet, looked at this one.
    if tab.page.get_attribute(".item[aria-selected=true]", "data-image") != images[0]:
        tab.open(images[0])
    wait_until(lambda: "frame" in tab.painted(images[0]))
    tab.page.wait_for_selector("[data-action=confirm]:enabled")
    yield tab
    assert (tab.elsewhere, tab.errors) == ([], [])
    tab.page.close()
