"""Contact sheets of real radiographs and phantoms under every shipped key that fits them, before and after.

    python -m tests.contact_sheets FOLDER [--only WORD …] [--crop X Y …] [--phantoms]

For people to look at: a page for each image and key, PNG. Above the whole image by its header's window (or straight
between its signal limits) with the field that was found, beside it as the key shows it; below, pieces of both, one
pixel to one. Nothing of it belongs into the repository.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pydicom
import xarray as xr
from pydicom.uid import ImplicitVRLittleEndian

from imgdash import process
from imgdash.model import Condition
from imgdash.process import Chain
from imgdash.process.kernels import resize
from imgdash.process.selection import choose
from imgdash.reduce import reduce_image
from imgdash.simulate import phantom
from imgdash.simulate.technique import CHART
from imgdash.store import condition_text, conditions, pixels
from tests.conftest import radiographs_folder
from tests.process.images import image

HEIGHT = 760
PIECE = 380
LINE = 24
# Keys a radiographer could have meant, beside the one that is chosen.
ALSO = {"hip": ("pelvis", "general"), "extremity": ("hand", "knee-ap", "general"), "chest-pa": ("chest-ap", "general")}


def shipped() -> dict[str, Condition]:
    """Every shipped key."""
    found = sorted(conditions.shipped().glob("*.toml"))
    return {path.stem: condition_text.parse(path.stem, path.read_text(encoding="utf-8"), path.name) for path in found}


def opened(path: Path) -> xr.DataArray:
    """A radiograph; the oldest have neither preamble nor meta information."""
    ds = pydicom.dcmread(path, force=True)
    if "TransferSyntaxUID" not in ds.file_meta:
        ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    return xr.DataArray(ds.pixel_array, dims=("y", "x"), attrs=pixels.attributes(ds))


def images(only: Sequence[str], phantoms: bool) -> Iterator[tuple[str, xr.DataArray]]:
    """Name and image."""
    for path in sorted(radiographs_folder().glob("*.dcm")):
        if not only or any(word in path.stem for word in only):
            yield path.stem, opened(path)
    for (part, view), chart in CHART.items() if phantoms else ():
        name = f"{part}-{view}"
        if part != "FLAT" and (not only or any(word in name for word in only)):
            side = "R" if chart.paired else ""
            made = phantom.radiograph(part, view, seed=5, side=side, pitch_mm=0.2)
            yield name, _raw(made, BodyPartExamined=part, ViewPosition=view)


def _raw(made: phantom.Exposure, **attrs: Any) -> xr.DataArray:
    return image(
        made.pixels, pitch=made.pitch_mm, bits=phantom.BITS, PhotometricInterpretation="MONOCHROME1",
        PresentationIntentType="FOR PROCESSING", PixelIntensityRelationship="LIN", PixelIntensityRelationshipSign=1,
        **{"Modality": "DX", **attrs},
    )  # fmt: skip


def page(stored: xr.DataArray, condition: Condition, crops: Sequence[tuple[float, float]]) -> np.ndarray:
    """One image under one key."""
    chain = Chain.of(condition.processing)
    reduced = reduce_image(stored)
    found = process.calculate(reduced, chain, attrs=stored.attrs)
    after = _grey(process.form(stored, chain, found, bits=12))
    before = _grey(process.form(stored, Chain.of({"gradation": {"type": "linear"}}), found, steps=["gradation"]))
    wholes = [_whole(before), _whole(after)]
    scale = np.array([wholes[0].shape[1] / found["extent_mm"][1], wholes[0].shape[0] / found["extent_mm"][0]])
    for polygon in found["field"]:
        cv2.polylines(wholes[0], [np.rint(np.array(polygon) * scale).astype(np.int32)], True, 255, 1, cv2.LINE_AA)
    pieces = []
    for x, y in crops:
        pieces += [_piece(before, x, y), _piece(after, x, y)]
    rows = [np.hstack(wholes), *(np.hstack(pieces[k : k + 4]) for k in range(0, len(pieces), 4))]
    sure = {name: value for name, value in found["confidence"].items() if value is not None}
    said = (
        f"{condition.key} v{condition.version}  S {found['s_low']:.3f}..{found['s_high']:.3f}  "
        f"field {found['field_fraction']:.2f}  direct {found['direct_fraction']:.2f} {found['direct_threshold']}",
        f"sure {sure}",
    )
    width = max(row.shape[1] for row in rows)
    text = np.zeros((LINE * len(said), width), np.uint8)
    for k, line in enumerate(said):
        cv2.putText(text, line, (4, LINE * k + 17), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 255, 1, cv2.LINE_AA)
    rows = [np.pad(row, ((0, 4), (0, width - row.shape[1]))) for row in rows]
    return np.vstack([text, *rows])


def _grey(formed: xr.DataArray) -> np.ndarray:
    full = (1 << formed.attrs["BitsStored"]) - 1
    return np.asarray(np.rint(formed.values * (255 / full)), np.uint8)


def _whole(grey: np.ndarray) -> np.ndarray:
    rows = min(HEIGHT, grey.shape[0])
    small = resize(grey.astype(np.float32), rows, round(grey.shape[1] * rows / grey.shape[0]))
    return np.asarray(np.rint(small), np.uint8)


def _piece(grey: np.ndarray, x: float, y: float) -> np.ndarray:
    top, left = (int(max(0, min(n - PIECE, part * n - PIECE / 2))) for n, part in zip(grey.shape, (y, x), strict=True))
    cut = grey[top : top + PIECE, left : left + PIECE]
    return np.pad(cut, ((0, PIECE - cut.shape[0]), (0, PIECE - cut.shape[1])))


def main() -> None:
    """Write the pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*", default=[], help="images whose name holds one of these")
    parser.add_argument("--keys", nargs="*", default=[], help="instead of those that fit")
    parser.add_argument("--crop", nargs="*", type=float, default=[0.5, 0.5, 0.3, 0.35], help="centres, x y, 0…1")
    parser.add_argument("--phantoms", action="store_true", help="phantoms also")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    crops = list(zip(arguments.crop[::2], arguments.crop[1::2], strict=True))
    keys = shipped()
    for name, stored in images(arguments.only, arguments.phantoms):
        first = choose(list(keys.values()), stored.attrs, None)[0].key
        for key in arguments.keys or (first, *ALSO.get(first, ("general",))):
            cv2.imwrite(str(arguments.folder / f"{name}--{key}.png"), page(stored, keys[key], crops))


if __name__ == "__main__":
    main()
