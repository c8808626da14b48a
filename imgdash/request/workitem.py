"""The request as a UPS work item (R1-R3): attributes of N-CREATE, PS3.4 table CC.2.5-3, and how its answers read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydicom import uid
from pydicom.dataset import Dataset
from pynetdicom.sop_class import UnifiedProcedureStepPush

from imgdash.model.codes import COMMENT, REQUEST_REASON, REQUEST_ROUND, SCHEME, UPS_REFUSED, Code
from imgdash.request.facts import Facts
from imgdash.wire.dicom import code_item, items_to_parameters, parameters_to_items, read_code

# Images that exist in one form only: what they are say the pixels themselves, not the SOP class.
_SAME_CLASS_RAW: Final = frozenset({uid.ComputedRadiographyImageStorage, uid.CTImageStorage})
_FOR_PROCESSING: Final = {
    uid.DigitalXRayImageStorageForPresentation: uid.DigitalXRayImageStorageForProcessing,
    uid.DigitalMammographyXRayImageStorageForPresentation: uid.DigitalMammographyXRayImageStorageForProcessing,
    uid.DigitalIntraOralXRayImageStorageForPresentation: uid.DigitalIntraOralXRayImageStorageForProcessing,
}
# Must be there and may be empty (type 2); what we know is filled in below.
_EMPTY_TEXT: Final = ("TransactionUID", "AdmissionID", "AdmittingDiagnosesDescription", "IssuerOfPatientID")
_EMPTY_SEQUENCE: Final = (
    "ScheduledStationClassCodeSequence",
    "ScheduledStationGeographicLocationCodeSequence",
    "IssuerOfPatientIDQualifiersSequence",
    "OtherPatientIDsSequence",
    "IssuerOfAdmissionIDSequence",
    "AdmittingDiagnosesCodeSequence",
    "ProcedureStepProgressInformationSequence",
    "UnifiedProcedureStepPerformedProcedureSequence",
)


def compose(facts: Facts) -> Dataset:
    """The attribute list of N-CREATE."""
    request, image = facts.request, facts.image
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    for keyword in _EMPTY_TEXT:
        setattr(ds, keyword, "")
    for keyword in _EMPTY_SEQUENCE:
        setattr(ds, keyword, [])
    ds.ProcedureStepState = "SCHEDULED"
    ds.InputReadinessState = "READY"
    ds.ScheduledProcedureStepPriority = "HIGH" if image.priority else "MEDIUM"
    ds.ProcedureStepLabel = facts.workitem.meaning[:64]
    ds.WorklistLabel = facts.ae_title
    ds.ScheduledProcedureStepStartDateTime = facts.at.strftime("%Y%m%d%H%M%S")
    ds.ScheduledStationNameCodeSequence = [code_item(Code(image.sender, SCHEME, request.peer))]
    ds.ScheduledWorkitemCodeSequence = [code_item(facts.workitem)]
    ds.CommentsOnTheScheduledProcedureStep = facts.sentence
    ds.ScheduledProcessingParametersSequence = _parameters(facts)
    ds.StudyInstanceUID = image.study_uid
    ds.InputInformationSequence = [_input(facts)]
    ds.OutputDestinationSequence = [_output(facts)]
    ds.PatientName = image.patient.name
    ds.PatientID = image.patient.id
    ds.PatientBirthDate = image.patient.birth_date
    ds.PatientSex = image.patient.sex
    ds.ReferencedRequestSequence = [_referenced_request(facts)] if image.study_uid else []
    if replaced := _replaced(facts):
        ds.ReplacedProcedureStepSequence = [_reference(UnifiedProcedureStepPush, replaced)]
    return ds


def _replaced(facts: Facts) -> str:
    """UID of the work item that this one takes the place of: of a former try, else of the former round."""
    if uid := facts.request.contents.get("replaced"):
        return str(uid)
    return facts.former.workitem_uid if facts.former is not None and facts.former.to == "modality" else ""


def _parameters(facts: Facts) -> list[Dataset]:
    """The parameters wanted, and with them reason, round and comment (R2)."""
    items = parameters_to_items(facts.request.parameters, facts.units)
    items.append(_content(REQUEST_REASON, "CODE", facts.reason))
    items.append(_content(REQUEST_ROUND, "NUMERIC", facts.request.round))
    if facts.request.comment:
        items.append(_content(COMMENT, "TEXT", facts.request.comment))
    return items


def _content(name: Code, kind: str, value: Any) -> Dataset:
    item = Dataset()
    item.ValueType = kind
    item.ConceptNameCodeSequence = [code_item(name)]
    if isinstance(value, Code):
        item.ConceptCodeSequence = [code_item(value)]
    elif kind == "NUMERIC":
        item.NumericValue = str(value)
        item.MeasurementUnitsCodeSequence = [code_item(Code("1", "UCUM", "no units"))]
    else:
        item.TextValue = str(value)
    return item


def _input(facts: Facts) -> Dataset:
    """The image that is not good enough. The modality is where it can be had: it made it."""
    image = facts.image
    item = Dataset()
    item.TypeOfInstances = "DICOM"
    item.StudyInstanceUID = image.study_uid
    item.SeriesInstanceUID = image.series_uid
    item.ReferencedSOPSequence = [_reference(image.sop_class_uid, image.sop_instance_uid)]
    source = Dataset()
    source.RetrieveAETitle = image.sender
    item.DICOMRetrievalSequence = [source]
    return item


def _output(facts: Facts) -> Dataset:
    """Where the better image is to go, and as which SOP class (R3)."""
    destination = Dataset()
    destination.DestinationAE = facts.ae_title
    item = Dataset()
    item.ReferencedSOPClassUID = wanted_class(facts.image.sop_class_uid, facts.request.ask)
    item.DICOMStorageSequence = [destination]
    return item


def wanted_class(sop_class_uid: str, ask: str) -> str:
    """SOP class of the image wanted: the same, or its For Processing sister where the unprocessed one is asked for."""
    if ask != "unprocessed" or sop_class_uid in _SAME_CLASS_RAW or sop_class_uid in _FOR_PROCESSING.values():
        return sop_class_uid
    return _FOR_PROCESSING.get(sop_class_uid, uid.DigitalXRayImageStorageForProcessing)


def _referenced_request(facts: Facts) -> Dataset:
    image, order = facts.image, facts.order
    item = Dataset()
    item.StudyInstanceUID = image.study_uid
    item.AccessionNumber = image.accession
    item.IssuerOfAccessionNumberSequence = []
    item.OrderPlacerIdentifierSequence = []
    item.OrderFillerIdentifierSequence = []
    item.RequestedProcedureID = ""
    item.RequestedProcedureDescription = (order.procedure_text if order else image.study_description)[:64]
    item.RequestedProcedureCodeSequence = []
    if order is not None:
        if order.placer_number:
            item.PlacerOrderNumberImagingServiceRequest = order.placer_number
        if order.filler_number:
            item.FillerOrderNumberImagingServiceRequest = order.filler_number
        if order.procedure_code:
            meaning = order.procedure_text or order.procedure_code
            item.RequestedProcedureCodeSequence = [code_item(Code(order.procedure_code, "L", meaning))]
    item.ReasonForRequestedProcedureCodeSequence = [code_item(facts.reason)]
    return item


def _reference(sop_class_uid: str, sop_instance_uid: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = sop_class_uid
    item.ReferencedSOPInstanceUID = sop_instance_uid
    return item


# -- answers -------------------------------------------------------------------------------------------------


def performed(ds: Dataset) -> dict[str, Any]:
    """What N-GET tells of a work item: ``state``, ``performed`` parameters, ``outputs`` (SOP Instance UIDs)."""
    found: dict[str, Any] = {"state": str(ds.get("ProcedureStepState", "")), "performed": {}, "outputs": []}
    for item in ds.get("UnifiedProcedureStepPerformedProcedureSequence") or ():
        parameters = items_to_parameters(item.get("PerformedProcessingParametersSequence") or ())
        found["performed"].update({name: _written(value) for name, value in parameters.items()})
        found["outputs"] += _instances(item.get("OutputInformationSequence") or ())
    return found


def _written(value: Any) -> Any:
    return value.meaning or value.value if isinstance(value, Code) else value


def _instances(sequence: Iterable[Dataset]) -> list[str]:
    return [
        str(reference.get("ReferencedSOPInstanceUID"))
        for item in sequence
        for reference in item.get("ReferencedSOPSequence") or ()
        if reference.get("ReferencedSOPInstanceUID")
    ]


def refusal(ds: Dataset) -> str:
    """Why a work item was cancelled, in words."""
    words: list[str] = []
    sources: list[Mapping[Any, Any] | Dataset] = [ds, *(ds.get("ProcedureStepProgressInformationSequence") or ())]
    for source in sources:
        codes = source.get("ProcedureStepDiscontinuationReasonCodeSequence") or ()
        for code in map(read_code, codes):
            words.append(UPS_REFUSED.meaning if code.value == UPS_REFUSED.value else code.meaning or code.value)
        if text := source.get("ReasonForCancellation"):
            words.append(str(text))
    return "; ".join(dict.fromkeys(words)) or "no reason was given"


def progress(ds: Dataset) -> str:
    """How far the performer is, in words; '' where it does not say."""
    words = []
    for item in ds.get("ProcedureStepProgressInformationSequence") or ():
        if item.get("ProcedureStepProgress") is not None:
            words.append(f"{float(item.ProcedureStepProgress):.0f} %")
        if text := item.get("ProcedureStepProgressDescription"):
            words.append(str(text))
    return " ".join(words)
