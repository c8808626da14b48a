"""VOI windows and tables beside pydicom's."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.pixels import apply_voi, apply_windowing

from imgdash.model import ImgdashError
from imgdash.process import voi


def _dataset(center: float, width: float, function: str) -> Dataset:
    ds = Dataset()
    ds.PhotometricInterpretation = "MONOCHROME1"
    ds.PixelRepresentation = 0
    ds.BitsStored = 8
    ds.WindowCenter, ds.WindowWidth, ds.VOILUTFunction = center, width, function
    return ds


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize(("center", "width"), [(254, 128), (0, 1.5), (100.5, 33), (128, 256)])
def test_same_as_pydicom(function: str, center: float, width: float) -> None:
    values = np.arange(256, dtype=np.uint8)
    theirs = apply_windowing(values, _dataset(center, width, function))
    ours = voi.window(values, center, width, function, (0, 255))
    assert ours == pytest.approx(theirs, abs=1e-9)


def test_pydicoms_own_sigmoid_numbers() -> None:
    # The case of pydicom's test suite: uint8, centre 254, width 128, SIGMOID.
    ours = voi.window([0, 1, 128, 254, 255], 254, 128, "SIGMOID", (0, 255))
    assert ours == pytest.approx([0.1, 0.1, 4.9, 127.5, 129.5], abs=0.05)


def test_width_one_is_a_threshold() -> None:
    assert voi.window([9, 10, 11], 10, 1).tolist() == [0, 1, 1]
    assert voi.window([9, 10, 11], 10.5, 1).tolist() == [0, 0, 1]


@pytest.mark.parametrize(("function", "width"), [("LINEAR", 0.5), ("SIGMOID", 0), ("LINEAR_EXACT", -1), ("CUBIC", 10)])
def test_what_the_standard_forbids(function: str, width: float) -> None:
    with pytest.raises(ImgdashError):
        voi.window([1], 1, width, function)


def test_lut_same_as_pydicom() -> None:
    ds = _dataset(1, 1, "LINEAR")
    item = Dataset()
    item.LUTDescriptor = [4, 2, 8]
    item.LUTData = [0, 127, 128, 255]
    ds.VOILUTSequence = [item]
    values = np.arange(9, dtype=np.uint8)
    assert voi.lut(values, 2, [0, 127, 128, 255]).tolist() == apply_voi(values, ds).tolist()
