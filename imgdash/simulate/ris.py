"""HIS/RIS 58: order book, modality worklist, procedure steps, HL7 out and in; re-orders by itself (S10, S11)."""

from __future__ import annotations

import dataclasses
import itertools
import logging
import queue
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom import evt, register_uid
from pynetdicom.service_class_n import ProcedureStepServiceClass
from pynetdicom.sop_class import (
    InstanceAvailabilityNotification,
    ModalityPerformedProcedureStep,
    ModalityWorklistInformationFind,
)

from imgdash.model import Order, PeerFailed
from imgdash.model.codes import DETACHED_STUDY, RERADIOGRAPH
from imgdash.simulate.booking import Booking
from imgdash.simulate.machine import (
    DUPLICATE_INSTANCE,
    NO_SUCH_INSTANCE,
    PROCESSING_FAILURE,
    SUCCESS,
    Address,
    Conduct,
    Machine,
    text_of,
)
from imgdash.simulate.ris_inbox import Inbox
from imgdash.simulate.ris_messages import OrderType, Wanted, new_order
from imgdash.wire import hl7, mllp

# Retired, so pynetdicom has to be told; its messages are those of a procedure step.
register_uid(DETACHED_STUDY, "DetachedStudyManagement", ProcedureStepServiceClass)

logger = logging.getLogger(__name__)
PENDING, CANCELLED = 0xFF00, 0xFE00
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 0.5, 10.0


class Ris(Machine):
    """A RIS with its order book in memory.

    Parameters
    ----------
    hl7_port
        Where it takes orders of the apparatus; 0 lets the system choose.
    apparatus_hl7
        Host and port that new orders are sent to, or None: then only the worklist tells of them.
    order_type
        HL7 message type of its orders.

    Attributes
    ----------
    reported
        What it was told, in order: kind (``hl7``, ``availability``, ``study``) and of what, in words.
    """

    def __init__(
        self,
        address: Address,
        hl7_port: int = 0,
        apparatus_hl7: tuple[str, int] | None = None,
        order_type: OrderType = "OMI^O23",
        conduct: Conduct | None = None,
        first: int = 1,
    ) -> None:
        super().__init__(address, conduct)
        self.apparatus_hl7 = apparatus_hl7
        self.order_type: OrderType = order_type
        self.bookings: list[Booking] = []
        self.on_rebooked: Callable[[Booking], None] | None = None
        self.lock = threading.RLock()
        self._numbers = itertools.count(first)
        self._out: queue.Queue[bytes | None] = queue.Queue()
        self._sent = self._failed = 0
        self._studies: set[str] = set()
        self.reported: list[tuple[str, str]] = []
        self._mllp = mllp.Server(address.host, hl7_port, Inbox(self).take)
        self.offer(ModalityWorklistInformationFind)
        self.offer(ModalityPerformedProcedureStep)
        self.offer(InstanceAvailabilityNotification)
        self.offer(DETACHED_STUDY)
        self.services.add("hl7-order")
        self.on(evt.EVT_C_FIND, "c-find", self._worklist)
        self.on(evt.EVT_N_CREATE, "n-create", self._created)
        self.on(evt.EVT_N_SET, "n-set", self._step_set)

    @property
    def hl7_address(self) -> tuple[str, int]:
        """Where HL7 orders are taken."""
        return self._mllp.address

    def _begin(self) -> None:
        self._mllp.start()
        threading.Thread(target=self._deliver, name="ris-hl7", daemon=True).start()

    def stop(self) -> None:
        """Stop listening and sending."""
        self.stopping.set()
        self._out.put(None)
        self._mllp.stop()
        super().stop()

    def book(self, booking: Booking) -> Booking:
        """Put an order into the book: it is on the worklist at once and goes out by HL7."""
        with self.lock:
            self.bookings.append(booking)
        self._announce(booking, "NW")
        return booking

    def cancel(self, booking: Booking) -> None:
        """Take an order off the worklist and say so by HL7."""
        booking.state = "cancelled"
        self._announce(booking, "CA")

    def status(self) -> dict[str, Any]:
        """Orders by state, re-orders, and messages that went out."""
        with self.lock:
            states = [booking.state for booking in self.bookings]
            again = sum(1 for booking in self.bookings if booking.order.parent)
        return {
            "orders": len(states), "open": states.count("scheduled") + states.count("started"),
            "completed": states.count("completed"), "reordered": again, "hl7_sent": self._sent,
            "hl7_failed": self._failed,
        }  # fmt: skip

    # -- DICOM ----------------------------------------------------------------------------------------------

    def _worklist(self, event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        with self.lock:
            found = [b for b in self.bookings if b.state == "scheduled" and b.matches(event.identifier)]
        for booking in found:
            if event.is_cancelled:
                yield CANCELLED, None
                return
            yield PENDING, booking.worklist_entry()

    def _created(self, event: evt.Event) -> tuple[int, Dataset | None]:
        attributes, sop_class = event.attribute_list, event.request.AffectedSOPClassUID
        if sop_class == InstanceAvailabilityNotification:
            for series in attributes.ReferencedSeriesSequence:
                for instance in series.ReferencedSOPSequence:
                    said = f"{instance.ReferencedSOPInstanceUID} {instance.InstanceAvailability} at "
                    self.reported.append(("availability", said + str(instance.RetrieveAETitle)))
            return SUCCESS, attributes
        if sop_class == DETACHED_STUDY:
            self._studies.add(str(event.request.AffectedSOPInstanceUID))
            return self._study(attributes)
        return self._step_created(event, attributes)

    def _study(self, attributes: Dataset) -> tuple[int, Dataset | None]:
        words = (text_of(attributes, "StudyStatusID"), text_of(attributes, "StudyComments"))
        self.reported.append(("study", " ".join(filter(None, words))))
        return SUCCESS, attributes

    def _step_created(self, event: evt.Event, attributes: Dataset) -> tuple[int, Dataset | None]:
        uid = str(event.request.AffectedSOPInstanceUID or generate_uid(prefix=None))
        with self.lock:
            if any(booking.mpps_uid == uid for booking in self.bookings):
                return DUPLICATE_INSTANCE, None
            for item in attributes.get("ScheduledStepAttributesSequence") or []:
                for booking in self.bookings:
                    if booking.order.step_id == text_of(item, "ScheduledProcedureStepID"):
                        booking.state, booking.mpps_uid = "started", uid
        attributes.SOPInstanceUID = uid
        return SUCCESS, attributes

    def _step_set(self, event: evt.Event) -> tuple[int, Dataset | None]:
        uid = str(event.request.RequestedSOPInstanceUID)
        if event.request.RequestedSOPClassUID == DETACHED_STUDY:
            return self._study(event.modification_list) if uid in self._studies else (NO_SUCH_INSTANCE, None)
        ended = {"COMPLETED": "completed", "DISCONTINUED": "discontinued"}
        with self.lock:
            known = [booking for booking in self.bookings if booking.mpps_uid == uid]
            if not known:
                return NO_SUCH_INSTANCE, None
            for booking in known:
                if booking.state in ended.values():
                    # A completed step is final (PS3.4 F.7.2.2.2).
                    return PROCESSING_FAILURE, None
                state = text_of(event.modification_list, "PerformedProcedureStepStatus")
                booking.state = ended.get(state, booking.state)  # type: ignore[assignment]
        return SUCCESS, event.modification_list

    # -- HL7 out --------------------------------------------------------------------------------------------

    def _announce(self, booking: Booking, control: str) -> None:
        if self.apparatus_hl7 is not None:
            self._out.put(
                new_order(booking.order, self.order_type, control, booking.side, self.address.ae_title, "IMGDASH")
            )

    def _deliver(self) -> None:
        """Orders go out in order; one that cannot be delivered now is tried again, one that is refused is not."""
        while (message := self._out.get()) is not None:
            pause = FIRST_RETRY_SECONDS
            while not self.stopping.is_set():
                try:
                    assert self.apparatus_hl7 is not None
                    answer = mllp.send(*self.apparatus_hl7, message, timeout=10)
                    outcome = hl7.check_ack(hl7.parse(message).control_id, answer)
                except PeerFailed as error:
                    logger.debug("order not delivered yet: %s", error)
                    self.stopping.wait(pause)
                    pause = min(pause * 2, LONGEST_RETRY_SECONDS)
                    continue
                if outcome.code == "AA":
                    self._sent += 1
                else:
                    self._failed += 1
                    logger.warning("the apparatus answered an order with %s: %s", outcome.code, outcome.text)
                break

    # -- orders of the apparatus ----------------------------------------------------------------------------

    def rebook(self, parent: Booking, wanted: Wanted) -> Booking:
        """Issue the order for a new exposure, or for better processing, without anybody's doing (S11)."""
        old = parent.order
        number = self.next_number()
        order = dataclasses.replace(
            old,
            order_id=f"O{number}",
            accession=f"A{number}",
            # The apparatus placed this order; its number comes back with it.
            placer_number=wanted.number or f"P{number}",
            filler_number=f"F{number}",
            step_id=f"S{number}",
            # What is only processed again stays in its study.
            study_uid=old.study_uid if wanted.work != RERADIOGRAPH else str(generate_uid(prefix=None)),
            indication=wanted.reason.meaning or wanted.reason.value,
            instructions=wanted.comment,
            scheduled_at=datetime.now(),
            priority=wanted.priority,
            parent=f"{old.placer_number}^{old.filler_number}",
        )
        booking = Booking(
            order, parent.side, parent.charset, work=wanted.work, rejected_image=wanted.rejected_image,
            parameters=wanted.parameters,
        )  # fmt: skip
        if self.on_rebooked is not None:
            self.on_rebooked(booking)
        return self.book(booking)

    def next_number(self) -> str:
        """The next number of this order book."""
        return f"{datetime.now():%y%m%d}{next(self._numbers):05d}"

    def new_booking(self, base: Order, side: str, charset: tuple[str, ...]) -> Booking:
        """A booking with fresh numbers, not yet in the book."""
        number = self.next_number()
        order = dataclasses.replace(
            base, order_id=f"O{number}", accession=f"A{number}", placer_number=f"P{number}",
            filler_number=f"F{number}", step_id=f"S{number}", study_uid=str(generate_uid(prefix=None)),
            scheduled_at=datetime.now(),
        )  # fmt: skip
        return Booking(order, side, charset)


__all__ = ["Ris"]
