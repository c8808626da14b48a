"""Gradation is monotone whatever is set; GA turns around GC, GS shifts, S/G normalise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgdash import process
from imgdash.process import Chain
from imgdash.process.enhancement import no_detail
from imgdash.process.equalization import no_compression
from imgdash.process.fused import Source, render
from imgdash.process.gradation import evaluate, gradation_curve
from imgdash.process.parameters import Gradation
from imgdash.process.tone import tone_of
from imgdash.reduce import reduce_image
from tests.process.images import body, image


def grade(signal: np.ndarray, chosen: Gradation, low: float, high: float, bits: int) -> np.ndarray:
    return render(Source(signal), no_detail(), no_compression(), gradation_curve(chosen, low, high, bits))


TYPES = Gradation.param["type"].objects


@settings(max_examples=40, deadline=None)
@given(
    kind=st.sampled_from(TYPES),
    contrast=st.floats(0.2, 5),
    center=st.floats(0, 1),
    shift=st.floats(-0.5, 0.5),
    ends=st.tuples(st.floats(-0.2, 0.6), st.floats(0.61, 1.2)),
    bits=st.sampled_from([8, 10, 12, 14, 16]),
)
def test_monotone_always(
    kind: str, contrast: float, center: float, shift: float, ends: tuple[float, float], bits: int
) -> None:
    chosen = Gradation(type=kind, contrast=contrast, center=center, shift=shift)
    signal = np.linspace(-0.5, 1.5, 1200, dtype=np.float32).reshape(2, -1)
    graded = grade(signal, chosen, *ends, bits).astype(np.int64).ravel()
    assert (np.diff(graded) >= 0).all()
    assert graded[0] >= 0
    assert graded[-1] <= (1 << bits) - 1


@pytest.mark.parametrize("kind", TYPES)
def test_ends_are_nearly_black_and_nearly_white_without_hard_clipping(kind: str) -> None:
    black, white = evaluate([0.0, 1.0], Gradation(type=kind))
    assert black < 0.13
    assert white > 0.87
    far = evaluate([-3.0, 4.0], Gradation(type=kind))
    assert far == pytest.approx([0, 1], abs=0.01)


def test_rotation_keeps_its_centre_and_changes_the_slope() -> None:
    chosen = Gradation(type="linear", contrast=2.0, center=0.3)
    assert evaluate([0.3, 0.35], chosen) == pytest.approx([0.3, 0.4])


def test_positive_shift_is_darker() -> None:
    assert evaluate(0.5, Gradation(type="linear", shift=0.1)) == pytest.approx(0.4)


def test_signal_limits_are_the_ends_of_a_linear_curve() -> None:
    signal = np.array([[0.2, 0.5, 0.8]], np.float32)
    assert grade(signal, Gradation(type="linear"), 0.2, 0.8, 12).tolist() == [[0, 2048, 4095]]


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_table_and_formula_agree(bits: int) -> None:
    chosen = Gradation(type="film", contrast=1.4, center=0.4, shift=-0.05)
    signal = np.random.default_rng(1).random((40, 40), dtype=np.float32)
    exact = evaluate((signal - 0.25) / 0.5, chosen) * ((1 << bits) - 1)
    assert np.abs(grade(signal, chosen, 0.25, 0.75, bits) - exact).max() <= (0.75 if bits < 16 else 6)


@pytest.mark.parametrize("kind", TYPES)
def test_direct_exposure_is_black_and_skin_is_not(kind: str) -> None:
    stored = image(body(), pitch=1.0, bits=12)
    chain = Chain.of({"gradation": {"type": kind}, "equalization": {"dark": 0.3, "dark_start": 0.4}})
    calculated = process.calculate(reduce_image(stored), chain, attrs=stored.attrs)
    shown = process.form(stored, chain, calculated, bits=12).values / 4095
    air, skin = shown[:, :40], shown[:, 56:66]  # the limb begins in column 54
    assert np.percentile(air, 99) < 0.01
    assert np.median(skin) > 0.05
    grey = process.form(stored, chain, {**calculated, "direct_threshold": None}, bits=12).values / 4095
    assert np.median(grey[:, :40]) > np.median(air)


def test_a_window_somebody_set_is_not_touched() -> None:
    calculated = {"s_low": 0.1, "s_high": 0.9, "direct_threshold": 0.2}
    assert tone_of(Chain.of(), calculated).black > 0.05
    assert tone_of(Chain.of({"automatic": {"signal": "window"}}), calculated).black == 0
    assert tone_of(Chain.of(), {**calculated, "unprocessed": False}).black == 0
