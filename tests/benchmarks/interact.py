"""The dashboard's speed under hands, in Chromium, on 13.6 megapixel images.

    python -m tests.benchmarks.interact [--parts review,slow,…] [--images 14] [--rows 4280]

Prints one line of JSON: for each figure the median, the 95th percentile and how often it was taken; milliseconds
where the name does not say otherwise. Parts:

- ``review``: key → next image painted, small and full, by one who looks at each until the next is there, and by one
  who does not; window and level drag; slider → processed image painted.
- ``slow``: the same key with 20 Mbit/s and 20 ms of delay between browser and station.
- ``peer``: the same images as ``hv.Image`` over the websocket, and how many times slower that is.
- ``list``: pages and the Image list with 100,000 images, from the click or the last letter to the rows.
- ``waiting``: log in → first image, and the key, where only the images at hand await and where 5,000 do.
- ``crowd``: eight reviewers at once while five images a second arrive; who used the processor.
- ``sessions``: 200 tabs opened and closed, 200 clients that left in between, and how the server's memory grew.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.benchmarks import interact_crowd, interact_lists, interact_peer, interact_sessions
from tests.conftest import PEERS

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run")
SIZE = {"width": 1600, "height": 900}
PARTS = ("review", "slow", "peer", "list", "waiting", "crowd", "sessions")


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median and 95th percentile."""
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
    return {"median": round(statistics.median(ordered), 1), "p95": round(p95, 1), "n": len(ordered)}


@contextmanager
def station(*options: str) -> Iterator[dict[str, Any]]:
    """`tests.benchmarks.station` in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="imgdash-interact-") as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.station", folder, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            assert process.stdin is not None
            line = process.stdout.readline()
            if not line:
                raise RuntimeError("the station did not start")

            def rest() -> dict[str, Any]:
                process.stdin.write("\n")
                process.stdin.flush()
                return json.loads(process.stdout.readline())

            yield {**json.loads(line), "rest": rest}
        finally:
            process.communicate("")


def open_review(browser: Browser, url: str, user: str = "reviewer0") -> Page:
    """A tab with the first image painted in full."""
    page = browser.new_page(viewport=SIZE)
    page.set_default_timeout(60_000)
    page.goto(url)
    page.click(f"button[value={user}]")
    page.wait_for_function("(window.imgdash?.painted || []).some((one) => one.kind === 'frame')")
    return page


def press(page: Page, key: str, until: str = "frame") -> dict[str, float]:
    """Press a key; kind of picture → milliseconds from the key to its painting."""
    before = page.evaluate("imgdash.painted.length && imgdash.painted.at(-1).at")
    page.keyboard.press(key)
    found = page.wait_for_function(
        "([at, until]) => { const now = imgdash.painted.filter((one) => one.at > at);"
        " return now.some((one) => one.kind === until) && now }",
        arg=[before, until],
    )
    return {one["kind"]: one["ms"] for one in found.json_value()}


def review(browser: Browser, about: dict[str, Any], look_seconds: float) -> dict[str, Any]:
    """One reviewer, who looks at each image for a while or not at all."""
    page = open_review(browser, about["url"])
    result: dict[str, Any] = {}
    half = (len(about["images"]) - 1) // 2
    for name, wait in (("looking", look_seconds), ("hurrying", 0.0)):
        shown = []
        for _ in range(half):
            page.wait_for_timeout(1000 * wait)
            page.wait_for_selector("[data-action=confirm]:enabled")
            shown.append(press(page, " "))
        for kind in ("preview", "frame"):
            if values := [one[kind] for one in shown if kind in one]:
                result[f"{name} {kind}"] = spread(values)
    result |= _window(page) | _slider(page)
    page.close()
    return result


def _window(page: Page) -> dict[str, Any]:
    box = page.get_by_label("Radiograph").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(60):
        page.mouse.move(x + step, y + step // 2)
    page.mouse.up()
    page.wait_for_timeout(500)
    return {"window drag, a move": spread(page.evaluate("imgdash.moves"))}


def _slider(page: Page) -> dict[str, Any]:
    """The thumb of a slider moved by the mouse, a little each time."""
    page.evaluate("document.addEventListener('input', () => { imgdash.key = performance.now() }, true)")
    slider = page.get_by_label("Detail", exact=True)
    box = slider.bounding_box()
    assert box is not None
    low, high, value = (float(slider.evaluate(f"(node) => node.{name}")) for name in ("min", "max", "value"))
    x, y = box["x"] + 8 + (box["width"] - 16) * (value - low) / (high - low), box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    shown = []
    for step in range(16):
        page.wait_for_timeout(300)
        at = page.evaluate("imgdash.painted.at(-1).at")
        page.mouse.move(x + 4 * (step + 1), y)
        found = page.wait_for_function(
            "(at) => imgdash.painted.find((one) => one.at > at && one.kind === 'trial')", arg=at
        )
        shown.append(found.json_value()["ms"])
    page.mouse.up()
    return {"slider trial": spread(shown)}


def slow(browser: Browser, about: dict[str, Any]) -> dict[str, Any]:
    """Over a thin line."""
    page = open_review(browser, about["url"], "reviewer1")
    page.wait_for_timeout(3000)
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    line = {"offline": False, "latency": 20, "downloadThroughput": 20e6 / 8, "uploadThroughput": 20e6 / 8}
    network.send("Network.emulateNetworkConditions", line)
    result = {}
    for name, key, wait in (("next", "ArrowDown", 2.0), ("next, in haste", "ArrowUp", 0.0)):
        shown = []
        for _ in range(6):
            shown.append(press(page, key, "preview")["preview"])
            page.wait_for_timeout(1000 * wait)
        result[f"{name} preview"] = spread(shown)
    # What nobody fetched ahead: an image from the other end of the strip.
    shown = []
    for image in about["images"][-3:]:
        page.reload()
        page.wait_for_selector(f".item[data-image='{image}']")
        page.wait_for_function("(window.imgdash?.painted || []).length > 0")
        page.evaluate("imgdash.painted.length = 0; imgdash.key = performance.now()")
        page.click(f".item[data-image='{image}']")
        page.evaluate("0")
        found = page.wait_for_function(
            "(image) => imgdash.painted.find((one) => one.image === image && one.kind === 'preview')", arg=image
        )
        shown.append(found.json_value()["ms"])
    result["not fetched ahead preview"] = spread(shown)
    page.close()
    return result


def waiting(browser: Browser, count: int, size: Sequence[str]) -> dict[str, Any]:
    """One reviewer who does not look, where few and where many images await."""
    result: dict[str, Any] = {}
    for name, more in (("few", 0), ("many", count)):
        with station("--images", "15", *size, "--awaiting", str(more)) as about:
            opened = []
            for turn in range(3):
                began = time.perf_counter()
                page = open_review(browser, about["url"], f"reviewer{turn}")
                opened.append(1000 * (time.perf_counter() - began))
                # The thumbnails are there, too.
                page.wait_for_selector(".item >> nth=10")
                if turn < 2:
                    page.close()
            shown = []
            for _ in range(12):
                page.wait_for_selector("[data-action=confirm]:enabled")
                shown.append(press(page, " ")["frame"])
            result[name] = {"open": spread(opened), "hurrying frame": spread(shown)}
            page.close()
    return result


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--parts", default=",".join(PARTS))
    options.add_argument("--images", type=int, default=15)
    options.add_argument("--rows", type=int, default=4280)
    options.add_argument("--look", type=float, default=2.0, help="seconds a reviewer looks at an image")
    options.add_argument("--listed", type=int, default=100_000)
    options.add_argument("--waiting", type=int, default=5000)
    options.add_argument("--tabs", type=int, default=200)
    options.add_argument("--crowd-rows", type=int, default=2140)
    options.add_argument("--seconds", type=float, default=60.0, help="how long the crowd works")
    chosen = options.parse_args()
    # What is compared is measured in the same run.
    parts = {*chosen.parts.split(","), *(["review"] if "peer" in chosen.parts else [])}
    size = ("--rows", str(chosen.rows), "--columns", str(round(chosen.rows * 0.743)))
    result: dict[str, Any] = {"megapixels": round(chosen.rows**2 * 0.743 / 1e6, 1)}
    begun = time.monotonic()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PEERS["chromium"], args=list(FLAGS))
        if {"review", "slow"} & parts:
            with station("--images", str(chosen.images), *size) as about:
                if "slow" in parts:
                    result["slow"] = slow(browser, about)
                    print(result["slow"], file=sys.stderr)
                if "review" in parts:
                    result["review"] = review(browser, about, chosen.look)
                    print(result["review"], file=sys.stderr)
            if "peer" in parts:
                result["peer"] = interact_peer.measure(browser, chosen.rows, spread)
                if ours := result.get("review", {}).get("looking frame"):
                    result["peer"]["times slower"] = round(result["peer"]["hv.Image"]["median"] / ours["median"], 1)
                print(result["peer"], file=sys.stderr)
        for name, measure in (
            ("list", lambda: interact_lists.listed(browser, station, chosen.listed, spread)),
            ("waiting", lambda: waiting(browser, chosen.waiting, size)),
            ("crowd", lambda: interact_crowd.crowd(browser, station, chosen.crowd_rows, chosen.seconds, spread)),
            ("sessions", lambda: interact_sessions.sessions(browser, station, chosen.tabs)),
        ):
            if name in parts:
                result[name] = measure()
                print(result[name], file=sys.stderr)
        browser.close()
    print(json.dumps({**result, "seconds": round(time.monotonic() - begun)}))


if __name__ == "__main__":
    main()
