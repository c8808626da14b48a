"""The compiled loops of the automatic parameters against what NumPy and OpenCV say."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from imgdash.process import fused
from imgdash.process.automatic._order import median, percentiles
from imgdash.process.automatic.kernels import EVERY, NOTHING
from imgdash.process.kernels import resize


@pytest.mark.parametrize("steps", [0, 8, 1])
@pytest.mark.parametrize("points", [[0.0, 50.0, 100.0], [1.0, 99.5], [37.2, 37.3]])
def test_percentiles_are_those_of_numpy(steps: int, points: list[float]) -> None:
    rng = np.random.default_rng(len(points) + steps)
    for size in (1, 2, 3, 40):
        values = rng.normal(0.1, 0.4, (size, 7)).astype(np.float32)
        values = np.round(values * steps).astype(np.float32) / np.float32(steps) if steps else values
        mask = rng.random(values.shape) < 0.6
        mask[0, 0] = True
        assert percentiles(values, mask, points) == np.percentile(values[mask], points).tolist()
        assert percentiles(values.T, mask.T, points) == np.percentile(values[mask], points).tolist()
        assert percentiles(values, None, points) == np.percentile(values, points).tolist()
        assert median(values, mask) == float(np.median(values[mask]))


def test_rays_see_what_remap_samples() -> None:
    from imgdash.process.automatic.kernels import rays

    image = np.random.default_rng(1).random((40, 50)).astype(np.float32)
    nx, ny = np.cos(0.7), np.sin(0.7)
    starts = rays.starts(image, nx, ny, 30.0)
    assert np.allclose(starts @ [nx, ny], 30.0)
    assert np.allclose(np.hypot(*np.diff(starts, axis=0).T), EVERY)
    away = np.array([3.0, 4.0, 5.0])
    x, y = (starts[:, k, None] + away * (nx, ny)[k] for k in (0, 1))
    sampled = cv2.remap(image, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR, borderValue=float(NOTHING))
    sampled = np.where(sampled < 100, sampled.astype(np.float64), np.nan)
    with np.errstate(invalid="ignore"):
        expected = np.nansum(sampled, axis=1) / np.isfinite(sampled).sum(axis=1)
    assert np.allclose(rays.means(image, starts, nx, ny, away), expected, atol=1e-6, equal_nan=True)


def test_a_ray_ends_at_the_first_that_is_as_exposed_and_never_outside() -> None:
    from imgdash.process.automatic.kernels import rays

    image = np.ones((20, 60), np.float32)
    image[:, 31] = 0.0
    starts = np.array([[10.0, 5.0], [10.0, 6.0], [40.0, 7.0]])
    found = rays.blocked(image, starts, 1.0, 0.0, 3.0, np.array([0.5, -1.0, 0.5]))
    assert found.tolist() == [21.0, np.inf, np.inf]


def test_most_rays_of_a_stretch_show_a_step() -> None:
    from imgdash.process.automatic.kernels import rays

    shown = np.array([0, 1, 0, 0, 0, 1, 1, 1, 0, 1, 1, 0, 0, 1], bool)
    assert rays.stretch(shown) == (5, 10)


def test_a_path_follows_what_adds_up_most_and_turns_no_more_than_by_one() -> None:
    from imgdash.process.automatic.kernels.paths import path

    gain = np.zeros((6, 9))
    way = [2, 3, 4, 4, 5, 6]
    gain[np.arange(6), way] = 1.0
    gain[2, 0] = 1.5  # out of reach
    assert path(gain, 0.25).tolist() == way
    assert len(set(path(gain, 2.0).tolist())) == 1


@pytest.mark.parametrize("shape", [(60, 40), (59, 41), (7, 5), (400, 300)])
def test_cells_that_a_mask_fills_are_those_whose_mean_rounds_to_all_of_it(shape: tuple[int, int]) -> None:
    mask = np.zeros((400, 300), np.uint8)
    cv2.fillPoly(mask, [np.array([[33, 20], [270, 41], [251, 377], [12, 350]], np.int32)], 255)
    cv2.line(mask, (33, 20), (270, 41), 0, 5)
    found = fused.filled(mask, *shape)
    assert np.array_equal(found, resize(mask, *shape) == 255)
    assert found.any()
    assert not found.all()
