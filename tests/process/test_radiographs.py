"""Real CR images through their own keys: what a radiographer would look for, in figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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
from imgdash.store import conditions, pixels

pytestmark = pytest.mark.radiographs


def _open(path: Path) -> xr.DataArray:
    ds = pydicom.dcmread(path, force=True)  # the chest is older than DICOM files: no preamble, no meta information
    if "TransferSyntaxUID" not in ds.file_meta:
        ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    return xr.DataArray(ds.pixel_array, dims=("y", "x"), attrs=pixels.attributes(ds))


def _process(path: Path) -> tuple[str, Reduced, Chain, dict[str, Any], np.ndarray]:
    stored = _open(path)
    keys = [
        conditions.parse(p.stem, p.read_text(encoding="utf-8"), p.name) for p in conditions.shipped().glob("*.toml")
    ]
    condition, _ = choose(keys, stored.attrs, None)
    chain = Chain.of(condition.processing)
    reduced = reduce_image(stored)
    calculated = process.calculate(reduced, chain, attrs=stored.attrs)
    return condition.key, reduced, chain, calculated, process.form(stored, chain, calculated, bits=12).values


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
