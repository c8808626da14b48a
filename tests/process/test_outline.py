"""Whether a field is believed: by the step all along its outline, and no less where the collimator leaks."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from imgdash.process.automatic._outline import shown, sure
from tests.process.phantoms import analyse

FIELD = np.array([[40.0, 30.0], [200.0, 30.0], [200.0, 250.0], [40.0, 250.0]])


def plate() -> np.ndarray:
    """A field between unexposed borders; its left part lies behind a body."""
    signal = np.full((300, 240), 0.9, np.float32)
    signal[30:250, 40:200] = 0.2
    signal[30:250, 40:120] = 0.5
    return np.asarray(cv2.GaussianBlur(signal, (0, 0), 1.0))


def test_the_right_outline_shows_a_step_all_along() -> None:
    assert shown(plate(), FIELD, 0.7) > 0.99
    assert sure(plate(), FIELD, 0.7) > 0.9


@pytest.mark.parametrize("corner", range(4))
def test_a_side_that_is_wrong_is_seen(corner: int) -> None:
    wrong = FIELD.copy()
    for k in (corner, (corner + 1) % 4):
        wrong[k] += 0.2 * (FIELD.mean(axis=0) - FIELD[k])  # one side too far in
    assert shown(plate(), wrong, 0.7) < 0.9
    assert sure(plate(), wrong, 0.7) == 0


def test_an_edge_of_the_image_has_no_outside() -> None:
    whole = np.array([[-0.5, -0.5], [239.5, -0.5], [239.5, 299.5], [-0.5, 299.5]])
    assert shown(plate(), whole, 0.7) == 1


@pytest.mark.parametrize("number", [46, 100], ids=["cone", "iris"])
def test_what_leaks_beside_the_body_hides_no_field(number: int) -> None:
    score = analyse("PELVIS", "AP", number)
    assert score.iou > 0.97
    assert score.confidence > 0.6


@pytest.mark.parametrize(
    ("part", "number"),
    [
        (("TSPINE", "LAT"), 161),
        (("TSPINE", "LAT"), 428),
        (("TSPINE", "LAT"), 357),
        (("KNEE", "LAT"), 51),
        (("KNEE", "AP"), 301),
    ],
    ids=["small cone", "cone", "low edge beside a liver", "turned, 3 mm from the border", "6 mm from the border"],
)
def test_what_was_missed_is_found_and_believed(part: tuple[str, str], number: int) -> None:
    """A cone in the noise of a covered plate, an edge that scatter makes low, edges close to the image's border."""
    score = analyse(*part, number)
    assert score.iou > 0.97
    assert score.confidence > 0.6
