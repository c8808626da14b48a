"""What every image of a simulated modality says of patient, order, step and machine; not yet of its pixels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from pynetdicom.sop_class import ModalityPerformedProcedureStep, UnifiedProcedureStepPush

from imgdash.model.codes import Code
from imgdash.simulate.booking import Entry
from imgdash.simulate.commitment import reference
from imgdash.simulate.machine import text_of
from imgdash.wire.dicom import code_item

SOURCE_OF_PROCESSING = Code("121322", "DCM", "Source image for image processing operation")


@dataclass(frozen=True)
class Station:
    """The machine that made an image; `bits` are those of its processed pixels."""

    ae_title: str
    kind: str
    institution: str
    bits: int = 12

    @property
    def model(self) -> str:
        """Manufacturer's model name."""
        return {"CR": "Phantom plate reader", "DX": "Phantom flat panel", "CT": "Phantom CT"}[self.kind]


@dataclass(frozen=True)
class Step:
    """A performed procedure step: what all its images share."""

    entry: Entry
    mpps_uid: str
    series_uid: str
    begun: datetime
    body_part: str
    view: str = ""
    side: str = ""
    workitem_uid: str = ""
    rejected: tuple[str, str] = ("", "")


def header(station: Station, step: Step, sop_class: str, number: int) -> Dataset:
    """A data set with file meta information, all but the modality's own modules."""
    entry, now = step.entry.ds, datetime.now()
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SpecificCharacterSet = entry.get("SpecificCharacterSet", "ISO_IR 192")
    ds.SOPClassUID, ds.SOPInstanceUID = sop_class, generate_uid(prefix=None)
    ds.file_meta.MediaStorageSOPClassUID = sop_class
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "AccessionNumber",
                    "ReferringPhysicianName", "StudyInstanceUID"):  # fmt: skip
        setattr(ds, keyword, entry.get(keyword, ""))
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = step.begun.strftime("%Y%m%d")
    ds.StudyTime = ds.SeriesTime = ds.AcquisitionTime = step.begun.strftime("%H%M%S")
    ds.ContentDate, ds.ContentTime = now.strftime("%Y%m%d"), now.strftime("%H%M%S.%f")
    ds.InstanceCreationDate, ds.InstanceCreationTime = ds.ContentDate, ds.ContentTime
    ds.Manufacturer, ds.ManufacturerModelName = "imgdash simulation", station.model
    ds.StationName, ds.InstitutionName = station.ae_title, station.institution
    ds.DeviceSerialNumber, ds.SoftwareVersions = station.ae_title, "1"
    ds.OperatorsName = "Radiographer^Simulated"
    ds.StudyID, ds.SeriesNumber, ds.InstanceNumber = text_of(entry, "RequestedProcedureID"), 1, number
    ds.SeriesInstanceUID = step.series_uid
    ds.StudyDescription = ds.SeriesDescription = ds.ProtocolName = text_of(entry, "RequestedProcedureDescription")
    ds.RequestAttributesSequence = [_request(step)]
    ds.PerformedProcedureStepID = text_of(step.entry.step, "ScheduledProcedureStepID")
    ds.PerformedProcedureStepStartDate, ds.PerformedProcedureStepStartTime = ds.StudyDate, ds.StudyTime
    if step.mpps_uid:
        ds.ReferencedPerformedProcedureStepSequence = [reference(ModalityPerformedProcedureStep, step.mpps_uid)]
    if step.workitem_uid:
        # The work item that asked for this image is the performed step behind it (PS3.4 CC.2).
        item = reference(UnifiedProcedureStepPush, step.workitem_uid)
        ds.ReferencedPerformedProcedureStepSequence = [item]
    if step.rejected[1]:
        source = reference(*step.rejected)
        source.PurposeOfReferenceCodeSequence = [code_item(SOURCE_OF_PROCESSING)]
        ds.SourceImageSequence = [source]
    return ds


def _request(step: Step) -> Dataset:
    entry, item = step.entry, Dataset()
    item.AccessionNumber = entry.accession
    item.StudyInstanceUID = entry.ds.StudyInstanceUID
    item.RequestedProcedureID = text_of(entry.ds, "RequestedProcedureID")
    item.RequestedProcedureDescription = text_of(entry.ds, "RequestedProcedureDescription")
    item.RequestedProcedureCodeSequence = [code_item(entry.procedure)]
    item.ScheduledProcedureStepID = entry.step_id
    item.ScheduledProcedureStepDescription = text_of(entry.step, "ScheduledProcedureStepDescription")
    item.PlacerOrderNumberImagingServiceRequest = text_of(entry.ds, "PlacerOrderNumberImagingServiceRequest")
    item.FillerOrderNumberImagingServiceRequest = text_of(entry.ds, "FillerOrderNumberImagingServiceRequest")
    item.ReasonForTheRequestedProcedure = text_of(entry.ds, "ReasonForTheRequestedProcedure")
    return item


__all__ = ["Station", "Step", "header"]
