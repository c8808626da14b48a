"""What is written into the image, where, how large in true mm, and what it covers."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from imgdash import process
from imgdash.model import ImgdashError
from imgdash.process import Chain, overlay
from imgdash.process.geometry import Placement
from tests.process.images import image

PLAIN = {
    "frequency": {"amount": 0},
    "equalization": {"light": 0, "dark": 0},
    "gradation": {"type": "linear"},
    "automatic": {"field": "whole", "signal": "full"},
}
WHOLE = [[[0, 0], [120, 0], [120, 150], [0, 150]]]


def _form(
    overlay: dict[str, object], *, pitch: float | None = 0.2, field: object = WHOLE, **kwargs: object
) -> xr.DataArray:
    attrs = kwargs.pop("attrs", {})
    stored = image(np.full((750, 600), 1000, np.uint16), bits=12, pitch=pitch, **attrs)  # type: ignore[arg-type]
    return process.form(stored, Chain.of({**PLAIN, "overlay": overlay}), {"field": field}, **kwargs)  # type: ignore[arg-type]


def test_side_marker_is_drawn_where_it_belongs_and_nowhere_else() -> None:
    out = _form({"side": "L", "side_x": 0.7, "side_y": 0.1})
    place = out.attrs["overlay_rectangles"][0]
    assert (place["kind"], place["text"]) == ("side", "L")
    assert (place["x0"], place["y0"]) == pytest.approx((0.7, 0.1), abs=2e-3)
    changed = np.argwhere(out.values != 1000)
    assert changed[:, 0].min() >= place["y0"] * 750
    assert changed[:, 0].max() < place["y1"] * 750
    assert changed[:, 1].min() >= place["x0"] * 600
    assert changed[:, 1].max() < place["x1"] * 600
    assert out.values.max() == 4095
    assert len(np.unique(out.values)) > 20, "letters have smooth edges"


def test_side_and_projection_from_the_header() -> None:
    out = _form({"side": "auto", "projection": "auto"}, attrs={"Laterality": "R", "ViewPosition": "PA"})
    assert [place["text"] for place in out.attrs["overlay_rectangles"]] == ["R", "PA"]
    image_first = _form({"side": "auto"}, attrs={"Laterality": "R", "ImageLaterality": "L"})
    assert image_first.attrs["overlay_rectangles"][0]["text"] == "L"
    assert _form({"side": "auto"}).attrs["overlay_rectangles"] == []


def test_calibration_scale_measures_true_mm() -> None:
    for scale in (1.0, 0.5, 1.5):
        out = _form({"scale": True, "scale_length": 100.0}, scale=scale)
        white = out.values == 4095
        column = int(np.argmax(white.sum(axis=0)))
        run = np.flatnonzero(white[:, column])
        pitch = out.attrs["PixelSpacing"][0]
        assert (run[-1] - run[0]) * pitch == pytest.approx(100.0, abs=2.5 * pitch)


def test_no_scale_without_spacing() -> None:
    out = _form({"scale": True}, pitch=None)
    assert out.attrs["overlay_rectangles"] == []
    assert any("spacing" in note for note in out.attrs["notes"])


def test_how_much_of_the_field_is_covered() -> None:
    right_half = [[[60, 0], [120, 0], [120, 150], [60, 150]]]
    left = _form({"side": "L", "side_x": 0.05}, field=right_half).attrs["overlay_rectangles"][0]
    right = _form({"side": "L", "side_x": 0.8}, field=right_half).attrs["overlay_rectangles"][0]
    assert left["covers_field"] == 0
    assert right["covers_field"] == 1


def test_what_a_person_placed_goes_before_the_condition() -> None:
    placed = [
        {"kind": "side", "text": "R", "x": 0.5, "y": 0.5},
        {"kind": "comment", "text": "erect", "x": 0.1, "y": 0.8},
    ]
    out = _form({"side": "L", "comment": "supine"}, overlays=placed)
    assert [place["text"] for place in out.attrs["overlay_rectangles"]] == ["R", "erect"]


def test_an_overlay_at_the_rim_stays_inside() -> None:
    place = _form({"comment": "standing, inspiration", "comment_x": 1.0, "comment_y": 1.0}).attrs["overlay_rectangles"][
        0
    ]
    assert place["x1"] <= 1
    assert place["y1"] <= 1


def test_a_comment_too_long_for_the_image_is_all_there_in_smaller_letters() -> None:
    """Cut off, "no view of the left side" says the opposite."""
    out = _form({"comment": "taken in bed, patient could not stand: no view of the left side"})
    place = out.attrs["overlay_rectangles"][0]
    assert place["part"] < 0.8
    ink = np.argwhere(out.values > 3000)
    assert 0 < ink[:, 1].min() < ink[:, 1].max() < 599, "neither end is at the rim"
    assert np.ptp(ink[:, 1]) > 500
    assert any(f"written at {place['part']:.0%} of its height" in note for note in out.attrs["notes"])
    short = _form({"comment": "in bed"})
    assert (short.attrs["overlay_rectangles"][0]["part"], short.attrs["notes"]) == (1, [])


@pytest.mark.parametrize("shape", [(2000, 2500), (300, 200), (512, 512)])
@pytest.mark.parametrize("letters", [20, 40, 60])
def test_letters_of_any_number_and_size_lie_inside(shape: tuple[int, int], letters: int) -> None:
    """What is half as high is not half as long: each letter is rounded to whole pixels."""
    item = overlay.Item("comment", 0.5, 0.5, "M" * letters, 0.03)
    placement = Placement.of_image(shape, (0.2, 0.2))
    drawn, (place,), _ = overlay.draw(np.zeros(shape, np.uint16), [item], placement, (), 12, True)
    ink = np.argwhere(drawn)[:, 1]
    assert 0 < ink.min() < ink.max() < shape[1] - 1
    # No smaller than it has to be.
    assert place["part"] == 1 or np.ptp(ink) > 0.7 * shape[1]


def test_comments_of_any_script_on_one_line() -> None:
    out = _form({"comment": "側面\nLAT"})
    place = out.attrs["overlay_rectangles"][0]
    assert place["text"] == "側面 LAT"
    assert any("'側面 LAT'" in note for note in out.attrs["notes"])
    latin = _form({"comment": "   LAT"})
    assert (out.values > 3000).sum() > 1.3 * (latin.values > 3000).sum(), "the ideographs leave ink"


@pytest.mark.parametrize(
    "wrong",
    [{"kind": "arrow"}, {"kind": "comment", "text": "x"}, {"kind": "side", "text": "L", "x": "a", "y": 0},
     {"kind": "side", "text": "L", "x": 2, "y": 0}],
)  # fmt: skip
def test_an_overlay_without_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ImgdashError):
        _form({}, overlays=[wrong])
