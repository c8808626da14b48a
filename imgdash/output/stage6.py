"""Images after step (6), kept while other apparatus may need them (G3)."""

from __future__ import annotations

import contextlib
import fcntl
import json
from pathlib import Path
from typing import Final

import numpy as np
import xarray as xr

from imgdash import process
from imgdash.output.job import Job, stage6_digest
from imgdash.store import rows

_SUFFIX: Final = ".stage6.npz"
_MOST: Final = 64


def stage6(job: Job, image: xr.DataArray) -> xr.DataArray:
    """The image after rotation and mirror: from the cache, or formed and kept there."""
    path = job.folder / f"{job.header.image_id}-{stage6_digest(job)}{_SUFFIX}"
    if (kept := _read(path)) is not None:
        return kept
    # Two workers may want it at once: the second waits, which is less work than forming it twice.
    with open(path.with_suffix(".lock"), "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (kept := _read(path)) is not None:
            return kept
        steps = [step for step in job.apparatus.steps if step not in ("scale", "overlay")]
        formed = process.form_cached(image, job.chain, job.header.parameters, steps, bits=job.apparatus.bits)
        _write(path, formed)
        _make_room(job.folder)
    return formed


def _write(path: Path, formed: xr.DataArray) -> None:
    attrs = json.dumps(rows.plain(formed.attrs))
    temporary = path.with_suffix(".tmp")
    with open(temporary, "wb") as file:
        np.savez(file, pixels=formed.values, y=formed.y.values, x=formed.x.values, attrs=np.str_(attrs))
    temporary.replace(path)


def _read(path: Path) -> xr.DataArray | None:
    try:
        with np.load(path, allow_pickle=False) as data:
            return xr.DataArray(
                data["pixels"],
                dims=("y", "x"),
                coords={"y": data["y"], "x": data["x"]},
                attrs=json.loads(str(data["attrs"])),
            )
    except FileNotFoundError:
        return None


def _make_room(folder: Path) -> None:
    """Keep the latest only: where one apparatus is away for days, its images are formed anew when it is back."""
    ages = []
    for path in folder.glob(f"*{_SUFFIX}"):
        with contextlib.suppress(FileNotFoundError):
            ages.append((path.stat().st_mtime, path))
    for _, path in sorted(ages)[:-_MOST]:
        path.unlink(missing_ok=True)
        path.with_suffix(".lock").unlink(missing_ok=True)
