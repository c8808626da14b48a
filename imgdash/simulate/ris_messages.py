"""HL7 orders of the simulated HIS/RIS, out and in: one table says what stands where (IHE RAD-4, RAD-13; LAB's IPC)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from imgdash.model import Order
from imgdash.model.codes import REASONS, REJECTED_IMAGE, REQUEST_ASK, REQUEST_REASON, RERADIOGRAPH, SCHEME, Code
from imgdash.wire import hl7

OrderType = Literal["OMG^O19", "ORM^O01", "OMI^O23"]
APPLICATION = "RIS58"


def new_order(order: Order, kind: OrderType, control: str, side: str, sender: str, receiver: str) -> bytes:
    """An order of HIS/RIS to the apparatus (D4).

    Parameters
    ----------
    control
        ORC-1: ``NW`` new, ``CA`` cancelled, ``XO`` changed.
    """
    scheduled = order.scheduled_at.astimezone() if order.scheduled_at else ""
    placer, filler = [order.placer_number, APPLICATION], [order.filler_number, APPLICATION]
    parent = _parent(order.parent)
    physician = ["", *order.physician.split("=")[0].split("^")]
    priority = "S" if order.priority else "R"
    quantity = ["1", "", "", scheduled, "", priority] if kind == "ORM^O01" else ""
    procedure = [order.procedure_code, order.procedure_text, "L"]
    segments: list[list[Any]] = [
        ["PID", "1", "", [order.patient.id, "", "", "PHANTOM", "MR"], "", _names(order.patient.name), "",
         order.patient.birth_date, order.patient.sex],
        ["PV1", "1", "O"],
        ["ORC", control, placer, filler, "", "SC", "", quantity, parent, "", "", "", physician],
        ["OBR", "1", placer, filler, procedure, "", "", "", "", "", "", "", "", order.indication, "",
         ["", "", "", order.body_part, side], physician,
         "", order.accession, order.filler_number, order.step_id, order.station_ae, "", "",
         order.modality, "", "", quantity, "", parent, "", _reason(order), "", "", "", "",
         scheduled, "", "", "", "", "", "", "", procedure],
    ]  # fmt: skip
    if kind != "ORM^O01":
        segments.insert(3, ["TQ1", "1", "", "", "", "", "", scheduled, "", priority])
    if order.instructions:
        segments.append(["NTE", "1", "P", order.instructions])
    if kind == "OMI^O23":
        segments.append(["IPC", order.accession, order.filler_number, order.study_uid, order.step_id,
                         [order.modality, "", "DCM"], [order.procedure_code, order.procedure_text, "L"], "", "",
                         order.station_ae])  # fmt: skip
    else:
        # IHE RAD-4: the study's UID travels in a Z segment of ORM.
        segments.append(["ZDS", [order.study_uid, APPLICATION, "Application", "DICOM"]])
    message_type, trigger = kind.split("^")
    return hl7.build(message_type, trigger, segments, sender=(sender, "PHANTOM"), receiver=(receiver, ""))


def _parent(numbers: str) -> Any:
    """EIP: the placer's and the filler's number of the parent order."""
    if not numbers:
        return ""
    placer, _, filler = numbers.partition("^")
    return [[placer, APPLICATION], [filler, APPLICATION]]


def _reason(order: Order) -> str:
    return order.indication if order.parent else ""


def _names(name: str) -> hl7.Repeat:
    """DICOM's PN as XPN: alphabetic, ideographic, phonetic (table 0465)."""
    groups = zip(name.split("="), ("A", "I", "P"), strict=False)
    written = []
    for group, representation in groups:
        family, given, middle, prefix, suffix = [*group.split("^"), "", "", "", "", ""][:5]
        written.append([family, given, middle, suffix, prefix, "", "L", representation])
    return hl7.Repeat(written)


@dataclass(frozen=True)
class Wanted:
    """A re-radiographing order as it came from the apparatus.

    Attributes
    ----------
    control
        ORC-1: ``NW`` or ``SN`` new, ``CA`` or ``OC`` cancelled.
    number
        The apparatus's number of this order.
    parents
        Every number that may name the order it follows from: placer, filler, accession.
    work
        What is asked for, from OBX; a new exposure where nothing is said.
    """

    control: str
    number: str
    parents: tuple[str, ...]
    patient_id: str
    reason: Code
    work: Code
    rejected_image: str
    comment: str
    priority: bool
    parameters: Mapping[str, Any] = field(default_factory=dict)


def read_wanted(message: hl7.Message) -> Wanted:
    """What an order of the apparatus asks for (R1, R2)."""
    control = message.get("ORC-1")
    number = message.get("ORC-3.1") if control in ("SN", "OC") else message.get("ORC-2.1")
    parents = [message.get(path) for path in ("ORC-8.1", "ORC-8.2", "OBR-29.1", "OBR-29.2", "OBR-18", "IPC-1")]
    found = {(obx.get("3.3"), obx.get("3.1")): _value(obx) for obx in message.segments("OBX")}
    work = found.pop((SCHEME, REQUEST_ASK.value), RERADIOGRAPH)
    reason = found.pop((SCHEME, REQUEST_REASON.value), None)
    image = found.pop((SCHEME, REJECTED_IMAGE.value), "")
    code = message.get("ORC-16.1") or message.get("OBR-31.1")
    said = reason if isinstance(reason, Code) else REASONS.get(code, Code(code, "L", message.get("ORC-16.2")))
    return Wanted(
        control=control,
        number=number,
        # A subcomponent separator may stand inside: EIP's parts are entity identifiers themselves.
        parents=tuple(dict.fromkeys(part for value in parents for part in _numbers(value))),
        patient_id=message.get("PID-3.1"),
        reason=said,
        work=work if isinstance(work, Code) else RERADIOGRAPH,
        rejected_image=str(image),
        comment=" ".join(nte.get("3") for nte in message.segments("NTE")),
        priority=(message.get("TQ1-9.1") or message.get("ORC-7.6")) in ("S", "A"),
        parameters={name.lower(): value for (scheme, name), value in found.items() if scheme == SCHEME and "." in name},
    )


def _numbers(value: str) -> list[str]:
    return [value.split("&")[0]] if value else []


def _value(obx: hl7.Segment) -> Any:
    kind = obx.get("2")
    if kind in ("CWE", "CE"):
        return Code(obx.get("5.1"), obx.get("5.3"), obx.get("5.2"))
    if kind == "NM":
        try:
            return float(obx.get("5"))
        except ValueError:
            return obx.get("5")
    text = obx.get("5")
    return {"true": True, "false": False}.get(text, text)


__all__ = ["APPLICATION", "OrderType", "Wanted", "new_order", "read_wanted"]
