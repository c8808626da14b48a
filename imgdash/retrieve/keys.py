"""The attributes that can be asked for at each level (PS3.4 C.6.1.1, C.6.2.1), as SQL over the images held.

The SQL is an aggregate, because a row of an answer is a patient, a study or a series: what the first image with a
value says, since images of one study may differ where they should not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Level: TypeAlias = Literal["PATIENT", "STUDY", "SERIES", "IMAGE"]
Kind: TypeAlias = Literal["text", "name", "uid", "date", "time", "number", "texts", "uids"]

LEVELS: Final[tuple[Level, ...]] = ("PATIENT", "STUDY", "SERIES", "IMAGE")
# Unique keys (PS3.4 C.2.2.1.1) and their columns.
UNIQUE: Final[dict[Level, str]] = {
    "PATIENT": "PatientID",
    "STUDY": "StudyInstanceUID",
    "SERIES": "SeriesInstanceUID",
    "IMAGE": "SOPInstanceUID",
}
COLUMNS: Final[dict[Level, str]] = {
    "PATIENT": "patient_id",
    "STUDY": "study_uid",
    "SERIES": "series_uid",
    "IMAGE": "sop_instance_uid",
}
# Not quarantined, rejected, replaced or deleted (R9), and registered to the end.
OFFERED: Final = ("awaiting", "postponed", "confirmed", "delivered", "requested")
# Of two images with one SOP Instance UID the confirmed one is offered, else the later one.
HELD: Final = f"""
    select * from image where state in {OFFERED} and sop_instance_uid <> ''
    qualify row_number() over (
        partition by sop_instance_uid order by (state in ('confirmed', 'delivered')) desc, number desc
    ) = 1
"""


@dataclass(frozen=True)
class Key:
    """One attribute.

    Attributes
    ----------
    sql
        Aggregate expression over the images of one patient, study, series or instance.
    kind
        How it is matched (PS3.4 C.2.2.2): by its value representation.
    """

    keyword: str
    sql: str
    kind: Kind = "text"


def _key(keyword: str, column: str, kind: Kind = "text") -> Key:
    return Key(keyword, f"""coalesce(arg_min(nullif("{column}"::varchar, ''), number), '')""", kind)


# Attributes known at a level and at those below it.
KEYS: Final[dict[Level, tuple[Key, ...]]] = {
    "PATIENT": (
        _key("PatientID", "patient_id"),
        _key("PatientName", "patient_name", "name"),
        _key("PatientBirthDate", "patient_birth_date", "date"),
        _key("PatientSex", "patient_sex"),
    ),
    "STUDY": (
        _key("StudyInstanceUID", "study_uid", "uid"),
        _key("StudyDate", "study_date", "date"),
        _key("StudyTime", "study_time", "time"),
        _key("AccessionNumber", "accession"),
        _key("StudyID", "study_id"),
        _key("StudyDescription", "study_description"),
        _key("ReferringPhysicianName", "referring_physician", "name"),
    ),
    "SERIES": (
        _key("SeriesInstanceUID", "series_uid", "uid"),
        _key("Modality", "modality"),
        _key("SeriesNumber", "series_number", "number"),
        _key("SeriesDescription", "series_description"),
        _key("BodyPartExamined", "body_part"),
        _key("Laterality", "laterality"),
        _key("StationName", "station"),
        _key("OperatorsName", "operator", "name"),
    ),
    "IMAGE": (
        _key("SOPInstanceUID", "sop_instance_uid", "uid"),
        _key("SOPClassUID", "sop_class_uid", "uid"),
        _key("InstanceNumber", "instance_number", "number"),
        _key("ViewPosition", "view"),
        _key("PresentationIntentType", "presentation_intent"),
        _key("Rows", "rows", "number"),
        _key("Columns", "columns", "number"),
        _key("BitsStored", "bits_stored", "number"),
        _key("NumberOfFrames", "frames", "number"),
        _key("AvailableTransferSyntaxUID", "transfer_syntax", "uid"),
    ),
}
# Attributes of a level that only make sense there (PS3.4 C.3.4).
SUMMARIES: Final[dict[Level, tuple[Key, ...]]] = {
    "PATIENT": (
        Key("NumberOfPatientRelatedStudies", "count(distinct study_uid)", "number"),
        Key("NumberOfPatientRelatedSeries", "count(distinct series_uid)", "number"),
        Key("NumberOfPatientRelatedInstances", "count(*)", "number"),
    ),
    "STUDY": (
        Key("ModalitiesInStudy", "list_sort(list_distinct(list(modality)))", "texts"),
        Key("SOPClassesInStudy", "list_sort(list_distinct(list(sop_class_uid)))", "uids"),
        Key("NumberOfStudyRelatedSeries", "count(distinct series_uid)", "number"),
        Key("NumberOfStudyRelatedInstances", "count(*)", "number"),
    ),
    "SERIES": (Key("NumberOfSeriesRelatedInstances", "count(*)", "number"),),
    "IMAGE": (),
}


def known_at(level: Level) -> dict[str, Key]:
    """Keyword → attribute, for everything that can be asked for at `level`."""
    above = LEVELS[: LEVELS.index(level) + 1]
    keys = [key for name in above for key in KEYS[name]] + list(SUMMARIES[level])
    return {key.keyword: key for key in keys}
