"""Dynamic range compression: the two patents' forms agree, nothing is inverted, no halo at steps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgdash.process.equalization import compression_curve, equalize, unsharp_mask
from imgdash.process.parameters import Equalization

PITCH = (0.5, 0.5)
LOW, HIGH = 0.1, 0.9


def _signal(rows: int = 60, columns: int = 90) -> np.ndarray:
    return np.random.default_rng(3).random((rows, columns), dtype=np.float32)


@pytest.mark.parametrize("edge", [0.0, 0.3])
@pytest.mark.parametrize("alpha", [0.3, 0.7, 1.4])
def test_kodak_with_beta_one_is_fuji_drc(alpha: float, edge: float) -> None:
    signal = _signal()
    kodak = Equalization(method="alpha-beta", alpha=alpha, beta=1.0, middle=0.4, kernel=12, edge=edge)
    mask = unsharp_mask(signal, PITCH, kodak, HIGH - LOW)
    middle = LOW + 0.4 * (HIGH - LOW)
    fuji = signal + (alpha - 1) * (mask - middle)
    assert equalize(signal, PITCH, kodak, LOW, HIGH) == pytest.approx(fuji, abs=2e-6)


def test_kodaks_own_formula() -> None:
    signal = _signal()
    kodak = Equalization(method="alpha-beta", alpha=0.6, beta=1.8, middle=0.5, kernel=12, edge=0)
    low_part = unsharp_mask(signal, PITCH, kodak, HIGH - LOW)
    expected = 0.6 * low_part + (1 - 0.6) * 0.5 + 1.8 * (signal - low_part)
    assert equalize(signal, PITCH, kodak, LOW, HIGH) == pytest.approx(expected, abs=3e-6)


def test_alpha_beta_one_is_the_identity() -> None:
    signal = _signal()
    same = equalize(signal, PITCH, Equalization(method="alpha-beta", alpha=1, beta=1), LOW, HIGH)
    assert np.array_equal(same, signal)
    none = equalize(signal, PITCH, Equalization(light=0, dark=0), LOW, HIGH)
    assert np.array_equal(none, signal)


@settings(max_examples=25, deadline=None)
@given(
    light=st.floats(0, 0.9),
    dark=st.floats(0, 0.9),
    light_start=st.floats(0, 1),
    dark_start=st.floats(0, 1),
)
def test_f1_falls_and_never_so_steeply_that_the_order_is_lost(
    light: float, dark: float, light_start: float, dark_start: float
) -> None:
    chosen = Equalization(light=light, dark=dark, light_start=light_start, dark_start=dark_start)
    levels = np.linspace(-1, 2, 400)
    f1 = compression_curve(levels, chosen)
    assert (np.diff(f1) <= 1e-12).all()
    if light_start >= dark_start:
        assert (np.diff(levels + f1) > 0).all()


def test_separate_amounts_for_light_and_dark() -> None:
    flat = np.full((20, 20), 0.9, np.float32)
    light = equalize(flat, PITCH, Equalization(light=0.5, light_start=0.5, dark=0), 0, 1)
    assert light == pytest.approx(0.9 - 0.5 * 0.4, abs=2e-3)
    dark = equalize(flat, PITCH, Equalization(light=0, dark=0.5, dark_start=0.5), 0, 1)
    assert dark == pytest.approx(0.9, abs=1e-3)


def test_no_halo_at_a_step() -> None:
    """Beside the edge of a bone the compressed level must be that far away from it, not a glow."""
    step = np.where(np.arange(240) < 120, 0.2, 0.8).astype(np.float32)[None, :].repeat(60, axis=0)
    plain = Equalization(light=0.6, light_start=0.4, dark=0.6, dark_start=0.4, kernel=20, edge=0)
    halo = np.ptp(equalize(step, PITCH, plain, 0, 1)[30, 60:118])
    following = Equalization(light=0.6, light_start=0.4, dark=0.6, dark_start=0.4, kernel=20, edge=0.1)
    assert np.ptp(equalize(step, PITCH, following, 0, 1)[30, 60:118]) < 0.25 * halo


def test_the_kernel_is_in_mm() -> None:
    """The same scene read at two pitches gets the same mask."""
    coarse = np.random.default_rng(5).random((50, 50), dtype=np.float32)
    fine = coarse.repeat(2, axis=0).repeat(2, axis=1)
    chosen = Equalization(kernel=20, edge=0)
    at_fine = unsharp_mask(fine, (0.5, 0.5), chosen, 1.0).reshape(50, 2, 50, 2).mean(axis=(1, 3))
    assert at_fine == pytest.approx(unsharp_mask(coarse, (1.0, 1.0), chosen, 1.0), abs=2e-3)
