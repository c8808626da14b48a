"""The gain of an image's own detail, on processing of which it is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from imgdash.apparatus.spectrum import Spectrum

SHAPE = (300, 320)
PITCH = 0.5
RNG = np.random.default_rng(3)
IMAGE = 0.5 + 0.05 * cv2.GaussianBlur(RNG.normal(0, 1, SHAPE), (0, 0), 0.8)
EVERYWHERE = np.ones(SHAPE, bool)


def test_a_linear_filter_shows_its_transfer_function() -> None:
    sigma = 1.2
    kernel = cv2.getGaussianKernel(15, sigma)
    lpmm, gain = Spectrum(IMAGE, PITCH, EVERYWHERE).gains(cv2.sepFilter2D(IMAGE, -1, kernel, kernel))
    wanted = np.exp(-2 * (np.pi * sigma * PITCH * lpmm) ** 2)
    # Below, the window lets a part of the stronger neighbour through.
    seen = wanted > 0.1
    assert seen.sum() > 8
    assert gain[seen] == pytest.approx(wanted[seen], abs=0.04)
    assert lpmm[0] < 0.1
    assert lpmm[-1] == pytest.approx(0.5 / PITCH, rel=0.2)


def test_a_steeper_curve_gains_alike_at_all_sizes_and_a_shift_does_not() -> None:
    _, gain = Spectrum(IMAGE, PITCH, EVERYWHERE).gains(1.6 * IMAGE - 0.3)
    assert gain == pytest.approx(1.6, rel=1e-3)


def test_only_tiles_inside_the_region_count() -> None:
    region = np.zeros(SHAPE, bool)
    region[:, :160] = True
    spoilt = IMAGE.copy()
    spoilt[:, 160:] = RNG.normal(0, 1, (300, 160))
    _, gain = Spectrum(IMAGE, PITCH, region).gains(spoilt)
    assert gain == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("shape", [(300, 320), (1, 1), (63, 400), (64, 64)])
def test_what_has_no_detail_or_no_room_has_no_gain(shape: tuple[int, int]) -> None:
    constant = np.full(shape, 0.25)
    for region in (np.ones(shape, bool), np.zeros(shape, bool)):
        lpmm, gain = Spectrum(constant, PITCH, region).gains(constant)
        assert len(lpmm) == len(gain) == 0
