"""A query or retrieve identifier (PS3.4 C.4.1.2, C.4.2.1.4): checked, and answered from the records."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydicom import config
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag, Tag

from imgdash.model import ImageHeader
from imgdash.retrieve.keys import COLUMNS, HELD, LEVELS, UNIQUE, Key, Level, known_at
from imgdash.retrieve.matching import Condition, NotMatchable, condition
from imgdash.store.change import Reader

# More answers than this are of no use to a person, and say that the question was none.
MOST_ANSWERS: Final = 5000
PATIENT_ROOT: Final[tuple[Level, ...]] = LEVELS
STUDY_ROOT: Final[tuple[Level, ...]] = LEVELS[1:]
# Said with each answer, or about the identifier itself: no keys to match by.
_ABOUT: Final = frozenset(
    ["QueryRetrieveLevel", "SpecificCharacterSet", "TimezoneOffsetFromUTC", "RetrieveAETitle", "InstanceAvailability"]
)
_INTEGER: Final = re.compile(r"[+-]?\d{1,12}")


class BadIdentifier(Exception):
    """The identifier does not match its SOP class (A900); the words fit an Error Comment.

    Attributes
    ----------
    tag
        Offending Element, or None.
    """

    def __init__(self, words: str, tag: BaseTag | None = None) -> None:
        super().__init__(words)
        self.tag = tag


@dataclass(frozen=True)
class Query:
    """What is asked.

    Attributes
    ----------
    levels
        Of the information model, down to the one asked for.
    wanted
        The attributes to return.
    conditions
        What they must satisfy.
    unsupported
        Whether an optional attribute was asked for that is not known here: such answers have status FF01.
    """

    levels: tuple[Level, ...]
    wanted: tuple[Key, ...]
    conditions: tuple[Condition, ...]
    unsupported: bool = False

    @property
    def level(self) -> Level:
        """The level asked for."""
        return self.levels[-1]


def read_query(root: Sequence[Level], identifier: Dataset, *, relational: bool = False) -> Query:
    """The query of a C-FIND identifier.

    Parameters
    ----------
    root
        Levels of the information model: `PATIENT_ROOT` or `STUDY_ROOT`.
    relational
        Whether relational queries were negotiated; otherwise one unique key is needed of each level above.

    Raises
    ------
    BadIdentifier
    """
    levels = _levels(root, identifier)
    if not relational:
        _one_each(levels[:-1], identifier)
    known = known_at(levels[-1])
    # PS3.4 C.4.1.1.3.2: the unique keys are part of the answer, whether or not they were asked for.
    wanted, conditions, unsupported = [known[UNIQUE[level]] for level in levels], [], False
    for element in identifier:
        if element.keyword in _ABOUT or element.tag.element == 0:
            continue
        key = known.get(element.keyword)
        if key is None:
            unsupported = True
            continue
        wanted.append(key)
        try:
            one = condition(key, _values(identifier, element.tag))
        except NotMatchable as error:
            raise BadIdentifier(str(error), element.tag) from None
        if one is not None:
            conditions.append(one)
    return Query(levels, tuple(dict.fromkeys(wanted)), tuple(conditions), unsupported)


def find(store: Reader, query: Query, retrieve_ae: str) -> list[Dataset]:
    """The answers, at most one more than `MOST_ANSWERS`, oldest first."""
    path = ", ".join(COLUMNS[level] for level in query.levels)
    columns = ", ".join(f'{key.sql} as "{key.keyword}"' for key in query.wanted)
    identified = " and ".join(f"{COLUMNS[level]} <> ''" for level in query.levels)
    conditions = " and ".join(sql for sql, _ in query.conditions) or "true"
    rows = store.query(
        f"with held as ({HELD}), "
        f"found as (select {columns}, min(number) as first from held where {identified} group by {path}) "
        f"select * from found where {conditions} order by first limit {MOST_ANSWERS + 1}",
        [parameter for _, parameters in query.conditions for parameter in parameters],
    )
    return [_answer(query, row, retrieve_ae) for row in rows]


def select(
    store: Reader, root: Sequence[Level], identifier: Dataset, *, relational: bool = False
) -> tuple[list[ImageHeader], Level]:
    """The images that a C-MOVE or C-GET identifier names, and its level; only unique keys count (PS3.4 C.4.2.1.4).

    Raises
    ------
    BadIdentifier
    """
    levels = _levels(root, identifier)
    if not relational:
        _one_each(levels[:-1], identifier)
    conditions, parameters = [], []
    for level in levels:
        tag = Tag(UNIQUE[level])
        uids = [value.strip(" \0") for value in _values(identifier, tag) if value.strip(" \0")]
        if uids:
            conditions.append(f"list_contains(?::varchar[], {COLUMNS[level]})")
            parameters.append(uids)
        elif level == levels[-1]:
            raise BadIdentifier(f"{UNIQUE[level]} is missing", tag)
    where = f"image_id in (select image_id from ({HELD})) and {' and '.join(conditions)}"
    return store.images(where, parameters), levels[-1]


def _levels(root: Sequence[Level], identifier: Dataset) -> tuple[Level, ...]:
    tag = Tag("QueryRetrieveLevel")
    named = "".join(_values(identifier, tag)).strip(" \0")
    level = next((one for one in root if one == named), None)
    if level is None:
        raise BadIdentifier(f"level {named[:16]!r} is none of this model", tag)
    return tuple(root[: root.index(level) + 1])


def _one_each(levels: Sequence[Level], identifier: Dataset) -> None:
    for level in levels:
        tag = Tag(UNIQUE[level])
        values = _values(identifier, tag)
        if len(values) != 1 or not values[0].strip(" \0") or set("*?") & set(values[0]):
            raise BadIdentifier(f"a single {UNIQUE[level]} is needed", tag)


def _values(identifier: Dataset, tag: BaseTag) -> list[str]:
    """The values of an attribute as texts; none where it is absent or empty."""
    if tag not in identifier:
        return []
    try:
        value = identifier[tag].value
    except Exception:
        # Boundary: pydicom raises whatever the value makes it do.
        raise BadIdentifier("a value cannot be read", tag) from None
    if value is None or isinstance(value, bytes):
        return []
    several = not isinstance(value, str) and hasattr(value, "append")
    return [str(one) for one in value] if several else [str(value)]


def _answer(query: Query, row: dict[str, Any], retrieve_ae: str) -> Dataset:
    ds = Dataset()
    if not all(value.isascii() for value in row.values() if isinstance(value, str)):
        ds.SpecificCharacterSet = "ISO_IR 192"
    ds.QueryRetrieveLevel = query.level
    ds.RetrieveAETitle = retrieve_ae
    ds.InstanceAvailability = "ONLINE"
    for key in query.wanted:
        tag = tag_for_keyword(key.keyword)
        assert tag is not None
        value = row[key.keyword]
        if key.kind == "number":
            value = int(value) if _INTEGER.fullmatch(str(value)) else None
        # As the image says it, whether or not its VR allows that.
        ds[tag] = DataElement(tag, dictionary_VR(tag), value, validation_mode=config.IGNORE)
    return ds
