"""The processing chain at 15 megapixels: ours beside the same steps in OpenCV and NumPy calls, and a plain copy.

    python -m tests.benchmarks.process [--rounds N] [--quick]

All take turns in each round; the best time of each counts, so that other work on the machine disturbs all alike;
``cpu_…`` are the same by processor time of all threads, which other work disturbs least. ``preview`` is the change of
a parameter until the new preview at the size that the station keeps (640 pixels), ``preview_1080`` on a large screen,
each the mean of a few moves of a slider.
Memory is what a fresh process needs at its peak beyond what it had with the image loaded. Prints one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import xarray as xr

from imgdash import process
from imgdash.process import Chain
from imgdash.reduce import reduce_image
from tests.benchmarks.peer import chain_in_opencv

ROWS, COLUMNS, PITCH = 4280, 3520, 0.1
MOVES = 5
SCREENS = {"preview": 640, "preview_1080": 1080}
CHAIN = Chain.of(
    {
        "frequency": {"amount": 1.0},
        "equalization": {"dark": 0.4, "light": 0.3},
        "geometry": {"rotation": 90, "mirror": True},
        "overlay": {"side": "L"},
    }
)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--quick", action="store_true", help="neither memory nor other sizes")
    options.add_argument("--memory", action="store_true", help="only the memory of this process (called by ourselves)")
    chosen = options.parse_args()
    if chosen.memory:
        print(json.dumps(memory()))
        return
    result = ratios(chosen.rounds)
    if not chosen.quick:
        result |= linearity()
        command = [sys.executable, "-m", "tests.benchmarks.process", "--memory"]
        result |= json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    print(json.dumps(result))


def ratios(rounds: int) -> dict[str, float]:
    """Times of the whole chain and its rivals, alternating, and their proportions."""
    stored = radiograph(ROWS, COLUMNS)
    calculated = process.calculate(reduce_image(stored), CHAIN, attrs=stored.attrs)
    screens = {name: reduce_image(stored, display_size=size).display for name, size in SCREENS.items()}
    stage6 = process.form_cached(stored, CHAIN, calculated, bits=16)
    amounts = iter(np.linspace(1.0, 1.4, 1000).round(4).tolist())

    def preview(name: str) -> None:
        # The dearest slider: all of the detail anew; only the pyramid of the image stays.
        for _ in range(MOVES):
            changed = CHAIN.with_(**{"frequency.amount": next(amounts)})
            process.preview(screens[name], PITCH, changed, calculated)

    runs: dict[str, Callable[[], Any]] = {
        "copy": stored.values.copy,
        "whole": lambda: process.form(stored, CHAIN, calculated, scale=0.5, bits=16),
        "peer": lambda: chain_in_opencv(stored.values, CHAIN, calculated, PITCH, scale=0.5),
        "second": lambda: process.finish(stage6, CHAIN, scale=0.5, bits=16),
        **{name: partial(preview, name) for name in SCREENS},
    }
    best, cpu = alternating(runs, rounds)
    for seconds in (best, cpu):
        seconds |= {name: seconds[name] / MOVES for name in SCREENS}
    return {
        "megapixels": round(ROWS * COLUMNS / 1e6, 1),
        "threads": cv2.getNumThreads(),
        **{f"{name}_ms": round(1e3 * seconds, 2) for name, seconds in best.items()},
        "whole/peer": round(best["whole"] / best["peer"], 3),
        "whole/copy": round(best["whole"] / best["copy"], 1),
        "preview/whole": round(best["preview"] / best["whole"], 3),
        "preview_1080/whole": round(best["preview_1080"] / best["whole"], 3),
        "second_apparatus_saves": round(1 - best["second"] / best["whole"], 3),
        **{f"cpu_{name}_ms": round(1e3 * cpu[name], 1) for name in ("preview", "preview_1080", "second", "peer")},
        "cpu_whole_ms": round(1e3 * cpu["whole"], 1),
        "cpu_whole/peer": round(cpu["whole"] / cpu["peer"], 3),
        "cpu_whole/copy": round(cpu["whole"] / cpu["copy"], 1),
    }


def linearity(rounds: int = 3) -> dict[str, Any]:
    """Nanoseconds of the processor for a pixel, 1 to 60 megapixels of the same plate: finer and finer pitch."""
    per_pixel: dict[str, float] = {}
    for megapixels in (1, 4, 15, 30, 60):
        factor = float(np.sqrt(megapixels * 1e6 / (ROWS * COLUMNS)))
        stored = radiograph(round(ROWS * factor / 2) * 2, round(COLUMNS * factor / 2) * 2)
        calculated = process.calculate(reduce_image(stored), CHAIN, attrs=stored.attrs)
        run = {"form": lambda s=stored, c=calculated: process.form(s, CHAIN, c, scale=0.5, bits=16)}
        per_pixel[str(megapixels)] = round(1e9 * alternating(run, rounds)[1]["form"] / stored.size, 2)
    slope = max(per_pixel.values()) / min(per_pixel.values())
    return {"cpu_ns_per_pixel_at_megapixels": per_pixel, "dearest/cheapest": round(slope, 2)}


def memory() -> dict[str, float]:
    """Peak of this process while it forms the image, beyond what it held before, in images."""
    stored = radiograph(ROWS, COLUMNS)
    small = radiograph(256, 256)
    calculated = process.calculate(reduce_image(stored), CHAIN, attrs=stored.attrs)
    process.form(small, CHAIN, process.calculate(reduce_image(small), CHAIN, attrs=small.attrs), scale=0.5, bits=16)
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew from what is held now
    before = _status("VmRSS")
    process.form(stored, CHAIN, calculated, scale=0.5, bits=16)
    return {"extra_memory/image": round((_status("VmHWM") - before) / stored.values.nbytes, 2)}


def alternating(runs: dict[str, Callable[[], Any]], rounds: int) -> tuple[dict[str, float], dict[str, float]]:
    """Least seconds of each, by the clock and of the processor; first in one round is last in the next."""
    best, cpu = dict.fromkeys(runs, float("inf")), dict.fromkeys(runs, float("inf"))
    names = list(runs)
    for turn in range(rounds + 1):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            clock, used = time.perf_counter(), time.process_time()
            runs[name]()
            if turn:  # the first is for loading
                cpu[name] = min(cpu[name], time.process_time() - used)
                best[name] = min(best[name], time.perf_counter() - clock)
    return best, cpu


def radiograph(rows: int, columns: int) -> xr.DataArray:
    """A 16-bit image with large and small structures, steps and noise; a plate of one size whatever the pitch."""
    y, x = np.linspace(0, 1, rows, dtype=np.float32)[:, None], np.linspace(0, 1, columns, dtype=np.float32)
    values = 30000 + 12000 * np.sin(9 * y) * np.cos(7 * x) + 1500 * np.sin(300 * y) * np.sin(250 * x)
    values += np.where(x > 0.5, np.float32(4000), np.float32(0))
    values += np.random.default_rng(5).standard_normal(values.shape, dtype=np.float32) * 150
    pitch = PITCH * ROWS / rows
    attrs = {"PhotometricInterpretation": "MONOCHROME2", "BitsStored": 16, "PixelSpacing": [pitch, pitch]}
    return xr.DataArray(np.clip(values, 0, 65535).astype(np.uint16), dims=("y", "x"), attrs=attrs)


def _status(name: str) -> int:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    main()
