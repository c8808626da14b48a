"""Instance Availability Notification (PS3.4 annex R): where an image can be had, and where no longer (R9)."""

from __future__ import annotations

from typing import Final

from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom.sop_class import ModalityPerformedProcedureStep

from imgdash.config import Peer
from imgdash.request.notices.told import Case, Notice

AVAILABLE: Final = {
    "examine": "ONLINE",
    "deliver": "ONLINE",
    "restore": "ONLINE",
    "reject": "UNAVAILABLE",
    "replace": "UNAVAILABLE",
}


def notice(peer: Peer, case: Case) -> Notice | None:
    """The notification, or None where the peer is not told of this, or nobody has the image."""
    if not peer.availability or case.event not in AVAILABLE or not case.copies:
        return None
    said = AVAILABLE[case.event]
    words = f"image {case.header.image_id}: {said.lower()}"
    return Notice("availability", str(generate_uid(prefix=None)), words, compose(case, said).to_json_dict())


def compose(case: Case, availability: str) -> Dataset:
    """The attributes of N-CREATE (PS3.4 table R.3.2-1): one item for each series, one for each instance in it."""
    ds = Dataset()
    ds.ReferencedPerformedProcedureStepSequence = []
    if case.step_uid:
        step = Dataset()
        step.ReferencedSOPClassUID, step.ReferencedSOPInstanceUID = ModalityPerformedProcedureStep, case.step_uid
        step.PerformedWorkitemCodeSequence = []
        ds.ReferencedPerformedProcedureStepSequence = [step]
    ds.StudyInstanceUID = case.header.study_uid
    series: dict[str, list[Dataset]] = {}
    for copy in case.copies:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = copy.sop_class_uid, copy.sop_instance_uid
        item.InstanceAvailability = availability
        item.RetrieveAETitle = copy.retrieve_ae
        series.setdefault(copy.series_uid, []).append(item)
    ds.ReferencedSeriesSequence = []
    for uid, instances in series.items():
        one = Dataset()
        one.SeriesInstanceUID = uid
        one.ReferencedSOPSequence = instances
        ds.ReferencedSeriesSequence.append(one)
    return ds


__all__ = ["AVAILABLE", "notice"]
