"""Modality performed procedure steps (PS3.4 annex F): what the modality says it does and has done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydicom.dataset import Dataset

from imgdash.model.codes import DISCONTINUATION_REASONS
from imgdash.model.queue import Event
from imgdash.receive.messages import Message
from imgdash.wire.items import read_code

# States after which a step may no longer be updated (PS3.4 F.7.2.2.2).
FINAL = frozenset({"COMPLETED", "DISCONTINUED"})
_EVENTS = {"IN PROGRESS": "start", "COMPLETED": "complete", "DISCONTINUED": "discontinue"}


def event(message: Message) -> Event:
    """The journal's event of an ``mpps-create`` or ``mpps-set`` message: subject ``step``, its columns set.

    What an N-SET does not mention is not in the event, so that earlier values stay.
    """
    data = facts(message.dataset or Dataset())
    name = _EVENTS.get(data.get("state", ""), "set")
    if message.service == "mpps-create":
        data.setdefault("state", "IN PROGRESS")
        name = "start"
    return Event("step", message.sop_instance_uid, name, data, by=message.calling_ae, why=data.get("reason", ""))


def taken(message: Message, known: Mapping[str, Any] | None, *, created: bool) -> Event | str:
    """The event of a message beside what is known of its step; or, in words, why it is left out.

    What PS3.4 forbids is refused by the receivers (`imgdash.receive.steps`); what passed them all the same, because
    two messages met or a mark was lost, is left out here: a second N-CREATE, and an update of what is final.

    Parameters
    ----------
    known
        The step's columns, or None.
    created
        Whether its N-CREATE was taken before.
    """
    told = event(message)
    if message.service == "mpps-create":
        if created:
            return "the step was begun before under this UID"
        if known is not None:
            # Overtaken by an N-SET: what that said stays, what it did not say is new.
            return replace(told, event="set", data={name: new for name, new in told.data.items() if not known[name]})
    elif known is None:
        return replace(told, data={"state": "IN PROGRESS", **told.data})
    elif known["state"] in FINAL:
        return f"the step is {known['state'].lower()} and can no longer be updated"
    return told


def facts(ds: Dataset) -> dict[str, Any]:
    """The facts in the data set of a performed procedure step, as far as it has them.

    Returns
    -------
    dict
        ``state``, ``step_id`` and ``accession`` (scheduled), ``study_uid``, ``patient_id``, ``modality``,
        ``station_ae``, ``operator``, ``started_at``, ``ended_at``, ``reason`` (CID 9301, in words), and ``facts``:
        ``series`` with their images, and ``dose``.
    """
    found: dict[str, Any] = {
        "state": _text(ds, "PerformedProcedureStepStatus"),
        "patient_id": _text(ds, "PatientID"),
        "modality": _text(ds, "Modality"),
        "station_ae": _text(ds, "PerformedStationAETitle"),
        "started_at": _moment(ds, "PerformedProcedureStepStart"),
        "ended_at": _moment(ds, "PerformedProcedureStepEnd"),
        "reason": _reason(ds),
    }
    scheduled = next(_items(ds, "ScheduledStepAttributesSequence"), Dataset())
    found["step_id"] = _text(scheduled, "ScheduledProcedureStepID")
    found["accession"] = _text(scheduled, "AccessionNumber")
    found["study_uid"] = _text(scheduled, "StudyInstanceUID")
    series = [_series(item) for item in _items(ds, "PerformedSeriesSequence")]
    operators = [_text(item, "OperatorsName") for item in _items(ds, "PerformedSeriesSequence")]
    found["operator"] = next(filter(None, operators), "")
    details = {
        "series": series,
        "dose": _dose(ds),
        "description": _text(ds, "PerformedProcedureStepDescription"),
        "procedure_id": _text(scheduled, "RequestedProcedureID"),
    }
    found["facts"] = {name: value for name, value in details.items() if value}
    return {name: value for name, value in found.items() if value}


def _series(item: Dataset) -> dict[str, Any]:
    images = [*_items(item, "ReferencedImageSequence"), *_items(item, "ReferencedNonImageCompositeSOPInstanceSequence")]
    return {
        "series_uid": _text(item, "SeriesInstanceUID"),
        "protocol": _text(item, "ProtocolName"),
        "description": _text(item, "SeriesDescription"),
        "images": [_text(image, "ReferencedSOPInstanceUID") for image in images],
    }


def _dose(ds: Dataset) -> dict[str, float]:
    """PS3.3 C.4.16, the radiation dose module: dGy·cm², mm, mGy, s as the attributes have them."""
    names = {
        "ImageAndFluoroscopyAreaDoseProduct": "dap_dgycm2",
        "EntranceDoseInmGy": "entrance_dose_mgy",
        "DistanceSourceToDetector": "distance_mm",
        "TotalNumberOfExposures": "exposures",
        "TotalTimeOfFluoroscopy": "fluoroscopy_s",
    }
    dose = {name: _number(ds, keyword) for keyword, name in names.items()}
    exposures = [
        {
            "kvp": _number(item, "KVP"),
            "ma": _number(item, "XRayTubeCurrent"),
            "ms": _number(item, "ExposureTime"),
        }
        for item in _items(ds, "ExposureDoseSequence")
    ]
    kept: dict[str, Any] = {name: value for name, value in dose.items() if value is not None}
    if exposures:
        kept["events"] = exposures
    return kept


def _reason(ds: Dataset) -> str:
    codes = list(_items(ds, "PerformedProcedureStepDiscontinuationReasonCodeSequence"))
    if not codes:
        return ""
    code = read_code(codes[0])
    known = DISCONTINUATION_REASONS.get(code.value)
    return known.meaning if known else code.meaning or code.value


def _items(ds: Dataset, keyword: str) -> Iterator[Dataset]:
    value = ds.get(keyword)
    return iter(value) if value else iter(())


def _text(ds: Dataset, keyword: str) -> str:
    value = ds.get(keyword)
    if value is None:
        return ""
    # Names of several operators come as a multiple value.
    values = value if not isinstance(value, str) and hasattr(value, "append") else [value]
    return ", ".join(str(part) for part in values).strip()


def _number(ds: Dataset, keyword: str) -> float | None:
    with suppress(TypeError, ValueError):
        return float(ds.get(keyword))
    return None


def _moment(ds: Dataset, prefix: str) -> datetime | None:
    return moment(_text(ds, f"{prefix}Date"), _text(ds, f"{prefix}Time"))


def moment(date: str, time: str) -> datetime | None:
    """A DICOM date and time (PS3.5 6.2, VR DA and TM) as wall-clock time; None where they are no time."""
    digits = (time.replace(":", "").split(".")[0] + "000000")[:6]
    try:
        return datetime.strptime(date.replace(".", "") + digits, "%Y%m%d%H%M%S")
    except ValueError:
        return None
