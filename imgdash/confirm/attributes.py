"""Accompanying information of an image by DICOM keyword: what is known, what a person may correct (R4, E3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from pydicom import config as pydicom_config
from pydicom.datadict import dictionary_description, dictionary_VM, dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement

from imgdash.model import ImageHeader, ImgdashError
from imgdash.model.image import SIDES

# Keyword that a person may correct → the column of the image header that shows it ('' where none does).
EDITABLE: Final[dict[str, str]] = {
    "PatientID": "patient_id",
    "PatientName": "patient_name",
    "PatientSex": "patient_sex",
    "PatientBirthDate": "patient_birth_date",
    "AccessionNumber": "accession",
    "BodyPartExamined": "body_part",
    "ViewPosition": "view",
    "ImageLaterality": "laterality",
    "Laterality": "laterality",
    "StudyDescription": "study_description",
    "SeriesDescription": "series_description",
    "StationName": "station",
    "OperatorsName": "operator",
    "ReferringPhysicianName": "referring_physician",
    "StudyID": "study_id",
    **dict.fromkeys(
        (
            "AcquisitionDeviceProcessingDescription",
            "AdmittingDiagnosesDescription",
            "ImageComments",
            "InstitutionName",
            "PatientAge",
            "PatientComments",
            "PatientOrientation",
            "PatientPosition",
            "PatientSize",
            "PatientWeight",
            "PerformedProcedureStepDescription",
            "ProtocolName",
            "RequestedProcedureDescription",
            "RequestingPhysician",
        ),
        "",
    ),
}
# Known, but not for correcting here: identity, and what the machine measured.
_READ_ONLY: Final[dict[str, str]] = {
    "Modality": "modality",
    "StudyInstanceUID": "study_uid",
    "SeriesInstanceUID": "series_uid",
    "SOPInstanceUID": "sop_instance_uid",
    "PresentationIntentType": "presentation_intent",
    "PixelSpacing": "pixel_spacing",
    "ScheduledProcedureStepID": "step_id",
    "AcquisitionDateTime": "acquired_at",
}
_EXPOSURE: Final[dict[str, str]] = {
    "KVP": "kvp",
    "Exposure": "mas",
    "ExposureTime": "exposure_ms",
    "DistanceSourceToDetector": "distance_mm",
    "ImageAndFluoroscopyAreaDoseProduct": "dap",
    "EntranceDoseInmGy": "entrance_dose",
    "ExposureIndex": "ei",
    "TargetExposureIndex": "target_ei",
    "DeviationIndex": "di",
}
_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "PatientSex": ("M", "F", "O"),
    "ImageLaterality": ("R", "L", "U", "B"),
    "Laterality": ("R", "L"),
}


def value(header: ImageHeader, keyword: str, attributes: Mapping[str, Any] | None = None) -> Any:
    """What is known of `keyword`: a correction first, then the header, then `attributes` of the file; else ''."""
    if keyword in header.edits:
        return header.edits[keyword]
    column = EDITABLE.get(keyword) or _READ_ONLY.get(keyword, "")
    if column.startswith("patient_"):
        found = getattr(header.patient, column.removeprefix("patient_"))
    elif column:
        found = getattr(header, column)
    else:
        found = header.exposure.get(_EXPOSURE.get(keyword, keyword))
    if found in (None, "") and attributes is not None:
        found = attributes.get(keyword)
    return "" if found is None else found


def label(keyword: str) -> str:
    """The attribute's name for people: ``Patient's Sex``."""
    tag = tag_for_keyword(keyword)
    return dictionary_description(tag) if tag is not None else keyword


def check_edit(keyword: str, text: str) -> str:
    """A correction as it may be written into a DICOM file.

    Raises
    ------
    ImgdashError
        If the attribute is not one that may be corrected, or the value does not fit it (PS3.5 6.2).
    """
    if keyword not in EDITABLE:
        raise ImgdashError(
            f"{keyword!r} cannot be corrected on the screen.", f"Possible: {', '.join(sorted(EDITABLE))}."
        )
    kind = dictionary_VR(keyword)
    cleaned = str(text).strip()
    if kind == "CS":
        cleaned = cleaned.upper()
    if "\\" in cleaned and dictionary_VM(keyword) == "1":
        raise ImgdashError(f"{label(keyword)} takes one value.", "A backslash separates values in DICOM: leave it out.")
    choices = _CHOICES.get(keyword)
    if cleaned and choices and cleaned not in choices:
        raise ImgdashError(f"{label(keyword)} cannot be {cleaned!r}.", f"Possible: {', '.join(choices)}.")
    if kind == "DA" and cleaned:
        try:
            day = datetime.strptime(cleaned, "%Y%m%d")
        except ValueError:
            raise ImgdashError(f"{label(keyword)} cannot be {cleaned!r}.", "Write a date as YYYYMMDD.") from None
        if keyword == "PatientBirthDate" and day > datetime.now():
            raise ImgdashError(f"{label(keyword)} cannot be {cleaned!r}.", "That day is still to come.")
    try:
        DataElement(keyword, kind, cleaned, validation_mode=pydicom_config.RAISE)
    except (ValueError, TypeError, OverflowError) as error:
        raise ImgdashError(f"{label(keyword)} cannot be {cleaned[:80]!r}: {error}", "Shorten or correct it.") from None
    return cleaned


def edit_columns(
    header: ImageHeader, edits: Mapping[str, str], file: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Columns of the image header after corrections: the corrections themselves, and what lists show.

    Parameters
    ----------
    file
        DICOM keyword → what the file has; what is as it is there is no correction.

    Raises
    ------
    ImgdashError
        If two sides are told at once.
    """
    sides = {edits[keyword] for keyword in SIDES if keyword in edits}
    if len(sides) > 1:
        raise ImgdashError(f"The side cannot be {' and '.join(sorted(sides))}.", "Correct Image Laterality alone.")
    # The side has two names; what was told last under either is the side.
    before = {keyword: text for keyword, text in header.edits.items() if not (sides and keyword in SIDES)}
    kept = {keyword: text for keyword, text in {**before, **edits}.items() if not _of_file(keyword, text, file or {})}
    columns: dict[str, Any] = {"edits": kept}
    columns.update({EDITABLE[keyword]: text for keyword, text in edits.items() if EDITABLE[keyword]})
    return columns


def _of_file(keyword: str, text: str, file: Mapping[str, str]) -> bool:
    """Whether the file says the same; the side, which has two names there, under both."""
    if keyword in SIDES and any(file.get(name, "") not in ("", text) for name in SIDES):
        return False
    return file.get(keyword) == text
