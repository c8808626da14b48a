"""Which table holds a subject of the journal, and how an event's values become columns."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from imgdash.model import Event

# Column → type, as DuckDB names it.
Columns = Mapping[str, str]

# Subject in the journal → (table, its key). A subject that is not here has only its journal rows.
TABLES = {
    "image": ("image", "image_id"),
    "order": ("orders", "order_id"),
    "step": ("step", "step_uid"),
    "queue": ("queue", "entry_id"),
    "request": ("request", "request_id"),
    "note": ("note", "note_id"),
    "notice": ("notice", "notice_id"),
    "exposure": ("exposure", "event_uid"),
    "qc": ("qc", "qc_id"),
    "preference": ("preference", "id"),
}


def convert(event: Event, columns: Columns) -> dict[str, Any]:
    """What an event sets in its row; what the table has no column for is in the journal only."""
    key = TABLES[event.subject][1]
    return {name: _value(value, columns[name]) for name, value in event.data.items() if name in columns and name != key}


def _value(value: Any, column: str) -> Any:
    if value is None:
        return None
    if column == "JSON":
        return json.dumps(value, ensure_ascii=False)
    if column == "TIMESTAMP" and isinstance(value, str):
        return datetime.fromisoformat(value)
    return value
