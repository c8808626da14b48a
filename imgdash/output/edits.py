"""Corrected information goes into the output; what it said before stays with it (PS3.3 C.12.1.1.9)."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from datetime import datetime
from typing import Final

from pydicom import config
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from imgdash.model import ImgdashError

# What says in codes the same as a keyword that a person corrects: corrected beside it, it would contradict.
_CODED: Final[Mapping[str, tuple[str, ...]]] = {
    "BodyPartExamined": ("AnatomicRegionSequence", "PrimaryAnatomicStructureSequence"),
    "ViewPosition": ("ViewCodeSequence",),
}
_NUMBERS = {"US": int, "SS": int, "UL": int, "SL": int, "FL": float, "FD": float}


def apply(ds: Dataset, edits: Mapping[str, str], *, at: datetime, system: str) -> None:
    """Set the corrected values in `ds` and keep the former ones in its Original Attributes Sequence (0400,0561).

    Parameters
    ----------
    edits
        DICOM keyword → value; several values are separated by a backslash.
    at
        When it was corrected.
    system
        Modifying System (0400,0563).

    Raises
    ------
    ImgdashError
        For a keyword that does not exist or holds a sequence, or a value that its VR does not allow.
    """
    former = Dataset()
    edits, contradicting = _side_as_one(ds, edits)
    for keyword, value in edits.items():
        tag = tag_for_keyword(keyword)
        if tag is None or (vr := dictionary_VR(tag).split(" or ")[0]) in ("SQ", "OB", "OW", "UN"):
            raise ImgdashError(f"{keyword!r} is not an attribute that can be corrected.", "Use its DICOM keyword.")
        if keyword in ds and str(ds[keyword].value or "") == value:
            continue
        contradicting += [coded for coded in _CODED.get(keyword, ()) if coded in ds]
        former.add(deepcopy(ds[keyword]) if keyword in ds else DataElement(tag, vr, None))
        try:
            ds[tag] = DataElement(tag, vr, _value(vr, value), validation_mode=config.RAISE)
        except (ValueError, TypeError, OverflowError) as error:
            raise ImgdashError(
                f"{keyword} cannot be {value!r}: {error}.", "Correct it again; dates are written YYYYMMDD."
            ) from None
    for keyword in contradicting:
        former.add(ds[keyword])
        del ds[keyword]
    if not former:
        return
    item = Dataset()
    item.SourceOfPreviousValues = ""
    item.AttributeModificationDateTime = at.strftime("%Y%m%d%H%M%S")
    item.ModifyingSystem = system[:64]
    item.ReasonForTheAttributeModification = "CORRECT"
    item.ModifiedAttributesSequence = [former]
    ds.OriginalAttributesSequence = Sequence([*(ds.get("OriginalAttributesSequence") or ()), item])


def _side_as_one(ds: Dataset, edits: Mapping[str, str]) -> tuple[Mapping[str, str], list[str]]:
    """Corrections in which the side is told once, and what of `ds` would say another one.

    Laterality (0020,0060), of the series, is for where Image Laterality (0020,0062) is not sent (PS3.3 C.7.3.1). A
    reader may look at either.
    """
    side = edits.get("ImageLaterality", edits.get("Laterality"))
    if side is None or not ("ImageLaterality" in edits or "ImageLaterality" in ds):
        return edits, []
    once = {keyword: value for keyword, value in edits.items() if keyword != "Laterality"}
    other = "Laterality" in ds and str(ds.Laterality or "") != side
    return {**once, "ImageLaterality": side}, ["Laterality"] if other else []


def _value(vr: str, text: str) -> object:
    parts = text.split("\\")
    values = [_NUMBERS[vr](part) if vr in _NUMBERS and part else part for part in parts]
    return values[0] if len(values) == 1 else values
