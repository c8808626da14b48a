"""Many reviewers at once while images arrive: a part of `tests.benchmarks.interact`.

Each tab presses Space by itself, all of them at the same time, as soon as the image is there and a person would have
looked at it. On a machine with two cores the browsers need more of them than the station does: both shares are told.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Browser, Page

from tests.benchmarks.interact_lists import SEEK
from tests.benchmarks.station import radiographs
from tests.conftest import PEERS

Station = Callable[..., AbstractContextManager[dict[str, Any]]]
Spread = Callable[[list[float]], dict[str, float]]
_REVIEWERS = 8
_RATE = 5.0
_LOOK_MS = 1500.0
# Presses Space where it is possible, waits until another image is painted, looks at it for a while.
_WORK = """
([look, seconds]) => {
  const log = imgdash.painted, ended = performance.now() + 1000 * seconds
  const taken = window.taken = {preview: [], frame: [], nothing: 0}
  const key = (kind) => document.body.dispatchEvent(new KeyboardEvent(kind, {key: " ", bubbles: true, composed: true}))
  let button = null, seen = log.length, pressed = 0, after = performance.now() + look * Math.random()
  const turn = () => {
    const now = performance.now()
    for (; seen < log.length; seen++) if (pressed && log[seen].at > pressed) {
      taken[log[seen].kind]?.push(log[seen].ms)
      // Whatever comes after the first picture belongs to the same press.
      if (!after) after = now + look * (0.5 + Math.random())
    }
    if (now > ended) { window.over = true; return }
    button = button?.isConnected ? button : seek(document, "[data-action=confirm]")
    if (pressed && !after && now > pressed + 10000) after = now
    if (after && now > after) {
      if (button && !button.disabled) { pressed = now; after = 0; key("keydown"); key("keyup") }
      else { taken.nothing += 1; after = now + 200 }
    }
    setTimeout(turn, 10)
  }
  turn()
}
"""


def crowd(browser: Browser, station: Station, rows: int, seconds: float, spread: Spread) -> dict[str, Any]:
    """Reviewers who page through their strips while images arrive."""
    columns = round(rows * 0.743)
    with (
        tempfile.TemporaryDirectory(prefix="imgdash-arriving-") as folder,
        station("--images", "24", "--rows", str(rows), "--columns", str(columns)) as about,
    ):
        files = list(radiographs(Path(folder), 6, rows, columns, first=1000))
        pages = [_opened(browser, about["url"], number) for number in range(_REVIEWERS)]
        _say(f"{len(pages)} tabs are open")
        over = threading.Event()
        sent: list[int] = []
        sender = threading.Thread(target=_arrive, args=(about["dicom"], files, over, sent), daemon=True)
        begun, spent = time.monotonic(), _spent(about["pid"])
        sender.start()
        for page in pages:
            page.evaluate(_WORK, [_LOOK_MS, seconds])
        for page in pages:
            page.wait_for_function("window.over", timeout=1000 * (seconds + 60))
        lasted, now = time.monotonic() - begun, _spent(about["pid"])
        over.set()
        sender.join()
        taken = [page.evaluate("taken") for page in pages]
        for page in pages:
            page.close()
        cores = {f"cores of {name}": round((now[name] - spent[name]) / lasted, 2) for name in now}
        shown = {
            f"Space to {kind}": spread([ms for one in taken for ms in one[kind]])
            for kind in ("preview", "frame")
            if any(one[kind] for one in taken)
        }
        measured = {
            "reviewers": len(taken),
            "images a second": round(sum(sent) / lasted, 1),
            "rows": rows,
            "seconds": round(lasted),
            "found nothing to do": sum(one["nothing"] for one in taken),
        }
        return {**measured, **shown, **cores}


def _opened(browser: Browser, url: str, number: int) -> Page:
    page = browser.new_page(viewport={"width": 1600, "height": 900})
    page.add_init_script(SEEK)
    page.set_default_timeout(60_000)
    page.goto(url)
    page.click(f"button[value=reviewer{number}]")
    page.wait_for_function("(window.imgdash?.painted || []).some((one) => one.kind === 'frame')")
    return page


def _arrive(port: int, files: list[Path], over: threading.Event, sent: list[int]) -> None:
    """Five images each second, one association for each five; under new UIDs they are new images."""
    begun = time.monotonic()
    group = [str(files[number % len(files)]) for number in range(round(_RATE))]
    while not over.wait(max(0.0, begun + sum(sent) / _RATE - time.monotonic())):
        subprocess.run(
            [PEERS["storescu"], "+II", "-aec", "IMGDASH", "-aet", "TESTER", "127.0.0.1", str(port), *group], check=True
        )
        sent.append(len(group))


def _spent(pid: int) -> dict[str, float]:
    """Seconds of processor time: the station's own process, its workers and receivers, and the browsers."""
    station = psutil.Process(pid)
    found = {"the station": _time(station), "its workers": sum(_time(one) for one in station.children(recursive=True))}
    browsers = [one for one in psutil.Process().children(recursive=True) if "chrom" in one.name()]
    return {**found, "the browsers": sum(_time(one) for one in browsers)}


def _time(process: psutil.Process) -> float:
    try:
        return sum(process.cpu_times()[:2])
    except psutil.NoSuchProcess:
        return 0.0


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)
