"""Sending what a modality made, and telling of the step that made it, until the other side has it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom.sop_class import ModalityPerformedProcedureStep

from imgdash.model import PeerFailed
from imgdash.model.codes import Code
from imgdash.simulate.commitment import reference
from imgdash.simulate.image_header import Station, Step
from imgdash.simulate.machine import Address, text_of
from imgdash.wire import dicom
from imgdash.wire.dicom import code_item

logger = logging.getLogger(__name__)
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 0.3, 10.0
# PS3.4 B.2.3: out of resources may pass, every other failure is final.
_OUT_OF_RESOURCES = range(0xA700, 0xA800)


def store(calling: str, to: Address, datasets: Sequence[Dataset], stopping: threading.Event) -> list[str]:
    """C-STORE until the peer has said to each object that it took it, or refused it for good.

    Returns
    -------
    SOP Instance UIDs taken; fewer than sent if some were refused, or the machine stopped.
    """
    waiting, taken, pause = list(datasets), [], FIRST_RETRY_SECONDS
    while waiting and not stopping.is_set():
        contexts = sorted({(str(ds.SOPClassUID), str(ds.file_meta.TransferSyntaxUID)) for ds in waiting})
        try:
            with dicom.associate(
                calling, to.ae_title, to.host, to.port, [(sop, [syntax]) for sop, syntax in contexts], 30
            ) as association:
                while waiting and not stopping.is_set():
                    status = association.send_c_store(waiting[0]).get("Status")
                    if status is None or status in _OUT_OF_RESOURCES:
                        raise PeerFailed(f"{to.ae_title} could not take the image now.", status=status)
                    ds = waiting.pop(0)
                    pause = FIRST_RETRY_SECONDS
                    if status == 0 or 0xB000 <= status <= 0xBFFF:
                        taken.append(str(ds.SOPInstanceUID))
                    else:
                        logger.warning("%s refused an image: status %#06x", to.ae_title, status)
        except PeerFailed as error:
            logger.debug("not delivered yet: %s", error)
            stopping.wait(pause)
            pause = min(2 * pause, LONGEST_RETRY_SECONDS)
        except ValueError as error:
            # pynetdicom: no accepted context for this SOP class.
            logger.warning("%s does not take this kind of image: %s", to.ae_title, error)
            break
    return taken


class ProcedureStep:
    """A modality performed procedure step, told to everyone who wants to know (PS3.4 annex F).

    Parameters
    ----------
    listeners
        Who is told; one that does not listen or refuses is passed over.
    """

    def __init__(self, station: Station, listeners: Sequence[Address]) -> None:
        self.uid = str(generate_uid(prefix=None))
        self._station = station
        self._listeners = list(listeners)

    def begin(self, step: Step) -> None:
        """N-CREATE, IN PROGRESS."""
        entry, ds = step.entry, Dataset()
        ds.SpecificCharacterSet = entry.ds.get("SpecificCharacterSet", "ISO_IR 192")
        item = Dataset()
        for keyword in ("StudyInstanceUID", "AccessionNumber", "RequestedProcedureID",
                        "RequestedProcedureDescription", "PlacerOrderNumberImagingServiceRequest",
                        "FillerOrderNumberImagingServiceRequest"):  # fmt: skip
            setattr(item, keyword, entry.ds.get(keyword, ""))
        item.ReferencedStudySequence = []
        item.ScheduledProcedureStepID = entry.step_id
        item.ScheduledProcedureStepDescription = text_of(entry.step, "ScheduledProcedureStepDescription")
        item.ScheduledProtocolCodeSequence = []
        ds.ScheduledStepAttributesSequence = [item]
        for keyword in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex"):
            setattr(ds, keyword, entry.ds.get(keyword, ""))
        ds.ReferencedPatientSequence = []
        ds.PerformedProcedureStepID = entry.step_id
        ds.PerformedStationAETitle = ds.PerformedStationName = self._station.ae_title
        ds.PerformedLocation = ""
        ds.PerformedProcedureStepStartDate = step.begun.strftime("%Y%m%d")
        ds.PerformedProcedureStepStartTime = step.begun.strftime("%H%M%S")
        ds.PerformedProcedureStepEndDate = ds.PerformedProcedureStepEndTime = ""
        ds.PerformedProcedureStepStatus = "IN PROGRESS"
        ds.PerformedProcedureStepDescription = text_of(entry.ds, "RequestedProcedureDescription")
        ds.PerformedProcedureTypeDescription = ""
        ds.ProcedureCodeSequence = [code_item(entry.procedure)]
        ds.Modality, ds.StudyID = self._station.kind, text_of(entry.ds, "RequestedProcedureID")
        ds.PerformedProtocolCodeSequence = []
        ds.PerformedSeriesSequence = []
        self._tell(lambda association: association.send_n_create(ds, ModalityPerformedProcedureStep, self.uid))

    def end(self, step: Step, images: Sequence[Dataset], discontinued: Code | None = None) -> None:
        """N-SET, COMPLETED or DISCONTINUED, with the images and the dose of the step."""
        now, ds = datetime.now(), Dataset()
        ds.PerformedProcedureStepStatus = "DISCONTINUED" if discontinued else "COMPLETED"
        ds.PerformedProcedureStepEndDate = now.strftime("%Y%m%d")
        ds.PerformedProcedureStepEndTime = now.strftime("%H%M%S")
        if discontinued:
            ds.PerformedProcedureStepDiscontinuationReasonCodeSequence = [code_item(discontinued)]
        series = Dataset()
        series.PerformingPhysicianName = ""
        series.ProtocolName = text_of(step.entry.ds, "RequestedProcedureDescription") or "none"
        series.OperatorsName = "Radiographer^Simulated"
        series.SeriesInstanceUID, series.SeriesDescription = step.series_uid, series.ProtocolName
        series.RetrieveAETitle = self._station.ae_title
        series.ReferencedImageSequence = [reference(str(i.SOPClassUID), str(i.SOPInstanceUID)) for i in images]
        series.ReferencedNonImageCompositeSOPInstanceSequence = []
        ds.PerformedSeriesSequence = [series]
        for keyword in ("KVP", "ImageAndFluoroscopyAreaDoseProduct", "EntranceDose"):
            if images and keyword in images[0]:
                setattr(ds, keyword, images[0].get(keyword))
        ds.TotalNumberOfExposures = len(images)
        self._tell(lambda association: association.send_n_set(ds, ModalityPerformedProcedureStep, self.uid))

    def _tell(self, say: Any) -> None:
        for to in self._listeners:
            try:
                with dicom.associate(
                    self._station.ae_title, to.ae_title, to.host, to.port, [ModalityPerformedProcedureStep], 5
                ) as association:
                    say(association)
            except PeerFailed as error:
                logger.debug("procedure step not told: %s", error)


__all__ = ["ProcedureStep", "store"]
