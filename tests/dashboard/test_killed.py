"""kill -9 of the station under a reviewer's hands: the page comes back at the same image by itself."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from imgdash.store.users import Users
from tests.apparatus.sites import radiograph, send_to, site
from tests.dashboard.conftest import PASSWORD, Tab
from tests.helpers import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.peer]


@pytest.fixture
def ports() -> list[int]:
    """Two ports that are free: the same ones after a restart."""
    probes = [socket.socket() for _ in range(2)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    found = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return found


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[Path, int], subprocess.Popen[bytes]]]:
    """``serve(site_file, port)`` runs ``imgdash serve`` and waits until it answers."""
    running: list[subprocess.Popen[bytes]] = []

    def start(path: Path, port: int) -> subprocess.Popen[bytes]:
        quiet = subprocess.DEVNULL
        process = subprocess.Popen(
            [sys.executable, "-m", "imgdash.cli", "serve", str(path)], stdout=quiet, stderr=quiet
        )
        running.append(process)

        def answers() -> bool:
            assert process.poll() is None, "imgdash serve has ended"
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
                    return bool(answer.status == 200)
            except OSError:
                return False

        wait_until(answers, within=60, every=0.2)
        return process

    yield start
    for process in running:
        process.kill()
        process.wait()


def test_a_killed_station_comes_back_at_the_same_image(
    browser: Browser, serve: Callable[[Path, int], subprocess.Popen[bytes]], tmp_path: Path, ports: list[int]
) -> None:
    web, dicom = ports
    path = site(tmp_path / "site", station={"web_port": web, "dicom_port": dicom})
    process = serve(path, web)
    Users(path.parent / "users.toml").add("mona", "manager", PASSWORD)
    files = [radiograph(tmp_path / f"{number}.dcm", 260, PatientID=f"P{number}") for number in range(3)]
    assert send_to(dicom, *files).returncode == 0
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    page.set_default_timeout(40_000)
    tab = Tab(page)
    page.goto(f"http://127.0.0.1:{web}/?page=review")
    page.fill("input[name=username]", "mona")
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    item = page.locator(".item").nth(2)
    image = str(item.get_attribute("data-image"))
    item.click()
    wait_until(lambda: "frame" in tab.painted(image) and image in page.url)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    page.evaluate("window.before = true")
    page.get_by_text("The station does not answer").wait_for()
    serve(path, web)
    # Nobody touches the page: it is a new one, and shows the same image.
    page.wait_for_function(
        "(image) => !window.before && (window.imgdash?.painted || []).some((one) => one.image === image)", arg=image
    )
    assert page.get_attribute(".item[aria-selected=true]", "data-image") == image
    page.locator("[data-action=confirm]:enabled").wait_for()
    page.close()
