"""DICOM files that the receiver could have written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian, generate_uid


def dataset(pixels: np.ndarray | None = None, **attributes: Any) -> Dataset:
    """A CR image; attributes that are None are left out."""
    array = np.arange(48, dtype=np.uint16).reshape(6, 8) if pixels is None else pixels
    values: dict[str, Any] = {
        "SOPClassUID": ComputedRadiographyImageStorage,
        "SOPInstanceUID": generate_uid(),
        "StudyInstanceUID": "1.2.3",
        "SeriesInstanceUID": "1.2.3.1",
        "Modality": "CR",
        "PatientID": "42",
        "PatientName": "Müller^Jörg",
        "SpecificCharacterSet": "ISO_IR 192",
        "AcquisitionDate": "20250301",
        "AcquisitionTime": "123015.25",
        "PixelSpacing": [0.2, 0.1],
        "Rows": array.shape[-2],
        "Columns": array.shape[-1],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 8 * array.dtype.itemsize,
        "BitsStored": 8 * array.dtype.itemsize,
        "HighBit": 8 * array.dtype.itemsize - 1,
        "PixelRepresentation": int(array.dtype.kind == "i"),
        "PixelData": array.tobytes(),
        **attributes,
    }
    ds = Dataset()
    for keyword, value in values.items():
        if value is not None:
            setattr(ds, keyword, value)
    return ds


def save(ds: Dataset, path: Path, syntax: str = ExplicitVRLittleEndian, sender: str = "CR1") -> Path:
    """As part 10 file, with what the receiver notes of the association."""
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.file_meta.TransferSyntaxUID = syntax
    ds.file_meta.SourceApplicationEntityTitle = sender
    ds.save_as(path, enforce_file_format=True)
    return path
