"""The header of an image, element by element, for people who look for an attribute (C2, R4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pydicom.datadict import dictionary_description, dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from imgdash.confirm.attributes import EDITABLE

_LONGEST: Final = 400
_DEEPEST: Final = 8
_BYTES: Final = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})


@dataclass(frozen=True)
class Element:
    """One attribute.

    Attributes
    ----------
    tag
        ``(0010,0020)``; inside sequences with the tags and items above it: ``(0008,2112)[1](0008,1155)``.
    depth
        How many sequences it is in.
    value
        As it is now, in words; at most 400 characters.
    original
        What the file says, where it was corrected; None where it was not.
    editable
        Whether it is one that may be corrected on the screen, by whom the role allows.
    """

    tag: str
    keyword: str
    name: str
    vr: str
    value: str
    depth: int = 0
    original: str | None = None
    editable: bool = False


def elements(ds: Dataset, edits: Mapping[str, str]) -> list[Element]:
    """Every attribute of a header in order of its tag, and those that were added by a correction.

    Parameters
    ----------
    ds
        As it is in the file.
    edits
        Corrections: keyword → value.
    """
    found = list(_walk(ds, "", 0, edits))
    known = {element.keyword for element in found if element.depth == 0}
    for keyword, text in edits.items():
        tag = tag_for_keyword(keyword)
        if keyword not in known and tag is not None:
            vr = dictionary_VR(tag)
            found.append(Element(_tag(tag), keyword, dictionary_description(tag), vr, text, 0, "", keyword in EDITABLE))
    return sorted(found, key=lambda element: element.tag)


def _walk(ds: Dataset, above: str, depth: int, edits: Mapping[str, str]) -> Iterator[Element]:
    for element in ds:
        tag = f"{above}{_tag(element.tag)}"
        if element.VR == "SQ":
            items = element.value or ()
            count = f"{len(items)} {'item' if len(items) == 1 else 'items'}"
            yield Element(tag, element.keyword, element.name, "SQ", count, depth)
            if depth < _DEEPEST:
                for number, item in enumerate(items, 1):
                    yield from _walk(item, f"{tag}[{number}]", depth + 1, edits)
            continue
        was = _words(element)
        corrected = edits.get(element.keyword) if depth == 0 else None
        yield Element(
            tag,
            element.keyword,
            element.name,
            element.VR,
            was if corrected is None else corrected,
            depth,
            None if corrected is None else was,
            depth == 0 and element.keyword in EDITABLE,
        )


def _words(element: DataElement) -> str:
    value = element.value
    if element.VR in _BYTES or isinstance(value, bytes):
        return f"{len(value or b'')} bytes"
    if value is None:
        return ""
    text = str(value) if element.VM <= 1 else "\\".join(str(one) for one in value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _tag(tag: int) -> str:
    number = Tag(tag)
    return f"({number.group:04X},{number.element:04X})"
