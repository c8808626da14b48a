"""The image header in HL7's structure (D4): an ORU^R01 or OMI^O23 that says how far an order's image is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from imgdash.config import Peer, Site
from imgdash.model import Order, Patient
from imgdash.model.codes import REASONS, REJECTED_IMAGE, REQUEST_REASON, SCHEME, STUDY_INSTANCE_UID, Code
from imgdash.request.notices.told import Case, Notice
from imgdash.request.order import names
from imgdash.wire import hl7

# Event of the image → ORC-5 (table 0038), OBR-25 (table 0123), in words.
STATES: Final[dict[str, tuple[str, str, str]]] = {
    "examine": ("IP", "R", "received, awaits its review"),
    "restore": ("IP", "R", "taken back, awaits its review"),
    "withdraw": ("IP", "R", "awaits its review"),
    "request": ("HD", "R", "not good enough, a better one is asked for"),
    "reject": ("DC", "X", "rejected"),
    "deliver": ("CM", "F", "confirmed and delivered"),
}


def _own(name: str, meaning: str) -> Code:
    return Code(name, SCHEME, meaning)


# OBX: name · value. What is not known is left out.
OBSERVATIONS: Final[tuple[tuple[Code, Callable[[Case], Any]], ...]] = (
    (_own("STATE", "State of the image"), lambda c: STATES[c.event][2]),
    (REQUEST_REASON, lambda c: REASONS.get(c.header.reason) if c.event in ("request", "reject") else None),
    (STUDY_INSTANCE_UID, lambda c: c.header.study_uid),
    (REJECTED_IMAGE._replace(meaning="SOP Instance UID"), lambda c: c.header.sop_instance_uid),
    (_own("REGION", "Body part examined"), lambda c: c.header.body_part),
    (_own("VIEW", "View position"), lambda c: c.header.view),
    (_own("LATERALITY", "Laterality"), lambda c: c.header.laterality),
    (_own("CONDITION", "Condition key"), lambda c: c.header.condition),
    (_own("STATION", "AE title of the sender"), lambda c: c.header.sender),
    (_own("ROUND", "Round of the request"), lambda c: c.header.round_number),
    (_own("EI", "Exposure index"), lambda c: c.header.exposure.get("ei")),
    (_own("DI", "Deviation index"), lambda c: c.header.exposure.get("di")),
)


def notice(peer: Peer, case: Case) -> Notice | None:
    """The message, or None where the peer is not told of this."""
    if peer.hl7_status == "off" or not peer.hl7_port or case.order is None or case.event not in STATES:
        return None
    if not _concerns(peer, case.site, case.order):
        return None
    control_id = hl7.new_control_id()
    kind, trigger = peer.hl7_status.split("^")
    station = case.site.station
    message = hl7.build(
        kind,
        trigger,
        list(_segments(peer, case, case.order)),
        control_id=control_id,
        sender=(station.ae_title, station.institution),
        receiver=(peer.name, ""),
        at=case.at.astimezone(),
    )
    words = f"order {case.order.accession or case.order.order_id}: {STATES[case.event][2]}"
    return Notice("hl7", control_id, words, {"hl7": message.decode("utf-8")})


def _concerns(peer: Peer, site: Site, order: Order) -> bool:
    """Whether a peer is told of an order: another house's patients are none of its business.

    Whose an order is may be unknown: MSH-3 that no peer has, or a site file that has changed since. Where there is one
    HIS/RIS only, it is its; otherwise only those hear of it that hear of all.
    """
    if peer.hl7_status_of == "all":
        return True
    issuer = site.issuer(order.source)
    return peer == issuer if issuer is not None else site.peers_of("ris") == (peer,)


def _segments(peer: Peer, case: Case, order: Order) -> Sequence[Sequence[Any]]:
    header = case.header
    status, result, _ = STATES[case.event]
    placer, filler = [order.placer_number], [order.filler_number]
    procedure = [order.procedure_code, order.procedure_text, "L"]
    obr: list[Any] = [""] * 25
    obr[0], obr[1], obr[2], obr[3] = "1", placer, filler, procedure
    obr[6], obr[17], obr[19] = header.acquired_at or "", header.accession or order.accession, header.step_id
    obr[21], obr[23], obr[24] = case.at, header.modality, result
    found: list[Sequence[Any]] = [
        _patient(header.patient),
        ["ORC", "SC", placer, filler, "", status, "", "", "", case.at],
        ["OBR", *obr],
        *_observations(case, result),
    ]
    if peer.hl7_status == "OMI^O23":
        # As in the order itself: what the image belongs to, in the segment made for it.
        ipc = [header.accession, order.filler_number, header.study_uid, header.step_id, [header.modality, "", "DCM"]]
        found.insert(2, ["TQ1", "1"])
        found.append(["IPC", *ipc])
    return found


def _patient(patient: Patient) -> Sequence[Any]:
    sex = patient.sex or "U"
    return ["PID", "1", "", [patient.id], "", names(patient.name), "", patient.birth_date, sex]


def _observations(case: Case, result: str) -> list[Sequence[Any]]:
    rows = [(code, value) for code, function in OBSERVATIONS if (value := function(case)) not in (None, "")]
    return [_obx(number, code, value, result) for number, (code, value) in enumerate(rows, 1)]


def _obx(number: int, code: Code, value: Any, result: str) -> Sequence[Any]:
    kind = "CWE" if isinstance(value, Code) else "NM" if isinstance(value, int | float) else "ST"
    written = f"{value:g}" if isinstance(value, int | float) else value
    return ["OBX", str(number), kind, code, "", written, "", "", "", "", "", result]


__all__ = ["STATES", "notice"]
