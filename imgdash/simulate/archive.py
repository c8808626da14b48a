"""Files of an archive and what is known of them: found by a query, hidden when a rejection note names them (IOCM)."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import KeyObjectSelectionDocumentStorage

from imgdash.model.codes import REJECTED_QUALITY, REJECTED_SAFETY, REJECTED_WORKLIST, RETENTION_EXPIRED
from imgdash.simulate.machine import text_of
from imgdash.wire.matching import date_match, wildcard_match

LEVELS: dict[str, tuple[str, ...]] = {
    "PATIENT": ("PatientID", "PatientName", "PatientBirthDate", "PatientSex"),
    "STUDY": (
        "StudyInstanceUID", "StudyDate", "StudyTime", "AccessionNumber", "StudyID", "StudyDescription",
        "ReferringPhysicianName",
    ),
    "SERIES": (
        "SeriesInstanceUID", "Modality", "SeriesNumber", "SeriesDescription", "BodyPartExamined", "StationName",
    ),
    "IMAGE": ("SOPInstanceUID", "SOPClassUID", "InstanceNumber", "Rows", "Columns", "ContentDate", "ContentTime"),
}  # fmt: skip
_UNIQUE = {
    "PATIENT": "PatientID",
    "STUDY": "StudyInstanceUID",
    "SERIES": "SeriesInstanceUID",
    "IMAGE": "SOPInstanceUID",
}
_REJECTIONS = {c.value for c in (REJECTED_QUALITY, REJECTED_SAFETY, REJECTED_WORKLIST, RETENTION_EXPIRED)}


@dataclass(frozen=True)
class Held:
    """One object of the archive."""

    path: Path
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    values: Mapping[str, str]


class Archive:
    """A folder of DICOM files with an index in memory, read again at start.

    Parameters
    ----------
    folder
        Made if it is missing. Files are named by a digest of their UID, never by what a peer sent.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._held: dict[str, Held] = {}
        self._rejected: set[str] = set()
        for path in sorted(folder.glob("*.dcm")):
            self._index(path)

    def put(self, file: bytes) -> Held:
        """Keep a DICOM file (part 10). The same SOP Instance UID again replaces what was there."""
        ds = pydicom.dcmread(BytesIO(file), stop_before_pixels=True)
        path = self._path(str(ds.SOPInstanceUID))
        temporary = path.with_suffix(".part")
        temporary.write_bytes(file)
        temporary.replace(path)
        return self._index(path)

    def held(self, sop_instance_uid: str) -> bool:
        """Whether this object is here, rejected or not."""
        return sop_instance_uid in self._held

    def put_dataset(self, ds: Dataset) -> Held:
        """Keep a data set of this machine's own making."""
        path = self._path(str(ds.SOPInstanceUID))
        pydicom.dcmwrite(path, ds, enforce_file_format=True)
        return self._index(path)

    def held_at(self, sop_instance_uid: str) -> Held | None:
        """The object with this UID, or None."""
        return self._held.get(sop_instance_uid)

    def find(self, level: str, identifier: Dataset) -> Iterator[Dataset]:
        """Answers to a query at PATIENT, STUDY, SERIES or IMAGE level (PS3.4 C.4.1), rejected objects left out."""
        wanted = [e.keyword for e in identifier if e.keyword not in ("QueryRetrieveLevel", "SpecificCharacterSet")]
        seen: set[str] = set()
        for held in self.select(identifier):
            key = held.values.get(_UNIQUE[level], "")
            if key in seen:
                continue
            seen.add(key)
            answer = Dataset()
            answer.SpecificCharacterSet = "ISO_IR 192"
            answer.QueryRetrieveLevel = level
            for keyword in dict.fromkeys([*wanted, _UNIQUE[level]]):
                if keyword and keyword not in ("SpecificCharacterSet", "ModalitiesInStudy"):
                    setattr(answer, keyword, held.values.get(keyword, ""))
            if "ModalitiesInStudy" in wanted:
                study = held.values.get("StudyInstanceUID")
                answer.ModalitiesInStudy = sorted(
                    {h.values.get("Modality", "") for h in self._all() if h.values.get("StudyInstanceUID") == study}
                )
            yield answer

    def select(self, identifier: Dataset) -> list[Held]:
        """Objects that match every key of `identifier`."""
        keys = {e.keyword: e.value for e in identifier if e.keyword and e.VR != "SQ" and e.value not in (None, "")}
        return [held for held in self._all() if all(_matches(name, value, held.values) for name, value in keys.items())]

    def status(self) -> dict[str, int]:
        """How many objects are held, and how many of them are hidden."""
        return {"stored": len(self._held), "rejected": len(self._rejected & self._held.keys())}

    def _path(self, sop_instance_uid: str) -> Path:
        return self.folder / f"{hashlib.sha256(sop_instance_uid.encode()).hexdigest()[:32]}.dcm"

    def _all(self) -> list[Held]:
        with self._lock:
            return [held for uid, held in self._held.items() if uid not in self._rejected]

    def _index(self, path: Path) -> Held:
        ds = pydicom.dcmread(path, stop_before_pixels=True)
        keywords = [keyword for keywords in LEVELS.values() for keyword in keywords]
        values = {keyword: text_of(ds, keyword) for keyword in keywords}
        held = Held(
            path, str(ds.SOPClassUID), str(ds.SOPInstanceUID), str(ds.file_meta.TransferSyntaxUID), values
        )  # fmt: skip
        with self._lock:
            self._held[held.sop_instance_uid] = held
            if held.sop_class_uid == KeyObjectSelectionDocumentStorage:
                self._rejected |= rejected_by(ds)
        return held


def rejected_by(note: Dataset) -> set[str]:
    """SOP Instance UIDs that a key object selection rejects (IHE RAD TF-3 4.66.4.1.3); none for other titles."""
    titles = [str(code.get("CodeValue", "")) for code in note.get("ConceptNameCodeSequence") or []]
    if not set(titles) & _REJECTIONS:
        return set()
    return {
        str(sop.ReferencedSOPInstanceUID)
        for study in note.get("CurrentRequestedProcedureEvidenceSequence") or []
        for series in study.get("ReferencedSeriesSequence") or []
        for sop in series.get("ReferencedSOPSequence") or []
    }


def _matches(keyword: str, value: object, values: Mapping[str, str]) -> bool:
    if keyword in ("QueryRetrieveLevel", "SpecificCharacterSet", "ModalitiesInStudy") or keyword not in values:
        return True
    have = values[keyword]
    if isinstance(value, list | pydicom.multival.MultiValue):
        return have in [str(one) for one in value]
    if keyword.endswith("Date"):
        return date_match(str(value), have)
    return wildcard_match(str(value), have)


__all__ = ["LEVELS", "Archive", "Held", "rejected_by"]
