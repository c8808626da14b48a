"""HL7 in at the simulated HIS/RIS: orders of the apparatus for better images, and states of its images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgdash.model import Unreadable
from imgdash.simulate.booking import Booking
from imgdash.simulate.faults import delayed
from imgdash.simulate.ris_messages import Wanted, read_wanted
from imgdash.wire import hl7

if TYPE_CHECKING:
    from imgdash.simulate.ris import Ris

REMEMBERED_MESSAGES = 1000
# As the status of a refusal of "hl7-order": the message is in error (AE); any other: rejected, perhaps only now (AR).
HL7_ERROR = 1


class Inbox:
    """Takes messages, each once."""

    def __init__(self, ris: Ris) -> None:
        self._ris = ris
        self._answered: dict[str, tuple[bytes, bytes]] = {}

    def take(self, data: bytes, host: str = "") -> bytes:
        """The acknowledgement of a message, wherever it comes from."""
        try:
            message = hl7.parse(data)
        except Unreadable as error:
            return hl7.ack(None, "AR", error.cause)
        fault = self._ris.conduct.take("hl7-order")
        if fault is not None and fault.kind == "drop":
            return b""
        if fault is not None and fault.kind == "refuse":
            return hl7.ack(message, "AE" if fault.status == HL7_ERROR else "AR", "orders are not taken at present")
        if fault is not None and fault.kind == "wrong answer":
            return hl7.ack(message, "AA").replace(message.control_id.encode(), hl7.new_control_id().encode())
        delayed(fault, "slow", self._ris.stopping.wait)
        answer = self._answer_once(message, data)
        delayed(fault, "late ack", self._ris.stopping.wait)
        return answer

    def _answer_once(self, message: hl7.Message, data: bytes) -> bytes:
        known = self._answered.get(message.control_id)
        if known is not None and known[0] == data:
            # The same message again: the answer was lost, the order is not doubled.
            return known[1]
        answer = self._answer(message)
        self._answered[message.control_id] = (data, answer)
        while len(self._answered) > REMEMBERED_MESSAGES:
            del self._answered[next(iter(self._answered))]
        return answer

    def _answer(self, message: hl7.Message) -> bytes:
        if message.type == "ORU^R01" or (message.type == "OMI^O23" and message.get("ORC-1") == "SC"):
            self._ris.reported.append(
                ("hl7", f"{message.get('OBR-18')} {message.get('ORC-5')}/{message.get('OBR-25')}")
            )
            return hl7.ack(message, "AA")
        if message.type not in ("ORM^O01", "OMG^O19", "OMI^O23"):
            return hl7.ack(message, "AR", f"message type {message.type} is not supported")
        wanted = read_wanted(message)
        if wanted.control in ("CA", "OC"):
            return self._withdraw(message, wanted)
        if wanted.control not in ("NW", "SN"):
            return hl7.ack(message, "AR", f"order control {wanted.control} is not supported")
        parent = self._parent(wanted)
        if parent is None:
            return hl7.ack(message, "AE", f"no order {' or '.join(wanted.parents) or 'is named as parent'}")
        if parent.order.patient.id != wanted.patient_id:
            return hl7.ack(message, "AE", "the parent order is for another patient")
        self._ris.rebook(parent, wanted)
        return hl7.ack(message, "AA")

    def _parent(self, wanted: Wanted) -> Booking | None:
        with self._ris.lock:
            for number in wanted.parents:
                for booking in reversed(self._ris.bookings):
                    order = booking.order
                    if number and number in (order.placer_number, order.filler_number, order.accession):
                        return booking
        return None

    def _withdraw(self, message: hl7.Message, wanted: Wanted) -> bytes:
        with self._ris.lock:
            found = [b for b in self._ris.bookings if wanted.number and b.order.placer_number == wanted.number]
        if not found:
            return hl7.ack(message, "AE", "no such order")
        if any(booking.state != "scheduled" for booking in found):
            return hl7.ack(message, "AE", "the order is being worked on")
        for booking in found:
            self._ris.cancel(booking)
        return hl7.ack(message, "AA")


__all__ = ["HL7_ERROR", "Inbox"]
