"""What is known of an image, in the sections of the Review page; what should be known and is not, is marked (R4)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydicom.uid import UID

from imgdash.config import Site
from imgdash.confirm.attributes import EDITABLE, label, value
from imgdash.dashboard.review import summary
from imgdash.dashboard.review.worklist import person
from imgdash.model import Condition, ImageHeader, Order
from imgdash.model.codes import REASONS
from imgdash.model.quality import QUANTITIES, within

_PATIENT = ("PatientName", "PatientID", "PatientSex", "PatientBirthDate")
_IMAGE = (
    "BodyPartExamined",
    "ViewPosition",
    "ImageLaterality",
    "AccessionNumber",
    "StudyDescription",
    "SeriesDescription",
    "StationName",
    "OperatorsName",
)


def sections(header: ImageHeader, condition: Condition | None, order: Order | None, site: Site) -> list[dict[str, Any]]:
    """Patient, order, image and implementation information, as `imgdash.dashboard.panels.Facts` shows it."""
    required = {*site.fitness.required, *site.fitness.film_required, *(condition.required if condition else ())}
    if condition is not None and condition.quality:
        # Of a test object nothing is required.
        required = set()
    further = [keyword for keyword in sorted(required) if keyword not in (*_PATIENT, *_IMAGE)]
    measured = _quality(header)
    return [
        *([{"title": "Quality control", "rows": measured}] if measured else []),
        {"title": "Patient", "rows": _attributes(header, _PATIENT, required)},
        {"title": "Image", "rows": _attributes(header, [*_IMAGE, *further], required)},
        {"title": "Order", "rows": _order(header, order)},
        {"title": "Exposure", "rows": _exposure(header)},
        {"title": "Implementation", "rows": _implementation(header)},
    ]


def _attributes(header: ImageHeader, keywords: Iterable[str], required: set[str]) -> list[dict[str, Any]]:
    rows = []
    for keyword in keywords:
        text = str(value(header, keyword) or "")
        rows.append(
            {
                "keyword": keyword,
                "label": label(keyword),
                "value": text,
                "shown": _shown(keyword, text),
                "missing": keyword in required and not text,
                "edited": keyword in header.edits,
                "editable": keyword in EDITABLE,
            }
        )
    return rows


def _order(header: ImageHeader, order: Order | None) -> list[dict[str, Any]]:
    if order is None:
        return [_row("Order", "none known for this image" if not header.order_id else header.order_id)]
    return [
        _row("Procedure", order.procedure_text or order.procedure_code),
        _row("Indication", order.indication),
        _row("Instructions", order.instructions),
        _row("Physician", person(order.physician)),
        _row("Scheduled", _time(order.scheduled_at)),
        _row("From", order.source),
    ]


def _exposure(header: ImageHeader) -> list[dict[str, Any]]:
    known, calculated = header.exposure, header.parameters
    tube = "  ".join(
        f"{known[name]:g} {unit}" for name, unit in (("kvp", "kV"), ("mas", "mAs")) if _number(known.get(name))
    )
    index = calculated.get("ei") if calculated.get("ei") is not None else known.get("ei")
    target = calculated.get("target_ei") or known.get("target_ei")
    deviation = calculated.get("di") if calculated.get("di") is not None else known.get("di")
    return [
        _row("Tube", tube),
        _row("Exposure index", f"{index:.0f}" if _number(index) else "unknown"),
        _row("Target", f"{target:.0f}" if _number(target) else "unknown"),
        _row("Deviation index", f"{deviation:+.1f}" if _number(deviation) else "unknown"),
    ]


def _quality(header: ImageHeader) -> list[dict[str, Any]]:
    """What was measured on an image of quality control, with the site's limits; what is outside them is marked."""
    measured = header.parameters.get("quality") or {}
    rows = []
    for figure in measured.get("figures", ()):
        known = QUANTITIES[figure["quantity"]]
        low, high = figure["low"], figure["high"]
        limits = [f"≥ {low:g}"] if low is not None else []
        limits += [f"≤ {high:g}"] if high is not None else []
        name = f"{known.label}{', ' + figure['axis'] if figure['axis'] else ''}"
        row = _row(name, f"{figure['value']:.{known.digits}g} {known.unit}".strip())
        if limits:
            row["value"] += f"  (wanted {' and '.join(limits)})"
        rows.append({**row, "missing": not within(figure["value"], low, high)})
    rows += [_row("Note", str(note)) for note in measured.get("notes", ())]
    if measured.get("trouble"):
        rows.append({**_row("Not measured", str(measured["trouble"])), "missing": True})
    return rows


def _implementation(header: ImageHeader) -> list[dict[str, Any]]:
    calculated = header.parameters
    shape = f"{header.columns} × {header.rows} px, {header.bits_stored} bit"
    if header.pixel_spacing:
        shape += f", {header.pixel_spacing[0]:g} mm"
    kind = {True: "unprocessed", False: "processed by the sender", None: "not stated"}[calculated.get("unprocessed")]
    confidence = (calculated.get("confidence") or {}).get("field")
    field = calculated.get("field_fraction")
    rows = [
        _row("Received", f"{_time(header.received_at)} from {header.sender}"),
        _row("Number", f"{header.number}" + (f", round {header.round_number}" if header.round else "")),
        _row("Pixels", shape),
        _row("Sent as", f"{kind}; {UID(header.transfer_syntax).name}"),
        _row(
            "Field",
            f"{field:.0%} of the image, confidence {confidence:.0%}" if _number(field) and _number(confidence) else "",
        ),
        _row(
            "Signal limits",
            f"{calculated['s_low']:.3f} … {calculated['s_high']:.3f}" if _number(calculated.get("s_low")) else "",
        ),
    ]
    rows += [_row("Note", str(note)) for note in calculated.get("notes", ())]
    if header.reason:
        reason = REASONS.get(header.reason)
        rows.append(_row("Reason", reason.meaning if reason else header.reason))
    if header.comment:
        rows.append(_row("Comment", header.comment))
    if header.confirmed_by:
        rows.append(_row("Confirmed", f"{header.confirmed_by}, {_time(header.confirmed_at)}"))
    return rows


def _shown(keyword: str, text: str) -> str:
    """A value as people read it; corrections are made in DICOM's form."""
    if keyword.endswith(("PatientName", "PhysicianName", "OperatorsName", "RequestingPhysician")):
        # Several persons, each in up to three scripts (PS3.5 6.2).
        people = [" = ".join(person(script) for script in one.split("=") if script) for one in text.split("\\")]
        return "; ".join(people)
    return summary.day(text) if keyword.endswith("Date") else text


def _row(name: str, text: str) -> dict[str, Any]:
    return {"keyword": "", "label": name, "value": text, "missing": False, "edited": False, "editable": False}


def _number(value_: Any) -> bool:
    return isinstance(value_, int | float) and not isinstance(value_, bool)


def _time(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else ""
