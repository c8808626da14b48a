"""What must come out exactly: identity, orientation, fusing, caching, switching of steps (G1-G4)."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

from imgdash import process
from imgdash.model import ImgdashError, Unreadable
from imgdash.process import Chain
from imgdash.reduce import reduce_image
from tests.process.images import body, image, random_pixels

IDENTITY = Chain.identity()


def _calculated(stored: xr.DataArray, chain: Chain) -> dict[str, object]:
    return process.calculate(reduce_image(stored), chain, attrs=stored.attrs)


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_identity_gives_the_pixels_back_bit_for_bit(bits: int, signed: bool, photometric: str) -> None:
    pixels = np.arange(1 << bits, dtype=np.int64).reshape(-1, 16)
    lowest = -(1 << (bits - 1)) if signed else 0
    dtype = np.dtype(f"{'i' if signed else 'u'}{1 if bits == 8 else 2}")
    stored = image((pixels + lowest).astype(dtype), bits=bits, PhotometricInterpretation=photometric)
    out = process.form(stored, IDENTITY, _calculated(stored, IDENTITY), bits=bits)
    expected = pixels if photometric == "MONOCHROME2" else (1 << bits) - 1 - pixels
    assert np.array_equal(out.values, expected)
    assert out.attrs["PhotometricInterpretation"] == "MONOCHROME2"


def test_no_steps_gives_the_pixels_back() -> None:
    stored = image(random_pixels(), bits=12)
    chain = Chain.of()
    assert np.array_equal(process.form(stored, chain, _calculated(stored, chain), steps=()).values, stored.values)


def test_result_does_not_depend_on_how_the_plate_was_read() -> None:
    """Turned or mirrored input gives the turned or mirrored output, and the same calculated limits."""
    pixels = body(300, 240)
    chain = Chain.of({"frequency": {"amount": 1.5}, "equalization": {"dark": 0.5, "light": 0.4}})
    stored = image(pixels, bits=12, pitch=1.0)
    calculated = _calculated(stored, chain)
    straight = process.form(stored, chain, calculated).values.astype(int)
    for turn in (lambda a: np.rot90(a), lambda a: np.rot90(a, 2), lambda a: a[:, ::-1], lambda a: a[::-1]):
        turned = image(np.ascontiguousarray(turn(pixels)), bits=12, pitch=1.0)
        again = _calculated(turned, chain)
        for name in ("s_low", "s_high", "direct_fraction", "region_median"):
            assert again[name] == pytest.approx(calculated[name], abs=2e-3), name
        # The field is turned with the image; it says what the bands are made of.
        limits = {name: calculated[name] for name in ("s_low", "s_high", "direct_threshold")}
        other = process.form(turned, chain, {**again, **limits}).values.astype(int)
        assert np.abs(other - turn(straight)).max() <= 1


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("mirror", [False, True])
def test_fused_rotation_equals_separate_passes(rotation: int, mirror: bool) -> None:
    stored = image(body(290, 210), bits=12)
    chain = Chain.of({"geometry": {"rotation": rotation, "mirror": mirror}})
    calculated = _calculated(stored, chain)
    fused = process.form(stored, chain, calculated)
    separate = process.form(stored, chain, calculated, fused=False)
    assert np.array_equal(fused.values, separate.values)
    assert fused.attrs == separate.attrs
    plain = process.form(stored, chain, calculated, steps=("frequency", "equalization", "gradation"))
    turned = np.rot90(plain.values, k=-(rotation // 90))
    assert np.array_equal(fused.values, turned[:, ::-1] if mirror else turned)


def test_a_stage_6_image_gives_what_the_whole_chain_gives() -> None:
    stored = image(body(290, 210), bits=12, Laterality="L")
    chain = Chain.of({"geometry": {"rotation": 90, "trim": "field"}, "overlay": {"side": "auto", "scale": True}})
    calculated = _calculated(stored, chain)
    stage6 = process.form_cached(stored, chain, calculated)
    for apparatus in ({"scale": 0.5}, {"size": (500, 400)}, {}):
        whole = process.form(stored, chain, calculated, **apparatus)
        finished = process.finish(stage6, chain, **apparatus)
        assert np.array_equal(whole.values, finished.values)
        assert whole.attrs == finished.attrs


@pytest.mark.parametrize(
    "processing",
    [
        {},
        {"frequency": {"method": "unsharp"}, "equalization": {"method": "alpha-beta", "alpha": 0.7, "beta": 1.3}},
        {"equalization": {"bands": 3, "edge": 0}, "geometry": {"angle": -3.3, "trim": "field", "shutter": True}},
    ],
)
@pytest.mark.parametrize("intent", ["FOR PROCESSING", "FOR PRESENTATION"])
def test_parameters_written_down_and_read_again_make_the_same_pixels(
    processing: dict[str, dict[str, object]], intent: str
) -> None:
    """What goes into an output image as its provenance is enough to make it again, bit for bit (R3)."""
    window = {"WindowCenter": 1500, "WindowWidth": 2000, "VOILUTFunction": "SIGMOID", "PresentationIntentType": intent}
    stored = image(body(250, 190), bits=12, pitch=1.0, **window)
    chain = Chain.of(processing)
    calculated = _calculated(stored, chain)
    written = json.dumps({"parameters": chain.flat(), "calculated": calculated})
    read = json.loads(written)
    first = process.form(stored, chain, calculated, bits=16)
    again = process.form(stored, Chain.of(overrides=read["parameters"]), read["calculated"], bits=16)
    assert np.array_equal(first.values, again.values)
    assert first.attrs["processing_log"] == again.attrs["processing_log"]


def test_each_step_can_be_switched_off() -> None:
    stored = image(body(200, 160), bits=12, Laterality="R")
    chain = Chain.of({"geometry": {"rotation": 90, "mirror": True, "scale": 0.5}, "overlay": {"side": "auto"}})
    calculated = _calculated(stored, chain)
    whole = process.form(stored, chain, calculated)
    assert [entry["step"] for entry in whole.attrs["processing_log"]] == list(process.ALL)
    for step in process.ALL:
        rest = process.form(stored, chain, calculated, steps=[s for s in process.ALL if s != step])
        assert step not in [entry["step"] for entry in rest.attrs["processing_log"]]
        assert rest.shape != whole.shape or not np.array_equal(rest.values, whole.values)
    with pytest.raises(ImgdashError, match="sharpen"):
        process.form(stored, chain, calculated, steps=("sharpen",))


def test_the_order_of_naming_steps_does_not_matter() -> None:
    stored = image(body(200, 160), bits=12)
    chain = Chain.of({"geometry": {"rotation": 90}})
    calculated = _calculated(stored, chain)
    one = process.form(stored, chain, calculated, steps=("gradation", "rotation", "frequency"))
    other = process.form(stored, chain, calculated, steps=("frequency", "gradation", "rotation"))
    assert np.array_equal(one.values, other.values)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 3), (17, 33)])
@pytest.mark.parametrize("value", [0, 1000, 4095])
def test_constant_saturated_and_tiny_images_are_formed(shape: tuple[int, int], value: int) -> None:
    stored = image(np.full(shape, value, np.uint16), bits=12)
    chain = Chain.of({"geometry": {"shutter": True, "angle": 3.0}, "overlay": {"scale": True, "comment": "x"}})
    calculated = _calculated(stored, chain)
    out = process.form(stored, chain, calculated)
    assert out.shape == shape
    assert np.isfinite([calculated["s_low"], calculated["s_high"]]).all()
    assert process.preview(reduce_image(stored).display, 0.2, chain, calculated).shape == shape


def test_without_spacing_everything_works_and_says_so() -> None:
    stored = image(body(200, 160), bits=12, pitch=None)
    chain = Chain.of({"overlay": {"scale": True}})
    out = process.form(stored, chain, _calculated(stored, chain))
    assert "PixelSpacing" not in out.attrs
    assert any("assumed" in note for note in out.attrs["notes"])
    assert any("No calibration scale" in note for note in out.attrs["notes"])


def test_of_several_frames_the_first() -> None:
    frames = np.stack([random_pixels(seed=1), random_pixels(seed=2)])
    stored = xr.DataArray(frames, dims=("frame", "y", "x"), attrs=image(frames[0], bits=12).attrs)
    reduced = reduce_image(stored)
    assert "The first of 2 frames is taken." in reduced.notes
    calculated = process.calculate(reduced, IDENTITY, attrs=stored.attrs)
    assert np.array_equal(process.form(stored, IDENTITY, calculated).values, frames[0])


def test_colour_is_refused() -> None:
    pixels = np.zeros((4, 4, 3), np.uint8)
    stored = xr.DataArray(pixels, dims=("y", "x", "sample"), attrs={"PhotometricInterpretation": "RGB"})
    with pytest.raises(Unreadable, match="colour"):
        reduce_image(stored)
    with pytest.raises(Unreadable, match="colour"):
        process.form(stored, IDENTITY, {})


def test_limits_that_were_never_calculated_are_asked_for() -> None:
    with pytest.raises(ImgdashError, match="not calculated"):
        process.form(image(random_pixels(), bits=12), Chain.of(), {})
