"""The output range editor in Chromium: what it shows is what DCMTK's storescp and dcmprscp get, pixel for pixel."""

from __future__ import annotations

import hashlib
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest
from playwright.sync_api import Browser, Locator, Page

from imgdash import Apparatus
from imgdash.dashboard import Dashboard
from tests.apparatus.sites import site
from tests.conftest import peer
from tests.dashboard.conftest import PASSWORD, Station, log_in
from tests.helpers import wait_until
from tests.output.conftest import listens
from tests.output.test_printing import CONFIGURATION

pytestmark = [pytest.mark.browser, pytest.mark.peer]


@pytest.fixture(scope="module")
def peers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int, int]]:
    """A storage and a printer; their folder and ports."""
    folder = tmp_path_factory.mktemp("peers")
    ports = []
    for _ in range(2):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            ports.append(int(probe.getsockname()[1]))
    for name in ("stored", "spool", "database"):
        (folder / name).mkdir()
    (folder / "printers.cfg").write_text(CONFIGURATION.format(port=ports[1]), encoding="ascii")
    commands = [
        [peer("storescp"), "-aet", "STORE", "-od", "stored", str(ports[0])],
        [peer("dcmprscp"), "-c", "printers.cfg", "-p", "FILM"],
    ]
    quiet = subprocess.DEVNULL
    running = [subprocess.Popen(command, cwd=folder, stdout=quiet, stderr=quiet) for command in commands]
    for port in ports:
        wait_until(lambda port=port: listens(port))
    yield folder, *ports
    for process in running:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory, peers: tuple[Path, int, int]) -> Iterator[Station]:
    """A station that sends to both."""
    folder = tmp_path_factory.mktemp("station")
    outputs = [
        {"name": "STORAGE", "kind": "storage", "ae_title": "STORE", "port": peers[1], "commitment": False},
        {"name": "FILM", "kind": "printer", "ae_title": "FILM", "port": peers[2], "dpi": 50, "film_size": "8INX10IN"},
    ]
    with Apparatus(site(folder, apparatus=outputs)) as apparatus:
        apparatus.users.add("mona", "manager", PASSWORD)
        with Dashboard(apparatus, 0, one_click={"mona": "manager"}) as dashboard:
            yield Station(apparatus, dashboard, folder)


def drag(page: Page, what: Locator, dx: float, dy: float, at: tuple[float, float] = (0.5, 0.5)) -> None:
    """Drag a thing by so many pixels, taken at a place of it."""
    page.wait_for_selector(".range .said:has-text('shown as it is sent')")
    box = wait_until(what.bounding_box)
    x, y = box["x"] + box["width"] * at[0], box["y"] + box["height"] * at[1]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx, y + dy, steps=4)
    page.mouse.up()


def shown(page: Page, station: Station, image: str, name: str) -> str:
    """SHA-256 of the pixels that the editor shows for an apparatus, once it has heard of the last change."""
    now, _ = station.apparatus.output(image, name).result()
    wanted = hashlib.sha256(np.ascontiguousarray(now, "<u2").tobytes()).hexdigest()
    page.get_by_role("tab", name=name).click()
    page.wait_for_selector(".range .said:has-text('shown as it is sent')")
    wait_until(lambda: page.evaluate("imgdash.sent.at(-1).apparatus") == name)
    return wait_until(lambda: (found := _digest_in(page)) == wanted and found)


def _digest_in(page: Page) -> str:
    return str(
        page.evaluate(
            "async () => { const {pixels} = imgdash.sent.at(-1), sum = await crypto.subtle.digest('SHA-256', pixels);"
            " return [...new Uint8Array(sum)].map((b) => b.toString(16).padStart(2, '0')).join('') }"
        )
    )


def digest(path: Path) -> tuple[str, tuple[int, ...]]:
    pixels = pydicom.dcmread(path).pixel_array
    return hashlib.sha256(np.ascontiguousarray(pixels, "<u2").tobytes()).hexdigest(), pixels.shape


def test_ranges_and_overlays_moved_by_hand_are_what_is_sent(
    browser: Browser, station: Station, peers: tuple[Path, int, int]
) -> None:
    image = station.take(PixelSpacing=[0.5, 0.5])
    tab = log_in(browser, station, "mona")
    page = tab.page
    page.get_by_role("button", name="Output range of FILM").click()
    page.wait_for_selector(".range .said:has-text('shown as it is sent')")

    def ranges(name: str = "FILM") -> dict[str, float]:
        return dict(station.apparatus.image(image).ranges.get(name, {}))

    # The left side of the image range, the image on the film, its size.
    drag(page, page.locator(".whole .grip.l:not(.t):not(.b)"), 60, 0)
    assert 0.05 < wait_until(ranges)["left"] < 0.6
    # Merely moved, it still fits itself to the film.
    drag(page, page.locator(".film .place"), 0, 40)
    assert "scale" not in wait_until(lambda: "y" in ranges() and ranges())
    drag(page, page.locator(".film .place > .grip"), -30, -30)
    wait_until(lambda: "scale" in ranges())
    drag(page, page.locator(".film .place"), 0, -300)
    wait_until(lambda: ranges()["y"] == 0.0)
    # Keys move it, too, and do not reach the page behind.
    before = ranges()["x"]
    page.locator(".film .place").press("ArrowRight")
    wait_until(lambda: ranges()["x"] > before)
    # Drawn anew with every answer of the station, it keeps the keys.
    for _ in range(3):
        before = ranges()["x"]
        page.keyboard.press("ArrowRight")
        wait_until(lambda before=before: ranges()["x"] > before)
    # A marker put in, moved to the right edge, where it snaps.
    page.get_by_role("button", name="R", exact=True).click()
    wait_until(lambda: station.apparatus.image(image).overlays)
    mark = page.locator("button.mark[title=R]")
    mark.wait_for()
    drag(page, mark, 400, 20)
    (overlay,) = wait_until(lambda: [o for o in station.apparatus.image(image).overlays if o["x"] > 0.5])
    assert overlay["text"] == "R"
    film, storage = (shown(page, station, image, name) for name in ("FILM", "STORAGE"))
    assert ranges("STORAGE") == {}
    assert ranges()["y"] == 0.0
    page.get_by_label("Comment to write into the image").fill("about this one")
    page.keyboard.press("Escape")
    page.wait_for_selector("canvas.image:visible")
    wait_until(lambda: "frame" in tab.painted(image))
    page.keyboard.press(" ")
    wait_until(lambda: station.state(image) == "delivered", within=40)
    (stored,) = (peers[0] / "stored").iterdir()
    assert digest(stored)[0] == storage
    (printed,) = wait_until(lambda: list((peers[0] / "database").glob("HG_*.dcm")))
    assert digest(printed)[0] == film
    # What was written for one image, and not put into it, is not offered for the next.
    other = station.take(PatientID="P2", PixelSpacing=[0.5, 0.5])
    page.locator(f".item[data-image='{other}']").click()
    wait_until(lambda: "frame" in tab.painted(other))
    page.get_by_role("button", name="Output range of FILM").click()
    comment = page.get_by_label("Comment to write into the image")
    comment.wait_for()  # while the editor is closed, it still has what was written
    assert comment.input_value() == ""
    assert tab.elsewhere == []
    page.close()
