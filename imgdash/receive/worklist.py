"""Asking HIS/RIS for its modality worklist (PS3.4 annex K): orders of systems that send none by HL7."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final

from pydicom.dataset import Dataset
from pynetdicom.sop_class import ModalityWorklistInformationFind

from imgdash.config import Peer, Site
from imgdash.model.errors import PeerFailed
from imgdash.model.image import Order, Patient
from imgdash.receive.mpps import moment
from imgdash.wire.dicom import associate, readable
from imgdash.wire.items import read_code

# A peer that never ends its answers must not fill the memory.
MOST: Final = 5000
URGENT: Final = frozenset(["STAT", "HIGH"])


def poll(site: Site, peer: Peer, *, days: int = 1) -> list[Order]:
    """The orders that `peer` has scheduled from `days` before to `days` after today.

    Raises
    ------
    PeerFailed
        If it cannot be reached or answers with a failure; what it sent before that is not returned.
    """
    if not peer.ae_title or not peer.port:
        raise PeerFailed(f"{peer.name} has no AE title or port in the site file.", "Set both, or worklist = false.")
    found: list[Order] = []
    with associate(
        site.station.ae_title,
        peer.ae_title,
        peer.host,
        peer.port,
        [ModalityWorklistInformationFind],
        peer.timeout_seconds,
        tls=site.tls(peer),
    ) as assoc:
        for status, entry in assoc.send_c_find(_query(date.today(), days), ModalityWorklistInformationFind):
            code = status.get("Status")
            if code in (0xFF00, 0xFF01):
                found.extend(_orders(readable(entry or Dataset()), peer.name))
                if len(found) > MOST:
                    raise PeerFailed(f"{peer.name} answers with more than {MOST} worklist entries.")
            elif code != 0x0000:
                words = "no answer" if code is None else f"status {code:04X}"
                raise PeerFailed(f"{peer.name} failed to answer the worklist query: {words}.", status=code)
    return found


def _query(today: date, days: int) -> Dataset:
    def day(offset: int) -> str:
        return f"{today + timedelta(days=offset):%Y%m%d}"

    step = Dataset()
    step.ScheduledProcedureStepStartDate = f"{day(-days)}-{day(days)}"
    for keyword in (
        "Modality ScheduledStationAETitle ScheduledProcedureStepStartTime ScheduledProcedureStepDescription "
        "ScheduledProcedureStepID ScheduledProcedureStepStatus CommentsOnTheScheduledProcedureStep"
    ).split():
        setattr(step, keyword, "")
    step.ScheduledProtocolCodeSequence = [Dataset()]
    query = Dataset()
    query.SpecificCharacterSet = "ISO_IR 192"
    for keyword in (
        "PatientName PatientID PatientBirthDate PatientSex AccessionNumber RequestingPhysician StudyInstanceUID "
        "ReferringPhysicianName RequestedProcedureID RequestedProcedureDescription RequestedProcedurePriority "
        "PlacerOrderNumberImagingServiceRequest FillerOrderNumberImagingServiceRequest ReasonForTheRequestedProcedure"
    ).split():
        setattr(query, keyword, "")
    query.RequestedProcedureCodeSequence = [Dataset()]
    query.ScheduledProcedureStepSequence = [step]
    return query


def _orders(entry: Dataset, source: str) -> Iterator[Order]:
    """One order for each scheduled step; an entry without any number is left out."""
    accession = _text(entry, "AccessionNumber")
    placer = _text(entry, "PlacerOrderNumberImagingServiceRequest")
    filler = _text(entry, "FillerOrderNumberImagingServiceRequest")
    number = accession or filler or placer
    patient = Patient(
        _text(entry, "PatientID"),
        _text(entry, "PatientName"),
        _text(entry, "PatientSex"),
        _text(entry, "PatientBirthDate"),
    )
    for step in entry.get("ScheduledProcedureStepSequence") or ():
        step_id = _text(step, "ScheduledProcedureStepID")
        if not number and not step_id:
            continue
        codes = entry.get("RequestedProcedureCodeSequence") or step.get("ScheduledProtocolCodeSequence") or []
        code = read_code(codes[0] if codes else Dataset())
        yield Order(
            order_id="/".join(filter(None, (number, step_id))),
            accession=accession,
            patient=patient,
            placer_number=placer,
            filler_number=filler,
            procedure_code=code.value,
            procedure_text=_text(entry, "RequestedProcedureDescription")
            or _text(step, "ScheduledProcedureStepDescription")
            or code.meaning,
            step_id=step_id,
            study_uid=_text(entry, "StudyInstanceUID"),
            modality=_text(step, "Modality"),
            station_ae=_text(step, "ScheduledStationAETitle"),
            physician=_text(entry, "RequestingPhysician") or _text(entry, "ReferringPhysicianName"),
            indication=_text(entry, "ReasonForTheRequestedProcedure"),
            instructions=_text(step, "CommentsOnTheScheduledProcedureStep"),
            scheduled_at=moment(
                _text(step, "ScheduledProcedureStepStartDate"), _text(step, "ScheduledProcedureStepStartTime")
            ),
            priority=_text(entry, "RequestedProcedurePriority") in URGENT,
            source=source,
            received_at=datetime.now(),
        )


def _text(ds: Dataset, keyword: str) -> str:
    value = ds.get(keyword)
    if value is None:
        return ""
    values = value if not isinstance(value, str) and hasattr(value, "append") else [value]
    return "\\".join(str(part) for part in values).strip()
