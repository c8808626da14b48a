"""Headers and pixels as they should not be: a right result, or a refusal in words; never a NaN, never a crash."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from imgdash import process
from imgdash.model import ImgdashError, Unreadable
from imgdash.process import Chain
from imgdash.process.signal import scale_of, to_signal
from imgdash.reduce import reduce_image
from tests.process.images import body, image

NUMBERS = st.sampled_from([None, "", 0, 1, -1, 2.5, 1e-300, 1e300, float("nan"), float("inf"), "x", [1, 2]])
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "BitsStored": st.sampled_from([None, 0, 1, 7, 10, 16, 17, 32, 200]),
        "PixelRepresentation": st.sampled_from([None, 0, 1]),
        "PhotometricInterpretation": st.sampled_from(["MONOCHROME1", "MONOCHROME2", "", "PALETTE COLOR", "YBR_FULL"]),
        "RescaleSlope": NUMBERS,
        "RescaleIntercept": NUMBERS,
        "PixelSpacing": st.sampled_from([None, [0, 0], [0.1, 0.4], [-1, 1], ["a", 1], [float("nan"), 1], 0.2]),
        "WindowCenter": NUMBERS,
        "WindowWidth": NUMBERS,
        "VOILUTFunction": st.sampled_from(["LINEAR", "SIGMOID", "LINEAR_EXACT", "", "CUBIC"]),
        "PixelPaddingValue": NUMBERS,
        "PixelPaddingRangeLimit": NUMBERS,
        "PixelIntensityRelationship": st.sampled_from([None, "LIN", "LOG", "DISP"]),
        "PixelIntensityRelationshipSign": st.sampled_from([None, 1, -1]),
        "unprocessed": st.sampled_from([None, True, False]),
        "Modality": st.sampled_from(["CR", "CT", ""]),
        "modality_lut": st.sampled_from(
            [{"descriptor": [0, 0, 16], "data": []}, {"descriptor": [2, 5, 16], "data": [7, 7]}]
        ),
    },
)
DTYPES = st.sampled_from([np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.float32, np.float64])


@settings(
    max_examples=60,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)
@given(attrs=HEADERS, dtype=DTYPES, shape=st.sampled_from([(1, 1), (3, 2), (12, 9)]))
def test_any_header_gives_an_image_or_a_refusal(attrs: dict[str, Any], dtype: type, shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    pixels = (rng.normal(0, 1e4, shape) % 251).astype(dtype)
    stored = xr.DataArray(pixels, dims=("y", "x"), attrs=attrs)
    chain = Chain.of({"automatic": {"signal": "header"}, "overlay": {"scale": True}})
    try:
        reduced = reduce_image(stored)
        calculated = process.calculate(reduced, chain, attrs=stored.attrs)
        out = process.form(stored, chain, calculated)
    except ImgdashError:
        return
    assert np.isfinite([calculated["s_low"], calculated["s_high"]]).all()
    assert out.dtype == np.uint16
    assert out.values.max() <= 4095


def test_padding_is_dark_and_moves_no_limit() -> None:
    pixels = body(300, 240)
    padded = np.full((360, 300), 4095, np.uint16)
    padded[30:-30, 30:-30] = pixels
    chain = Chain.of({"automatic": {"field": "whole"}})
    bare = image(pixels, bits=12)
    framed = image(padded, bits=12, PixelPaddingValue=4095)
    assert any("Pixel padding 4095 to 4095" in note for note in scale_of(framed.attrs).notes)
    without = process.calculate(reduce_image(bare), chain, attrs=bare.attrs)
    within = process.calculate(reduce_image(framed), chain, attrs=framed.attrs)
    for limit in ("s_low", "s_high"):
        assert within[limit] == pytest.approx(without[limit], abs=0.02)
    out = process.form(framed, chain, within).values
    assert out[:20].max() < 60
    assert out[40:-40, 40:-40].max() > 3000


@pytest.mark.parametrize(
    ("attrs", "padded"),
    [
        ({"PixelPaddingValue": 10}, [10]),
        ({"PixelPaddingValue": 12, "PixelPaddingRangeLimit": 10}, [10, 11, 12]),
        ({"PixelPaddingValue": "nothing"}, []),
    ],
)
def test_padding_is_a_value_or_a_range(attrs: dict[str, Any], padded: list[int]) -> None:
    pixels = np.arange(5, 20, dtype=np.uint16).reshape(1, -1)
    stored = image(pixels, bits=8, PhotometricInterpretation="MONOCHROME1", **attrs)
    signal = to_signal(pixels, stored.attrs)
    bare = to_signal(pixels, image(pixels, bits=8, PhotometricInterpretation="MONOCHROME1").attrs)
    assert [int(v) for v in pixels[signal != bare]] == padded
    assert (signal[signal != bare] == bare.min()).all()


def test_padding_of_signed_pixels_written_without_sign() -> None:
    pixels = np.array([[-2000, 0, 100]], np.int16)
    attrs = image(pixels, bits=16, PixelPaddingValue=63536, PhotometricInterpretation="MONOCHROME1").attrs
    signal = to_signal(pixels, attrs)
    assert signal[0, 0] == signal.min() == signal[0, 2]


@pytest.mark.parametrize("slope", [0, float("nan"), "steep"])
def test_a_rescale_slope_without_sense_is_not_used_and_said(slope: object) -> None:
    pixels = np.array([[0, 4095]], np.uint16)
    attrs = image(pixels, bits=12, RescaleSlope=slope).attrs
    assert to_signal(pixels, attrs).tolist() == [[0.0, 1.0]]
    assert any("make no sense" in note for note in scale_of(attrs).notes)


def test_more_bits_than_there_are() -> None:
    with pytest.raises(Unreadable, match="200 bits"):
        scale_of({"BitsStored": 200})


def test_the_frame_that_was_taken_is_told_with_the_output() -> None:
    stored = xr.DataArray(np.zeros((3, 8, 8), np.uint16), dims=("frame", "y", "x"), attrs={"BitsStored": 12})
    out = process.form(stored, Chain.identity(), {})
    assert "The first of 3 frames is taken." in out.attrs["notes"]


AWKWARD = {
    "one pixel": (np.full((1, 1), 7, np.uint16), {}),
    "a row": (np.arange(9, dtype=np.uint16).reshape(1, 9), {}),
    "constant": (np.full((90, 70), 2000, np.uint16), {}),
    "saturated": (np.full((90, 70), 4095, np.uint16), {}),
    "8 bits": ((body(200, 160) >> 4).astype(np.uint8), {"bits": 8}),
    "10 bits": (body(200, 160) >> 2, {"bits": 10}),
    "14 bits": (body(200, 160, bits=14), {"bits": 14}),
    "signed": (body(200, 160).astype(np.int16) - 2048, {"bits": 12}),
    "inverted": (4095 - body(200, 160), {"PhotometricInterpretation": "MONOCHROME1"}),
    "no spacing": (body(200, 160), {"pitch": None}),
}


@pytest.mark.parametrize("region", ["anatomy", "lungs", "spine", "spine-lateral"])
@pytest.mark.parametrize("kind", AWKWARD)
def test_awkward_images_are_formed_whatever_region_is_asked_for(kind: str, region: str) -> None:
    pixels, attrs = AWKWARD[kind]
    stored = image(pixels, **{"bits": 12, "pitch": 1.0, **attrs})
    chain = Chain.of({"automatic": {"region": region}})
    calculated = process.calculate(reduce_image(stored), chain, attrs=stored.attrs)
    assert np.isfinite([calculated["s_low"], calculated["s_high"]]).all()
    out = process.form(stored, chain, calculated)
    assert out.shape == pixels.shape
    if min(pixels.shape) > 100:
        # However they were stored, the bone is light and the air black.
        assert np.median(out.values[:, 74:86]) > 2000
        assert np.median(out.values[:, :10]) < 100
