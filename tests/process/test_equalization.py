"""Dynamic range compression: the two patents' forms agree, nothing is inverted, no halo at steps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from imgdash.process.enhancement import no_detail
from imgdash.process.equalization import compression_curve, compression_of, is_identity
from imgdash.process.equalization import unsharp_mask as maps_of_mask
from imgdash.process.fused import Source, render
from imgdash.process.gradation import gradation_curve
from imgdash.process.kernels import resize
from imgdash.process.levels import Levels
from imgdash.process.parameters import Equalization, Gradation

PITCH = (0.5, 0.5)
LOW, HIGH = 0.1, 0.9
FROM, TO = -0.5, 1.5
ROUNDING = 0.51 * (TO - FROM) / 65535


def equalize(
    signal: np.ndarray, pitch: tuple[float, float], chosen: Equalization, low: float, high: float
) -> np.ndarray:
    """Signal after equalization alone, written at 16 bits over FROM…TO."""
    source = Source(signal)
    compression = compression_of(Levels(source, pitch), None, chosen, low, high)
    written = render(source, no_detail(), compression, gradation_curve(Gradation(type="linear"), FROM, TO, 16))
    return FROM + (TO - FROM) * written.astype(np.float64) / 65535


def unsharp_mask(signal: np.ndarray, pitch: tuple[float, float], chosen: Equalization, span: float) -> np.ndarray:
    follow, offset = maps_of_mask(Levels(Source(signal), pitch), None, chosen, span)
    return resize(follow, *signal.shape) * signal + resize(offset, *signal.shape)


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
    assert equalize(signal, PITCH, kodak, LOW, HIGH) == pytest.approx(fuji, abs=ROUNDING)


def test_kodaks_own_formula() -> None:
    signal = _signal()
    kodak = Equalization(method="alpha-beta", alpha=0.6, beta=1.8, middle=0.5, kernel=12, edge=0)
    low_part = unsharp_mask(signal, PITCH, kodak, HIGH - LOW)
    expected = 0.6 * low_part + (1 - 0.6) * 0.5 + 1.8 * (signal - low_part)
    assert equalize(signal, PITCH, kodak, LOW, HIGH) == pytest.approx(expected, abs=ROUNDING)


def test_alpha_beta_one_is_the_identity() -> None:
    signal = _signal()
    for identity in (Equalization(method="alpha-beta", alpha=1, beta=1), Equalization(light=0, dark=0)):
        assert equalize(signal, PITCH, identity, LOW, HIGH) == pytest.approx(signal, abs=ROUNDING)
        assert is_identity(identity)


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


def test_masks_of_several_widths_are_averaged() -> None:
    signal = _signal()
    one, half = (unsharp_mask(signal, PITCH, Equalization(kernel=width, edge=0), 1.0) for width in (16, 8))
    both = unsharp_mask(signal, PITCH, Equalization(kernel=16, bands=2, edge=0), 1.0)
    assert both == pytest.approx((one + half) / 2, abs=2e-3)
    assert np.abs(one - half).max() > 0.01


@pytest.mark.parametrize("width", [4.0, 13.0, 30.0, 60.0])
@pytest.mark.parametrize("shape", [(240, 200), (241, 199)])
def test_the_mask_is_the_gaussian_it_is_called(width: float, shape: tuple[int, int]) -> None:
    """Whatever level it is made on. Stated tolerance: 1.5 % of a step."""
    step = np.zeros(shape, np.float32)
    step[:, 100:] = 1
    exact = gaussian_filter(step.astype(np.float64), width / 2.3548 / 0.5, mode="reflect", truncate=5)
    made = unsharp_mask(step, PITCH, Equalization(kernel=width, edge=0), 1.0)
    assert np.abs(made - exact).max() < 0.015


def test_masks_of_a_large_image_are_small_whatever_the_kernel() -> None:
    """Else a kernel of a millimetre takes ten times the memory of the image."""
    source = Source(np.zeros((2100, 2000), np.uint16), np.zeros(65536, np.float32))
    for bands in (1, 3):
        chosen = Equalization(kernel=1.0, bands=bands)
        for part in maps_of_mask(Levels(source, (0.1, 0.1)), None, chosen, 1.0):
            assert part.nbytes <= source.pixels.nbytes / 7
