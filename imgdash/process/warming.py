"""Kernels are compiled once on each machine and kept on disk; here that is done before anybody waits for them."""

from __future__ import annotations

import hashlib
import logging
import os
import platform
import subprocess
import sys
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
    """Compile every kernel, or load what was compiled before: seconds the first time, then a third of one."""
    pixels = np.zeros((64, 64), np.uint16)
    fused.counts(pixels)
    fused.averages(fused.Source(pixels, np.zeros(65536, np.float32)), (32, 32), (16, 16))
    preview(pixels, 0.2, Chain.of(), {"s_low": 0.0, "s_high": 1.0})
    fused.filled(np.zeros((2, 2), np.uint8), 1, 1)
    y, x = np.mgrid[-80:80, -80:80]
    # A round field and a square one, something in each.
    for away, region in ((np.hypot(x, y), "spine-lateral"), (np.maximum(abs(x), abs(y)), "anatomy")):
        stored = np.where(away < 60, np.where(away < 30, 600, 100), 1000).astype(np.uint16)
        image = xr.DataArray(stored, dims=("y", "x"), attrs={"BitsStored": 10})
        calculate(reduce_image(image), Chain.of(overrides={"automatic.region": region}), attrs={})


def compile_elsewhere() -> None:
    """Compile the kernels in a process of its own, unless that was done before; returns when they can be loaded.

    Compiling here would hold up every other thread of this process.
    """
    if stamp().exists():
        return
    command = [sys.executable, "-m", "imgdash.process.warming"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False, text=True)
    except (OSError, subprocess.TimeoutExpired) as error:
        _LOG.warning("The image kernels were not compiled ahead: %s", error)
        return
    if done.returncode:
        _LOG.warning("The image kernels were not compiled ahead: %s", done.stderr[-500:])


def stamp() -> Path:
    """Exists once the kernels of this version were compiled for this processor."""
    parts = [version("numba"), sys.version, platform.machine(), platform.processor(), platform.node()]
    parts += [str(Path(fused.__file__).parent), sources()]
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    return Path(platformdirs.user_cache_dir("imgdash")) / f"kernels-{digest}"


def main() -> None:
    """Compile, and leave word that it was done."""
    os.nice(_POLITE)
    warm()
    with suppress(OSError):  # nowhere to write: the next start tries again
        stamp().parent.mkdir(parents=True, exist_ok=True)
        stamp().touch()


if __name__ == "__main__":
    main()
