"""Many reviewers at once while images arrive: a part of `tests.benchmarks.interact`.

Each presses Space by itself, all of them at the same time, as soon as the image is there and a person would have
looked at it. Measured twice. ``tabs``: all of them are tabs of a browser, on the same machine as the station; where
that has two cores the browsers take most of them, as no hospital would have it, and one waits for their drawing.
``station``: one is a tab, the others are `tests.benchmarks.interact_light`, which speak with the station as a tab does
and draw nothing; both see what the station takes with so many sessions. Who used the processor is told for both.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
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
# So long that eight of them decide on fewer images than arrive: else they wait for these, not for the station.
_LOOK_MS = 2200.0
_AWAITING = 40
# Presses Space where it is possible, waits until another image is painted, looks at it for a while.
_WORK = """
([look, seconds]) => {
  const log = imgdash.painted, ended = performance.now() + 1000 * seconds
  const taken = window.taken = {preview: [], frame: [], nothing: 0}
  const key = (kind) => document.body.dispatchEvent(new KeyboardEvent(kind, {key: " ", bubbles: true, composed: true}))
  const came = new Set()
  let button = null, seen = log.length, pressed = 0, after = performance.now() + look * Math.random()
  const turn = () => {
    const now = performance.now()
    for (; seen < log.length; seen++) if (pressed && log[seen].at > pressed) {
      // Whatever comes after the first picture belongs to the same press.
      if (!came.has(log[seen].kind)) taken[log[seen].kind]?.push(log[seen].ms)
      came.add(log[seen].kind)
      if (!after) after = now + look * (0.5 + Math.random())
    }
    if (now > ended) { window.over = true; return }
    button = button?.isConnected ? button : seek(document, "[data-action=confirm]")
    if (pressed && !after && now > pressed + 10000) after = now
    if (after && now > after) {
      if (button && !button.disabled) { pressed = now; after = 0; came.clear(); key("keydown"); key("keyup") }
      else { taken.nothing += 1; after = now + 200 }
    }
    setTimeout(turn, 10)
  }
  turn()
}
"""


def crowd(browser: Browser, station: Station, rows: int, seconds: float, spread: Spread) -> dict[str, Any]:
    """Reviewers who page through their strips while images arrive: all in tabs, and one in a tab."""
    found = {}
    for name, tabs in (("tabs", _REVIEWERS), ("station", 1)):
        found[name] = _crowd(browser, station, rows, seconds, spread, tabs)
        _say(str(found[name]))
    return {"reviewers": _REVIEWERS, "rows": rows, **found}


def _crowd(browser: Browser, station: Station, rows: int, seconds: float, spread: Spread, tabs: int) -> dict[str, Any]:
    columns = round(rows * 0.743)
    with (
        tempfile.TemporaryDirectory(prefix="imgdash-arriving-") as folder,
        station("--images", str(_AWAITING), "--rows", str(rows), "--columns", str(columns)) as about,
    ):
        files = list(radiographs(Path(folder), 6, rows, columns, first=1000))
        pages = [_opened(browser, about["url"], number) for number in range(tabs)]
        others = Others(about["url"], tabs, seconds) if tabs < _REVIEWERS else None
        _say(f"{_REVIEWERS} sessions are open, {tabs} of them in tabs")
        over = threading.Event()
        sent: list[int] = []
        sender = threading.Thread(target=_arrive, args=(about["dicom"], files, over, sent), daemon=True)
        begun, spent = time.monotonic(), _spent(about["pid"])
        sender.start()
        if others is not None:
            others.begin()
        for page in pages:
            page.evaluate(_WORK, [_LOOK_MS, seconds])
        for page in pages:
            page.wait_for_function("window.over", timeout=1000 * (seconds + 60))
        taken = [page.evaluate("taken") for page in pages]
        told = others.end() if others is not None else None
        lasted, now = time.monotonic() - begun, _spent(about["pid"])
        over.set()
        sender.join()
        for page in pages:
            page.close()
        cores = {f"cores of {name}": round((now[name] - spent[name]) / lasted, 2) for name in now}
        if told is not None:
            cores["without a screen, no other image awaited"] = told["last"]
            cores["without a screen, another image instead of one that had come up"] = told["swapped"]
            cores["cores of those without a screen"] = round(told["spent"] / lasted, 2)
        shown = _spreads(spread, taken, "Space to {}")
        shown |= _spreads(spread, [told] if told is not None else [], "Space to {}, without a screen")
        measured = {
            "images a second": round(sum(sent) / lasted, 1),
            "seconds": round(lasted),
            "found nothing to do": sum(one["nothing"] for one in [*taken, *([told] if told is not None else [])]),
        }
        return {**measured, **shown, **cores}


def _spreads(spread: Spread, taken: Sequence[Mapping[str, Any]], name: str) -> dict[str, Any]:
    found = {kind: [ms for one in taken for ms in one[kind]] for kind in ("preview", "frame")}
    return {name.format(kind): spread(values) for kind, values in found.items() if values}


class Others:
    """The reviewers without a screen, in a process of their own."""

    def __init__(self, url: str, first: int, seconds: float) -> None:
        asked = [url, str(_REVIEWERS - first), str(first), str(seconds), str(_LOOK_MS / 1000)]
        command = [sys.executable, "-m", "tests.benchmarks.interact_light", *asked]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._told()

    def begin(self) -> None:
        """Look and press."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def end(self) -> dict[str, Any]:
        """What they measured."""
        found = self._told()
        self._process.wait(60)
        return found

    def _told(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the reviewers without a screen ended")
        return dict(json.loads(line))


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
