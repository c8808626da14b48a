"""Automatic parameters against the truth of a small sample of generated phantoms.

The whole measurement, 500 images of each part, is `tests.benchmarks.automatic`.
"""

from __future__ import annotations

import numpy as np
import pytest

from imgdash import process
from imgdash.process import Chain
from imgdash.process.signal import scale_of
from imgdash.reduce import reduce_image
from tests.process.phantoms import PARTS, SHAPES, analyse, case, distances

_SAMPLE = 8


@pytest.mark.parametrize("part", PARTS, ids=" ".join)
def test_a_sample_of_each_part(part: tuple[str, str]) -> None:
    scores = [analyse(*part, number) for number in range(_SAMPLE)]
    assert np.median([score.s_error for score in scores]) < 0.06
    failed = [score for score in scores if score.failed]
    assert len(failed) <= 1, failed
    assert np.median([score.iou for score in scores]) > 0.98
    assert np.median([score.field_mm for score in scores]) < 1.0
    # The index of a chest is that of the lungs, which have to be found first.
    least = 6 if part[0] == "CHEST" else 4
    assert np.median([abs(score.ei_percent) for score in scores if score.ei_percent is not None]) < least


@pytest.mark.parametrize("shape", SHAPES)
def test_every_kind_of_collimation_is_among_them_and_found(shape: str) -> None:
    part, number = next(
        (part, number)
        for number in range(60)
        for part in (("PELVIS", "AP"), ("HAND", "PA"))
        if case(*part, number).shape == shape
    )
    score = analyse(*part, number)
    assert score.iou > 0.95, score
    assert score.count == 0
    assert score.confidence > 0.7


def test_the_truth_itself_is_measured_right() -> None:
    """A field that is 3 mm off has an error of 3 mm: the yardstick."""
    truth, found = np.zeros((400, 300), bool), np.zeros((400, 300), bool)
    truth[50:350, 50:250] = True
    found[50:350, 44:244] = True  # 6 pixels of 0.5 mm
    mean, worst = distances(truth, found)
    assert worst == pytest.approx(3.0, abs=0.3)
    assert 0.5 < mean < 2.0


def test_overrides_go_before_what_is_found() -> None:
    made = case("HAND", "PA", 0)
    reduced = reduce_image(made.stored)
    assert scale_of(made.stored.attrs).bits in (12, 14)
    drawn = [[20.0, 20.0], [200.0, 20.0], [200.0, 250.0], [20.0, 250.0]]
    chain = Chain.of({"automatic": {"field_polygon": drawn, "s_low": 0.1, "s_high": 0.7, "direct": False}})
    found = process.calculate(reduced, chain, attrs=made.stored.attrs, calibration=made.calibration)
    assert found["field"] == [drawn]
    assert (found["s_low"], found["s_high"], found["direct_fraction"]) == (0.1, 0.7, 0)
    assert found["confidence"]["field"] == found["confidence"]["signal"] == 1
