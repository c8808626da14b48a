"""Noise power against noise whose spectrum is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import convolve

from imgdash.model import ImgdashError
from imgdash.process.quality import noise_power
from imgdash.simulate.targets import Panel, flat_field

PITCH = 0.2


@pytest.fixture(scope="module")
def white() -> np.ndarray:
    return np.random.default_rng(5).normal(0, 3.0, (1024, 1024))


def test_white_noise_has_its_variance_times_the_area_of_a_pixel_everywhere(white: np.ndarray) -> None:
    found = noise_power(1000 + white, (PITCH, PITCH))
    level = 9.0 * PITCH**2
    assert found.mean == pytest.approx(1000, abs=0.02)
    assert found.pixels == 1024**2
    for line in (found.x, found.y, found.radial):
        known = line[np.isfinite(line)]
        assert np.mean(known) == pytest.approx(level, rel=0.02)
        assert known[3:] == pytest.approx(level, rel=0.16)
    assert found.radial[25:] == pytest.approx(level, rel=0.02)
    assert found.normalised(1.0) == pytest.approx(level / 1000**2, rel=0.02)


def test_its_integral_is_the_variance(white: np.ndarray) -> None:
    """Parseval: no factor is lost between pixels, regions and millimetres."""
    found = noise_power(white, (PITCH, 2 * PITCH))
    cell = 1 / (256 * PITCH) / (256 * 2 * PITCH)
    assert found.spectrum.sum() * cell == pytest.approx(white.var(), rel=0.005)


def test_correlated_noise_has_the_spectrum_of_its_kernel(white: np.ndarray) -> None:
    kernel = np.array([[1, 2, 1]]) / 4
    found = noise_power(convolve(white, kernel, mode="wrap"), (PITCH, PITCH))
    transfer = (0.5 + 0.5 * np.cos(2 * np.pi * PITCH * found.frequency)) ** 2
    expected = 9.0 * PITCH**2 * transfer
    # Along x it falls with the kernel; beside the other axis it is white.
    known = np.isfinite(found.x) & (found.frequency > 0.1)
    assert found.x[known] == pytest.approx(expected[known], rel=0.15, abs=0.01 * 9.0 * PITCH**2)
    assert np.nanmean(found.y[3:]) == pytest.approx(9.0 * PITCH**2, rel=0.03)


def test_a_slow_trend_is_taken_off(white: np.ndarray) -> None:
    y, x = np.mgrid[-1:1:1024j, -1:1:1024j]
    trend = 1000 + 80 * x - 40 * y + 30 * x * y - 25 * x**2 + 10 * y**2
    plain, tilted = (noise_power(white + level, (PITCH, PITCH)) for level in (1000.0, trend))
    np.testing.assert_allclose(tilted.radial, plain.radial, rtol=1e-4)


def test_a_detectors_quanta_and_electronics_are_found() -> None:
    panel = Panel(size=(1024, 1024), tilt=0.03)
    power = noise_power(flat_field(panel, dose_ugy=2.5), (0.16, 0.16))
    for frequency in (0.5, 1.0, 2.0, 2.8):
        near = np.abs(power.frequency - frequency) < 0.15
        expected = float(panel.nnps(frequency, 2.5))
        for line in (power.x, power.y):
            assert np.nanmean(line[near]) / power.mean**2 == pytest.approx(expected, rel=0.08)


def test_less_dose_is_more_noise() -> None:
    panel = Panel(size=(512, 512))
    found = [
        noise_power(flat_field(panel, dose_ugy=dose), (0.16, 0.16)).normalised(0.5) or 0.0 for dose in (4.0, 2.0, 1.0)
    ]
    assert found[1] / found[0] == pytest.approx(2, rel=0.12)
    assert found[2] / found[0] == pytest.approx(4, rel=0.12)


def test_too_small_an_area_is_refused_and_a_small_one_is_taken_in_smaller_regions() -> None:
    with pytest.raises(ImgdashError, match="too small"):
        noise_power(np.ones((40, 40)), (PITCH, PITCH))
    small = noise_power(np.random.default_rng(2).normal(50, 2, (150, 150)), (PITCH, PITCH))
    assert small.regions >= 4
    assert np.nanmean(small.radial) == pytest.approx(4 * PITCH**2, rel=0.05)
    assert small.normalised(3.0) is None
