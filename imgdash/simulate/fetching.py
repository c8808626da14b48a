"""A modality that fetches its work items from the apparatus (UPS Pull SCU), and hears of new ones by subscription."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom.association import Association
from pynetdicom.sop_class import (
    UnifiedProcedureStepPull,
    UnifiedProcedureStepPush,
    UnifiedProcedureStepWatch,
    UPSGlobalSubscriptionInstance,
)

from imgdash.model import PeerFailed
from imgdash.model.codes import UPS_REFUSED
from imgdash.simulate.machine import SUCCESS, Address
from imgdash.simulate.workitems import CHANGE_STATE, SUBSCRIBE, WorkItem, performed
from imgdash.wire import dicom
from imgdash.wire.dicom import code_item

logger = logging.getLogger(__name__)
_WANTED = (
    "ScheduledWorkitemCodeSequence", "ScheduledProcessingParametersSequence", "InputInformationSequence",
    "OutputDestinationSequence", "ScheduledStationNameCodeSequence", "StudyInstanceUID",
)  # fmt: skip


class FetchedItems:
    """The work items of one machine on the list of another.

    Parameters
    ----------
    ae_title
        The machine's own.
    at
        Where the list is.
    """

    def __init__(self, ae_title: str, at: Address) -> None:
        self._ae_title, self._at = ae_title, at
        self._transactions: dict[str, str] = {}
        self._subscribed = False

    def waiting(self) -> list[WorkItem]:
        """Work items that nobody has begun; none where the list cannot be asked now."""
        query = Dataset()
        query.ProcedureStepState = "SCHEDULED"
        for keyword in _WANTED:
            setattr(query, keyword, [] if keyword.endswith("Sequence") else "")
        found = []
        try:
            with self._association() as association:
                self._subscribe(association)
                for status, answer in association.send_c_find(query, UnifiedProcedureStepPull):
                    if answer is not None and status.get("Status") in (0xFF00, 0xFF01):
                        found.append(WorkItem(str(answer.SOPInstanceUID), answer, self._at.ae_title))
        except PeerFailed as error:
            logger.debug("no work items: %s", error)
        return found

    def begin(self, item: WorkItem) -> bool:
        """Claim it, unless somebody was quicker or it was cancelled in the meantime."""
        self._transactions[item.uid] = str(generate_uid(prefix=None))
        return self._change(item, "IN PROGRESS")

    def complete(self, item: WorkItem, images: list[Dataset], parameters: list[Dataset]) -> None:
        """COMPLETED, with what was made and how."""
        ds = Dataset()
        ds.UnifiedProcedureStepPerformedProcedureSequence = [
            performed(item, images, parameters, self._ae_title)
        ]  # fmt: skip
        self._set(item, ds)
        self._change(item, "COMPLETED")

    def refuse(self, item: WorkItem, why: str) -> None:
        """CANCELED by the performer: 110530."""
        progress, ds = Dataset(), Dataset()
        progress.ReasonForCancellation = why
        progress.ProcedureStepDiscontinuationReasonCodeSequence = [code_item(UPS_REFUSED)]
        ds.ProcedureStepProgressInformationSequence = [progress]
        self._set(item, ds)
        self._change(item, "CANCELED")

    def _subscribe(self, association: Association) -> None:
        """Every work item of ours, by the well-known instance."""
        if self._subscribed:
            return
        wish = Dataset()
        wish.ReceivingAE, wish.DeletionLock = self._ae_title, "FALSE"
        status, _ = association.send_n_action(
            wish, SUBSCRIBE, UnifiedProcedureStepPush, UPSGlobalSubscriptionInstance,
            meta_uid=UnifiedProcedureStepWatch,
        )  # fmt: skip
        self._subscribed = status.get("Status") == SUCCESS

    def _change(self, item: WorkItem, state: str) -> bool:
        ds = Dataset()
        ds.ProcedureStepState, ds.TransactionUID = state, self._transactions[item.uid]
        with self._association() as association:
            status, _ = association.send_n_action(
                ds, CHANGE_STATE, UnifiedProcedureStepPush, item.uid, meta_uid=UnifiedProcedureStepPull
            )
        return bool(status.get("Status") == SUCCESS)

    def _set(self, item: WorkItem, ds: Dataset) -> None:
        ds.SpecificCharacterSet, ds.TransactionUID = "ISO_IR 192", self._transactions[item.uid]
        with self._association() as association:
            association.send_n_set(ds, UnifiedProcedureStepPush, item.uid, meta_uid=UnifiedProcedureStepPull)

    @contextmanager
    def _association(self) -> Iterator[Association]:
        at = self._at
        contexts = [UnifiedProcedureStepPull, UnifiedProcedureStepWatch]
        with dicom.associate(self._ae_title, at.ae_title, at.host, at.port, contexts, 10) as association:
            yield association


__all__ = ["FetchedItems"]
