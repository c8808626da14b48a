"""Pixels of a record as a lazy `xarray.DataArray`: dims y, x; coordinates in mm; attributes from the header."""

from __future__ import annotations

import mmap
import os
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import xarray as xr
from pydicom.dataset import Dataset
from pydicom.pixels import get_decoder
from xarray.backends import BackendArray
from xarray.core import indexing

from imgdash.model import Unreadable
from imgdash.store import header

# Attributes that pixels cannot be understood without; they travel with the array.
_ATTRIBUTES = (
    "Modality BodyPartExamined ViewPosition PatientOrientation PhotometricInterpretation BitsAllocated BitsStored "
    "HighBit PixelRepresentation RescaleSlope RescaleIntercept RescaleType PixelIntensityRelationship "
    "PixelIntensityRelationshipSign PresentationIntentType PresentationLUTShape WindowCenter WindowWidth "
    "VOILUTFunction LossyImageCompression Manufacturer ManufacturerModelName Sensitivity Laterality "
    "ImageLaterality SamplesPerPixel PixelPaddingValue PixelPaddingRangeLimit ExposureIndex TargetExposureIndex"
).split()
_PIXEL_DATA = b"\xe0\x7f\x10\x00"


class _Pixels(BackendArray):
    """Stored values, memory-mapped where uncompressed, decoded when asked for otherwise."""

    def __init__(self, record: header.Record) -> None:
        self.record = record
        ds = record.ds
        self.shape: tuple[int, ...] = (int(ds.Rows), int(ds.Columns))
        if int(ds.get("NumberOfFrames") or 1) > 1:
            self.shape = (int(ds.NumberOfFrames), *self.shape)
        if int(ds.get("SamplesPerPixel") or 1) > 1:
            self.shape = (*self.shape, int(ds.SamplesPerPixel))
        signed = "i" if int(ds.get("PixelRepresentation") or 0) else "u"
        self.dtype = np.dtype(f"<{signed}{max(1, int(ds.get('BitsAllocated') or 16) // 8)}")

    def __getitem__(self, key: indexing.ExplicitIndexer) -> np.ndarray:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._part)

    def _part(self, key: tuple[Any, ...]) -> np.ndarray:
        mapped = _mapped(self.record, self.shape, self.dtype)
        return np.asarray((decode(self.record.path) if mapped is None else mapped)[key])


def _mapped(record: header.Record, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray | None:
    """The pixels in place, or None where they have to be decoded."""
    syntax = record.transfer_syntax
    if syntax.is_compressed or not syntax.is_little_endian or syntax.is_deflated:
        return None
    wanted = int(np.prod(shape)) * dtype.itemsize
    size = os.path.getsize(record.path)
    with open(record.path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        # Pixel Data is the last large element: look for its tag from behind where it must begin.
        at = view.rfind(_PIXEL_DATA, max(0, size - wanted - 4096), size - wanted)
        if at < 0:
            return None
        explicit = not syntax.is_implicit_VR
        start = at + (12 if explicit else 8)
        length = int.from_bytes(view[start - 4 : start], "little")
    if length < wanted or length - wanted > 1 or start + wanted > size:
        return None
    return np.memmap(record.path, dtype, "r", start, shape)


def decode(path: Path) -> np.ndarray:
    """All pixels of a record, decoded.

    Raises
    ------
    Unreadable
        If they are missing, cut off, or of a kind no installed decoder reads; says which.
    """
    try:
        ds = pydicom.dcmread(path)
        syntax = ds.file_meta.TransferSyntaxUID
        if not get_decoder(syntax).is_available:
            # Sent again as it is it could not be read either.
            raise Unreadable(
                f"The pixels are compressed as {syntax.name}, for which no decoder is installed here.",
                "Have the sender send without compression, or as JPEG Lossless.",
            )
        pixels: np.ndarray = ds.pixel_array
    except Unreadable:
        raise
    except Exception as error:  # decoders raise whatever the bytes make them do
        raise Unreadable(
            f"The pixels of {path.name} cannot be read: {_short(error)}.", "Ask for the image again."
        ) from error
    return pixels


def _short(error: Exception) -> str:
    lines = str(error).splitlines() or [type(error).__name__]
    return lines[0][:200].rstrip(".")


def attributes(ds: Dataset) -> dict[str, Any]:
    """What of the header travels with the pixels; JSON types, missing values left out."""
    found: dict[str, Any] = {}
    for name in _ATTRIBUTES:
        value = ds.get(name)
        if value is None or value == "":
            continue
        if isinstance(value, pydicom.multival.MultiValue):
            found[name] = [_plain(item) for item in value]
        else:
            found[name] = _plain(value)
    spacing = header.spacing(ds)
    if spacing:
        found["PixelSpacing"] = list(spacing)
    tables = ds.get("VOILUTSequence")
    if tables:
        found["voi_lut"] = {
            "descriptor": [int(item) for item in tables[0].LUTDescriptor],
            "data": np.atleast_1d(np.asarray(tables[0].LUTData)).tolist()
            if not isinstance(tables[0].LUTData, bytes)
            else np.frombuffer(tables[0].LUTData, "<u2").tolist(),
        }
    tables = ds.get("ModalityLUTSequence")
    if tables:
        found["modality_lut"] = {
            "descriptor": [int(item) for item in tables[0].LUTDescriptor],
            "data": np.atleast_1d(np.asarray(tables[0].LUTData)).tolist()
            if not isinstance(tables[0].LUTData, bytes)
            else np.frombuffer(tables[0].LUTData, "<u2").tolist(),
        }
    found["unprocessed"] = unprocessed(ds)
    return found


def unprocessed(ds: Dataset) -> bool | None:
    """Whether the image says that it is FOR PROCESSING; None where it does not say (a CR image does not)."""
    intent = header.text(ds, "PresentationIntentType")
    return {"FOR PROCESSING": True, "FOR PRESENTATION": False}.get(intent)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool | int):
        return int(value)
    try:
        number = float(value)
    except (TypeError, ValueError):
        return str(value)
    return int(number) if isinstance(value, int) else number


def open_image(path: Path | str, *, unprocessed: bool | None = None) -> xr.DataArray:
    """A record as a lazy array.

    Parameters
    ----------
    path
        A DICOM part 10 file.
    unprocessed
        What the site knows about its sender, for images that do not say it themselves.

    Returns
    -------
    DataArray, dims ``y, x`` (``frame`` before, ``sample`` behind, where there are any)
        Stored values. ``y`` and ``x`` are pixel centres in mm, or in pixels where the spacing is unknown
        (then without ``PixelSpacing`` in ``attrs``). Nothing is read before it is asked for.

    Raises
    ------
    Unreadable
    """
    record = header.read(Path(path))
    ds = record.ds
    if not ds.get("Rows") or not ds.get("Columns"):
        raise Unreadable(f"{Path(path).name} has no pixels.", "It is not an image; look at its SOP class.")
    array = _Pixels(record)
    dims = ["y", "x"]
    if int(ds.get("NumberOfFrames") or 1) > 1:
        dims.insert(0, "frame")
    if int(ds.get("SamplesPerPixel") or 1) > 1:
        dims.append("sample")
    found = attributes(ds)
    if unprocessed is not None and found["unprocessed"] is None:
        found["unprocessed"] = unprocessed
    row, column = found.get("PixelSpacing", (1.0, 1.0))
    unit = "mm" if "PixelSpacing" in found else "px"
    return xr.DataArray(
        xr.Variable(dims, indexing.LazilyIndexedArray(array), found),
        coords={
            "y": ("y", np.arange(int(ds.Rows)) * row, {"units": unit}),
            "x": ("x", np.arange(int(ds.Columns)) * column, {"units": unit}),
        },
        name="pixels",
    )
