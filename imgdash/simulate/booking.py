"""An order as the simulated HIS/RIS keeps it, and as it looks on a modality worklist (PS3.4 annex K)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydicom.dataset import Dataset

from imgdash.model import Order
from imgdash.model.codes import REJECTED_IMAGE, RERADIOGRAPH, Code
from imgdash.simulate.machine import text_of
from imgdash.wire.dicom import code_item, items_to_parameters, parameters_to_items, read_code
from imgdash.wire.matching import date_match, wildcard_match

LATERALITY = Code("272741003", "SCT", "Laterality")
SIDES = {"L": Code("7771000", "SCT", "Left"), "R": Code("24028007", "SCT", "Right")}
State = Literal["scheduled", "started", "completed", "discontinued", "cancelled"]


@dataclass
class Booking:
    """One order.

    Attributes
    ----------
    work
        What the modality is to do: `RERADIOGRAPH` for an exposure, else one of the other work item codes.
    rejected_image
        SOP Instance UID of the image that was not good enough, where this order follows from it.
    parameters
        Processing parameters wanted.
    """

    order: Order
    side: str = ""
    charset: tuple[str, ...] = ("ISO_IR 192",)
    state: State = "scheduled"
    work: Code = RERADIOGRAPH
    rejected_image: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    mpps_uid: str = ""

    def matches(self, identifier: Dataset) -> bool:
        """Whether a worklist query asks for it."""
        order = self.order
        step = (identifier.get("ScheduledProcedureStepSequence") or [Dataset()])[0]
        scheduled = order.scheduled_at
        return (
            wildcard_match(text_of(identifier, "PatientName"), order.patient.name)
            and wildcard_match(text_of(identifier, "PatientID"), order.patient.id)
            and wildcard_match(text_of(identifier, "AccessionNumber"), order.accession)
            and wildcard_match(text_of(identifier, "RequestedProcedureID"), order.filler_number)
            and wildcard_match(text_of(step, "ScheduledStationAETitle"), order.station_ae)
            and wildcard_match(text_of(step, "Modality"), order.modality)
            and wildcard_match(text_of(step, "ScheduledProcedureStepID"), order.step_id)
            and date_match(
                text_of(step, "ScheduledProcedureStepStartDate"), scheduled.strftime("%Y%m%d") if scheduled else ""
            )
        )

    def worklist_entry(self) -> Dataset:
        """The entry with everything this system knows."""
        order = self.order
        ds = Dataset()
        ds.SpecificCharacterSet = list(self.charset)
        ds.PatientName, ds.PatientID = order.patient.name, order.patient.id
        ds.PatientBirthDate, ds.PatientSex = order.patient.birth_date, order.patient.sex
        ds.AccessionNumber = order.accession
        ds.ReferringPhysicianName = ds.RequestingPhysician = order.physician
        ds.PlacerOrderNumberImagingServiceRequest = order.placer_number
        ds.FillerOrderNumberImagingServiceRequest = order.filler_number
        ds.StudyInstanceUID = order.study_uid
        ds.RequestedProcedureID = order.filler_number[:16]
        ds.RequestedProcedureDescription = order.procedure_text
        ds.RequestedProcedureCodeSequence = [code_item(Code(order.procedure_code, "L", order.procedure_text))]
        ds.RequestedProcedurePriority = "STAT" if order.priority else "ROUTINE"
        ds.ReasonForTheRequestedProcedure = order.indication
        ds.ScheduledProcedureStepSequence = [self._step()]
        return ds

    def _step(self) -> Dataset:
        order, step = self.order, Dataset()
        step.Modality = order.modality
        step.ScheduledStationAETitle = order.station_ae
        if order.scheduled_at is not None:
            step.ScheduledProcedureStepStartDate = order.scheduled_at.strftime("%Y%m%d")
            step.ScheduledProcedureStepStartTime = order.scheduled_at.strftime("%H%M%S")
        step.ScheduledProcedureStepDescription = order.procedure_text
        step.ScheduledProcedureStepID = order.step_id
        step.ScheduledProcedureStepStatus = "SCHEDULED"
        step.CommentsOnTheScheduledProcedureStep = order.instructions
        protocol = code_item(Code(order.procedure_code, "L", order.procedure_text))
        if self.work != RERADIOGRAPH:
            protocol = code_item(self.work)
        context = parameters_to_items(self.parameters)
        if self.side in SIDES:
            context.append(_code_item(LATERALITY, SIDES[self.side]))
        if self.rejected_image:
            context.append(_text_item(REJECTED_IMAGE, self.rejected_image))
        if context:
            protocol.ProtocolContextSequence = context
        step.ScheduledProtocolCodeSequence = [protocol]
        return step


@dataclass(frozen=True)
class Entry:
    """A worklist entry as a modality reads it."""

    ds: Dataset
    step: Dataset

    @classmethod
    def of(cls, ds: Dataset) -> Entry:
        """Of an answer to a worklist query."""
        return cls(ds, ds.ScheduledProcedureStepSequence[0])

    @property
    def step_id(self) -> str:
        """Scheduled procedure step ID."""
        return text_of(self.step, "ScheduledProcedureStepID")

    @property
    def accession(self) -> str:
        """Accession number."""
        return text_of(self.ds, "AccessionNumber")

    @property
    def procedure(self) -> Code:
        """The requested procedure."""
        return read_code(self.ds.RequestedProcedureCodeSequence[0])

    @property
    def work(self) -> Code:
        """What is to be done, if it is not an exposure; otherwise the procedure."""
        return read_code(self._protocol)

    @property
    def parameters(self) -> dict[str, Any]:
        """Processing parameters wanted."""
        return items_to_parameters(self._protocol.get("ProtocolContextSequence") or [])

    @property
    def rejected_image(self) -> str:
        """SOP Instance UID of the image that was not good enough."""
        return str(self.parameters.get(REJECTED_IMAGE.value.lower(), ""))

    @property
    def side(self) -> str:
        """``L``, ``R``, or empty."""
        said = self.parameters.get(f"{LATERALITY.scheme}:{LATERALITY.value}")
        return next((side for side, code in SIDES.items() if isinstance(said, Code) and said.value == code.value), "")

    @property
    def _protocol(self) -> Dataset:
        protocol: Dataset = (self.step.get("ScheduledProtocolCodeSequence") or [Dataset()])[0]
        return protocol


def _code_item(name: Code, value: Code) -> Dataset:
    item = Dataset()
    item.ValueType = "CODE"
    item.ConceptNameCodeSequence = [code_item(name)]
    item.ConceptCodeSequence = [code_item(value)]
    return item


def _text_item(name: Code, text: str) -> Dataset:
    item = Dataset()
    item.ValueType = "TEXT"
    item.ConceptNameCodeSequence = [code_item(name)]
    item.TextValue = text
    return item


__all__ = ["Booking", "Entry", "State"]
