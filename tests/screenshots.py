"""Make the README's pictures from the demonstration: ``python -m tests.screenshots [URL]``.

Starts the demonstration on a free port, or takes one that runs, logs in as the manager, and pictures the pages.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.conftest import PEERS
from tests.helpers import wait_until

FOLDER = Path(__file__).resolve().parent.parent / "data" / "screenshots"
# Page → texts to click, one after another, before the picture is taken.
PAGES = {
    "review": ("SKULL LL",),
    "requests": ("All",),
    "queues": (),
    "conditions": ("Skull lateral",),
    "records": (),
}
SIZE = (1600, 900)
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run"]


@contextmanager
def demonstration() -> Iterator[str]:
    """Its address, once a request was answered."""
    program = str(Path(sys.executable).with_name("imgdash"))
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [program, "demo", "--no-browser", "--port", "0", "--folder", folder], stdout=subprocess.PIPE, text=True
        )
        try:
            assert process.stdout is not None
            url = next(word for line in process.stdout if "http" in line for word in line.split() if "http" in word)
            wait_until(lambda: satisfied(url), within=120, every=0.5)
            yield url
        finally:
            process.terminate()
            process.communicate(timeout=60)


def satisfied(url: str) -> bool:
    """Whether a request was answered and several images wait."""
    with urllib.request.urlopen(url.rstrip("/") + "/healthz", timeout=10) as answer:
        health = json.load(answer)
    return bool(health["requests"]["answered"] >= 2 and health["images"]["awaiting"] >= 6)


def picture(page: Page, url: str, name: str, clicks: tuple[str, ...]) -> None:
    """One page, when its content has come to rest."""
    page.goto(f"{url.rstrip('/')}/?page={name}")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(2000)
    for text in clicks:
        page.get_by_text(text, exact=True).first.click()
        page.wait_for_timeout(1500)
    page.wait_for_timeout(1500)
    page.screenshot(path=str(FOLDER / f"{name}.png"))


def main(url: str) -> None:
    """Log in and picture each page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PEERS["chromium"], args=QUIET)
        page = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]})
        page.goto(url)
        page.get_by_role("button", name="physicist").first.click()
        page.wait_for_load_state("networkidle")
        for name, clicks in PAGES.items():
            picture(page, url, name, clicks)
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(sys.argv[1])
    else:
        with demonstration() as address:
            main(address)
