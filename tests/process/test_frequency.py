"""Frequency processing: gain where and as much as declared, in lp/mm; bounded at edges; blind to orientation."""

from __future__ import annotations

import numpy as np
import pytest

from imgdash.process import Chain, band_gains
from imgdash.process.enhancement import enhance
from imgdash.process.frequency import beta, detail_curve, response
from imgdash.process.parameters import Frequency

PLAIN = {"light": 1.0, "dark": 1.0, "noise": 0.0}


def _waves(lpmm: float, pitch: float, amplitude: float = 5e-3, side_mm: float = 60) -> np.ndarray:
    x = (np.arange(round(side_mm / pitch)) + 0.5) * pitch
    wave = 0.5 + amplitude * np.cos(2 * np.pi * lpmm * x)
    return wave.astype(np.float32)[None, :].repeat(len(x), axis=0)


def _measured(out: np.ndarray, lpmm: float, pitch: float, amplitude: float = 5e-3) -> float:
    middle = slice(len(out) // 4, -(len(out) // 4))
    row = out[len(out) // 2, middle].astype(np.float64)
    phase = 2 * np.pi * lpmm * (np.arange(len(out)) + 0.5)[middle] * pitch
    basis = np.stack([np.cos(phase), np.sin(phase), np.ones_like(phase)], axis=1)
    found = np.linalg.lstsq(basis, row, rcond=None)[0]
    return float(np.hypot(found[0], found[1]) / amplitude)


@pytest.mark.parametrize("method", ["multi-band", "unsharp"])
def test_amount_zero_gives_the_same_array(method: str) -> None:
    signal = np.random.default_rng(1).random((40, 50), dtype=np.float32)
    assert enhance(signal, (0.2, 0.2), Frequency(method=method, amount=0), 0, 1) is signal


@pytest.mark.parametrize("lpmm", [0.12, 0.25, 0.5, 1.0, 2.0])
def test_one_preset_has_one_gain_at_every_pitch(lpmm: float) -> None:
    chosen = Frequency(amount=1.0, fine=1.0, medium=1.0, coarse=1.0, saturation=1.0, power=0.9, **PLAIN)
    gains = []
    for pitch in (0.1, 0.143, 0.2):
        signal = _waves(lpmm, pitch)
        gains.append(_measured(enhance(signal, (pitch, pitch), chosen, 0, 1), lpmm, pitch))
    assert max(gains) / min(gains) < 1.05
    assert gains == pytest.approx([2.0] * 3, rel=0.02)


@pytest.mark.parametrize("method", ["multi-band", "unsharp"])
def test_the_drawn_gain_is_the_measured_gain(method: str) -> None:
    values = {"amount": 1.0, "fine": 0.3, "medium": 1.0, "coarse": 0.5, "kernel": 3.0, "saturation": 1.0, "power": 0.9}
    chosen = Frequency(method=method, **values, **PLAIN)
    for lpmm in (0.12, 0.3, 0.6, 1.2):
        measured = _measured(enhance(_waves(lpmm, 0.2), (0.2, 0.2), chosen, 0, 1), lpmm, 0.2)
        assert measured == pytest.approx(response(np.array([lpmm]), 0.2, chosen)[0], rel=0.03)
    lpmm, gains = band_gains(Chain.of({"frequency": {"amount": 0.0}}))
    assert lpmm[-1] == pytest.approx(2.5)
    assert gains == pytest.approx(np.ones(64))


def test_unsharp_gain_is_that_of_its_mask() -> None:
    chosen = Frequency(method="unsharp", amount=0.8, kernel=5.0, saturation=1.0, **PLAIN)
    signal = _waves(0.5, 0.2)
    assert _measured(enhance(signal, (0.2, 0.2), chosen, 0, 1), 0.5, 0.2) == pytest.approx(1.8, rel=0.03)


def test_strong_edges_gain_no_more_than_the_saturation_allows() -> None:
    step = np.where(np.arange(200) < 100, 0.2, 0.8).astype(np.float32)[None, :].repeat(64, axis=0)
    for method in ("multi-band", "unsharp"):
        chosen = Frequency(method=method, amount=1.0, fine=1, medium=1, coarse=1, saturation=0.02, **PLAIN)
        out = enhance(step, (0.2, 0.2), chosen, 0, 1)
        bands = 7 if method == "multi-band" else 1
        assert out.max() - 0.8 < bands * 0.02
        assert 0.2 - out.min() < bands * 0.02


def test_detail_curve_is_odd_and_rising() -> None:
    x = np.linspace(-1, 1, 2001)
    for power in (0.0, 0.5, 0.9):
        added = detail_curve(x, Frequency(power=power, noise=2.0), 1.0, 0.005)
        assert (np.diff(x + added) > 0).all()
        assert (np.diff(added) >= -1e-12).all()
        assert added == pytest.approx(-added[::-1])


def test_noise_is_left_alone() -> None:
    small, large = detail_curve([0.001, 0.02], Frequency(noise=4.0, saturation=1), 1.0, 0.0025)
    assert small < 0.02 * 0.001
    assert large > 0.75 * 0.02


def test_beta_falls_at_both_ends() -> None:
    levels = beta([-0.2, 0.5, 1.2], Frequency(dark=0.4, light=0.6))
    assert levels == pytest.approx([0.4, 1.0, 0.6])


def test_flat_and_tiny_images_stay_as_they_are() -> None:
    for shape in ((1, 1), (1, 7), (2, 2), (3, 50), (64, 64)):
        flat = np.full(shape, 0.4, np.float32)
        assert enhance(flat, (0.2, 0.2), Frequency(), 0.2, 0.8) == pytest.approx(flat, abs=1e-4)
