"""Rows of the database as domain types, and domain values as what the journal can hold."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from imgdash.model import Order, Patient, QueueEntry, Request


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


def patient(row: dict[str, Any]) -> Patient:
    """Patient information, taken out of a row."""
    values = (row.pop(f"patient_{name}", None) or "" for name in ("id", "name", "sex", "birth_date"))
    return Patient(*values)


def filled(kind: type, row: dict[str, Any]) -> dict[str, Any]:
    """Only what `kind` knows, and NULL as the field's default."""
    names = _names(kind)
    return {key: value for key, value in row.items() if key in names and value is not None}


@cache
def _names(kind: type) -> frozenset[str]:
    return frozenset(field.name for field in dataclasses.fields(kind))


def order(row: dict[str, Any]) -> Order:
    """An order from its row."""
    row = dict(row)
    return Order(patient=patient(row), **filled(Order, row))


def order_columns(value: Order) -> dict[str, Any]:
    """The columns of an order."""
    columns = {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    columns.update({f"patient_{key}": item for key, item in columns.pop("patient").items()})
    columns.pop("order_id")
    return columns


def entry(row: dict[str, Any]) -> QueueEntry:
    """A queue entry from its row."""
    return QueueEntry(**filled(QueueEntry, dict(row)))


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
    return Request(**filled(Request, row))


def request_columns(value: Request) -> dict[str, Any]:
    """The columns of a request."""
    columns = {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    columns.pop("request_id")
    return columns
