"""The numbers of PS3.14, and another implementation of it."""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pytest

from imgdash.model import ImgdashError
from imgdash.process import gsdf

# PS3.14 Table D.2-1: P-value → optical density of an 8-bit printer, L0 2000, La 10, 0.20 … 3.00.
TABLE_D2_1 = {
    0: 3.000, 1: 2.936, 2: 2.880, 3: 2.828, 4: 2.782, 8: 2.628, 16: 2.405, 32: 2.103, 48: 1.882, 64: 1.698,
    80: 1.537, 96: 1.390, 112: 1.252, 128: 1.122, 144: 0.996, 160: 0.875, 176: 0.757, 192: 0.641, 208: 0.527,
    224: 0.415, 240: 0.304, 248: 0.248, 254: 0.207, 255: 0.200,
}  # fmt: skip


def test_ends_of_the_function() -> None:
    assert gsdf.luminance(1) == pytest.approx(0.0500, abs=5e-5)
    assert gsdf.luminance(1023) == pytest.approx(3993.33, abs=0.1)
    assert (np.diff(gsdf.luminance(np.arange(1, 1024))) > 0).all()


def test_inverse_to_a_tenth_of_a_jnd() -> None:
    j = np.arange(1, 1024)
    assert np.abs(gsdf.jnd_index(gsdf.luminance(j)) - j).max() < 0.092


def test_film_of_annex_d() -> None:
    assert gsdf.film_range(0.20, 3.00, 2000, 10) == pytest.approx((233.32, 847.19), abs=0.01)
    ours = gsdf.film_densities(list(TABLE_D2_1))
    assert np.abs(ours - list(TABLE_D2_1.values())).max() < 0.0013


def test_film_at_more_bits_has_the_same_ends() -> None:
    assert gsdf.film_densities([0, 4095], 12) == pytest.approx([3.0, 0.2], abs=0.002)


def test_a_film_outside_the_function_is_refused() -> None:
    with pytest.raises(ImgdashError, match="Grayscale Standard Display Function"):
        gsdf.film_range(0.2, 4.5, 500, 0)


def test_beside_colour_science() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it misses matplotlib, which it does not need here
        from colour.models import eotf_DICOMGSDF, eotf_inverse_DICOMGSDF
    # It puts a stand-in in the place of what it misses, on which HoloViews would stumble in a later test.
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        if getattr(sys.modules[name], "__spec__", None) is None:
            del sys.modules[name]
    j = np.array([1.0, 50, 233, 512, 847, 1000])
    assert gsdf.luminance(j) == pytest.approx(eotf_DICOMGSDF(j, in_int=True), rel=1e-3)
    levels = np.array([0.5, 5, 50, 500, 2000.0])
    theirs = eotf_inverse_DICOMGSDF(levels, out_int=True)
    assert np.abs(gsdf.jnd_index(levels) - theirs).max() <= 1
