"""Field, direct exposure, signal limits: found where they are, at any reading pitch, with a confidence."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
import xarray as xr

from imgdash import process
from imgdash.process import Chain
from imgdash.process.automatic.calculation import polygon_mask
from imgdash.reduce import reduce_image
from imgdash.simulate import phantom
from tests.process.images import body, collimated, image


def _calculate(stored: xr.DataArray, **automatic: object) -> dict[str, object]:
    chain = Chain.of({"automatic": automatic})
    return process.calculate(reduce_image(stored), chain, attrs=stored.attrs)


def _corners(width: float, height: float, angle: float, centre: tuple[float, float]) -> np.ndarray:
    a = np.deg2rad(angle)
    turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    box = np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) / 2
    return box @ turn.T + centre


def _overlap(found: object, corners: list[np.ndarray], shape: tuple[int, int]) -> float:
    """Intersection over union."""
    ours = polygon_mask(found, shape, shape)  # type: ignore[arg-type]
    truth = polygon_mask(corners, shape, shape)
    return float((ours & truth).sum() / (ours | truth).sum())


@pytest.mark.parametrize("angle", [0.0, 3.0, -7.0, 10.0])
@pytest.mark.parametrize("size", [(200, 280), (140, 160)])
def test_a_collimated_field_is_found_also_when_rotated(angle: float, size: tuple[float, float]) -> None:
    corners = _corners(*size, angle, (165, 205))
    stored = image(collimated(body(400, 320), corners), bits=12, pitch=1.0)
    found = _calculate(stored)
    assert _overlap(found["field"], [corners], (400, 320)) > 0.97
    assert found["confidence"]["field"] > 0.7  # type: ignore[index]
    assert found["field_fraction"] == pytest.approx(size[0] * size[1] / (400 * 320), abs=0.02)


def test_a_field_as_large_as_the_plate_is_the_plate() -> None:
    found = _calculate(image(body(400, 320), bits=12, pitch=1.0))
    assert found["field_fraction"] == 1
    assert found["confidence"]["field"] > 0.5  # type: ignore[index]


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("slant", [0.0, 0.12])
def test_a_straight_skin_line_is_no_collimator(turns: int, slant: float) -> None:
    """A thigh that reaches three borders: all of it is lighter than the air beside it, but it has structure."""
    y, x = np.mgrid[:400, :320].astype(np.float64)
    depth = 210 + slant * (y - 200) - x  # mm inside the skin
    soft = np.sqrt(np.clip(depth, 0, 80) / 80)
    bone = np.clip(1 - ((depth - 110) / 25) ** 2, 0, None) ** 0.5
    marrow = 0.02 * np.sin(x / 3) * np.sin(y / 4) * (bone > 0)
    signal = 0.1 + 0.45 * soft + 0.2 * bone + marrow + np.random.default_rng(1).normal(0, 0.003, x.shape)
    pixels = np.rint(4095 * np.rot90(signal, turns)).astype(np.uint16)
    found = _calculate(image(pixels, bits=12, pitch=1.0))
    assert found["field_fraction"] > 0.99


def test_collimated_on_one_side_only() -> None:
    corners = np.array([[80.0, -10], [330, -10], [330, 410], [80, 410]])
    found = _calculate(image(collimated(body(400, 320), corners), bits=12, pitch=1.0))
    xs = np.array(found["field"][0])[:, 0]  # type: ignore[index]
    assert xs.min() == pytest.approx(80, abs=1.5)
    assert xs.max() == pytest.approx(320, abs=0.1)


def test_two_exposures_on_one_plate() -> None:
    left, right = _corners(140, 340, 0, (80, 200)), _corners(140, 340, 0, (240, 200))
    halves = np.hstack([body(400, 160), body(400, 160, seed=5)])
    full = 0.93 * 4095
    both = np.minimum(collimated(halves, left), collimated(halves, right))
    both[:, 155:165] = int(full)
    found = _calculate(image(both, bits=12, pitch=1.0))
    assert len(found["field"]) == 2  # type: ignore[arg-type]
    assert _overlap(found["field"], [left, right], (400, 320)) > 0.95
    assert found["ei"] is None
    assert any("2 irradiated fields" in note for note in found["notes"])  # type: ignore[attr-defined]


def test_the_field_can_be_drawn_by_hand() -> None:
    drawn = [[10, 10], [100, 20], [90, 200]]
    found = _calculate(image(body(400, 320), bits=12, pitch=1.0), field_polygon=drawn)
    assert found["field"] == [drawn]
    assert found["confidence"]["field"] == 1  # type: ignore[index]


def test_direct_exposure_is_left_out_of_the_limits() -> None:
    stored = image(body(400, 320), bits=12, pitch=1.0)
    found = _calculate(stored)
    assert 0.08 < found["direct_threshold"] < 0.2  # type: ignore[operator]
    assert found["direct_fraction"] == pytest.approx(0.34, abs=0.03)
    assert found["s_low"] > _calculate(stored, direct=False)["s_low"] + 0.05  # type: ignore[operator]


def test_dark_parts_inside_the_object_are_no_direct_exposure() -> None:
    pixels = body(400, 320)
    y, x = np.mgrid[:400, :320]
    pixels[((y - 200) / 60) ** 2 + ((x - 160) / 30) ** 2 < 1] = int(0.08 * 4095)
    without = _calculate(image(body(400, 320), bits=12, pitch=1.0))
    found = _calculate(image(pixels, bits=12, pitch=1.0))
    assert found["direct_fraction"] == pytest.approx(without["direct_fraction"], abs=0.01)


@pytest.mark.parametrize("pitch", [0.143, 0.2, 0.35])
def test_reading_pitch_does_not_matter(pitch: float) -> None:
    reference = _calculate(image(body(400, 320), bits=12, pitch=1.0))
    rows, columns = round(400 / pitch), round(320 / pitch)
    found = _calculate(image(body(rows, columns, pitch=pitch), bits=12, pitch=pitch))
    for name in ("s_low", "s_high", "region_median", "direct_fraction", "field_fraction"):
        assert found[name] == pytest.approx(reference[name], abs=0.01), name


def test_clipped_fraction_counts_the_object_not_the_air() -> None:
    pixels = body(400, 320)
    assert _calculate(image(pixels, bits=12, pitch=1.0))["clipped_low"] == 0
    y, x = np.mgrid[:400, :320]
    inside = ((y - 200) / 80) ** 2 + ((x - 160) / 40) ** 2 < 1
    pixels[inside] = 0
    dark = _calculate(image(pixels, bits=12, pitch=1.0))
    assert dark["clipped_low"] == pytest.approx(inside.mean(), rel=0.05)
    air = np.where(body(400, 320) < 0.11 * 4095, 0, body(400, 320)).astype(np.uint16)
    assert _calculate(image(air, bits=12, pitch=1.0))["clipped_low"] < 0.005  # type: ignore[operator]
    pixels[inside] = 4095
    light = _calculate(image(pixels, bits=12, pitch=1.0))
    assert light["clipped_high"] == pytest.approx(inside.mean(), rel=0.05)


def test_limits_by_hand_by_window_and_by_header() -> None:
    stored = image(body(200, 160), bits=12, pitch=1.0, WindowCenter=[2048, 1000], WindowWidth=[2048, 50])
    by_hand = _calculate(stored, s_low=0.1, s_high=0.9)
    assert (by_hand["s_low"], by_hand["s_high"]) == (0.1, 0.9)
    assert by_hand["confidence"]["signal"] == 1  # type: ignore[index]
    by_window = _calculate(stored, signal="window", window_center=2048, window_width=2048)
    assert by_window["s_low"] == pytest.approx(1024 / 4095, abs=1e-3)
    by_header = _calculate(stored, signal="header")
    assert by_header["s_high"] == pytest.approx(3071 / 4095, abs=1e-3)
    nothing = _calculate(image(body(200, 160), bits=12, pitch=1.0), signal="header")
    assert any("No header window" in note for note in nothing["notes"])  # type: ignore[attr-defined]


def test_what_processed_pixels_use_of_their_range() -> None:
    squeezed = (1800 + body(200, 160) // 10).astype(np.uint16)
    found = _calculate(image(squeezed, bits=12, pitch=1.0, PresentationIntentType="FOR PRESENTATION"))
    assert (found["s_low"], found["s_high"]) == (0, 1)
    assert found["used_high"] - found["used_low"] < 0.08  # type: ignore[operator]


@pytest.mark.parametrize("value", [0, 2000, 4095])
def test_constant_images_have_limits_and_say_that_they_are_flat(value: int) -> None:
    found = _calculate(image(np.full((120, 90), value, np.uint16), bits=12, pitch=1.0))
    assert found["s_high"] - found["s_low"] == pytest.approx(0.08)  # type: ignore[operator]
    assert any("least span" in note for note in found["notes"])  # type: ignore[attr-defined]


def test_the_result_is_json() -> None:
    found = _calculate(image(body(200, 160), bits=12, pitch=1.0))
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize(
    ("body_part", "view"), [("CHEST", "PA"), ("HAND", "PA"), ("PELVIS", "AP"), ("SKULL", "LAT"), ("KNEE", "LAT")]
)
def test_phantoms(body_part: str, view: str) -> None:
    side = "L" if body_part in ("HAND", "KNEE") else ""
    exposed = phantom.radiograph(body_part, view, seed=11, side=side, pitch_mm=0.4)
    stored = image(
        exposed.pixels,
        pitch=0.4,
        bits=14,
        PhotometricInterpretation="MONOCHROME1",
        PresentationIntentType="FOR PROCESSING",
        PixelIntensityRelationship="LIN",
        PixelIntensityRelationshipSign=1,
    )
    found = _calculate(stored)
    height, width = (round(n * 0.4) for n in exposed.pixels.shape)
    assert _overlap(found["field"], [np.array(exposed.truth.field_mm)], (height, width)) > 0.97
    assert found["confidence"]["field"] > 0.7  # type: ignore[index]
    assert found["direct_fraction"] == pytest.approx(exposed.truth.direct_fraction, abs=0.03)


def test_scatter_beside_the_collimator_is_no_exposure() -> None:
    corners = _corners(150, 420, 0, (160, 200))
    stored = collimated(body(400, 320), corners).astype(np.float32)
    fade = cv2.GaussianBlur((polygon_mask([corners], (400, 320), (400, 320))).astype(np.float32), (0, 0), 12)
    stored = np.where(stored > 0.85 * 4095, stored - fade * 1500, stored).astype(np.uint16)
    found = _calculate(image(stored, bits=12, pitch=1.0))
    assert _overlap(found["field"], [corners], (400, 320)) > 0.96
