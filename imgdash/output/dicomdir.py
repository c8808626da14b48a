"""The directory of a DICOM file-set: DICOMDIR (PS3.3 annex F, PS3.10 clause 8), written anew as one file each time."""

from __future__ import annotations

import hashlib
import os
from base64 import b32encode
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.errors import InvalidDicomError
from pydicom.sequence import Sequence
from pydicom.uid import (
    ExplicitVRLittleEndian,
    GrayscaleSoftcopyPresentationStateStorage,
    MediaStorageDirectoryStorage,
    generate_uid,
)

from imgdash.model import ImgdashError
from imgdash.wire.identity import IMPLEMENTATION_CLASS_UID

NAME: Final = "DICOMDIR"
TEMPORARY: Final = ".tmp"
_IN_USE: Final = 0xFFFF
_LEVELS: Final = ("PATIENT", "STUDY", "SERIES")
_KINDS: Final = {GrayscaleSoftcopyPresentationStateStorage: "PRESENTATION"}
_UNKNOWN: Final = "unknown"
# Keys of each kind of record (PS3.3 F.5): what has to have a value, with what stands there where the image has
# none; and what may be empty.
RECORDS: Final[dict[str, tuple[dict[str, str], tuple[str, ...]]]] = {
    "PATIENT": ({"PatientID": _UNKNOWN}, ("PatientName",)),
    "STUDY": (
        {"StudyDate": "19000101", "StudyTime": "000000", "StudyInstanceUID": "", "StudyID": "1"},
        ("StudyDescription", "AccessionNumber"),
    ),
    "SERIES": ({"Modality": "OT", "SeriesInstanceUID": "", "SeriesNumber": "1"}, ()),
    "IMAGE": ({"InstanceNumber": "1"}, ()),
    "PRESENTATION": (
        {
            "InstanceNumber": "1",
            "ContentLabel": "IMAGE",
            "PresentationCreationDate": "19000101",
            "PresentationCreationTime": "000000",
        },
        ("ContentDescription", "ContentCreatorName"),
    ),
}
_COPIED: Final = {"PRESENTATION": ("ReferencedSeriesSequence",)}
# By what two records of a kind are the same.
_IDENTITY: Final = {"PATIENT": "PatientID", "STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID"}


class Directory:
    """The records of one file-set, in the order in which they are written: each before those below it.

    Parameters
    ----------
    folder
        Of the file-set; a new one where it has no DICOMDIR.

    Raises
    ------
    ImgdashError
        If what is there is no directory, or another program wrote it: its files are not ours to arrange.
    OSError
        If it cannot be read now: a share that hiccups may be asked again.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._records: list[Dataset] = []
        self._uid = str(generate_uid(prefix=None))
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return
        remedy = "Move it away, or choose another path."
        try:
            found = pydicom.dcmread(BytesIO(content))
            records = list(found.DirectoryRecordSequence)
            self._uid = str(found.file_meta.MediaStorageSOPInstanceUID)
        except (InvalidDicomError, AttributeError, ValueError, EOFError) as error:
            raise ImgdashError(f"{self.path} cannot be read: {error}.", remedy) from None
        if found.file_meta.get("ImplementationClassUID") != IMPLEMENTATION_CLASS_UID:
            raise ImgdashError(f"{self.path} was written by another program.", remedy)
        self._records = records

    def file_id(self, sop_instance_uid: str) -> tuple[str, ...]:
        """Where an object is, or will be: components of its path (PS3.10 8.5: eight of A-Z, 0-9, _)."""
        for record in self._records:
            if record.get("ReferencedSOPInstanceUIDInFile") == sop_instance_uid:
                return tuple(_several(record.ReferencedFileID))
        taken = {tuple(_several(record.ReferencedFileID)) for record in self._records if "ReferencedFileID" in record}
        for salt in range(len(taken) + 1):
            name = b32encode(hashlib.sha256(f"{sop_instance_uid}/{salt}".encode()).digest())[:8].decode()
            if ("IMAGES", name) not in taken:
                return "IMAGES", name
        raise AssertionError("there are more salts than names taken")

    def add(self, ds: Dataset, file_id: tuple[str, ...]) -> None:
        """Enter an object; the one of the same SOP Instance UID is replaced."""
        uid = str(ds.SOPInstanceUID)
        self._records = [record for record in self._records if record.get("ReferencedSOPInstanceUIDInFile") != uid]
        place = 0
        for level, kind in enumerate(_LEVELS):
            key = _IDENTITY[kind]
            wanted = _record(ds, kind)
            end = self._end(place, level)
            at = [
                index
                for index in range(place, end)
                if self._records[index].DirectoryRecordType == kind and _same(self._records[index], wanted, key)
            ]
            if not at:
                self._records.insert(end, wanted)
                at = [end]
            place = at[0] + 1
        leaf = _record(ds, _KINDS.get(ds.SOPClassUID, "IMAGE"))
        leaf.ReferencedFileID = list(file_id)
        leaf.ReferencedSOPClassUIDInFile, leaf.ReferencedSOPInstanceUIDInFile = ds.SOPClassUID, uid
        leaf.ReferencedTransferSyntaxUIDInFile = ds.file_meta.TransferSyntaxUID
        self._records.insert(self._end(place, len(_LEVELS)), leaf)

    def discard(self, sop_instance_uid: str) -> tuple[str, ...] | None:
        """Take out an object, and what is empty above it; its File ID, or None where it is not there."""
        for index, record in enumerate(self._records):
            if record.get("ReferencedSOPInstanceUIDInFile") != sop_instance_uid:
                continue
            file_id = tuple(_several(record.ReferencedFileID))
            del self._records[index]
            while index and self._is_empty(index - 1):
                index -= 1
                del self._records[index]
            return file_id
        return None

    def _is_empty(self, index: int) -> bool:
        """Whether nothing is left below a patient, study or series."""
        level = _level(self._records[index])
        return level < len(_LEVELS) and self._end(index + 1, level + 1) == index + 1

    def write(self) -> None:
        """Write it durably: who reads meanwhile sees the former one or the new one, whole."""
        # Offsets have the same length whatever they are, so what is written first shows where each record lies.
        found = pydicom.dcmread(BytesIO(self._encoded([0] * len(self._records))))
        offsets = [int(record.seq_item_tell) for record in found.DirectoryRecordSequence]
        durable(self.path, self._encoded(offsets))

    def __len__(self) -> int:
        return len(self._records)

    def _end(self, place: int, level: int) -> int:
        """Where the records from `place` on end that lie on `level` or below it."""
        for index in range(place, len(self._records)):
            if _level(self._records[index]) < level:
                return index
        return len(self._records)

    def _encoded(self, offsets: list[int]) -> bytes:
        ds = Dataset()
        ds.FileSetID = "IMGDASH"
        levels = [_level(record) for record in self._records]
        roots = [offset for offset, level in zip(offsets, levels, strict=True) if level == 0]
        ds.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity = roots[0] if roots else 0
        ds.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity = roots[-1] if roots else 0
        ds.FileSetConsistencyFlag = 0
        for index, record in enumerate(self._records):
            below = index + 1 < len(levels) and levels[index + 1] > levels[index]
            following = next(_following(levels, index), None)
            record.OffsetOfTheNextDirectoryRecord = 0 if following is None else offsets[following]
            record.RecordInUseFlag = _IN_USE
            record.OffsetOfReferencedLowerLevelDirectoryEntity = offsets[index + 1] if below else 0
        ds.DirectoryRecordSequence = Sequence(self._records)
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = MediaStorageDirectoryStorage, self._uid
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        meta.ImplementationClassUID = IMPLEMENTATION_CLASS_UID
        buffer = BytesIO()
        FileDataset("", ds, preamble=b"\0" * 128, file_meta=meta).save_as(buffer, enforce_file_format=True)
        return buffer.getvalue()


def durable(path: Path, content: bytes) -> None:
    """Put a file where it belongs, whole and on the disk."""
    temporary = path.with_name(f"{path.name}{TEMPORARY}")
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _record(ds: Dataset, kind: str) -> Dataset:
    record = Dataset()
    record.OffsetOfTheNextDirectoryRecord = 0
    record.RecordInUseFlag = _IN_USE
    record.OffsetOfReferencedLowerLevelDirectoryEntity = 0
    record.DirectoryRecordType = kind
    if "SpecificCharacterSet" in ds:
        record.SpecificCharacterSet = ds.SpecificCharacterSet
    needed, others = RECORDS[kind]
    for keyword, otherwise in needed.items():
        value: Any = ds.get(keyword)
        setattr(record, keyword, otherwise if value in (None, "") else value)
    for keyword in others:
        setattr(record, keyword, ds.get(keyword))
    for keyword in _COPIED.get(kind, ()):
        if keyword in ds:
            setattr(record, keyword, ds[keyword].value)
    return record


def _same(one: Dataset, other: Dataset, key: str) -> bool:
    # Of patients without an ID only those of one name are the same.
    names = ("PatientName",) if one.get("PatientID") == _UNKNOWN else ()
    return all(one.get(keyword) == other.get(keyword) for keyword in (key, *names))


def _level(record: Dataset) -> int:
    kind = record.DirectoryRecordType
    return _LEVELS.index(kind) if kind in _LEVELS else len(_LEVELS)


def _following(levels: list[int], index: int) -> Iterator[int]:
    """The next record beside this one, below the same one."""
    for other in range(index + 1, len(levels)):
        if levels[other] < levels[index]:
            return
        if levels[other] == levels[index]:
            yield other


def _several(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(part) for part in value]
