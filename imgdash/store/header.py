"""Reading the header of a record: DICOM attributes → the columns of an image header (B3, B4, C2)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID

from imgdash.model import Patient, Unreadable
from imgdash.model.image import SIDES

# What a foreign file says is looked at as it is; a value that breaks a rule of DICOM is no reason to lose an image.
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE

# Elements longer than this stay on disk until somebody asks; pixels always do.
_DEFER = "64 KB"
_DATE = re.compile(r"\d{8}")


@dataclass(frozen=True)
class Record:
    """The header of one record.

    Attributes
    ----------
    ds
        Data set without pixels.
    meta
        File meta information, where the receiver wrote who sent it.
    offset
        Where the data set begins in the file.
    """

    path: Path
    ds: Dataset
    meta: FileMetaDataset
    offset: int

    @property
    def transfer_syntax(self) -> UID:
        """As the image was sent."""
        return UID(str(self.meta.get("TransferSyntaxUID", "")))


def read(path: Path) -> Record:
    """Read a record's header; pixels stay on disk.

    Raises
    ------
    Unreadable
        If it is not DICOM, or is broken before the pixels.
    """
    try:
        with open(path, "rb") as file:
            file.seek(128)
            if file.read(4) != b"DICM":
                raise Unreadable(f"{path.name} is not a DICOM file.", "Ask the sender for a DICOM part 10 file.")
            meta = pydicom.filereader._read_file_meta_info(file)
            offset = file.tell()
        ds = pydicom.dcmread(path, stop_before_pixels=True, defer_size=_DEFER)
        ds.get("SOPInstanceUID")
        for element in ds:
            _ = element.value
    except Unreadable:
        raise
    except (RecursionError, MemoryError) as error:
        raise Unreadable(f"The header of {path.name} is nested too deep or too large.", "Ask for it again.") from error
    except Exception as error:  # pydicom raises whatever the bytes make it do
        raise Unreadable(
            f"The header of {path.name} cannot be read: {error}.", "Ask the sender for it again."
        ) from error
    if isinstance(ds, pydicom.FileDataset):
        ds.file_meta = meta
    return Record(path, ds, meta, offset)


def text(ds: Dataset, keyword: str) -> str:
    """An attribute as text; '' where it is missing or empty."""
    try:
        value = ds.get(keyword)
    except Exception:  # a broken value is an unknown value
        return ""
    if value is None:
        return ""
    if isinstance(value, (list, pydicom.multival.MultiValue)):
        return "\\".join(str(item) for item in value)
    return str(value).strip()


def number(ds: Dataset, keyword: str) -> float | None:
    """An attribute as a number; None where it is missing or is none."""
    raw = text(ds, keyword).split("\\")[0]
    try:
        found = float(raw)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def moment(ds: Dataset, date: str, time: str) -> datetime | None:
    """A date and a time attribute as one moment; None where unknown."""
    day, clock = text(ds, date), text(ds, time).split(".")[0].ljust(6, "0")
    if not _DATE.fullmatch(day):
        # strptime would take digits of the time for those that are missing here.
        return None
    for layout, value in (("%Y%m%d%H%M%S", day + clock), ("%Y%m%d", day)):
        try:
            return datetime.strptime(value, layout)
        except ValueError:
            continue
    return None


def spacing(ds: Dataset) -> tuple[float, float] | None:
    """Row and column spacing in mm: Pixel Spacing, else Imager Pixel Spacing, else None (PS3.3 10.7)."""
    for keyword in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        parts = text(ds, keyword).split("\\")
        try:
            row, column = (float(part) for part in parts[:2])
        except ValueError:
            continue
        if 0 < row < math.inf and 0 < column < math.inf:
            return row, column
    return None


def patient(ds: Dataset) -> Patient:
    """Patient information (B3)."""
    return Patient(text(ds, "PatientID"), text(ds, "PatientName"), text(ds, "PatientSex"), text(ds, "PatientBirthDate"))


def exposure(ds: Dataset) -> dict[str, Any]:
    """What radiation was used, as far as the image says; unknown values are left out."""
    found: dict[str, float | str | None] = {
        "kvp": number(ds, "KVP"),
        "mas": _mas(ds),
        "exposure_ms": number(ds, "ExposureTime"),
        "distance_mm": number(ds, "DistanceSourceToDetector"),
        "filter": text(ds, "FilterMaterial") or text(ds, "FilterType") or None,
        "grid": text(ds, "Grid") or None,
        "dap": number(ds, "ImageAndFluoroscopyAreaDoseProduct"),
        "entrance_dose": number(ds, "EntranceDoseInmGy"),
        "ei": number(ds, "ExposureIndex"),
        "target_ei": number(ds, "TargetExposureIndex"),
        "di": number(ds, "DeviationIndex"),
        "sensitivity": number(ds, "Sensitivity"),
    }
    return {key: value for key, value in found.items() if value is not None}


def _mas(ds: Dataset) -> float | None:
    micro = number(ds, "ExposureInuAs")
    return micro / 1000 if micro is not None else number(ds, "Exposure")


def columns(record: Record) -> dict[str, Any]:
    """The columns of an image header that the file itself tells."""
    ds, meta = record.ds, record.meta
    codes = ds.get("ViewCodeSequence")
    view = text(ds, "ViewPosition") or (text(codes[0], "CodeMeaning") if codes else "")
    return {
        "patient": patient(ds),
        "sop_class_uid": text(ds, "SOPClassUID"),
        "sop_instance_uid": text(ds, "SOPInstanceUID"),
        "study_uid": text(ds, "StudyInstanceUID"),
        "series_uid": text(ds, "SeriesInstanceUID"),
        "transfer_syntax": str(record.transfer_syntax),
        "sender": str(meta.get("SourceApplicationEntityTitle", "")).strip(),
        "sender_host": str(meta.get("SourcePresentationAddress", "")).strip(),
        "accession": text(ds, "AccessionNumber"),
        "step_id": _step(ds),
        "modality": text(ds, "Modality"),
        "body_part": text(ds, "BodyPartExamined"),
        "view": view,
        "laterality": text(ds, "ImageLaterality") or text(ds, "Laterality"),
        "study_description": text(ds, "StudyDescription"),
        "series_description": text(ds, "SeriesDescription"),
        "study_date": text(ds, "StudyDate"),
        "study_time": text(ds, "StudyTime"),
        "study_id": text(ds, "StudyID"),
        "referring_physician": text(ds, "ReferringPhysicianName"),
        "series_number": text(ds, "SeriesNumber"),
        "instance_number": text(ds, "InstanceNumber"),
        "station": text(ds, "StationName"),
        "operator": text(ds, "OperatorsName"),
        "presentation_intent": text(ds, "PresentationIntentType"),
        "acquired_at": moment(ds, "AcquisitionDate", "AcquisitionTime")
        or moment(ds, "ContentDate", "ContentTime")
        or moment(ds, "StudyDate", "StudyTime"),
        "rows": int(number(ds, "Rows") or 0),
        "columns": int(number(ds, "Columns") or 0),
        "frames": int(number(ds, "NumberOfFrames") or 1),
        "bits_stored": int(number(ds, "BitsStored") or 0),
        "pixel_spacing": spacing(ds),
        "exposure": exposure(ds),
    }


def _step(ds: Dataset) -> str:
    for item in ds.get("RequestAttributesSequence") or ():
        if found := text(item, "ScheduledProcedureStepID"):
            return found
    return ""


def attributes(ds: Dataset, edits: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Attributes by which condition keys are chosen (C1) and pixels understood; edits win over the file."""
    names = (
        "Modality BodyPartExamined ViewPosition PatientSex PatientAge PatientSize PatientWeight PatientBirthDate "
        "PatientPosition PatientOrientation StudyDescription SeriesDescription ProtocolName "
        "AcquisitionDeviceProcessingDescription PerformedProcedureStepDescription RequestedProcedureDescription "
        "ReferringPhysicianName PresentationIntentType PhotometricInterpretation Laterality ImageLaterality"
    ).split()
    found = {name: text(ds, name) for name in names}
    if edits and any(name in edits for name in SIDES):
        found.update(dict.fromkeys(SIDES, ""))
    found.update(edits or {})
    return {name: value for name, value in found.items() if value}
