"""Kernels are compiled once on each machine and kept on disk; here that is done before anybody waits for them."""

from __future__ import annotations

import hashlib
import logging
import os
import platform
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Final

import numpy as np
import platformdirs
import xarray as xr

from imgdash.process import fused
from imgdash.process.automatic import calculate
from imgdash.process.fused.compiling import digest as sources
from imgdash.process.parameters import Chain
from imgdash.process.screen import preview
from imgdash.reduce import reduce_image

_LOG = logging.getLogger(__name__)
_SECONDS: Final = 300.0
_POLITE: Final = 10


def warm() -> None:
    """Compile every kernel, or load what was compiled before: half a minute the first time, then a second."""
    for part in PARTS.values():
        part()


def warm_forming() -> None:
    """Those that form images: what a station needs that has its parameters calculated by workers."""
    pixels = np.zeros((64, 64), np.uint16)
    fused.counts(pixels)
    fused.averages(fused.Source(pixels, np.zeros(65536, np.float32)), (32, 32), (16, 16))
    fused.filled(np.zeros((2, 2), np.uint8), 1, 1)
    preview(pixels, 0.2, Chain.of(), {"s_low": 0.0, "s_high": 1.0})


def _warm_calculating() -> None:
    y, x = np.mgrid[-80:80, -80:80]
    # A round field and a square one, something in each.
    for away, region in ((np.hypot(x, y), "spine-lateral"), (np.maximum(abs(x), abs(y)), "anatomy")):
        stored = np.where(away < 60, np.where(away < 30, 600, 100), 1000).astype(np.uint16)
        image = xr.DataArray(stored, dims=("y", "x"), attrs={"BitsStored": 10})
        calculate(reduce_image(image), Chain.of(overrides={"automatic.region": region}), attrs={})


# Compiled at the same time, in a process each.
PARTS: Final = {"forming": warm_forming, "calculating": _warm_calculating}


def compile_elsewhere() -> None:
    """Compile the kernels in processes of their own, unless that was done before; returns when they can be loaded.

    Compiling here would hold up every other thread of this process.
    """
    if stamp().exists():
        return
    with ThreadPoolExecutor(len(PARTS)) as pool:
        troubles = [trouble for trouble in pool.map(_compile, PARTS) if trouble]
    for trouble in troubles:
        _LOG.warning("The image kernels were not compiled ahead: %s", trouble)
    if not troubles:
        _leave_word()


def _compile(part: str) -> str:
    """What went wrong; empty for nothing."""
    command = [sys.executable, "-m", "imgdash.process.warming", part]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False, text=True)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return done.stderr[-500:] or "no reason was given" if done.returncode else ""


def stamp() -> Path:
    """Exists once the kernels of this version were compiled for this processor."""
    parts = [version("numba"), sys.version, platform.machine(), platform.processor(), platform.node()]
    parts += [str(Path(fused.__file__).parent), sources()]
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    return Path(platformdirs.user_cache_dir("imgdash")) / f"kernels-{digest}"


def main() -> None:
    """Compile the parts that are named; where none is, all of them, and leave word that it was done."""
    os.nice(_POLITE)
    for part in sys.argv[1:]:
        PARTS[part]()
    if not sys.argv[1:]:
        warm()
        _leave_word()


def _leave_word() -> None:
    with suppress(OSError):  # nowhere to write: the next start tries again
        stamp().parent.mkdir(parents=True, exist_ok=True)
        stamp().touch()


if __name__ == "__main__":
    main()
