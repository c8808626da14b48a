"""The request as an HL7 v2 order to HIS/RIS (R1, R2): one table says what stands where.

There is no IHE transaction for "radiograph again because of quality"; this is an ordinary new order that names
its parent, the reason, and the parameters wanted as observations of the order (OBX-11 ``O``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any, Final, Literal

from imgdash.config import Peer
from imgdash.model.codes import (
    REJECTED_IMAGE,
    REQUEST_ASK,
    REQUEST_REASON,
    REQUEST_ROUND,
    SCHEME,
    STUDY_INSTANCE_UID,
    Code,
    parameter_code,
)
from imgdash.request.facts import Facts
from imgdash.wire import hl7

Control = Literal["NW", "SN", "CA", "OC"]
Row = tuple[str, str, Callable[[Facts], Any]]

# Field · what it says · where that comes from. ORC-1 to 3 and OBR-2, 3 depend on who numbers the order: see below.
TABLE: Final[tuple[Row, ...]] = (
    ("PID-1", "set id", lambda f: "1"),
    ("PID-3", "patient id", lambda f: [f.image.patient.id]),
    ("PID-5", "patient name", lambda f: names(f.image.patient.name)),
    ("PID-7", "birth date", lambda f: f.image.patient.birth_date),
    ("PID-8", "sex", lambda f: f.image.patient.sex or "U"),
    ("ORC-7", "priority, for ORM^O01", lambda f: ["", "", "", "", "", priority(f)]),
    ("ORC-8", "parent order", lambda f: parent(f)),
    ("ORC-9", "when asked", lambda f: f.at),
    ("ORC-10", "who asks", lambda f: [f.request.by]),
    ("ORC-12", "ordering physician", lambda f: physician(f)),
    ("ORC-16", "why", lambda f: f.reason),
    ("TQ1-1", "set id", lambda f: "1"),
    ("TQ1-9", "priority", lambda f: [priority(f)]),
    ("OBR-1", "set id", lambda f: "1"),
    ("OBR-4", "procedure", lambda f: procedure(f)),
    ("OBR-13", "clinical information", lambda f: f.order.indication if f.order else ""),
    ("OBR-16", "ordering physician", lambda f: physician(f)),
    ("OBR-18", "accession number of the image", lambda f: f.image.accession),
    ("OBR-20", "scheduled step of the image", lambda f: f.image.step_id),
    ("OBR-24", "diagnostic service", lambda f: "CT" if f.image.modality == "CT" else "RAD"),
    ("OBR-29", "parent order", lambda f: parent(f)),
    ("OBR-31", "why", lambda f: f.reason),
    ("NTE-1", "set id", lambda f: "1"),
    ("NTE-2", "written by the placer", lambda f: "P"),
    ("NTE-3", "the request in words", lambda f: f.sentence),
    ("IPC-1", "accession number", lambda f: [f.image.accession or f.request.order_number]),
    ("IPC-2", "requested procedure", lambda f: [f.request.order_number]),
    ("IPC-3", "study", lambda f: [f.image.study_uid]),
    ("IPC-4", "scheduled step", lambda f: [f.request.order_number]),
    ("IPC-5", "modality", lambda f: [f.image.modality]),
    ("IPC-9", "station", lambda f: f.image.sender),
)
# OBX: name · value. The processing parameters wanted follow, one each.
OBSERVATIONS: Final[tuple[tuple[Code, Callable[[Facts], Any]], ...]] = (
    (REQUEST_ASK, lambda f: f.workitem),
    (REQUEST_REASON, lambda f: f.reason),
    (REQUEST_ROUND, lambda f: f.request.round),
    (STUDY_INSTANCE_UID, lambda f: f.image.study_uid),
    (REJECTED_IMAGE, lambda f: f.image.sop_instance_uid),
)
SEGMENTS: Final[dict[str, tuple[str, ...]]] = {
    "ORM^O01": ("PID", "ORC", "OBR", "NTE", "OBX"),
    "OMG^O19": ("PID", "ORC", "TQ1", "OBR", "NTE", "OBX"),
    "OMI^O23": ("PID", "ORC", "TQ1", "OBR", "NTE", "OBX", "IPC"),
}


def compose(facts: Facts, peer: Peer, control: Control | None = None) -> bytes:
    """The order as a message; MSH-10 is the request's `message_id`, so that a repeat is the same message.

    Parameters
    ----------
    control
        ORC-1; None: a new order as the peer wants it. ``NW``: we are the placer and number it. ``SN``: we are the
        filler, and HIS/RIS answers with a number of its own.
    """
    control = control or peer.hl7_control
    kind, trigger = peer.hl7_order.split("^")
    values = {path: function(facts) for path, _, function in TABLE}
    number = [facts.request.order_number, facts.ae_title]
    ours, filler = ("2", "3") if control in ("NW", "CA") else ("3", "2")
    values["ORC-1"] = control
    for segment in ("ORC", "OBR"):
        values[f"{segment}-{ours}"], values[f"{segment}-{filler}"] = number, ""
    if peer.hl7_order != "ORM^O01":
        del values["ORC-7"]
    segments: list[Sequence[Any]] = []
    for name in SEGMENTS[peer.hl7_order]:
        segments += _observations(facts) if name == "OBX" else [_segment(name, values)]
    return hl7.build(
        kind,
        trigger,
        segments,
        control_id=facts.request.message_id if control in ("NW", "SN") else _cancelling(facts.request.message_id),
        sender=(facts.ae_title, facts.institution),
        receiver=(peer.name, ""),
        at=facts.at.astimezone(),
    )


def _cancelling(message_id: str) -> str:
    """MSH-10 of a cancellation, derived so that a repeat has the same one."""
    return hashlib.sha256(f"cancel {message_id}".encode()).hexdigest()[:20].upper()


def _segment(name: str, values: dict[str, Any]) -> list[Any]:
    fields = {int(path.split("-")[1]): value for path, value in values.items() if path.split("-")[0] == name}
    return [name, *(fields.get(number, "") for number in range(1, max(fields) + 1))]


def _observations(facts: Facts) -> list[Sequence[Any]]:
    found = [(name, function(facts), "") for name, function in OBSERVATIONS]
    found += [
        (parameter_code(name), value, facts.units.get(name, "")) for name, value in facts.request.parameters.items()
    ]
    rows = [row for row in found if row[1] not in (None, "")]
    return [_obx(number, *row) for number, row in enumerate(rows, 1)]


def _obx(number: int, name: Code, value: Any, unit: str) -> list[Any]:
    kind, units = "ST", ""
    written = value
    if isinstance(value, Code):
        kind = "CWE"
    elif isinstance(value, bool):
        written = "true" if value else "false"
    elif isinstance(value, int | float):
        kind, written = "NM", f"{value:g}" if isinstance(value, float) else str(value)
        units = [unit or "1", "", "UCUM"] if unit or name.scheme == SCHEME else ""  # type: ignore[assignment]
    elif not isinstance(value, str):
        written = json.dumps(value)
    return ["OBX", str(number), kind, name, "", written, units, "", "", "", "", "O"]


def names(name: str) -> hl7.Repeat:
    """DICOM's PN as repetitions of HL7's XPN: alphabetic (A), ideographic (I), phonetic (P)."""
    found = []
    for group, code in zip(name.split("="), ("A", "I", "P"), strict=False):
        if group:
            family, given, middle, prefix, suffix = [*group.split("^"), "", "", "", "", ""][:5]
            found.append([family, given, middle, suffix, prefix, "", "L", code])
    return hl7.Repeat(found or [""])


def priority(facts: Facts) -> str:
    """HL7 table 0485: stat or routine."""
    return "S" if facts.image.priority else "R"


def parent(facts: Facts) -> Any:
    """The order that led to the image (EIP): the placer's number, the filler's, else its accession number."""
    order = facts.order
    placer = order.placer_number if order else ""
    filler = (order.filler_number if order else "") or facts.image.accession
    return [[placer], [filler]] if placer or filler else ""


def procedure(facts: Facts) -> list[str]:
    """The procedure of the order; where there is none, what is asked for."""
    order = facts.order
    if order is not None and order.procedure_code:
        return [order.procedure_code, order.procedure_text, "L"]
    return [facts.workitem.value, f"{facts.workitem.meaning}: {facts.image.title}", SCHEME]


def physician(facts: Facts) -> Any:
    """The ordering physician (XCN) from DICOM's PN."""
    name = facts.order.physician if facts.order else ""
    return ["", *name.split("=")[0].split("^")[:5]] if name else ""
