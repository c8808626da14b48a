"""Attribute matching of query keys against data sets (PS3.4 C.2.2.2), without regular expressions that peers make."""

from __future__ import annotations

from collections.abc import Iterable

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

_RANGES = frozenset({"DA", "TM", "DT"})
_CONTROL = frozenset({"SpecificCharacterSet", "QueryRetrieveLevel", "TimezoneOffsetFromUTC"})


def wildcard_match(wanted: str, value: str) -> bool:
    """Single value and wild card matching (PS3.4 C.2.2.2.1, C.2.2.2.4), without regard to case; empty matches all."""
    pattern, text = wanted.strip().casefold(), value.strip().casefold()
    if not pattern or pattern == "*":
        return True
    # Dynamic programming over the pattern: no regular expression is made of what a peer sends.
    reachable = {0}
    for sign in pattern:
        if sign == "*":
            reachable = set(range(min(reachable), len(text) + 1)) if reachable else set()
        else:
            reachable = {at + 1 for at in reachable if at < len(text) and sign in ("?", text[at])}
    return len(text) in reachable


def date_match(wanted: str, value: str) -> bool:
    """Range matching of dates and times (PS3.4 C.2.2.2.5): ``20260101-20260131``, open at either end.

    What is given to the day, or to the hour, means all of it: also of a DT that says seconds.
    """
    wanted = wanted.strip()
    if "-" not in wanted:
        return not wanted or (bool(value) and value.startswith(wanted))
    first, last = (part.strip() for part in wanted.split("-", 1))
    return bool(value) and (not first or first <= value) and (not last or value[: len(last)] <= last)


def matches(identifier: Dataset, ds: Dataset) -> bool:
    """Whether `ds` fits every key of `identifier`; a sequence where one of its items does (PS3.4 C.2.2.2.6)."""
    return all(_fits(key, ds) for key in identifier if key.keyword not in _CONTROL)


def _fits(key: DataElement, ds: Dataset) -> bool:
    if key.VR == "SQ":
        wanted = next(iter(key.value or ()), None)
        if wanted is None or not any(_said(element) for element in wanted.iterall()):
            return True
        return any(matches(wanted, item) for item in ds.get(key.tag, DataElement(key.tag, "SQ", [])).value or ())
    wanted_values = [text for text in _texts(key.value) if text]
    if not wanted_values:
        return True
    found = list(_texts(ds[key.tag].value if key.tag in ds else None)) or [""]
    if key.VR == "UI":
        return bool(set(wanted_values) & set(found))
    match = date_match if key.VR in _RANGES else wildcard_match
    return any(match(one, text) for one in wanted_values for text in found)


def _said(element: DataElement) -> bool:
    return element.VR != "SQ" and any(_texts(element.value))


def _texts(value: object) -> Iterable[str]:
    if value is None:
        return []
    values = value if isinstance(value, Iterable) and not isinstance(value, str | bytes) and _many(value) else [value]
    return [str(one).strip() for one in values]


def _many(value: object) -> bool:
    """A multiple value; a person name can be iterated too, and is one."""
    return hasattr(value, "append")


__all__ = ["date_match", "matches", "wildcard_match"]
