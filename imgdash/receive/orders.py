"""HL7 orders → reservations (D4): ORM^O01, OMG^O19, OMI^O23, as IHE RAD-4 and RAD-13 fill them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final, Literal

from imgdash.model.errors import ImgdashError
from imgdash.model.image import Order, Patient
from imgdash.wire.hl7 import Message, Segment

Control = Literal["new", "change", "cancel"]
TYPES: Final = frozenset(["ORM^O01", "OMG^O19", "OMI^O23"])
# ORC-1, HL7 table 0119.
CONTROLS: Final[dict[str, Control]] = {
    "NW": "new",
    "SN": "new",
    "CH": "new",
    "RO": "new",
    "PA": "change",
    "XO": "change",
    "XX": "change",
    "RP": "change",
    "SC": "change",
    "CA": "cancel",
    "OC": "cancel",
    "DC": "cancel",
    "OD": "cancel",
}
# ORC-5, table 0038: a status change to one of these ends the order.
ENDED: Final = frozenset(["CA", "DC"])
# TQ1-9 and ORC-7.6, table 0485: stat, as soon as possible, timing critical.
URGENT: Final = frozenset(["S", "A", "T", "STAT", "ASAP"])
# OBR-24 may hold the modality (IHE) or a department (HL7 table 0074), which says nothing here.
MODALITIES: Final = frozenset(["CR", "DX", "DR", "MG", "CT", "MR", "US", "RF", "XA", "NM", "PT", "IO", "PX"])
SEXES: Final = {"M": "M", "F": "F", "O": "O", "A": "O"}


def parse_order(message: Message) -> tuple[Control, Order]:
    """The first order in `message`.

    Raises
    ------
    ImgdashError
        As `parse_orders`.
    """
    return parse_orders(message)[0]


def parse_orders(message: Message) -> list[tuple[Control, Order]]:
    """The orders in `message`: one for each ORC, and of that one for each IPC (scheduled step).

    A cancelled order has the state ``cancelled``. The `order_id` is the accession number, or else the filler's
    or placer's number, followed by the scheduled step's, so that the worklist names the same order the same.

    Raises
    ------
    ImgdashError
        If the type or an order control code is not one of those here, or patient or order have no number.
    """
    if message.type not in TYPES:
        raise ImgdashError(f"{message.type[:20]} is not an order.", f"Send {', '.join(sorted(TYPES))}.")
    patient = _patient(message)
    orders = [order for group in _groups(message) for order in _orders(message, group, patient)]
    if not orders:
        raise ImgdashError("The message has no ORC segment.", "Send one for each order.")
    return orders


def _groups(message: Message) -> Iterator[list[Segment]]:
    """The segments of each order: from one ORC to the next."""
    group: list[Segment] = []
    for segment in message.segments():
        if segment.name == "ORC" and group:
            yield group
            group = []
        if segment.name == "ORC" or group:
            group.append(segment)
    if group:
        yield group


def _orders(message: Message, group: list[Segment], patient: Patient) -> Iterator[tuple[Control, Order]]:
    control = CONTROLS.get(_get(group, "ORC-1"))
    if control is None:
        raise ImgdashError(f"Order control code {_get(group, 'ORC-1')[:8]!r} is not supported.", "Send NW, XO or CA.")
    if _get(group, "ORC-5") in ENDED:
        control = "cancel"
    steps: list[Segment | None] = [segment for segment in group if segment.name == "IPC"]
    for step in steps or [None]:
        yield control, _order(message, group, step, patient, control)


def _order(message: Message, group: list[Segment], step: Segment | None, patient: Patient, control: Control) -> Order:
    def first(*paths: str) -> str:
        return next(filter(None, (_get(group, path) for path in paths)), "")

    def of_step(path: str) -> str:
        return step.get(path) if step else ""

    placer, filler = first("ORC-2.1", "OBR-2.1"), first("ORC-3.1", "OBR-3.1")
    accession = of_step("1.1") or first("OBR-18")
    step_id = of_step("4.1") or first("OBR-20")
    number = accession or filler or placer
    if not number:
        raise ImgdashError("The order has no number.", "Send ORC-2, ORC-3, OBR-18 or IPC-1.")
    department = first("OBR-24")
    return Order(
        order_id=f"{number}/{step_id}" if step_id else number,
        accession=accession,
        patient=patient,
        state="cancelled" if control == "cancel" else "new",
        placer_number=placer,
        placer_namespace=first("ORC-2.2", "OBR-2.2"),
        filler_number=filler,
        procedure_code=first("OBR-4.1", "OBR-44.1") or of_step("6.1"),
        procedure_text=first("OBR-4.2", "OBR-44.2") or of_step("6.2"),
        step_id=step_id,
        study_uid=of_step("3.1") or message.get("ZDS-1.1"),
        modality=of_step("5.1") or (department if department in MODALITIES else ""),
        station_ae=of_step("9.1") or first("OBR-21"),
        body_part=first("OBR-15.4.1", "OBR-15.4").upper(),
        physician=_physician(group),
        indication=first("OBR-31.2", "OBR-31.1", "ORC-16.2", "ORC-16.1", "OBR-13"),
        instructions="\n".join(filter(None, (note.get("3") for note in group if note.name == "NTE"))),
        scheduled_at=moment(first("TQ1-7.1", "OBR-36.1", "ORC-7.4", "OBR-27.4")),
        priority=first("TQ1-9.1", "ORC-7.6", "OBR-27.6", "OBR-5.1").upper() in URGENT,
        parent=_parent(group),
        source=message.get("MSH-3.1"),
        received_at=datetime.now(),
    )


def _get(group: list[Segment], path: str) -> str:
    found = next((segment for segment in group if segment.name == path[:3]), None)
    return found.get(path) if found else ""


def _patient(message: Message) -> Patient:
    found = message.segments("PID")
    if not found or not found[0].get("3.1"):
        raise ImgdashError("The order has no patient number.", "Send it in PID-3.")
    pid = found[0]
    return Patient(
        id=pid.get("3.1"),
        name=_name(pid),
        sex=SEXES.get(pid.get("8.1").upper(), ""),
        birth_date=pid.get("7.1")[:8],
    )


def _name(pid: Segment) -> str:
    """PID-5 as a DICOM name: its repetitions by representation (table 0465: A, I, P) are the component groups."""
    groups = {"A": "", "I": "", "P": ""}
    for number in range(1, pid.repetitions(5) + 1):
        family, given, middle, suffix, prefix = (pid.get(f"5[{number}].{part}") for part in ("1.1", "2", "3", "4", "5"))
        name = "^".join([family, given, middle, prefix, suffix]).rstrip("^")
        kind = pid.get(f"5[{number}].8")
        kind = kind if kind in groups else "A"
        # Of several in the same script the first is the one in use.
        groups[kind] = groups[kind] or name
    return "=".join(groups.values()).rstrip("=")


def _physician(group: list[Segment]) -> str:
    for path in ("ORC-12", "OBR-16"):
        # XCN: number, then the name.
        family, given = _get(group, f"{path}.2.1"), _get(group, f"{path}.3")
        if family:
            return f"{family}^{given}".rstrip("^")
    return ""


def _parent(group: list[Segment]) -> str:
    """The placer's and the filler's number of the parent order (EIP), as ``placer^filler``."""
    for path in ("ORC-8", "OBR-29"):
        placer, filler = _get(group, f"{path}.1.1"), _get(group, f"{path}.2.1")
        if placer or filler:
            return f"{placer}^{filler}".rstrip("^")
    return ""


def moment(text: str) -> datetime | None:
    """An HL7 time stamp (2.A.77), to the second, as wall-clock time of this station; None where it is none."""
    digits = text.split(".")[0]
    zone = ""
    for sign in "+-":
        if sign in text:
            digits, zone = digits.split(sign)[0], sign + text.split(sign)[1][:4]
    digits = digits[:14]
    if len(digits) < 8 or not digits.isdigit():
        return None
    try:
        naive = datetime.strptime(digits.ljust(14, "0"), "%Y%m%d%H%M%S")
        if not zone:
            return naive
        return datetime.strptime(digits.ljust(14, "0") + zone, "%Y%m%d%H%M%S%z").astimezone().replace(tzinfo=None)
    except ValueError:
        return None
