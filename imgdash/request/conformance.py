"""What requests for a better image ask of modalities, and rejection notes of storages."""

from __future__ import annotations

from pydicom.uid import ExplicitVRLittleEndian, KeyObjectSelectionDocumentStorage
from pynetdicom.sop_class import (
    InstanceAvailabilityNotification,
    ModalityPerformedProcedureStep,
    StudyRootQueryRetrieveInformationModelMove,
    UnifiedProcedureStepEvent,
    UnifiedProcedureStepPull,
    UnifiedProcedureStepPush,
    UnifiedProcedureStepQuery,
    UnifiedProcedureStepWatch,
)

from imgdash.model.codes import DETACHED_STUDY
from imgdash.request.order import SEGMENTS
from imgdash.request.worklist import SOP_CLASSES
from imgdash.wire.conformance import Service


def requested() -> list[Service]:
    """As requestor of associations."""
    return [
        Service(str(UnifiedProcedureStepPush), "SCU", ("N-CREATE", "N-ACTION", "N-GET")),
        Service(str(UnifiedProcedureStepWatch), "SCU", ("N-ACTION",), remark="subscription to one work item"),
        Service(
            str(UnifiedProcedureStepEvent), "SCP", ("N-EVENT-REPORT",), remark="to modalities that fetch work items"
        ),
        Service(str(StudyRootQueryRetrieveInformationModelMove), "SCU", ("C-MOVE",), remark="to ourselves"),
        Service(
            str(KeyObjectSelectionDocumentStorage),
            "SCU",
            ("C-STORE",),
            (str(ExplicitVRLittleEndian),),
            "rejection notes (IHE IOCM)",
        ),
        Service(str(InstanceAvailabilityNotification), "SCU", ("N-CREATE",), remark="where availability = true"),
        Service(
            str(ModalityPerformedProcedureStep),
            "SCU",
            ("N-CREATE", "N-SET"),
            remark="forwarded, and discontinued for a wrong worklist entry, where mpps = true",
        ),
        Service(DETACHED_STUDY, "SCU", ("N-CREATE", "N-SET"), remark="retired; where detached_study = true"),
    ]


def accepted() -> list[Service]:
    """As acceptor, on the query port, where the site file names a peer that fetches its work items (ups_pull)."""
    operations = {
        str(UnifiedProcedureStepPull): ("C-FIND", "N-GET", "N-SET", "N-ACTION"),
        str(UnifiedProcedureStepQuery): ("C-FIND",),
        str(UnifiedProcedureStepWatch): ("C-FIND", "N-GET", "N-ACTION"),
    }
    return [
        Service(sop_class, "SCP", operations[sop_class], remark="work items of the caller, where a peer fetches them")
        for sop_class in SOP_CLASSES
    ]


def messages() -> dict[str, tuple[str, ...]]:
    """HL7 messages that are sent, with their segments."""
    return {name: tuple(segments) for name, segments in SEGMENTS.items()}
