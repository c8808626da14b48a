"""Medical image generating apparatus 51, 56 (CR), 57, 59 (CT) and a DR: works off its worklist and its work items."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import DigitalXRayImageStorageForProcessing
from pynetdicom import evt
from pynetdicom.sop_class import (
    ModalityWorklistInformationFind,
    StorageCommitmentPushModel,
    UnifiedProcedureStepEvent,
)

from imgdash.model import PeerFailed
from imgdash.model.codes import DISCONTINUATION_REASONS, REGENERATE, RERADIOGRAPH, RESEND, SEND_UNPROCESSED
from imgdash.simulate import commitment, quality_control, retrieve
from imgdash.simulate.acquisition import Acquisition, Made, Plan
from imgdash.simulate.archive import Archive
from imgdash.simulate.booking import Entry
from imgdash.simulate.delivery import ProcedureStep, store
from imgdash.simulate.faults import delayed
from imgdash.simulate.fetching import FetchedItems
from imgdash.simulate.image_header import Station
from imgdash.simulate.machine import SUCCESS, Address, Conduct, Machine, text_of
from imgdash.simulate.targets import Panel
from imgdash.simulate.workitems import WorkItem, WorkItems
from imgdash.wire import dicom

logger = logging.getLogger(__name__)
_REWORK = {REGENERATE.value, RESEND.value, SEND_UNPROCESSED.value}
# Exposing and processing need memory: one machine at a time.
_TUBE = threading.Lock()


@dataclass(frozen=True)
class Surroundings:
    """The other machines, as this one is set up to know them.

    Attributes
    ----------
    work
        Where it fetches work items; None: they are pushed to it.
    """

    apparatus: Address
    ris: Address | None = None
    work: Address | None = None


class Modality(Machine):
    """A modality.

    Parameters
    ----------
    sends_raw
        It sends unprocessed images by itself.
    plan
        Accession number → what goes wrong with the first exposure of that order.
    poll_seconds
        How often it asks for its worklist.
    """

    def __init__(
        self,
        address: Address,
        station: Station,
        surroundings: Surroundings,
        folder: Path,
        *,
        sends_raw: bool = False,
        plan: Callable[[str], Plan] = lambda accession: Plan(),
        poll_seconds: float = 1.0,
        conduct: Conduct | None = None,
    ) -> None:
        super().__init__(address, conduct)
        self.station = station
        self._around = surroundings
        self._poll_seconds = poll_seconds
        self._done: set[str] = set()
        self._jobs: queue.Queue[WorkItem | None] = queue.Queue()
        self._sent = self._remade = 0
        self._committed: set[str] = set()
        self.archive = Archive(folder / "images")
        self.acquisition = Acquisition(station, folder / "plates", sends_raw=sends_raw, plan=plan)
        known: Mapping[str, Address] = {surroundings.apparatus.ae_title: surroundings.apparatus}
        retrieve.offer(self, self.archive, known.get)
        self.workitems = WorkItems(self, known, self._jobs.put)
        self._fetched = FetchedItems(address.ae_title, surroundings.work) if surroundings.work else None
        # Told of a new work item on the list, it looks at once.
        self.told: list[str] = []
        self.offer(UnifiedProcedureStepEvent, both_roles=True)
        self.offer(StorageCommitmentPushModel, both_roles=True)
        self.services.add("workitem")
        self.on(evt.EVT_N_ACTION, "n-action", self.workitems.action)
        self.on(evt.EVT_N_EVENT_REPORT, "n-event-report", self._reported)

    def _begin(self) -> None:
        threading.Thread(target=self._work, name=self.address.ae_title, daemon=True).start()

    def stop(self) -> None:
        """Stop listening and working; what is under way is finished."""
        self.stopping.set()
        self._jobs.put(None)
        super().stop()

    def status(self) -> dict[str, Any]:
        """Images sent, made again on request, committed to; work items by state."""
        return {
            "sent": self._sent, "remade": self._remade, "committed": len(self._committed),
            "workitems": self.workitems.counts(),
        }  # fmt: skip

    # -- its work -------------------------------------------------------------------------------------------

    def _work(self) -> None:
        while not self.stopping.is_set():
            try:
                item = self._jobs.get(timeout=self._poll_seconds)
            except queue.Empty:
                item = None
            try:
                if item is not None:
                    self._carry_out(item, self.workitems)
                if self._fetched is not None:
                    for fetched in self._fetched.waiting():
                        self._carry_out(fetched, self._fetched)
                for entry in self.worklist():
                    if not self.stopping.is_set() and self._jobs.empty():
                        self.perform(entry)
            except Exception:
                # A simulated machine goes on working after any single mishap.
                logger.exception("%s could not finish a piece of work", self.address.ae_title)

    def worklist(self) -> list[Entry]:
        """Scheduled steps for this station that it has not worked on yet (C-FIND, PS3.4 annex K)."""
        if self._around.ris is None:
            return []
        query, step = Dataset(), Dataset()
        for keyword in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "AccessionNumber",
                        "StudyInstanceUID", "RequestedProcedureID", "RequestedProcedureDescription"):  # fmt: skip
            setattr(query, keyword, "")
        step.Modality, step.ScheduledStationAETitle = "", self.address.ae_title
        step.ScheduledProcedureStepStartDate = step.ScheduledProcedureStepID = ""
        query.ScheduledProcedureStepSequence = [step]
        ris = self._around.ris
        found = []
        try:
            with dicom.associate(
                self.address.ae_title, ris.ae_title, ris.host, ris.port, [ModalityWorklistInformationFind], 5
            ) as association:
                for status, answer in association.send_c_find(query, ModalityWorklistInformationFind):
                    if answer is not None and status.get("Status") in (0xFF00, 0xFF01):
                        found.append(Entry.of(answer))
        except PeerFailed as error:
            logger.debug("no worklist: %s", error)
        return [entry for entry in found if entry.step_id not in self._done]

    def perform(self, entry: Entry) -> None:
        """Do what a worklist entry asks for: expose, or make an image again from what is kept here."""
        self._done.add(entry.step_id)
        listeners = [self._around.apparatus, *([self._around.ris] if self._around.ris else [])]
        mpps = ProcedureStep(self.station, listeners)
        step = self.acquisition.step(entry, mpps.uid)
        if step is None:
            logger.warning("%s has no protocol for %s", self.address.ae_title, entry.procedure.value)
            return
        mpps.begin(step)
        with _TUBE:
            if entry.work.value in _REWORK:
                made = self.acquisition.again(step, entry.rejected_image, entry.work, entry.parameters)
            else:
                made = self.acquisition.expose(step)
        if made is None:
            mpps.end(step, [], DISCONTINUATION_REASONS["110513"])
            return
        self._send(made.images)
        mpps.end(step, made.images)
        self._ask_commitment(made.images)

    def control(self, months: int, *, wear: float = 0.0) -> None:
        """Send the quality control of the last months, one after another, the one of now last.

        Parameters
        ----------
        wear
            As for `imgdash.simulate.quality_control.monthly`.
        """
        made = quality_control.monthly(self.station, Panel(), until=datetime.now(), months=months, wear=wear)
        while not self.stopping.is_set():
            with _TUBE:
                images = next(made, None)
            if images is None:
                return
            self._send(images)

    def _carry_out(self, item: WorkItem, items: WorkItems | FetchedItems) -> None:
        """A work item (S15, S16): make the image again as wanted, send it, report."""
        if not items.begin(item):
            return
        fault = self.conduct.take("workitem")
        if fault is not None and fault.kind == "refuse":
            items.refuse(item, "The workstation is not staffed")
            return
        if fault is not None and fault.kind == "drop":
            return  # switched off over it: nobody hears of it again
        delayed(fault, "slow", self.stopping.wait)
        made = self._made(item, squeeze=fault is not None and fault.kind == "wrong answer")
        if made is None:
            work = item.work
            why = "exposures are ordered by HIS/RIS" if work == RERADIOGRAPH else "the exposure is no longer kept"
            items.refuse(item, why[:1].upper() + why[1:])
            return
        self._send(made.images)
        self._remade += len(made.images)
        delayed(fault, "late ack", self.stopping.wait)
        items.complete(item, made.images, made.performed)
        self._ask_commitment(made.images)

    def _made(self, item: WorkItem, *, squeeze: bool) -> Made | None:
        uid = (item.inputs or [("", "")])[0][1]
        if item.work.value == RESEND.value:
            held = self.archive.held_at(uid)
            return Made([pydicom.dcmread(held.path)], []) if held else None
        with _TUBE:
            return self.acquisition.for_workitem(
                uid, item.uid, item.work, item.parameters,
                as_dx=item.wanted_class == DigitalXRayImageStorageForProcessing, squeeze=squeeze,
            )  # fmt: skip

    # -- sending --------------------------------------------------------------------------------------------

    def _send(self, images: list[Dataset]) -> None:
        for ds in images:
            self.archive.put_dataset(ds)
        taken = store(self.address.ae_title, self._around.apparatus, images, self.stopping)
        self._sent += len(taken)
        for ds in images:
            # What was sent is on disk; the pixels need not stay in memory until the step ends.
            del ds.PixelData

    def _ask_commitment(self, images: list[Dataset]) -> None:
        objects = [(str(ds.SOPClassUID), str(ds.SOPInstanceUID)) for ds in images]
        try:
            commitment.request(self.address.ae_title, self._around.apparatus, objects)
        except PeerFailed as error:
            logger.debug("commitment not asked for: %s", error)

    def _reported(self, event: evt.Event) -> tuple[int, Dataset | None]:
        """What was committed to, or what became of a work item on the list."""
        if event.context.abstract_syntax == UnifiedProcedureStepEvent:
            self.told.append(text_of(event.event_information, "ProcedureStepState") or "CANCEL REQUESTED")
            self._jobs.put(None)
            return SUCCESS, None
        for item in event.event_information.get("ReferencedSOPSequence") or []:
            self._committed.add(str(item.ReferencedSOPInstanceUID))
        return SUCCESS, None


__all__ = ["Modality", "Plan", "Surroundings"]
