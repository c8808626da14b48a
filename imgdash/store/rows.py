"""Rows of the database as domain types, and domain values as what the journal can hold."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from imgdash.model import Finding, ImageHeader, Judgement, Order, Patient, QueueEntry, Request

_JSON_IMAGE: dict[str, Any] = {"parameters": {}, "overrides": {}, "edits": {}, "exposure": {}, "ranges": {}}


def read_json(text: str | None, default: Any = None) -> Any:
    """A JSON column's value."""
    return default if text is None else json.loads(text)


def text(value: str) -> str:
    """A text that can be written: half a surrogate pair, which no encoding knows, becomes ``\\udc80``."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode(errors="backslashreplace").decode()
    return value


def plain(value: Any) -> Any:
    """A value as the journal holds it: JSON types only."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {text(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, str):
        return text(str(value))
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float) or hasattr(value, "__float__"):
        number = float(value)
        return number if number == number and abs(number) != float("inf") else None
    return text(str(value))


def _patient(row: dict[str, Any]) -> Patient:
    values = (row.pop(f"patient_{name}", None) or "" for name in ("id", "name", "sex", "birth_date"))
    return Patient(*values)


def _filled(kind: type, row: dict[str, Any]) -> dict[str, Any]:
    """Only what `kind` knows, and NULL as the field's default."""
    names = _names(kind)
    return {key: value for key, value in row.items() if key in names and value is not None}


@cache
def _names(kind: type) -> frozenset[str]:
    return frozenset(field.name for field in dataclasses.fields(kind))


def judgement(raw: Mapping[str, Any] | None) -> Judgement:
    """A judgement from its JSON form."""
    if not raw:
        return Judgement()
    return Judgement(*(tuple(Finding(**item) for item in raw.get(use, ())) for use in ("storage", "film")))


def image(row: dict[str, Any]) -> ImageHeader:
    """An image header from its row."""
    row = dict(row)
    patient = _patient(row)
    for name, default in _JSON_IMAGE.items():
        row[name] = read_json(row[name], default)
    outputs, overlays = read_json(row["outputs"]), read_json(row["overlays"])
    row["outputs"] = None if outputs is None else tuple(outputs)
    row["overlays"] = tuple(overlays or ())
    row["judgement"] = judgement(read_json(row["judgement"]))
    spacing = row["pixel_spacing"]
    row["pixel_spacing"] = (float(spacing[0]), float(spacing[1])) if spacing else None
    filled = _filled(ImageHeader, row)
    for name in (
        "sop_class_uid",
        "sop_instance_uid",
        "study_uid",
        "series_uid",
        "transfer_syntax",
        "sender",
        "sender_host",
    ):
        filled.setdefault(name, "")
    filled.setdefault("received_at", datetime.min)
    return ImageHeader(patient=patient, **filled)


def image_columns(header: ImageHeader) -> dict[str, Any]:
    """The columns of an image header, as an event carries them."""
    columns = {field.name: plain(getattr(header, field.name)) for field in dataclasses.fields(header)}
    columns.update({f"patient_{key}": value for key, value in columns.pop("patient").items()})
    # Who looks at it is known as long as the station runs, and not recorded.
    for name in ("image_id", "held_by"):
        columns.pop(name)
    return columns


def order(row: dict[str, Any]) -> Order:
    """An order from its row."""
    row = dict(row)
    return Order(patient=_patient(row), **_filled(Order, row))


def order_columns(value: Order) -> dict[str, Any]:
    """The columns of an order."""
    columns = {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    columns.update({f"patient_{key}": item for key, item in columns.pop("patient").items()})
    columns.pop("order_id")
    return columns


def entry(row: dict[str, Any]) -> QueueEntry:
    """A queue entry from its row."""
    return QueueEntry(**_filled(QueueEntry, dict(row)))


def entry_columns(value: QueueEntry) -> dict[str, Any]:
    """The columns of a queue entry."""
    columns = {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    columns.pop("entry_id")
    return columns


def request(row: dict[str, Any]) -> Request:
    """A request from its row."""
    row = dict(row)
    for name in ("parameters", "contents"):
        row[name] = read_json(row[name], {})
    return Request(**_filled(Request, row))


def request_columns(value: Request) -> dict[str, Any]:
    """The columns of a request."""
    columns = {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    columns.pop("request_id")
    return columns
