"""Turning, trimming, scaling: pixels go where the map of points says, sizes are true."""

from __future__ import annotations

import numpy as np
import pytest

from imgdash import process
from imgdash.model import ImgdashError
from imgdash.process import Chain
from imgdash.process.geometry import Placement
from tests.process import reference
from tests.process.images import image

PLAIN = {"frequency": {"amount": 0}, "equalization": {"light": 0, "dark": 0}, "gradation": {"type": "linear"}}
FULL = {"field": "whole", "signal": "full"}


def _form(pixels: np.ndarray, geometry: dict[str, object], pitch: float = 0.5, field: object = (), **kwargs: object):  # type: ignore[no-untyped-def]
    chain = Chain.of({**PLAIN, "automatic": FULL, "geometry": geometry})
    calculated = {"field": field, "confidence": {"field": 1.0}}
    return process.form(image(pixels, bits=12, pitch=pitch), chain, calculated, **kwargs)


@pytest.mark.parametrize(
    "geometry",
    [
        {"rotation": 90},
        {"rotation": 180, "mirror": True},
        {"rotation": 270, "mirror": True, "scale": 2.0},
        {"angle": 7.0},
        {"rotation": 90, "angle": -12.0, "mirror": True, "scale": 0.5},
        {"trim": "rectangle", "left": 0.2, "top": 0.1, "right": 0.9, "bottom": 0.95, "scale": 1.7},
    ],
)
def test_a_spot_is_found_where_the_placement_says(geometry: dict[str, object]) -> None:
    rows, columns, y, x = 160, 120, 70.3, 44.8
    grid_y, grid_x = np.mgrid[:rows, :columns] + 0.5
    spot = np.exp(-((grid_y - y) ** 2 + (grid_x - x) ** 2) / (2 * 5.0**2))
    out = _form(np.rint(4000 * spot).astype(np.uint16), geometry)
    stored = out.attrs["placement"]
    placement = Placement((tuple(stored[0]), tuple(stored[1])), out.shape)
    expected = placement.apply([[x * 0.5, y * 0.5]])[0]
    values = out.values.astype(float)
    weight = np.where(values > 200, values, 0)
    found_y = (weight.sum(axis=1) * (np.arange(out.shape[0]) + 0.5)).sum() / weight.sum()
    found_x = (weight.sum(axis=0) * (np.arange(out.shape[1]) + 0.5)).sum() / weight.sum()
    assert (found_x, found_y) == pytest.approx(expected, abs=0.15)


def test_rotation_is_clockwise_as_in_a_presentation_state() -> None:
    out = _form(np.array([[1, 2], [3, 4]], np.uint16), {"rotation": 90})
    assert out.values.tolist() == [[3, 1], [4, 2]]


def test_reducing_averages_areas() -> None:
    pixels = np.random.default_rng(1).integers(0, 4096, (40, 60), dtype=np.uint16)
    out = _form(pixels, {}, scale=0.25)
    assert out.values == pytest.approx(pixels.reshape(10, 4, 15, 4).mean(axis=(1, 3)), abs=0.51)
    assert out.attrs["PixelSpacing"] == pytest.approx([2.0, 2.0])


@pytest.mark.parametrize("scale", [0.9, 0.5, 0.37, 0.06])
def test_reducing_by_any_factor_keeps_areas(scale: float) -> None:
    """Each new pixel is the mean of exactly what it covers, to the rounding of a P-value."""
    pixels = np.random.default_rng(2).integers(0, 4096, (101, 83), dtype=np.uint16)
    out = _form(pixels, {}, scale=scale).values
    down, across = (reference.area(n, round(n * scale)) for n in pixels.shape)
    assert out == pytest.approx(down @ pixels @ across.T, abs=0.51)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (2, 3), (129, 31), (33, 200)])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("mirror", [False, True])
def test_quarter_turns_are_exact_for_every_shape(shape: tuple[int, int], rotation: int, mirror: bool) -> None:
    pixels = np.random.default_rng(3).integers(0, 4096, shape, dtype=np.uint16)
    out = _form(pixels, {"rotation": rotation, "mirror": mirror}).values
    turned = np.rot90(pixels, k=-(rotation // 90))
    assert np.array_equal(out, turned[:, ::-1] if mirror else turned)


def test_enlarging_by_the_chosen_interpolation() -> None:
    pixels = np.array([[0, 4000]], np.uint16)
    assert _form(pixels, {"interpolation": "nearest", "scale": 2.0}).values.tolist() == [[0, 0, 4000, 4000]] * 2
    assert _form(pixels, {"interpolation": "linear", "scale": 2.0}).values[0].tolist() == [0, 1000, 3000, 4000]


def test_cubic_overshoot_stays_within_the_bits() -> None:
    pixels = (4095 * (np.indices((40, 40)).sum(axis=0) % 4 // 2)).astype(np.uint16)
    for geometry in ({"scale": 3.0}, {"angle": 13.0}):
        out = _form(pixels, {**geometry, "interpolation": "lanczos"}).values
        assert out.max() == 4095


def test_size_is_a_box_that_is_filled_with_proportions_kept() -> None:
    pixels = np.zeros((40, 60), np.uint16)
    assert _form(pixels, {}, size=(100, 120)).shape == (80, 120)
    assert _form(pixels, {"rotation": 90}, size=(100, 120)).shape == (100, 67)


def test_pixels_that_are_not_square_come_out_square() -> None:
    stored = image(np.zeros((40, 60), np.uint16), bits=12)
    stored.attrs["PixelSpacing"] = [0.4, 0.2]
    chain = Chain.of({**PLAIN, "automatic": FULL})
    out = process.form(stored, chain, {})
    assert out.shape == (80, 60)
    assert out.attrs["PixelSpacing"] == pytest.approx([0.2, 0.2])


def test_trimming_to_the_field() -> None:
    pixels = np.arange(40 * 60, dtype=np.uint16).reshape(40, 60)
    field = [[[5, 4], [20, 4], [20, 15], [5, 15]]]  # mm, pitch 0.5
    out = _form(pixels, {"trim": "field"}, field=field)
    assert np.array_equal(out.values, pixels[8:30, 10:40])
    turned = _form(pixels, {"trim": "field", "rotation": 90}, field=field)
    assert np.array_equal(turned.values, np.rot90(pixels[8:30, 10:40], k=-1))


def test_shutter_blackens_outside_and_keeps_what_reaches_the_border() -> None:
    pixels = np.full((100, 100), 3000, np.uint16)
    field = [[[0, 10], [50, 10], [50, 50], [0, 50]]]
    out = _form(pixels, {"shutter": True}, field=field).values
    assert (out[:20] == 0).all()
    assert (out[30:, :] == 3000).all()


def test_shutter_stays_away_where_the_field_is_uncertain() -> None:
    chain = Chain.of({**PLAIN, "automatic": FULL, "geometry": {"shutter": True}})
    calculated = {"field": [[[0, 0], [1, 0], [1, 1]]], "confidence": {"field": 0.2}}
    out = process.form(image(np.full((30, 30), 99, np.uint16), bits=12), chain, calculated)
    assert (out.values == 99).all()
    assert "shutter left out" in [entry["step"] for entry in out.attrs["processing_log"]]


def test_coordinates_are_pixel_centres_in_mm() -> None:
    out = _form(np.zeros((4, 6), np.uint16), {}, pitch=0.5, scale=2)
    assert out.x.values.tolist() == pytest.approx([0.25 * k for k in range(12)])


def test_an_image_that_would_exhaust_memory_is_refused() -> None:
    with pytest.raises(ImgdashError, match="would have"):
        _form(np.zeros((100, 100), np.uint16), {}, size=(50000, 50000))
