"""Work items that a modality is given (UPS Push, PS3.4 annex CC): kept, carried out, reported on, answered for."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom import build_role, evt
from pynetdicom.sop_class import (
    UnifiedProcedureStepEvent,
    UnifiedProcedureStepPull,
    UnifiedProcedureStepPush,
    UnifiedProcedureStepWatch,
)

from imgdash.model import PeerFailed
from imgdash.model.codes import UPS_REFUSED, Code
from imgdash.simulate.commitment import reference
from imgdash.simulate.faults import delayed
from imgdash.simulate.machine import (
    DUPLICATE_INSTANCE,
    MISSING_ATTRIBUTE,
    NO_SUCH_INSTANCE,
    SUCCESS,
    Address,
    Machine,
    text_of,
)
from imgdash.wire import dicom
from imgdash.wire.dicom import code_item, read_code

logger = logging.getLogger(__name__)
# PS3.4 CC.2.5.3, CC.2.1.4
NOT_SCHEDULED, NOT_CANCELLED_PERFORMER_DECLINED, ALREADY_COMPLETED, ALREADY_CANCELLED = 0xC309, 0xC313, 0xC311, 0xB304
CHANGE_STATE, REQUEST_CANCEL, SUBSCRIBE, UNSUBSCRIBE, SUSPEND = 1, 2, 3, 4, 5
STATE_REPORT = 1


@dataclass
class WorkItem:
    """One work item."""

    uid: str
    ds: Dataset
    requester: str
    subscribers: set[str] = field(default_factory=set)

    @property
    def state(self) -> str:
        """SCHEDULED, IN PROGRESS, COMPLETED or CANCELED."""
        return text_of(self.ds, "ProcedureStepState")

    @property
    def work(self) -> Code:
        """What is to be done."""
        return read_code(self.ds.ScheduledWorkitemCodeSequence[0])

    @property
    def wanted_class(self) -> str:
        """SOP class of the image wanted, if the requester named one."""
        outputs = self.ds.get("OutputDestinationSequence") or [Dataset()]
        return text_of(outputs[0], "ReferencedSOPClassUID")

    @property
    def parameters(self) -> dict[str, Any]:
        """Processing parameters wanted."""
        return dicom.items_to_parameters(self.ds.get("ScheduledProcessingParametersSequence") or [])

    @property
    def inputs(self) -> list[tuple[str, str]]:
        """(SOP class, SOP instance) of the images that were not good enough."""
        return [
            (str(sop.ReferencedSOPClassUID), str(sop.ReferencedSOPInstanceUID))
            for item in self.ds.get("InputInformationSequence") or []
            for sop in item.get("ReferencedSOPSequence") or []
        ]


class WorkItems:
    """The work items of one machine.

    Parameters
    ----------
    known
        AE title → where reports of state go; requesters and subscribers that are not in it get none.
    accepted
        Called with each new work item, on the association's thread: to put it on a list, not to do it.
    """

    def __init__(self, machine: Machine, known: Mapping[str, Address], accepted: Callable[[WorkItem], None]) -> None:
        self._machine = machine
        self._known = known
        self._accepted = accepted
        self._lock = threading.Lock()
        self._items: dict[str, WorkItem] = {}
        for sop_class in (UnifiedProcedureStepPush, UnifiedProcedureStepWatch, UnifiedProcedureStepPull):
            machine.offer(sop_class)
        machine.services.add("ups-report")
        machine.on(evt.EVT_N_CREATE, "ups", self._create)
        machine.on(evt.EVT_N_GET, "n-get", self._get)

    def counts(self) -> dict[str, int]:
        """Work items by state."""
        with self._lock:
            states = [item.state for item in self._items.values()]
        return {state: states.count(state) for state in sorted(set(states))}

    def _create(self, event: evt.Event) -> tuple[int, Dataset | None]:
        attributes = event.attribute_list
        if text_of(attributes, "ProcedureStepState") != "SCHEDULED":
            return NOT_SCHEDULED, None
        if not attributes.get("ScheduledWorkitemCodeSequence"):
            return MISSING_ATTRIBUTE, None
        uid = str(event.request.AffectedSOPInstanceUID or generate_uid(prefix=None))
        item = WorkItem(uid, attributes, str(event.assoc.requestor.ae_title).strip())
        with self._lock:
            if uid in self._items:
                return DUPLICATE_INSTANCE, None
            self._items[uid] = item
        self._accepted(item)
        answer = Dataset()
        answer.SOPInstanceUID = uid
        return SUCCESS, answer

    def _get(self, event: evt.Event) -> tuple[int, Dataset | None]:
        item = self._items.get(str(event.request.RequestedSOPInstanceUID))
        if item is None:
            return NO_SUCH_INSTANCE, None
        tags = event.attribute_identifiers
        with self._lock:
            if not tags:
                return SUCCESS, item.ds
            answer = Dataset()
            answer.SpecificCharacterSet = item.ds.get("SpecificCharacterSet", "ISO_IR 192")
            for tag in tags:
                if tag in item.ds:
                    answer[tag] = item.ds[tag]
        return SUCCESS, answer

    def action(self, event: evt.Event) -> tuple[int, Dataset | None]:
        """N-ACTION: subscribe, unsubscribe, ask for cancellation, change of state."""
        kind, uid = event.action_type, str(event.request.RequestedSOPInstanceUID)
        with self._lock:
            item = self._items.get(uid)
        if item is None:
            return NO_SUCH_INSTANCE, None
        if kind in (SUBSCRIBE, UNSUBSCRIBE, SUSPEND):
            ae_title = text_of(event.action_information, "ReceivingAE").strip()
            (item.subscribers.add if kind == SUBSCRIBE else item.subscribers.discard)(ae_title)
            return SUCCESS, None
        if item.state == "COMPLETED":
            return ALREADY_COMPLETED, None
        if item.state == "CANCELED":
            return ALREADY_CANCELLED, None
        if kind == REQUEST_CANCEL and item.state == "SCHEDULED":
            self._set_state(item, "CANCELED", text_of(event.action_information, "ReasonForCancellation"))
            threading.Thread(target=self._report, args=(item,), daemon=True).start()
            return SUCCESS, None
        # The machine itself performs its work items: nobody else may claim or end one.
        return NOT_CANCELLED_PERFORMER_DECLINED, None

    def begin(self, item: WorkItem) -> bool:
        """IN PROGRESS, unless it was cancelled in the meantime."""
        with self._lock:
            if item.state != "SCHEDULED":
                return False
            item.ds.ProcedureStepState = "IN PROGRESS"
            item.ds.TransactionUID = generate_uid(prefix=None)
        self._report(item)
        return True

    def complete(self, item: WorkItem, images: list[Dataset], parameters: list[Dataset]) -> None:
        """COMPLETED, with what was made and how (0040,4033), (0074,1212)."""
        done = performed(item, images, parameters, self._machine.address.ae_title)
        with self._lock:
            item.ds.UnifiedProcedureStepPerformedProcedureSequence = [done]
        self._set_state(item, "COMPLETED", "")
        self._report(item)

    def refuse(self, item: WorkItem, why: str) -> None:
        """CANCELED by the performer: 110530, work item assignment rejected by assigned resource."""
        self._set_state(item, "CANCELED", why, UPS_REFUSED)
        self._report(item)

    def _set_state(self, item: WorkItem, state: str, text: str, code: Code | None = None) -> None:
        with self._lock:
            item.ds.ProcedureStepState = state
            if text or code:
                progress = Dataset()
                progress.ReasonForCancellation = text
                if code:
                    progress.ProcedureStepDiscontinuationReasonCodeSequence = [code_item(code)]
                item.ds.ProcedureStepProgressInformationSequence = [progress]

    def _report(self, item: WorkItem) -> None:
        """N-EVENT-REPORT to whoever pushed the work item and to its subscribers, on new associations."""
        event = Dataset()
        event.InputReadinessState = text_of(item.ds, "InputReadinessState") or "READY"
        event.ProcedureStepState = item.state
        for progress in item.ds.get("ProcedureStepProgressInformationSequence") or []:
            event.update(progress)
        fault = self._machine.conduct.take("ups-report")
        if fault is not None and fault.kind in ("refuse", "drop"):
            return
        # A report about something else is a wrong one.
        about = generate_uid(prefix=None) if fault is not None and fault.kind == "wrong answer" else item.uid
        delayed(fault, "slow", self._machine.stopping.wait)
        delayed(fault, "late ack", self._machine.stopping.wait)
        for ae_title in sorted({item.requester, *item.subscribers}):
            to = self._known.get(ae_title)
            if to is None:
                continue
            try:
                with dicom.associate(
                    self._machine.address.ae_title, to.ae_title, to.host, to.port, [UnifiedProcedureStepEvent], 10,
                    ext_neg=[build_role(UnifiedProcedureStepEvent, scu_role=True, scp_role=True)],
                ) as association:  # fmt: skip
                    association.send_n_event_report(
                        event, STATE_REPORT, UnifiedProcedureStepPush, about, meta_uid=UnifiedProcedureStepEvent
                    )
            except (PeerFailed, ValueError) as error:
                logger.info("state of a work item not reported: %s", error)


def performed(item: WorkItem, images: list[Dataset], parameters: list[Dataset], ae_title: str) -> Dataset:
    """What was made for a work item and how: an item of (0074,1216)."""
    now, done, output = datetime.now().strftime("%Y%m%d%H%M%S"), Dataset(), Dataset()
    output.TypeOfInstances = "DICOM"
    output.StudyInstanceUID, output.SeriesInstanceUID = images[0].StudyInstanceUID, images[0].SeriesInstanceUID
    output.ReferencedSOPSequence = [reference(str(i.SOPClassUID), str(i.SOPInstanceUID)) for i in images]
    where = Dataset()
    where.RetrieveAETitle = ae_title
    output.DICOMRetrievalSequence = [where]
    done.PerformedWorkitemCodeSequence = item.ds.ScheduledWorkitemCodeSequence
    done.PerformedStationNameCodeSequence = item.ds.get("ScheduledStationNameCodeSequence") or []
    done.PerformedProcedureStepStartDateTime = done.PerformedProcedureStepEndDateTime = now
    done.PerformedProcessingParametersSequence = parameters
    done.OutputInformationSequence = [output]
    return done


__all__ = ["WorkItem", "WorkItems", "performed"]
