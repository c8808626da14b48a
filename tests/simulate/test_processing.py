"""The maker's own processing: honours what is wanted, says what it did, leaves nothing clipped."""

from __future__ import annotations

import numpy as np

from imgdash.simulate import processing
from imgdash.simulate.phantom import COUNTS_PER_UGY
from tests.simulate.making import exposure


def test_it_does_what_is_wanted_and_says_so() -> None:
    made = exposure("PELVIS", "AP", side="")
    plain = processing.process(made)
    wanted = {"gradation.contrast": 1.6, "equalization.light": 0.0, "overlay.comment": "x", "frequency.amount": "many"}
    strong = processing.process(made, wanted)
    assert strong.performed["gradation.contrast"] == 1.6
    assert strong.performed["frequency.amount"] == processing.PARAMETERS["frequency.amount"][0]
    assert set(strong.performed) == set(processing.PARAMETERS)
    inner = np.s_[60:-60, 60:-60]
    assert strong.pixels[inner].std() > 1.1 * plain.pixels[inner].std()


def test_values_are_held_within_their_bounds() -> None:
    performed = processing.chosen({"gradation.contrast": 99, "gradation.shift": float("nan")})
    assert performed["gradation.contrast"] == 5.0
    assert performed["gradation.shift"] == 0.0


def test_nothing_diagnostic_is_clipped() -> None:
    pixels = processing.process(exposure("CHEST", "PA", side="")).pixels[60:-60, 60:-60]
    assert ((pixels == 0) | (pixels == 4095)).mean() < 0.005


def test_inappropriate_processing_leaves_few_grey_values() -> None:
    pixels = processing.process(exposure(), squeeze=True).pixels
    assert np.ptp(pixels) < 0.1 * 4096


def test_raw_values_are_logarithmic_in_dose() -> None:
    once, ten = (
        processing.raw_log(exposure("FLAT", "AP", side="", mas=mas), 12)[100:-100, 100:-100].mean() for mas in (2, 20)
    )
    assert ten - once == np.float64(ten - once)
    assert abs((ten - once) - 4095 / processing.RAW_DECADES) < 15
    assert COUNTS_PER_UGY == 100
