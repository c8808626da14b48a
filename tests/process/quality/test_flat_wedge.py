"""Flat fields and step wedges whose truth is known: uniformity, defects, contrast to noise."""

from __future__ import annotations

import numpy as np
import pytest

from imgdash.model import ImgdashError
from imgdash.process.quality import flat_field, step_wedge
from imgdash.simulate import targets
from imgdash.simulate.targets import Panel

PITCH = (0.2, 0.2)


def _white(mean: float = 1000.0, sigma: float = 10.0, size: int = 600) -> np.ndarray:
    return np.random.default_rng(3).normal(mean, sigma, (size, size))


def test_white_noise_has_the_snr_it_was_made_with_and_no_defects() -> None:
    found = flat_field(_white(), PITCH)
    assert found.mean == pytest.approx(1000, abs=0.2)
    assert found.snr == pytest.approx(100, rel=0.01)
    # Means of 2500 pixels differ by less than 4 standard errors.
    assert found.nonuniformity < 4 * 0.01 / 50
    assert (found.dead_pixels, found.dead_rows, found.dead_columns) == ((), (), ())


def test_a_tilt_is_its_non_uniformity() -> None:
    flat = _white(sigma=1.0) * np.linspace(0.9, 1.1, 600)[None, :]
    # 500 columns remain without the rim; the outermost regions of 50 have their middle 225 columns off.
    assert flat_field(flat, PITCH).nonuniformity == pytest.approx(0.2 * 225 / 599, rel=0.02)


def test_each_defect_is_found_where_it_is() -> None:
    flat = _white()
    dead = {(100, 120), (100, 300), (333, 444), (477, 512)}
    for place in dead:
        flat[place] = 0
    flat[200, 210] = 1300
    flat[:, 150] = 0
    flat[401] *= 0.97
    found = flat_field(flat, PITCH)
    assert set(found.dead_pixels) == dead | {(200, 210)}
    assert (found.dead_rows, found.dead_columns) == ((401,), (150,))
    # They are no noise.
    assert found.noise.normalised(1.0) == pytest.approx(flat_field(_white(), PITCH).noise.normalised(1.0), rel=0.02)


def test_the_defects_of_the_phantom_are_counted() -> None:
    panel = Panel(size=(640, 640), dead_pixels=9, dead_lines=3)
    found = flat_field(targets.flat_field(panel, seed=4), (0.16, 0.16))
    assert (len(found.dead_pixels), len(found.dead_rows), len(found.dead_columns)) == (9, 0, 3)


def test_only_what_the_beam_reached_is_looked_at() -> None:
    flat = _white()
    flat[:100] = flat[:, 500:] = 3
    found = flat_field(flat, PITCH)
    assert found.area == (slice(150, 550), slice(50, 450))
    assert found.nonuniformity < 0.001
    assert not found.dead_pixels


def test_nothing_irradiated_is_said() -> None:
    with pytest.raises(ImgdashError, match="no signal"):
        flat_field(np.zeros((500, 500)), PITCH)
    with pytest.raises(ImgdashError, match="too small"):
        flat_field(_white(size=120), PITCH)


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_every_step_of_a_wedge_is_seen(turns: int) -> None:
    """Whichever way it lies; CNR by the steps' means and standard deviations as they were made."""
    chance = np.random.default_rng(8)
    levels = 4000 * 0.8 ** np.arange(1, 9)
    picture = np.full((400, 700), 4000.0)
    for number, level in enumerate(levels):
        picture[100:300, 100 + 60 * number : 160 + 60 * number] = level
    picture = np.rot90(picture + chance.normal(0, 20, picture.shape), turns)
    found = step_wedge(picture, PITCH)
    assert found.axis == "xyxy"[turns]
    assert sorted(found.means, reverse=True) == pytest.approx(list(levels), rel=0.005)
    assert sorted(found.cnr, reverse=True) == pytest.approx(-np.diff(levels) / 20, rel=0.06)
    assert min(found.snr) == pytest.approx(levels[-1] / 20, rel=0.06)


def test_the_wedge_of_the_phantom_fades_where_the_dose_is_too_low() -> None:
    panel = Panel(size=(640, 1120))
    good, poor = (
        step_wedge(targets.step_wedge(panel, dose_ugy=dose, seed=1), (0.16, 0.16)) for dose in (5.0, 0.3)
    )  # fmt: skip
    assert len(good.means) == targets.STEPS
    ratios = np.array(good.means[1:]) / np.array(good.means[:-1])
    assert ratios == pytest.approx(np.exp(-0.22), rel=0.02)
    assert min(poor.cnr) < min(good.cnr) / 2.5


def test_noise_makes_no_steps() -> None:
    """At hardly any dose, and with other noise each time, no step is seen twice."""
    panel = Panel(size=(320, 1120))
    for seed in range(12):
        found = step_wedge(targets.step_wedge(panel, dose_ugy=0.5, seed=seed), (0.16, 0.16))
        assert len(found.means) == targets.STEPS
        assert min(found.cnr) > 0.5


def test_no_wedge_is_said() -> None:
    with pytest.raises(ImgdashError, match="No step wedge"):
        step_wedge(_white(), PITCH)
