"""What an arrived file holds, as far as it can be read; looked at in a worker process, where it can do no harm."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom

from imgdash.model import ImgdashError, Unreadable
from imgdash.reduce import Reduced, reduce_image
from imgdash.store import files, header, pixels


@dataclass(frozen=True)
class Examined:
    """What a worker found in an arrived file.

    Attributes
    ----------
    columns
        Columns of the image header that the file tells.
    attributes
        DICOM attributes by which condition keys are chosen and pixels understood.
    reduced
        None where the pixels cannot be read.
    trouble
        Why not, in words.
    readable_header
        False where nothing but the file meta information could be read.
    """

    image_id: str
    columns: dict[str, Any]
    attributes: dict[str, Any]
    pixel_attributes: dict[str, Any]
    reduced: Reduced | None
    trouble: str = ""
    readable_header: bool = True


def examine(path: Path, display_size: int, pitch_mm: float, raw_senders: dict[str, bool]) -> Examined:
    """Read, hash and reduce one arrived file; runs in a worker process."""
    try:
        record = header.read(path)
    except Unreadable as error:
        return from_meta(path, str(error))
    image_id = files.content_id(path, record.offset)
    columns = header.columns(record)
    attributes = header.attributes(record.ds)
    try:
        image = pixels.open_image(path, unprocessed=raw_senders.get(columns["sender"]))
        reduced = reduce_image(image, display_size=display_size, pitch_mm=pitch_mm)
    except Exception as error:  # whatever broken pixels do, the image is then asked for again
        trouble = str(error) if isinstance(error, ImgdashError) else f"The pixels cannot be reduced: {error}."
        return Examined(image_id, columns, attributes, {}, None, trouble)
    return Examined(image_id, columns, attributes, dict(image.attrs), reduced)


def from_meta(path: Path, trouble: str) -> Examined:
    """An image header from the file meta information alone, which the receiver wrote."""
    try:
        meta = pydicom.filereader.read_file_meta_info(path)
    except Exception:  # not even that: the file was put there by hand
        meta = pydicom.dataset.FileMetaDataset()
    # Piece by piece: it may be the very file that was too large for a worker.
    image_id = files.content_id(path, 0)
    columns = {
        "sop_class_uid": str(meta.get("MediaStorageSOPClassUID", "")),
        "sop_instance_uid": str(meta.get("MediaStorageSOPInstanceUID", "")),
        "transfer_syntax": str(meta.get("TransferSyntaxUID", "")),
        "sender": str(meta.get("SourceApplicationEntityTitle", "")).strip(),
        "sender_host": str(meta.get("SourcePresentationAddress", "")).strip(),
    }
    return Examined(image_id, columns, {}, {}, None, trouble, readable_header=False)
