"""Query and retrieve (Study Root and Patient Root, C-FIND, C-MOVE, C-GET) over an archive: PS3.4 annex C."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import ImplicitVRLittleEndian
from pynetdicom import build_context, evt
from pynetdicom.sop_class import (
    PatientRootQueryRetrieveInformationModelFind,
    PatientRootQueryRetrieveInformationModelGet,
    PatientRootQueryRetrieveInformationModelMove,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)

from imgdash.simulate.archive import LEVELS, Archive
from imgdash.simulate.machine import Address, Machine

PENDING, CANCELLED = 0xFF00, 0xFE00
IDENTIFIER_DOES_NOT_MATCH, MOVE_DESTINATION_UNKNOWN = 0xA900, 0xA801


def offer(machine: Machine, archive: Archive, destination: Callable[[str], Address | None]) -> None:
    """Let `machine` answer queries over `archive` and send what is asked for.

    Parameters
    ----------
    destination
        AE title of a C-MOVE destination → where it listens, or None if it is unknown.
    """
    for sop_class in (
        StudyRootQueryRetrieveInformationModelFind,
        StudyRootQueryRetrieveInformationModelMove,
        StudyRootQueryRetrieveInformationModelGet,
        PatientRootQueryRetrieveInformationModelFind,
        PatientRootQueryRetrieveInformationModelMove,
        PatientRootQueryRetrieveInformationModelGet,
    ):
        machine.offer(sop_class)

    def find(event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        level = str(event.identifier.get("QueryRetrieveLevel", ""))
        if level not in LEVELS:
            yield IDENTIFIER_DOES_NOT_MATCH, None
            return
        for answer in archive.find(level, event.identifier):
            if event.is_cancelled:
                yield CANCELLED, None
                return
            answer.RetrieveAETitle = machine.address.ae_title
            yield PENDING, answer

    def move(event: evt.Event) -> Iterator[Any]:
        to = destination(str(event.move_destination).strip())
        if to is None:
            # pynetdicom answers A801 to this.
            yield None, None
            return
        selected = archive.select(event.identifier)
        contexts = {(held.sop_class_uid, held.transfer_syntax_uid) for held in selected}
        # pynetdicom associates with the destination even where nothing is to be sent.
        contexts = contexts or {(str(Verification), str(ImplicitVRLittleEndian))}
        yield (
            to.host,
            to.port,
            {
                "ae_title": to.ae_title,
                "contexts": [build_context(sop_class, syntax) for sop_class, syntax in sorted(contexts)],
            },
        )
        yield from _send(event, selected)

    def get(event: evt.Event) -> Iterator[Any]:
        yield from _send(event, archive.select(event.identifier))

    machine.on(evt.EVT_C_FIND, "c-find", find)
    machine.on(evt.EVT_C_MOVE, "c-move", move)
    machine.on(evt.EVT_C_GET, "c-get", get)


def _send(event: evt.Event, selected: list[Any]) -> Iterator[Any]:
    yield len(selected)
    for held in selected:
        if event.is_cancelled:
            yield CANCELLED, None
            return
        yield PENDING, pydicom.dcmread(held.path)


__all__ = ["offer"]
