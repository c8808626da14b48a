"""An image header from its row, as the columns of an event, and after an event."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from imgdash.model import Event, Finding, ImageHeader, Judgement
from imgdash.store.columns import Columns
from imgdash.store.rows import filled, patient, plain, read_json

_NUMBERS: Final = {"INTEGER": 2**31, "BIGINT": 2**63}
_PATIENT: Final = "patient_"
# Fields that are made of JSON; those that are objects there have no NULL in the model.
_OBJECTS: Final = ("parameters", "overrides", "edits", "exposure", "ranges")
_JSON: Final = (*_OBJECTS, "judgement", "outputs", "overlays")
# What is never unknown: of what is to become NULL here, only the database says what it thinks of it.
_ALWAYS: Final = ("number", "state", "file")
_TEXTS: Final = (
    "sop_class_uid",
    "sop_instance_uid",
    "study_uid",
    "series_uid",
    "transfer_syntax",
    "sender",
    "sender_host",
)


def judgement(raw: Mapping[str, Any] | None) -> Judgement:
    """A judgement from its JSON form."""
    if not raw:
        return Judgement()
    return Judgement(*(tuple(Finding(**item) for item in raw.get(use, ())) for use in ("storage", "film")))


def image(row: Mapping[str, Any]) -> ImageHeader:
    """An image header from its row in the database."""
    return _header({**row, **{name: read_json(row[name]) for name in _JSON}})


def image_columns(header: ImageHeader) -> dict[str, Any]:
    """The columns of an image header, as an event carries them."""
    columns = {field.name: plain(getattr(header, field.name)) for field in dataclasses.fields(header)}
    columns.update({f"{_PATIENT}{key}": value for key, value in columns.pop("patient").items()})
    # Who looks at it is known as long as the station runs, and not recorded.
    for name in ("image_id", "held_by"):
        columns.pop(name)
    return columns


def changed(header: ImageHeader | None, event: Event, columns: Columns) -> ImageHeader | None:
    """The header after `event`, as it would be read from the database; None where only the database can say that.

    Parameters
    ----------
    header
        As it is before; None where there is none, or it is not known.
    columns
        Column → type of the table.
    """
    told = {name: value for name, value in event.data.items() if name in columns}
    if not all(_exact(name, value, columns[name]) for name, value in told.items()):
        return None
    if header is None:
        # What registers an image tells all of it.
        whole = told.keys() >= columns.keys() - {"image_id"}
        return _header({**_read(told, columns), "image_id": event.id}) if whole else None
    known = {name: getattr(header, name) for name in ("image_id", *_ALWAYS)}
    after = _header({**dict.fromkeys(columns), **known, **_read(told, columns)})
    fields = {name for name in told if not name.startswith(_PATIENT)}
    person = {name.removeprefix(_PATIENT) for name in told if name.startswith(_PATIENT)}
    return dataclasses.replace(
        header,
        patient=dataclasses.replace(header.patient, **{name: getattr(after.patient, name) for name in person}),
        **{name: getattr(after, name) for name in fields},
    )


def _header(row: dict[str, Any]) -> ImageHeader:
    """From a row whose JSON is read."""
    person = patient(row)
    for name in _OBJECTS:
        row[name] = {} if row[name] is None else row[name]
    row["outputs"] = None if row["outputs"] is None else tuple(row["outputs"])
    row["overlays"] = tuple(row["overlays"] or ())
    row["judgement"] = judgement(row["judgement"])
    spacing = row["pixel_spacing"]
    row["pixel_spacing"] = (float(spacing[0]), float(spacing[1])) if spacing else None
    found = filled(ImageHeader, row)
    for name in _TEXTS:
        found.setdefault(name, "")
    found.setdefault("received_at", datetime.min)
    return ImageHeader(patient=person, **found)


def _read(told: Mapping[str, Any], columns: Columns) -> dict[str, Any]:
    """Values of an event as the database would return them, JSON read."""
    return {
        name: datetime.fromisoformat(value) if value is not None and columns[name] == "TIMESTAMP" else value
        for name, value in told.items()
    }


def _exact(name: str, value: Any, column: str) -> bool:
    """Whether the database keeps this value as it is: what is of another type, it casts or refuses."""
    if value is None:
        return name not in _ALWAYS
    if column == "VARCHAR":
        return isinstance(value, str)
    if column in _NUMBERS:
        return type(value) is int and -_NUMBERS[column] <= value < _NUMBERS[column]
    if column == "BOOLEAN":
        return isinstance(value, bool)
    if column == "TIMESTAMP":
        return isinstance(value, str) and _naive(value)
    if column == "DOUBLE[]":
        return isinstance(value, list) and len(value) != 1 and all(type(one) in (int, float) for one in value)
    return column == "JSON"


def _naive(value: str) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is None
    except ValueError:
        return False
