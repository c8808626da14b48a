"""The signal domain: larger = more attenuation, 0…1 over the bits stored, whatever the header's conventions."""

from __future__ import annotations

import numpy as np
import pytest

from imgdash.model import Unreadable
from imgdash.process.signal import from_signal, scale_of, to_signal
from tests.process.images import image

LINEAR = {
    "PresentationIntentType": "FOR PROCESSING",
    "PixelIntensityRelationship": "LIN",
    "PixelIntensityRelationshipSign": 1,
    "PhotometricInterpretation": "MONOCHROME1",
}


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_monochrome2_spans_zero_to_one(bits: int) -> None:
    dtype = np.uint8 if bits == 8 else np.uint16
    ends = np.array([[0, (1 << bits) - 1]], dtype)
    assert to_signal(ends, image(ends, bits=bits).attrs).tolist() == [[0.0, 1.0]]


def test_monochrome1_is_inverted_and_says_so() -> None:
    pixels = np.array([[0, 1023]], np.uint16)
    attrs = image(pixels, bits=10, PhotometricInterpretation="MONOCHROME1").attrs
    assert to_signal(pixels, attrs).tolist() == [[1.0, 0.0]]
    assert any("MONOCHROME1" in note for note in scale_of(attrs).notes)


def test_signed_values_start_at_their_lowest() -> None:
    pixels = np.array([[-2048, 0, 2047]], np.int16)
    signal = to_signal(pixels, image(pixels, bits=12).attrs)
    assert signal[0, 0] == 0
    assert signal[0, 2] == 1
    assert signal[0, 1] == pytest.approx(0.5, abs=1e-3)


def test_ct_is_affine_in_hounsfield_units() -> None:
    pixels = np.array([[0, 1024, 4095]], np.uint16)
    attrs = image(pixels, bits=16, Modality="CT", RescaleSlope=1, RescaleIntercept=-1024).attrs
    assert to_signal(pixels, attrs)[0] == pytest.approx([0, 1024 / 4095, 1])


def test_ten_times_less_exposure_is_a_quarter_more_signal() -> None:
    pixels = np.array([[16383, 1638, 164, 16, 0]], np.uint16)
    signal = to_signal(pixels, image(pixels, bits=14, **LINEAR).attrs)
    assert signal[0] == pytest.approx([0, 0.25, 0.5, 0.7526, 1], abs=2e-3)


def test_the_sign_goes_before_the_photometric_interpretation_of_raw_pixels() -> None:
    pixels = np.array([[0, 4095]], np.uint16)
    said = {**LINEAR, "PixelIntensityRelationship": "LOG", "PhotometricInterpretation": "MONOCHROME2"}
    attrs = image(pixels, bits=12, **said).attrs
    assert to_signal(pixels, attrs).tolist() == [[1.0, 0.0]]
    assert any("goes before MONOCHROME2" in note for note in scale_of(attrs).notes)
    shown = {**said, "PresentationIntentType": "FOR PRESENTATION"}
    assert to_signal(pixels, image(pixels, bits=12, **shown).attrs).tolist() == [[0.0, 1.0]]


@pytest.mark.parametrize("extra", [{}, LINEAR, {"RescaleSlope": 2.0, "RescaleIntercept": -100.0}])
def test_back_to_stored_values(extra: dict[str, object]) -> None:
    pixels = np.arange(4, 4096, 13, dtype=np.uint16).reshape(1, -1)
    attrs = image(pixels, bits=12, **extra).attrs
    assert from_signal(to_signal(pixels, attrs), attrs) == pytest.approx(pixels, abs=0.02)


def test_modality_lut() -> None:
    table = {"descriptor": [4, 10, 16], "data": [0, 100, 300, 1000]}
    pixels = np.array([[0, 10, 11, 12, 13, 200]], np.uint16)
    attrs = image(pixels, bits=8, modality_lut=table).attrs
    assert to_signal(pixels, attrs)[0] == pytest.approx([0, 0, 0.1, 0.3, 1, 1])
    assert from_signal([0.1, 0.3], attrs) == pytest.approx([11, 12])


def test_every_stored_pattern_has_a_finite_signal() -> None:
    pixels = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    for bits, extra in ((12, {}), (16, LINEAR), (12, {"Modality": "CT", "RescaleSlope": 1, "RescaleIntercept": -1024})):
        assert np.isfinite(to_signal(pixels, image(pixels, bits=bits, **extra).attrs)).all()


def test_floats_and_big_endian_values_are_taken() -> None:
    pixels = np.array([[0, 4095]], ">u2")
    assert to_signal(pixels, image(pixels, bits=12).attrs).tolist() == [[0.0, 1.0]]
    reals = np.array([[0.0, np.nan, 4095.0]])
    assert to_signal(reals, image(pixels, bits=12).attrs).tolist() == [[0.0, 0.0, 1.0]]


def test_loss_is_told() -> None:
    pixels = np.zeros((1, 1), np.uint16)
    assert "The pixels were compressed with loss." in scale_of(image(pixels, LossyImageCompression="01").attrs).notes
    assert scale_of(image(pixels, LossyImageCompression="00").attrs).notes == ()


def test_colour_is_refused_with_a_remedy() -> None:
    with pytest.raises(Unreadable, match=r"colour \(RGB\)") as refused:
        scale_of({"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3})
    assert "MONOCHROME2" in refused.value.remedy
