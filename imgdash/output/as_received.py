"""A record with corrected information in it: its identity, its pixels and their transfer syntax stay."""

from __future__ import annotations

from pathlib import Path

import pydicom
from pydicom.dataset import Dataset

from imgdash.config import Station
from imgdash.model import ImageHeader
from imgdash.output import edits, encoding


def corrected(record: Path, header: ImageHeader, station: Station) -> Dataset:
    """The data set of a record, with what a person corrected, and what it said before beside it."""
    ds = pydicom.dcmread(record)
    encoding.make_room_for(ds, [*header.edits.values(), station.name])
    at = header.confirmed_at or header.received_at
    edits.apply(ds, header.edits, at=at, system=f"imgdash {station.name}".strip())
    return ds
