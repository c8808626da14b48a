"""Pixels are lazy, in place where they can be, and the same as pydicom's in every transfer syntax."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pydicom
import pytest
import xarray as xr
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from imgdash.model import Unreadable
from imgdash.store import pixels
from tests.conftest import peer
from tests.store.dicom import dataset, save

CHANCE = np.random.default_rng(1)
PICTURE = CHANCE.integers(0, 4096, (61, 47), np.uint16)


def mapped(image: xr.DataArray) -> bool:
    """Whether values come from the file in place."""
    array = image.variable._data.array
    return pixels._mapped(array.record, array.shape, array.dtype) is not None


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16])
def test_uncompressed_pixels_are_read_in_place(tmp_path: Path, syntax: str, dtype: type) -> None:
    picture = CHANCE.integers(0, 100, (61, 47)).astype(dtype)
    image = pixels.open_image(save(dataset(picture), tmp_path / "x.dcm", syntax))
    assert mapped(image)
    assert image.dtype == dtype
    np.testing.assert_array_equal(image.values, picture)
    np.testing.assert_array_equal(image[10:20:3, ::-1].values, picture[10:20:3, ::-1])


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless, JPEGLSLossless])
def test_compressed_pixels_are_decoded_when_asked_for(tmp_path: Path, syntax: str) -> None:
    path = save(dataset(PICTURE, BitsStored=12, HighBit=11), tmp_path / "plain.dcm")
    ds = pydicom.dcmread(path)
    ds.compress(syntax)
    ds.save_as(tmp_path / "x.dcm")
    image = pixels.open_image(tmp_path / "x.dcm")
    assert not mapped(image)
    assert image.shape == PICTURE.shape
    np.testing.assert_array_equal(image.values, PICTURE)


@pytest.mark.parametrize("syntax", [DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian])
def test_other_encodings_are_decoded_too(tmp_path: Path, syntax: str) -> None:
    ds = dataset(PICTURE)
    if syntax == ExplicitVRBigEndian:
        ds.PixelData = PICTURE.byteswap().tobytes()
        ds["PixelData"].VR = "OW"
    image = pixels.open_image(save(ds, tmp_path / "x.dcm", syntax))
    np.testing.assert_array_equal(image.values, PICTURE)


def test_a_private_element_that_looks_like_pixel_data_does_not_mislead(tmp_path: Path) -> None:
    """The tag's bytes may stand anywhere, also inside the pixels."""
    picture = PICTURE.copy()
    picture[:, :4] = np.frombuffer(b"\xe0\x7f\x10\x00OW\x00\x00", np.uint16)
    ds = dataset(picture)
    ds.ImageComments = "\x7f\x10"
    ds.add_new(0x7FDF0010, "LO", "PRIVATE")
    ds.add_new(0x7FDF1010, "OB", b"\xe0\x7f\x10\x00OW\x00\x00" * 20)
    image = pixels.open_image(save(ds, tmp_path / "x.dcm"))
    np.testing.assert_array_equal(image.values, picture)


def test_elements_behind_the_pixels_do_not_matter(tmp_path: Path) -> None:
    ds = dataset(PICTURE)
    ds.add_new(0xFFFCFFFC, "OB", bytes(100))
    image = pixels.open_image(save(ds, tmp_path / "x.dcm"))
    np.testing.assert_array_equal(image.values, PICTURE)


def test_coordinates_are_mm_or_said_to_be_pixels(tmp_path: Path) -> None:
    image = pixels.open_image(save(dataset(PICTURE), tmp_path / "x.dcm"))
    assert image.dims == ("y", "x")
    assert image.y.attrs["units"] == "mm"
    assert float(image.y[10]) == pytest.approx(2.0)
    assert float(image.x[10]) == pytest.approx(1.0)
    assert image.attrs["PixelSpacing"] == [0.2, 0.1]
    image = pixels.open_image(save(dataset(PICTURE, PixelSpacing=None), tmp_path / "y.dcm"))
    assert image.y.attrs["units"] == "px"
    assert "PixelSpacing" not in image.attrs
    assert float(image.y[10]) == 10
    image = pixels.open_image(
        save(dataset(PICTURE, PixelSpacing=None, ImagerPixelSpacing=[0.3, 0.3]), tmp_path / "z.dcm")
    )
    assert float(image.y[10]) == pytest.approx(3.0)


def test_frames_and_samples_have_dimensions_of_their_own(tmp_path: Path) -> None:
    stack = CHANCE.integers(0, 255, (3, 10, 12), np.uint8)
    image = pixels.open_image(save(dataset(stack, NumberOfFrames=3), tmp_path / "x.dcm"))
    assert image.dims == ("frame", "y", "x")
    np.testing.assert_array_equal(image[1].values, stack[1])
    colour = CHANCE.integers(0, 255, (10, 12, 3), np.uint8)
    ds = dataset(colour[..., 0], SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0)
    ds.PixelData = colour.tobytes()
    image = pixels.open_image(save(ds, tmp_path / "y.dcm"))
    assert image.dims == ("y", "x", "sample")
    np.testing.assert_array_equal(image.values, colour)


def test_what_is_needed_to_understand_pixels_travels_with_them(tmp_path: Path) -> None:
    lut = Dataset()
    lut.LUTDescriptor = [4, 0, 12]
    lut.LUTData = np.array([0, 10, 100, 4095], np.uint16).tobytes()
    ds = dataset(
        PICTURE,
        WindowCenter=["2048", "40"],
        WindowWidth=["4096", "80"],
        RescaleSlope="2",
        RescaleIntercept="-10",
        PhotometricInterpretation="MONOCHROME1",
        VOILUTSequence=[lut],
    )
    image = pixels.open_image(save(ds, tmp_path / "x.dcm"))
    assert image.attrs["PhotometricInterpretation"] == "MONOCHROME1"
    assert (image.attrs["RescaleSlope"], image.attrs["RescaleIntercept"]) == (2, -10)
    assert image.attrs["WindowCenter"] == [2048, 40]
    assert image.attrs["voi_lut"] == {"descriptor": [4, 0, 12], "data": [0, 10, 100, 4095]}
    assert image.attrs["unprocessed"] is None


@pytest.mark.parametrize(
    ("intent", "site", "expected"),
    [
        (None, None, None),
        (None, True, True),
        ("FOR PROCESSING", None, True),
        ("FOR PRESENTATION", None, False),
        ("FOR PRESENTATION", True, False),
    ],
)
def test_whether_an_image_is_raw(tmp_path: Path, intent: str | None, site: bool | None, expected: bool | None) -> None:
    """DX says it; a CR image does not, so that the site has to know its sender."""
    path = save(dataset(PresentationIntentType=intent), tmp_path / "x.dcm")
    assert pixels.open_image(path, unprocessed=site).attrs["unprocessed"] is expected


def test_opening_reads_no_pixels(tmp_path: Path) -> None:
    """A file whose pixels are cut off opens; only reading them fails, with a remedy."""
    path = save(dataset(PICTURE), tmp_path / "x.dcm")
    path.write_bytes(path.read_bytes()[:-100])
    image = pixels.open_image(path)
    assert image.shape == PICTURE.shape
    with pytest.raises(Unreadable, match=r"pixels of x\.dcm cannot be read.*Ask for the image again"):
        image.load()


def test_without_a_decoder_it_is_said_what_the_sender_can_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixels, "get_decoder", lambda syntax: SimpleNamespace(is_available=False))
    with pytest.raises(Unreadable, match=r"no decoder is installed here.*without compression") as raised:
        pixels.decode(save(dataset(PICTURE), tmp_path / "x.dcm"))
    # Asked for again it would come as it came.
    assert "again" not in str(raised.value)


def test_what_has_no_pixels_or_not_enough_to_understand_them_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="has no pixels"):
        pixels.open_image(save(dataset(PICTURE, Rows=None), tmp_path / "x.dcm"))
    for missing in ("PixelData", "PhotometricInterpretation"):
        with pytest.raises(Unreadable, match="cannot be read"):
            pixels.decode(save(dataset(PICTURE, **{missing: None}), tmp_path / "y.dcm"))


def test_anybody_can_open_it_with_xarray(tmp_path: Path) -> None:
    path = save(dataset(PICTURE), tmp_path / "x.dcm")
    with xr.open_dataset(path, engine="imgdash") as found:
        np.testing.assert_array_equal(found["pixels"].values, PICTURE)
    with xr.open_dataset(path) as found:
        assert found["pixels"].sizes == {"y": 61, "x": 47}
    with xr.open_dataset(path, engine="imgdash", drop_variables=["x"]) as found:
        assert "x" not in found.coords


def test_real_radiographs_read_as_pydicom_reads_them(radiographs: Path) -> None:
    for path in sorted(radiographs.glob("RG*.dcm")):
        image = pixels.open_image(path)
        np.testing.assert_array_equal(image[::50, ::50].values, pydicom.dcmread(path).pixel_array[::50, ::50])


@pytest.mark.peer
@pytest.mark.parametrize("option", ["+e1", "+el"], ids=["first-order prediction", "any prediction"])
def test_jpeg_lossless_of_dcmtk_reads_as_before_it_was_compressed(tmp_path: Path, option: str) -> None:
    plain = save(dataset(PICTURE), tmp_path / "plain.dcm")
    subprocess.run([peer("dcmcjpeg"), option, str(plain), str(tmp_path / "jpeg.dcm")], check=True)
    assert pydicom.dcmread(tmp_path / "jpeg.dcm").file_meta.TransferSyntaxUID.is_compressed
    np.testing.assert_array_equal(pixels.open_image(tmp_path / "jpeg.dcm").values, PICTURE)
