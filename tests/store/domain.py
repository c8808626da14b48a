"""Domain values that tests of the store share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from imgdash.model import Event, Finding, ImageHeader, Judgement, Patient
from imgdash.store.image_rows import image_columns
from imgdash.store.store import Change, Store

WHEN = datetime(2025, 3, 1, 12, 30, 15, 250000)


def header(number: int, **fields: Any) -> ImageHeader:
    """An image header with something in every field that is not plain text."""
    finding = Finding("exposure", "111211", "DI −7.1 is below −6", correctable=False)
    values: dict[str, Any] = {
        "image_id": f"{number:032x}",
        "number": number,
        "state": "received",
        "file": f"images/00/{number:032x}.dcm",
        "sop_class_uid": "1.2.840.10008.5.1.4.1.1.1",
        "sop_instance_uid": f"1.2.3.{number}",
        "study_uid": "1.2.3",
        "series_uid": "1.2.3.0",
        "transfer_syntax": "1.2.840.10008.1.2.1",
        "sender": "CR1",
        "sender_host": "127.0.0.1",
        "received_at": WHEN,
        "patient": Patient("42", "Müller^Jörg", "M", "19700131"),
        "pixel_spacing": (0.1, 0.2),
        "parameters": {"s_low": 0.1, "field": [[1.0, 2.0]], "notes": ["a"]},
        "overrides": {"gradation.contrast": 1.2},
        "judgement": Judgement((finding,), (finding,)),
        "outputs": ("STORAGE",),
        "overlays": ({"text": "R", "x_mm": 10.0},),
        "acquired_at": WHEN,
        "exposure": {"kvp": 70.0},
    }
    return ImageHeader(**{**values, **fields})


def born(number: int, **fields: Any) -> Event:
    """The event by which that image becomes known."""
    value = header(number, **fields)
    return Event("image", value.image_id, "register", image_columns(value))


def add(store: Store, *numbers: int) -> list[str]:
    """Register images and bring them to their reviewer."""

    def change(change: Change) -> list[str]:
        ids = [change.emit(born(number)).id for number in numbers]
        for id in ids:
            change.transition("image", id, "examine")
        return ids

    return store.write(change)
