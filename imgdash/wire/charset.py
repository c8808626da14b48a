"""The texts of a data set in another character set (PS3.3 C.12.1.1.2, PS3.5 6.1)."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any, Final

from pydicom.charset import python_encoding
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.valuerep import PersonName

from imgdash.model.errors import ImgdashError

ASCII: Final = "ISO_IR 6"
# VRs whose bytes depend on (0008,0005): PS3.5 6.1.2.2.
_TEXTS: Final = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})


def convert(ds: Dataset, charset: str) -> None:
    """Write all texts of `ds` in `charset` from now on, also those in sequences.

    Parameters
    ----------
    charset
        A defined term of Specific Character Set (0008,0005) without code extensions.

    Raises
    ------
    ImgdashError
        If a text has characters that the set has not: a name with question marks would be another one. `ds` may be
        partly converted then.
    """
    with warnings.catch_warnings():
        # Bytes that do not fit the sender's own set: they show as U+FFFD.
        warnings.simplefilter("ignore", UserWarning)
        elements = [element for part in _parts(ds) for element in part if element.VR in _TEXTS and element.value]
    codec = "ascii" if charset == ASCII else python_encoding[charset]
    for element in elements:
        texts = [str(value) for value in _values(element.value)]
        try:
            "".join(texts).encode(codec)
        except UnicodeEncodeError:
            raise ImgdashError(
                f"{element.keyword or element.tag} has characters that {charset} has not.",
                "Correct it, or choose another charset for this apparatus in the site file.",
            ) from None
        if element.VR == "PN":
            # One that was read keeps the bytes that it had.
            names = [PersonName(text) for text in texts]
            element.value = names if len(names) > 1 else names[0]
    for part in _parts(ds):
        part.pop("SpecificCharacterSet", None)
    if charset != ASCII:
        ds.SpecificCharacterSet = charset


def _parts(ds: Dataset) -> Iterator[Dataset]:
    """A data set and the items in it, at every depth."""
    yield ds
    for element in ds:
        if element.VR == "SQ":
            for item in element.value or ():
                yield from _parts(item)


def _values(value: Any) -> list[Any]:
    return list(value) if isinstance(value, MultiValue) else [value]


__all__ = ["ASCII", "convert"]
