"""The emission record: one row for each irradiation event, append-only (H3, RECORDS.md).

A row is never overwritten. A correction is a row of its own that names the row it amends; who signed, and why a
reference level was exceeded, are events of their own. All of it stands in the journal, chained by hash.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from pydicom.dataset import Dataset

from imgdash.model import Event, ImageHeader, ImgdashError, NotFound, Order
from imgdash.store.header import exposure, text
from imgdash.store.rows import plain
from imgdash.store.store import Change

# Modalities that irradiate (PS3.3 C.7.3.1.1.1). MR, US, … have no emission record.
IRRADIATING = frozenset("CR DX DR MG RF XA CT PX IO RG BMD".split())

# PS3.5 9.1; anything else that a peer sends there is no UID.
_UID = re.compile(r"[0-9][0-9.]{0,63}")
# PS3.5 6.2, VR AS.
_YEARS = {"D": 365.25, "W": 365.25 / 7, "M": 12.0, "Y": 1.0}
_PERSON = ("patient_id", "patient_name", "patient_sex")
_TOLD = ("accession", "modality", "station", "operator", "body_part", "view", "laterality")


def facts(ds: Dataset) -> dict[str, Any]:
    """What the data set says of its exposure, beyond the columns of an image header.

    Returns
    -------
    dict
        Columns of the table ``exposure`` in its units (kV, mAs, ms, mm, dGy·cm², mGy), and what tells exposures
        apart: ``event_uid``, ``acquired``, ``acquisition``. What is unknown is left out.
    """
    found: dict[str, Any] = exposure(ds)
    found["event_uid"] = text(ds, "IrradiationEventUID")
    found["patient_age"] = _age(text(ds, "PatientAge"))
    found["physician"] = text(ds, "ReferringPhysicianName")
    found["indication"] = text(ds, "ReasonForTheRequestedProcedure") or text(ds, "AdmittingDiagnosesDescription")
    found["acquisition"] = text(ds, "AcquisitionNumber")
    found["acquired"] = text(ds, "AcquisitionDateTime") or text(ds, "AcquisitionDate") + text(ds, "AcquisitionTime")
    return {name: value for name, value in found.items() if value not in (None, "")}


def event(header: ImageHeader, order: Order | None, facts: Mapping[str, Any]) -> Event:
    """The row of the irradiation event that made an image; `record` decides whether there is to be one.

    Parameters
    ----------
    facts
        See `facts`; wins over what the header has, the header wins over the order.
    """
    told = {**header.exposure, **facts}
    calculated = header.parameters
    at = header.acquired_at or header.received_at
    data = {name: getattr(header, name) for name in _TOLD}
    data.update({f"patient_{name}": getattr(header.patient, name) for name in ("id", "name", "sex")})
    data.update(
        image_id=header.image_id,
        at=at,
        condition=header.condition,
        accession=header.accession or (order.accession if order else ""),
        patient_age=told.get("patient_age", age(header.patient.birth_date, at)),
        physician=(order.physician if order else "") or told.get("physician", ""),
        indication=(order.indication if order else "") or told.get("indication", ""),
        room=told.get("room", ""),
        signature="",
        amends="",
    )
    for name in ("kvp", "mas", "exposure_ms", "distance_mm", "filter", "grid", "dap", "entrance_dose"):
        data[name] = told.get(name)
    for name in ("ei", "target_ei", "di"):
        data[name] = told.get(name, calculated.get(name))
    why = "" if header.acquired_at else "the time of the exposure is unknown: it is the time of receipt"
    return Event("exposure", event_uid(header, facts), "register", data, why=why)


def record(change: Change, header: ImageHeader, order: Order | None, facts: Mapping[str, Any]) -> Event | None:
    """Keep the irradiation event of an image, unless it is known already or there was no radiation.

    The same exposure comes again as For Processing and For Presentation, and when an image is re-generated.
    """
    if header.modality not in IRRADIATING:
        return None
    found = event(header, order, facts)
    if change.query("select 1 from exposure where event_uid = ?", [found.id]):
        return None
    return change.emit(found)


def event_uid(header: ImageHeader, facts: Mapping[str, Any]) -> str:
    """Irradiation Event UID (0008,3010), or one derived from what tells exposures apart.

    Images of one acquisition time, study and station, or of one CT acquisition, come of the same exposure. Where
    not even the time is told, each image counts: an exposure too many is seen, one too few is not.
    """
    told = str(facts.get("event_uid", ""))
    if _UID.fullmatch(told):
        return told
    acquisition, acquired = (str(facts.get(name, "")) for name in ("acquisition", "acquired"))
    parts: tuple[str, ...]
    if header.modality == "CT" and header.series_uid:
        parts = (header.series_uid, acquisition)
    elif acquired and header.study_uid:
        parts = (header.study_uid, header.station or header.sender, acquired, acquisition)
    else:
        parts = (header.image_id,)
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, '/'.join(parts)).int}"


def current(change: Change, event_uid: str) -> dict[str, Any]:
    """The row that stands for an irradiation event: the last of its amendments.

    Raises
    ------
    NotFound
    """
    found = change.query("select * from exposure where event_uid = ?", [event_uid])
    if not found:
        raise NotFound(f"No irradiation event {event_uid!r}.", "The emission record shows what is there.")
    while later := change.query("select * from exposure where amends = ?", [found[0]["event_uid"]]):
        found = later
    return found[0]


def amend(change: Change, event_uid: str, by: str, why: str, **columns: Any) -> Event:
    """A new row with corrected values; it has to be signed anew.

    Raises
    ------
    ImgdashError
        If no reason is given, or a column is none of the emission record.
    """
    before = current(change, event_uid)
    if not why:
        raise ImgdashError("An amendment of the emission record needs a reason.", "Say why it is corrected.")
    if strange := sorted(set(columns) - (set(before) - {"event_uid", "amends", "signature", "image_id"})):
        raise ImgdashError(f"{', '.join(strange)} cannot be amended.", f"Columns: {', '.join(sorted(before))}.")
    former = before.pop("event_uid")
    root, _, number = former.partition("#")
    data = {**before, **columns, "amends": former, "signature": ""}
    return change.emit(Event("exposure", f"{root}#{int(number or 1) + 1}", "amend", plain(data), by, why))


def follow(change: Change, header: ImageHeader, by: str, why: str) -> Event | None:
    """Amend the emission record where an image's information was corrected; None where nothing differs."""
    found = change.query("select event_uid from exposure where image_id = ? and amends = ''", [header.image_id])
    if not found:
        return None
    before = current(change, found[0]["event_uid"])
    wanted = {name: getattr(header, name) for name in _TOLD}
    wanted.update({name: getattr(header.patient, name.removeprefix("patient_")) for name in _PERSON})
    changed = {name: value for name, value in wanted.items() if value and value != before[name]}
    return amend(change, before["event_uid"], by, why, **changed) if changed else None


def sign(change: Change, event_uid: str, by: str) -> Event:
    """Sign an irradiation event as it stands.

    Raises
    ------
    ImgdashError
        If it is signed already.
    """
    row = current(change, event_uid)
    if row["signature"]:
        raise ImgdashError(f"It is signed already, by {row['signature']}.", "Amend it if it is wrong.")
    return change.emit(Event("exposure", row["event_uid"], "sign", {"signature": by}, by, "signed"))


def justify(change: Change, event_uid: str, by: str, why: str) -> Event:
    """Say why an exposure is above its reference level (StrlSchG section 85)."""
    if not why:
        raise ImgdashError("No reason was given.", "Say why the reference level was exceeded.")
    return change.emit(Event("exposure", current(change, event_uid)["event_uid"], "justify", {}, by, why))


def age(birth_date: str, at: datetime) -> float | None:
    """Age in years from a DICOM date (YYYYMMDD); None where it is unknown or lies in the future."""
    try:
        born = datetime.strptime(birth_date.strip(), "%Y%m%d").date()
    except ValueError:
        return None
    birthday = (at.month, at.day) >= (born.month, born.day)
    years = at.year - born.year - (not birthday)
    if years < 0:
        return None
    if years >= 2:
        return float(years)
    # Where months matter.
    return max(0.0, (date(at.year, at.month, at.day) - born).days / 365.25)


def _age(told: str) -> float | None:
    """An age string (VR AS), e.g. 006M, in years."""
    if len(told) == 4 and told[:3].isdigit() and told[3] in _YEARS:
        return int(told[:3]) / _YEARS[told[3]]
    return None
