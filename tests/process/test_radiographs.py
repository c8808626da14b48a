"""Real CR images through their own keys: what a radiographer would look for, in figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pydicom
import pytest
import xarray as xr
from pydicom.uid import ImplicitVRLittleEndian

from imgdash import process
from imgdash.process import Chain
from imgdash.process.automatic.calculation import polygon_mask
from imgdash.process.automatic.region import core
from imgdash.process.selection import choose
from imgdash.reduce import Reduced, reduce_image
from imgdash.store import condition_text, conditions, pixels

pytestmark = pytest.mark.radiographs


def _open(path: Path) -> xr.DataArray:
    ds = pydicom.dcmread(path, force=True)  # the chest is older than DICOM files: no preamble, no meta information
    if "TransferSyntaxUID" not in ds.file_meta:
        ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    return xr.DataArray(ds.pixel_array, dims=("y", "x"), attrs=pixels.attributes(ds))


def _process(path: Path) -> tuple[str, Reduced, Chain, dict[str, Any], np.ndarray]:
    stored = _open(path)
    keys = [
        condition_text.parse(p.stem, p.read_text(encoding="utf-8"), p.name) for p in conditions.shipped().glob("*.toml")
    ]
    condition, _ = choose(keys, stored.attrs, None)
    chain = Chain.of(condition.processing)
    reduced = reduce_image(stored)
    calculated = process.calculate(reduced, chain, attrs=stored.attrs)
    return condition.key, reduced, chain, calculated, process.form(stored, chain, calculated, bits=12).values


# Blind to planes and straight edges (Immerkær 1996).
GRAIN = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6

CASES = {
    "RG2.dcm": ("hip", (0.68, 0.74), True),
    "RG3.dcm": ("extremity", (0.42, 0.48), True),
    "CR-MONO1-10-chest.dcm": ("chest-pa", (0.98, 1.0), False),
}


@pytest.mark.parametrize("name", CASES)
def test_a_real_image_is_processed_well(radiographs: Path, name: str) -> None:
    key, (least, most), has_direct = CASES[name]
    found_key, reduced, chain, calculated, out = _process(radiographs / name)
    assert found_key == key
    assert least <= calculated["field_fraction"] <= most
    assert calculated["confidence"]["field"] > 0.7
    assert (calculated["direct_fraction"] > 0.3) == has_direct
    assert calculated["s_high"] - calculated["s_low"] > 0.4
    assert calculated["clipped_low"] + calculated["clipped_high"] < 0.01
    # The object, inside the field and away from its edges, uses the grey scale and is not cut off by it.
    signal = reduced.processing
    inside = polygon_mask(calculated["field"], signal.shape, reduced.extent_mm)
    shown = process.kernels.resize(out.astype(np.float32), *signal.shape) / 4095
    object_ = core(inside, inside) & (signal > (calculated["direct_threshold"] or 0.1) + 0.03)
    assert (shown[object_] > 0.985).mean() < 0.02
    assert (shown[object_] < 0.01).mean() < 0.02
    dark, light = np.percentile(shown[object_], [5, 95])
    assert dark < 0.30
    assert light > 0.72
    if has_direct:
        direct = inside & (signal < calculated["direct_threshold"])
        assert np.percentile(shown[direct], 90) < 0.01
    quick = process.preview(reduced.display, 1.0, chain, calculated, bits=12) / 4095
    whole = process.kernels.resize(out.astype(np.float32), *quick.shape) / 4095
    assert np.abs(quick - whole).mean() < 0.01


def test_detail_of_bone_is_crisper_than_before(radiographs: Path) -> None:
    _, _, _, calculated, out = _process(radiographs / "RG2.dcm")
    head = (slice(700, 900), slice(780, 1000))  # the femoral head
    stored = _open(radiographs / "RG2.dcm").values[head] / 1023
    plain = (stored - calculated["s_low"]) / (calculated["s_high"] - calculated["s_low"])
    fine_before = np.std(np.diff(plain, axis=1))
    fine_after = np.std(np.diff(out[head] / 4095, axis=1))
    assert 1.2 < fine_after / fine_before < 2.5


def test_compressed_pixels_give_the_same_image(radiographs: Path) -> None:
    assert np.array_equal(_process(radiographs / "RG2.dcm")[4], _process(radiographs / "RG2_J2KR.dcm")[4])


@pytest.mark.parametrize("name", ["RG2.dcm", "RG3.dcm"])
def test_grain_is_left_alone_where_edges_gain(radiographs: Path, name: str) -> None:
    """Frequency processing on against off: noise in flat soft tissue by no more than a fifth, strong edges by 0.4."""
    _, reduced, chain, calculated, on = _process(radiographs / name)
    stored = _open(radiographs / name)
    off = process.form(stored, chain.with_(**{"frequency.amount": 0.0}), calculated, bits=12).values
    inside = polygon_mask(calculated["field"], reduced.processing.shape, reduced.extent_mm)
    soft = core(inside & (reduced.processing > (calculated["direct_threshold"] or 0)), inside)
    region = process.kernels.resize(soft.astype(np.float32), *off.shape) > 0.99
    before, after = (pixels.astype(np.float32) / 4095 for pixels in (off, on))
    region &= (before > 0.1) & (before < 0.5)
    slope = [np.hypot(*np.gradient(cv2.GaussianBlur(pixels, (0, 0), 1.5))) for pixels in (before, after)]
    flat = region & (slope[0] <= np.quantile(slope[0][region], 0.3))
    edges = region & (slope[0] >= np.quantile(slope[0][region], 0.99))
    grain = [float(np.median(np.abs(cv2.filter2D(pixels, -1, GRAIN)[flat]))) for pixels in (before, after)]
    assert grain[1] < 1.2 * grain[0]
    assert np.median(slope[1][edges]) > 1.4 * np.median(slope[0][edges])
