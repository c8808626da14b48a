"""Live figures of a processing, on images of which they are known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from imgdash.apparatus.figures import Before, Figures

SHAPE = (300, 320)
PITCH = 0.6
RNG = np.random.default_rng(5)
NOISE = RNG.normal(0, 30, SHAPE)
STRUCTURE = cv2.GaussianBlur(RNG.normal(0, 1, SHAPE), (0, 0), 4.0)
STRUCTURE *= 150 / STRUCTURE.std()


def figures(before: np.ndarray, after: np.ndarray) -> Figures:
    """Of images of 12 bits."""
    return Before(before / 4095, PITCH, np.ones(before.shape, bool)).figures(after / 4095)


def test_noise_gain_is_the_factor_of_the_noise() -> None:
    found = figures(2000 + STRUCTURE + NOISE, 2000 + STRUCTURE + 1.7 * NOISE)
    assert found.noise_gain == pytest.approx(1.7, rel=0.03)


def test_steeper_tones_change_no_contrast_to_noise() -> None:
    image = 2000 + STRUCTURE + NOISE
    found = figures(image, 0.5 * image + 700)
    assert found.noise_gain == pytest.approx(0.5, rel=1e-3)
    assert found.cnr_gain == pytest.approx(1, rel=1e-3)


def test_contrast_to_noise_follows_structures_and_noise() -> None:
    image = 2000 + STRUCTURE + NOISE
    quieter = figures(image, 2000 + STRUCTURE + NOISE / 2)
    stronger = figures(image, 2000 + 2 * STRUCTURE + NOISE)
    assert quieter.cnr_gain == pytest.approx(2, rel=0.08)
    assert stronger.cnr_gain == pytest.approx(2, rel=0.08)


@pytest.mark.parametrize("lobe", [0.0, 0.1, 0.25])
@pytest.mark.parametrize("turned", [False, True])
def test_overshoot_is_how_far_an_edge_goes_beyond_its_plateaus(lobe: float, turned: bool) -> None:
    x = np.arange(SHAPE[1]) - 160.0
    edge = 1 / (1 + np.exp(-x / 0.5))
    # A lobe beside each side of the edge.
    overdrawn = edge + lobe * (np.exp(-(((x - 3) / 1.8) ** 2)) - np.exp(-(((x + 3) / 1.8) ** 2)))
    before, after = (np.broadcast_to(1000 + 2000 * profile, SHAPE) + NOISE / 10 for profile in (edge, overdrawn))
    if turned:
        before, after = before.T, after.T
    found = figures(before, after)
    assert found.overshoot == pytest.approx(overdrawn.max() - 1, abs=0.015)


@pytest.mark.parametrize(
    "image",
    [np.zeros(SHAPE), np.full(SHAPE, 4095.0), np.zeros((1, 1)), np.zeros((3, 500))],
    ids=["black", "white", "one pixel", "three rows"],
)
def test_what_cannot_be_measured_is_unknown(image: np.ndarray) -> None:
    for region in (np.ones(image.shape, bool), np.zeros(image.shape, bool)):
        assert Before(image, PITCH, region).figures(image) == Figures()


def test_nothing_is_said_of_edges_amid_a_texture() -> None:
    texture = 0.5 + 0.2 * np.sign(np.sin(np.arange(SHAPE[1]) * 1.1)) * np.ones(SHAPE)
    everywhere = np.ones(SHAPE, bool)
    assert Before(texture, PITCH, everywhere).figures(1.5 * texture - 0.25).overshoot is None


def test_the_edge_of_the_collimation_is_no_halo() -> None:
    x = np.arange(SHAPE[1]) - 160.0
    bone = np.broadcast_to(0.3 + 0.3 / (1 + np.exp(-x / 0.5)), SHAPE) + NOISE / 40950
    field = np.zeros(SHAPE, bool)
    field[40:260, 40:280] = True
    # Blackened outside the field: by far the strongest edge, and brightened along its inner side.
    after = np.where(field, bone, 0.0)
    after[40:44, 40:280] += 0.3
    found = Before(np.where(field, bone, 0.9), PITCH, field, field).figures(after)
    assert found.overshoot == pytest.approx(0.0, abs=0.01)
