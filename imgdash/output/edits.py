"""Corrected information goes into the output; what it said before stays with it (PS3.3 C.12.1.1.9)."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from datetime import datetime

from pydicom import config
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from imgdash.model import ImgdashError

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
    for keyword, value in edits.items():
        tag = tag_for_keyword(keyword)
        if tag is None or (vr := dictionary_VR(tag).split(" or ")[0]) in ("SQ", "OB", "OW", "UN"):
            raise ImgdashError(f"{keyword!r} is not an attribute that can be corrected.", "Use its DICOM keyword.")
        if keyword in ds and str(ds[keyword].value or "") == value:
            continue
        former.add(deepcopy(ds[keyword]) if keyword in ds else DataElement(tag, vr, None))
        try:
            ds[tag] = DataElement(tag, vr, _value(vr, value), validation_mode=config.RAISE)
        except (ValueError, TypeError, OverflowError) as error:
            raise ImgdashError(
                f"{keyword} cannot be {value!r}: {error}.", "Correct it again; dates are written YYYYMMDD."
            ) from None
    if not former:
        return
    item = Dataset()
    item.SourceOfPreviousValues = ""
    item.AttributeModificationDateTime = at.strftime("%Y%m%d%H%M%S")
    item.ModifyingSystem = system[:64]
    item.ReasonForTheAttributeModification = "CORRECT"
    item.ModifiedAttributesSequence = [former]
    ds.OriginalAttributesSequence = Sequence([*(ds.get("OriginalAttributesSequence") or ()), item])


def _value(vr: str, text: str) -> object:
    parts = text.split("\\")
    values = [_NUMBERS[vr](part) if vr in _NUMBERS and part else part for part in parts]
    return values[0] if len(values) == 1 else values
