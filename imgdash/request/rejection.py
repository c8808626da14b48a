"""The rejection note (R9): a Key Object Selection that tells a storage not to show an image any more (IHE IOCM)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from highdicom.ko import KeyObjectSelection, KeyObjectSelectionDocument
from highdicom.sr import (
    CodeContentItem,
    CodedConcept,
    ContentSequence,
    ObserverContext,
    PersonObserverIdentifyingAttributes,
)
from highdicom.sr.enum import RelationshipTypeValues
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid

from imgdash.model import ImageHeader
from imgdash.model.codes import DOCUMENT_TITLE_MODIFIER, REASONS, REJECTED_QUALITY, REJECTED_WORKLIST, Code

# Study attributes that a note inherits; what the study does not say stays empty.
_INHERITED: Final = (
    "PatientID PatientName PatientBirthDate PatientSex AccessionNumber StudyID StudyDate StudyTime "
    "ReferringPhysicianName"
).split()


@dataclass(frozen=True)
class Held:
    """What a storage holds of an image: not the image as received, but what was made of it and sent."""

    sop_class_uid: str
    sop_instance_uid: str
    series_uid: str


def title(reason: str) -> Code:
    """Title of the note for a reason (CID 7010)."""
    return REJECTED_WORKLIST if reason == REJECTED_WORKLIST.value else REJECTED_QUALITY


def compose(
    header: ImageHeader, held: Held, reason: str, by: str, study: Dataset, institution: str, at: datetime
) -> Dataset:
    """A rejection note about one instance.

    Parameters
    ----------
    reason
        Code value in `imgdash.model.codes.REASONS`; it becomes the Document Title Modifier (CID 7011, extended by
        our own reasons). A wrong worklist entry has a title of its own and no modifier.
    by
        Who rejected it.
    study
        The image's data set, for the study attributes; may be empty where the file is gone.

    Returns
    -------
    Dataset
        Explicit VR little endian, with file meta information.
    """
    evidence = _evidence(header, held, study)
    content = KeyObjectSelection(
        _concept(title(reason)),
        [evidence],
        observer_person_context=ObserverContext(
            codes.DCM.Person, PersonObserverIdentifyingAttributes(name=_person(by))
        ),
        description=(header.comment or REASONS[reason].meaning)[:1024],
    )
    document = KeyObjectSelectionDocument(
        [evidence],
        content,
        series_instance_uid=str(generate_uid(prefix=None)),
        series_number=1,
        sop_instance_uid=str(generate_uid(prefix=None)),
        instance_number=1,
        manufacturer="imgdash",
        institution_name=institution or None,
        specific_character_set="ISO_IR 192",
        content_date=at.date(),
        content_time=at.time(),
    )
    if title(reason) == REJECTED_QUALITY:
        _add_modifier(document, REASONS[reason])
    return document


def _add_modifier(document: Dataset, reason: Code) -> None:
    """Put the modifier first: `KeyObjectSelection` has no argument for it (TID 2010 row 2)."""
    modifier = CodeContentItem(
        _concept(DOCUMENT_TITLE_MODIFIER), _concept(reason), relationship_type=RelationshipTypeValues.HAS_CONCEPT_MOD
    )
    others = list(document.ContentSequence)
    document.ContentSequence = ContentSequence([modifier, *others], is_root=False)


def _evidence(header: ImageHeader, held: Held, study: Dataset) -> Dataset:
    """What the note points at: identity as the storage knows it, so corrections count."""
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    known: dict[str, Any] = {
        "PatientID": header.patient.id,
        "PatientName": header.patient.name,
        "PatientBirthDate": header.patient.birth_date,
        "PatientSex": header.patient.sex,
        "AccessionNumber": header.accession,
    }
    for keyword in _INHERITED:
        value = header.edits.get(keyword) or known.get(keyword) or study.get(keyword)
        setattr(ds, keyword, value or None)
    ds.StudyInstanceUID = header.study_uid
    ds.SeriesInstanceUID = held.series_uid
    ds.SOPClassUID = held.sop_class_uid
    ds.SOPInstanceUID = held.sop_instance_uid
    # Without them highdicom would refer to it as something that is no image.
    ds.Rows, ds.Columns = header.rows or 1, header.columns or 1
    return ds


def _concept(code: Code) -> CodedConcept:
    return CodedConcept(code.value, code.scheme, code.meaning)


def _person(name: str) -> str:
    """A user's name as a person name; without a caret the whole is the family name."""
    return name if "^" in name else f"{name}^"
