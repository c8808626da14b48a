"""A station with large images for the benchmarks of the dashboard, in a process of its own.

    python -m tests.benchmarks.station FOLDER [--images 8] [--rows 4280] [--columns 3180]

Prints one line of JSON, ``{"url", "dicom", "images", "pid"}``, once the images await their reviewer, and for each line
it reads what `rest` finds; ends when its standard input does.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil

from imgdash import Apparatus
from imgdash.dashboard import Dashboard
from imgdash.dashboard.app import SHELLS
from imgdash.model import ImageHeader
from imgdash.simulate.phantom import radiograph as expose
from tests.apparatus.sites import BOTH, radiograph, send, site
from tests.benchmarks.recorded import record
from tests.helpers import wait_until

USERS = {f"reviewer{number}": "manager" for number in range(9)}
# Away, so that confirming is measured and not sending.
AWAY = [
    {"name": "STORAGE", "kind": "storage", "ae_title": "STORE", "port": 1},
    {"name": "FILM", "kind": "printer", "ae_title": "PRINTER", "port": 1},
]
REGIONS = (("CHEST", "PA", ""), ("PELVIS", "AP", ""), ("HAND", "PA", "L"))


def radiographs(folder: Path, count: int, rows: int, columns: int, first: int = 0) -> Iterator[Path]:
    """CR images of phantoms, as their maker would send them before processing: logarithmic, 12 bits."""
    exposures = [
        expose(part, view, side=side, pitch_mm=430 / max(rows, columns), size=(rows, columns))
        for part, view, side in REGIONS[: max(1, min(count, len(REGIONS)))]
    ]
    for number in range(first, first + count):
        exposure = exposures[number % len(exposures)]
        signal = np.log(np.maximum(exposure.pixels, 1).astype(np.float32)) * np.float32(4095 / np.log(2**14))
        pixels = np.roll(4095 - signal.astype(np.uint16), 16 * number, axis=1)
        yield radiograph(
            folder / f"{number}.dcm",
            96,
            Rows=rows,
            Columns=columns,
            PixelSpacing=[exposure.pitch_mm] * 2,
            PixelData=pixels.astype("<u2").tobytes(),
            PatientID=f"B{number}",
            AccessionNumber=f"B{number}",
            BodyPartExamined=exposure.body_part,
            ViewPosition=exposure.view,
            StudyID="1",
            SeriesNumber=1,
            InstanceNumber=1,
        )


def main() -> None:
    """Serve until standard input ends."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("folder", type=Path)
    options.add_argument("--images", type=int, default=8)
    options.add_argument("--rows", type=int, default=4280)
    options.add_argument("--columns", type=int, default=3180)
    options.add_argument("--recorded", type=int, default=0, help="further images of which there are records only")
    options.add_argument("--awaiting", type=int, default=0, help="further images that await, of which as well")
    chosen = options.parse_args()
    path = site(chosen.folder, station=BOTH, apparatus=AWAY)
    with Apparatus(path) as apparatus:
        waiting = receive(apparatus, chosen.folder / "sent", chosen.images, (chosen.rows, chosen.columns))
    if chosen.recorded or chosen.awaiting:
        names = tuple(str(output["name"]) for output in AWAY)
        record(chosen.folder, waiting[0], chosen.recorded, names, awaiting=chosen.awaiting)
    with Apparatus(path) as apparatus, Dashboard(apparatus, 0, one_click=USERS, forget_seconds=1.0) as dashboard:
        for name, role in USERS.items():
            apparatus.users.add(name, role, "a long password")
        about = {
            "url": dashboard.url,
            "dicom": apparatus.addresses["dicom"][1],
            "images": [header.image_id for header in waiting],
            "pid": os.getpid(),
        }
        print(json.dumps(about), flush=True)
        for _ in sys.stdin:
            print(json.dumps(rest()), flush=True)


def rest() -> dict[str, float]:
    """Sessions that are open or not let go, and resident megabytes after everything free was given back."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    shells = list(SHELLS)
    return {
        "open": sum(not shell.session.closed for shell in shells),
        "kept": len(shells),
        "mb": round(psutil.Process().memory_info().rss / 2**20, 1),
    }


def receive(apparatus: Apparatus, folder: Path, count: int, size: tuple[int, int]) -> list[ImageHeader]:
    """Send images to the station; their headers, once they await their reviewer."""
    folder.mkdir()
    for path in radiographs(folder, count, *size):
        sent = send(apparatus, path)
        if sent.returncode:
            sys.exit(sent.stderr)
        path.unlink()
    shutil.rmtree(folder)
    return wait_until(lambda: len(found := apparatus.images(state="awaiting")) == count and found, within=120)


if __name__ == "__main__":
    main()
