"""Does a phantom's image hold what its truth says?"""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from imgdash.simulate.anatomy.ct import ct_slice
from imgdash.simulate.phantom import BITS, COUNTS_PER_UGY, FAULTS, radiograph
from imgdash.simulate.technique import CHART
from tests.simulate.making import exposure


@pytest.mark.parametrize(("body_part", "view"), CHART)
def test_every_region_of_the_chart_is_a_radiograph(body_part: str, view: str) -> None:
    made = exposure(body_part, view, side="R")
    assert made.pixels.dtype == np.uint16
    assert made.pixels.max() < 2**BITS
    assert made.truth.ei == pytest.approx(made.truth.target_ei, rel=0.7)
    field = _inside(made)
    if not field.all():
        assert np.median(made.pixels[~field]) < 0.3 * np.median(made.pixels[field])


def test_the_exposure_index_follows_the_dose() -> None:
    once, twice = exposure(mas=1.0), exposure(mas=2.0)
    assert twice.truth.ei == pytest.approx(2 * once.truth.ei)
    inside = _inside(once)
    assert np.mean(twice.pixels[inside]) == pytest.approx(2 * np.mean(once.pixels[inside]), rel=0.01)


def test_the_median_behind_the_body_is_what_the_index_says() -> None:
    made = exposure("PELVIS", "AP", side="")
    blurred = cv2.GaussianBlur(made.pixels.astype(np.float32), (0, 0), 1.5)
    direct = 0.5 * made.truth.entrance_ugy * COUNTS_PER_UGY
    anatomy = _inside(made, shrink=6) & (blurred < direct)
    assert 100 * np.median(made.pixels[anatomy]) / COUNTS_PER_UGY == pytest.approx(made.truth.ei, rel=0.12)


def test_the_field_is_where_it_was_collimated() -> None:
    made = exposure("CHEST", "PA", side="")
    corners = np.array(made.truth.field_mm)
    middle = corners.mean(0)
    for a, b in zip(corners, np.roll(corners, -1, 0), strict=True):
        along = a + (b - a) * np.linspace(0.1, 0.9, 60)[:, None]
        outward = (a + b) / 2 - middle
        outward = outward / np.hypot(*outward)
        inside, outside = (_values(made, along + outward * mm) for mm in (-2.5, 2.5))
        assert np.median(inside / outside) > 2


def _values(made: object, places_mm: np.ndarray) -> np.ndarray:
    x, y = np.round(places_mm / made.pitch_mm).astype(int).T  # type: ignore[attr-defined]
    return made.pixels[y, x].astype(float) + 1  # type: ignore[attr-defined, no-any-return]


def test_noise_is_quantum_noise() -> None:
    """Twice the dose: the relative deviation falls by the square root of two."""
    weak, strong = (exposure("FLAT", "AP", side="", mas=mas).pixels[300:-30, 50:-50] for mas in (20.0, 40.0))
    ratio = (weak.std() / weak.mean()) / (strong.std() / strong.mean())
    assert ratio == pytest.approx(np.sqrt(2), rel=0.05)


def test_the_same_seed_gives_the_same_image_and_another_exposure_the_same_body() -> None:
    first, again, later = exposure(), exposure(), exposure(number=1)
    assert np.array_equal(first.pixels, again.pixels)
    assert not np.array_equal(first.pixels, later.pixels)
    small = [cv2.resize(e.pixels.astype(np.float32), (40, 40), interpolation=cv2.INTER_AREA) for e in (first, later)]
    assert np.corrcoef(small[0].ravel(), small[1].ravel())[0, 1] > 0.95


def test_a_left_hand_mirrors_a_right_one() -> None:
    right, left = exposure(side="R"), exposure(side="L")
    assert (right.truth.marker, left.truth.marker) == ("R", "L")
    thumbs = [np.argmin(_profile(e.pixels)) < e.pixels.shape[1] / 2 for e in (right, left)]
    assert thumbs[0] != thumbs[1]


def _profile(pixels: np.ndarray) -> np.ndarray:
    """Column sums at the height of the tip of the thumb, the fingers left out."""
    band = pixels[pixels.shape[0] * 38 // 100 : pixels.shape[0] * 44 // 100].astype(float)
    columns = np.arange(band.shape[1])
    outer = np.abs(columns - columns.mean()) > 0.24 * len(columns)
    inner = np.abs(columns - columns.mean()) < 0.34 * len(columns)
    return np.where(outer & inner, band.mean(0), np.inf)


def test_faults_do_what_they_are_called() -> None:
    good = exposure()
    under, over = (exposure(faults=(f"{kind} exposed",)) for kind in ("under", "over"))
    assert 10 * np.log10(under.truth.ei / good.truth.ei) == pytest.approx(-8.5, abs=0.1)
    assert 10 * np.log10(over.truth.ei / good.truth.ei) == pytest.approx(8.5, abs=0.1)
    assert exposure(faults=("wrong side",)).truth.marker == "L"
    assert exposure(faults=("wrong side",)).truth.side == "R"
    assert exposure(faults=("clipped",)).truth.saturated_fraction > 0.2 > good.truth.saturated_fraction
    assert exposure(faults=("no collimation",)).truth.field_mm[0] == (0.0, 0.0)
    assert _sharpness(exposure(faults=("motion",))) < 0.8 * _sharpness(good)
    assert exposure(faults=("no image",)).pixels.std() < 0.2 * good.pixels.std()
    assert (exposure(faults=("artifact",)).pixels == 0).all(0).sum() >= 1
    positioned = exposure("CHEST", "PA", side="", faults=("positioning",))
    assert positioned.truth.direct_fraction > exposure("CHEST", "PA", side="").truth.direct_fraction


def _sharpness(made: object) -> float:
    pixels = np.log(made.pixels.astype(np.float32) + 20)  # type: ignore[attr-defined]
    inside = _inside(made, shrink=8)
    smooth = cv2.GaussianBlur(pixels, (0, 0), 1.2)
    return float(np.abs(cv2.Laplacian(smooth, cv2.CV_32F))[inside].mean())


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_can_be_ordered(fault: str) -> None:
    assert exposure(faults=(fault,)).truth.faults == (fault,)


def test_what_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="CHEST PA"):
        radiograph("WING", "PA")
    with pytest.raises(ValueError, match="needs 'L' or 'R'"):
        radiograph("HAND", "PA")
    with pytest.raises(ValueError, match="under exposed"):
        radiograph("CHEST", "PA", faults=("gone",))  # type: ignore[arg-type]


def test_ct_slices_are_in_hounsfield_units() -> None:
    chest, pitch = ct_slice("CHEST", -10, seed=1, size=256)
    assert chest.shape == (256, 256)
    assert pitch == pytest.approx(380 / 256)
    assert chest[:10].mean() == pytest.approx(-1000, abs=15)
    head, _ = ct_slice("HEAD", 0, seed=1, size=256)
    assert 20 < np.median(head[110:146, 110:146]) < 45
    with pytest.raises(ValueError, match="HEAD"):
        ct_slice("FOOT", 0)


def _inside(made: object, shrink: int = 0) -> np.ndarray:
    mask = np.zeros(made.pixels.shape, np.uint8)  # type: ignore[attr-defined]
    corners = np.array(made.truth.field_mm) / made.pitch_mm  # type: ignore[attr-defined]
    cv2.fillPoly(mask, [np.round(corners).astype(np.int32)], 1)
    if shrink:
        mask = cv2.erode(mask, np.ones((2 * shrink + 1,) * 2, np.uint8))
    return mask.astype(bool)
