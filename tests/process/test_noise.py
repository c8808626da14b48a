"""The noise of an image is measured, and frequency processing leaves it alone however strong it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from imgdash import process
from imgdash.process import Chain
from imgdash.process.enhancement import enhance
from imgdash.process.fused import Source
from imgdash.process.levels import Levels
from imgdash.process.noise import Noise, fit, measure_tiles
from imgdash.process.parameters import Frequency
from imgdash.reduce import reduce_image
from tests.process.images import image

PITCH = 0.15
SHAPE = (1400, 1100)


def _soft() -> np.ndarray:
    """Soft tissue with thick rods and fine trabeculae in them, 0.25…0.75."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(np.float32) * PITCH
    soft = 0.25 + 0.25 * y / y.max() + 0.03 * np.sin(x / 9) * np.cos(y / 14)
    rods = np.clip(1 - ((x % 55 - 27) / 8) ** 2, 0, None) ** 0.5
    return np.asarray(soft + 0.25 * rods * (1 + 0.08 * np.sin(4 * x) * np.sin(5 * y)), np.float32)


def _noise(sigma: float, signal: np.ndarray, slope: float, seed: int = 3) -> np.ndarray:
    grain = np.random.default_rng(seed).standard_normal(signal.shape, dtype=np.float32)
    return np.asarray(sigma * np.exp(slope * (signal - 0.4)) * grain, np.float32)


def _bands(signal: np.ndarray, count: int) -> list[np.ndarray]:
    levels = Levels(Source(np.ascontiguousarray(signal, np.float32)), (PITCH, PITCH))
    fine = [process.kernels.resize(levels[k + 1], *levels[k].shape) for k in range(count)]
    return [levels[k] - fine[k] for k in range(count)]


def _fitted(signal: np.ndarray) -> Noise:
    extent = SHAPE[0] * PITCH, SHAPE[1] * PITCH
    found = fit(measure_tiles(Source(signal), extent), PITCH, np.ones((210, 165), bool), extent)
    assert found is not None
    return found


@pytest.mark.parametrize("slope", [0.0, 3.0, 4.6])
@pytest.mark.parametrize("sigma", [0.002, 0.01])
def test_noise_is_measured_between_structures(sigma: float, slope: float) -> None:
    signal = _soft()
    found = _fitted(signal + _noise(sigma, signal, slope))
    assert found.slope == pytest.approx(slope, abs=0.6)
    flat = np.full(SHAPE, 0.4, np.float32)
    true = [float(band.std()) for band in _bands(_noise(sigma, flat, slope), 2)]
    measured = found.deviation(found.lpmm[:2]) * found.growth(0.4)
    assert measured == pytest.approx(true, rel=0.12)


def test_turned_images_have_the_same_noise() -> None:
    signal = _soft()
    noisy = signal + _noise(0.004, signal, 3.0)
    found = _fitted(noisy)
    for turn in (lambda a: a[:, ::-1], lambda a: a[::-1], lambda a: a[::-1, ::-1]):
        again = _fitted(np.ascontiguousarray(turn(noisy)))
        assert again.sigma == pytest.approx(found.sigma, rel=1e-3)
        assert again.slope == pytest.approx(found.slope, abs=1e-3)


def test_noise_falls_by_half_below_what_was_measured() -> None:
    noise = Noise((2.0, 1.0), (0.008, 0.005), 0.4, 4.6)
    assert noise.deviation([4.0, 2.0, 1.0, 0.5, 0.25]) == pytest.approx([0.008, 0.008, 0.005, 0.0025, 0.00125])
    assert noise.growth(0.4 + np.log(2) / 4.6) == pytest.approx(2.0)


@pytest.mark.parametrize("method", ["multi-band", "unsharp"])
@pytest.mark.parametrize("sigma", [0.001, 0.004, 0.012])
def test_noise_is_not_amplified_however_strong_it_is(sigma: float, method: str) -> None:
    """In light parts, where there is more of it, as in dark ones."""
    signal = np.linspace(0.3, 0.6, SHAPE[0], dtype=np.float32)[:, None].repeat(SHAPE[1], axis=1)
    noisy = signal + _noise(sigma, signal, 4.6)
    settings = Frequency(method=method, amount=1.0, fine=1.0, kernel=2.0, light=1.0, dark=1.0)
    out = enhance(noisy, (PITCH, PITCH), settings, 0.2, 0.8, _fitted(noisy))
    blind = enhance(noisy, (PITCH, PITCH), settings, 0.2, 0.8)
    for part in (slice(100, 300), slice(-300, -100)):
        before, after, without = (float((a - signal)[part, 100:-100].std()) for a in (noisy, out, blind))
        assert after / before < 1.2
        assert without / before > 1.4


def test_edges_keep_their_gain_in_noise() -> None:
    """A contrast of 20 deviations gains what it would without any noise, to a twentieth."""
    step = np.where(np.arange(SHAPE[1]) % 200 < 100, 0.40, 0.48).astype(np.float32)[None, :].repeat(SHAPE[0], axis=0)
    settings = Frequency(amount=1.0, light=1.0, dark=1.0)
    noisy = step + _noise(0.004, step, 0.0)
    ours = enhance(noisy, (PITCH, PITCH), settings, 0.2, 0.8, _fitted(noisy)).mean(axis=0)
    ideal = enhance(step, (PITCH, PITCH), settings, 0.2, 0.8).mean(axis=0)
    gained, could = (float(np.abs(np.diff(row)).max()) for row in (ours, ideal))
    assert gained > 0.95 * could


def _calculated(pixels: np.ndarray, chain: Chain) -> tuple[Any, dict[str, Any]]:
    stored = image(pixels, bits=12, pitch=PITCH)
    return stored, process.calculate(reduce_image(stored), chain, attrs=stored.attrs)


def test_what_was_found_is_told_and_used() -> None:
    chain = Chain.of({"equalization": {"light": 0, "dark": 0}, "gradation": {"type": "linear"}})
    signal = _soft()
    stored, found = _calculated(np.rint(4095 * (signal + _noise(0.004, signal, 3.0))).astype(np.uint16), chain)
    assert found["confidence"]["noise"] == 1
    assert found["noise"]["slope"] == pytest.approx(3.0, abs=0.5)
    formed = process.form(stored, chain, found)
    assert formed.attrs["processing_log"][0]["noise_found"] == found["noise"]
    louder = process.form(stored, chain, {**found, "noise": None})
    assert (
        np.diff(louder.values[400:500].astype(float)).std() > 1.15 * np.diff(formed.values[400:500].astype(float)).std()
    )


@pytest.mark.parametrize("make", [lambda: np.full((300, 300), 2000), lambda: np.zeros((9, 200)), lambda: np.eye(5)])
def test_where_nothing_shows_it_is_said(make: Callable[[], np.ndarray]) -> None:
    chain = Chain.of()
    stored, found = _calculated(make().astype(np.uint16), chain)
    assert found["noise"] is None
    assert found["confidence"]["noise"] == 0
    assert any("Noise is not measured" in note for note in found["notes"])
    assert process.form(stored, chain, found).shape == stored.shape
