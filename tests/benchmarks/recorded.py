"""Records of a station that has worked for years, written where its store finds them at its start."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

from imgdash.model import Event, ImageHeader, Order, Patient, QueueEntry, Request
from imgdash.records import emission
from imgdash.store import rows
from imgdash.store.image_rows import image_columns
from imgdash.store.journal import Journal

_BEGUN = datetime(2026, 1, 1)
_BATCH = 5000
_PATIENTS = 30_000
# One image in so many was asked for again.
_ASKED = 50


def record(folder: Path, pattern: ImageHeader, count: int, apparatus: tuple[str, ...], *, awaiting: int = 0) -> None:
    """Delivered images with their orders, queue entries and irradiation events, and now and then a request.

    They go into the journal alone: the database takes them from there in large steps, where one change for each would
    take minutes. There are no files behind them.

    Parameters
    ----------
    pattern
        An image that was received: what `parameters` and `judgement` hold is copied from it, so that rows weigh what
        they do at work.
    awaiting
        So many await their reviewer besides, received after all others.
    """
    journal = Journal(folder / "journal")
    try:
        batch: list[Event] = []
        for event in chain(_events(pattern, count, apparatus), _awaiting(pattern, 1000 + count, awaiting)):
            batch.append(replace(event, seq=journal.seq + len(batch) + 1))
            if len(batch) == _BATCH:
                journal.append(batch)
                batch = []
        if batch:
            journal.append(batch)
    finally:
        journal.close()


def _events(pattern: ImageHeader, count: int, apparatus: tuple[str, ...]) -> Iterator[Event]:
    order = Order(
        "", "", Patient("", "", "F", "19700101"), "radiographed", modality="CR", procedure_code="C",
        procedure_text="Chest PA", source="RIS",
    )  # fmt: skip
    pattern = replace(pattern, state="delivered", patient=order.patient, confirmed_by="reviewer0")
    told = {"kvp": 70.0, "mas": 2.0, "dap": 0.5}
    request = Request("", "", "", 1, "satisfied", "modality", "CR1", "processed", "111219", by="reviewer0")
    # What rows have in common is made once: half a million events are made here.
    same = {
        "order": rows.order_columns(order),
        "image": image_columns(pattern),
        "exposure": rows.plain(emission.event(pattern, order, told).data),
        "queue": rows.entry_columns(QueueEntry("", "", "", "done", 0.0, attempts=1)),
        "request": rows.request_columns(request),
    }
    for number in range(count):
        moment = _BEGUN + timedelta(seconds=40 * number)
        at, one = moment.isoformat(), f"R{number}"

        def born(subject: str, id: str, moment: datetime = moment, **columns: Any) -> Event:
            return Event(subject, id, "register", {**same[subject], **columns}, at=moment)

        patient = {"patient_id": f"R{number % _PATIENTS}", "patient_name": f"Name{number % _PATIENTS}^Given"}
        image_id = hashlib.sha256(one.encode()).hexdigest()[:32]
        yield born("order", one, accession=one, placer_number=one, scheduled_at=at, received_at=at, **patient)
        yield born(
            "image", image_id, number=1000 + number, received_at=at, acquired_at=at, confirmed_at=at, accession=one,
            sop_instance_uid=f"1.2.3.{number}", order_id=one, sender=f"CR{number % 4}", **patient,
        )  # fmt: skip
        yield born("exposure", f"1.2.4.{number}", image_id=image_id, at=at, accession=one, **patient)
        for name in apparatus:
            told_at = {"registered_at": at, "finished_at": at, "position": float(number)}
            yield born("queue", f"{image_id}@{name}#1", image_id=image_id, apparatus=name, **told_at)
        if number % _ASKED == 0:
            uid = f"1.2.5.{number}"
            yield born("request", uid, image_id=image_id, chain=uid, created_at=at, sent_at=at, answered_at=at)


def _awaiting(pattern: ImageHeader, first: int, count: int) -> Iterator[Event]:
    columns = {**image_columns(pattern)}
    for number in range(first, first + count):
        moment = _BEGUN + timedelta(seconds=number)
        own = {"number": number, "sop_instance_uid": f"1.2.6.{number}", "received_at": moment.isoformat(),
               "patient_id": f"W{number}", "patient_name": f"Waiting{number}^Given"}  # fmt: skip
        yield Event(
            "image", hashlib.sha256(f"W{number}".encode()).hexdigest()[:32], "register", {**columns, **own}, at=moment
        )
