"""Character set and transfer syntax of what is sent."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from imgdash.config import OutputApparatus
from imgdash.wire import charset
from imgdash.wire.identity import IMPLEMENTATION_CLASS_UID

UTF8: Final = "ISO_IR 192"
# `transfer_syntax` of the site file; only lossless ones: P-values are for reading.
SYNTAXES: Final = {
    "explicit": ExplicitVRLittleEndian,
    "implicit": ImplicitVRLittleEndian,
    "rle": RLELossless,
    "j2k": JPEG2000Lossless,
    "jpegls": JPEGLSLossless,
}


def make_room_for(ds: Dataset, texts: Iterable[str]) -> None:
    """Let `ds` hold `texts`: its character set stays as long as they are ASCII, else everything becomes UTF-8.

    What stays is written byte for byte as it came, also where the sender's bytes do not fit its own character set.
    """
    if all(text.isascii() for text in texts) or ds.get("SpecificCharacterSet") == UTF8:
        return
    ds.decode()
    ds.SpecificCharacterSet = UTF8


def suit(ds: Dataset, apparatus: OutputApparatus) -> None:
    """What an apparatus wants of texts and private attributes, whatever the image is (F5).

    Raises
    ------
    ImgdashError
        If a text does not fit the character set it wants.
    """
    if apparatus.private_tags == "drop":
        ds.remove_private_tags()
    if apparatus.charset != "keep":
        charset.convert(ds, apparatus.charset)


def set_pixels(ds: Dataset, pixels: np.ndarray, bits: int) -> None:
    """One frame of unsigned values, MONOCHROME2, in as few bytes as hold `bits`.

    Parameters
    ----------
    pixels
        2-D, 0 … 2^bits − 1.
    """
    allocated = 8 if bits <= 8 else 16
    ds.Rows, ds.Columns = pixels.shape
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = allocated, bits, bits - 1, 0
    data = np.ascontiguousarray(pixels, dtype="<u1" if allocated == 8 else "<u2").tobytes()
    ds.PixelData = data + b"\0" * (len(data) % 2)
    ds["PixelData"].VR = "OW" if allocated == 16 else "OB"


def write(ds: Dataset, path: Path, syntax: str, implementation: str) -> None:
    """Write a part 10 file in a transfer syntax; the preamble is zero."""
    uid = UID(syntax)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = ds.SOPClassUID
    meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian if uid.is_compressed else uid
    meta.ImplementationClassUID = IMPLEMENTATION_CLASS_UID
    meta.ImplementationVersionName = implementation[:16]
    ds.file_meta = meta
    if uid.is_compressed:
        ds.compress(uid, generate_instance_uid=False)
    temporary = path.with_name(f"{path.name}.tmp")
    ds.save_as(temporary, enforce_file_format=True)
    temporary.replace(path)
