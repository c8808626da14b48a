"""What stands over the image and beside the judgement, in short words."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from imgdash.dashboard.review.worklist import person
from imgdash.model import Finding, ImageHeader
from imgdash.model.codes import REASONS

# Up to this age, in months, it is told in months.
_INFANT: Final = 24
# Rules whose findings are mended by correcting information; the field is drawn, or confirmed as it looks.
_OF_INFORMATION: Final = ("information", "patient-mismatch")


def corners(header: ImageHeader) -> dict[str, list[str]]:
    """Lines over the image: who on the left, what on the right."""
    patient = header.patient
    return {
        "ul": [
            person(patient.name) or "name missing",
            "  ".join(part for part in (patient.id or "ID missing", patient.sex, born(header)) if part),
            header.accession,
        ],
        "ur": [
            header.title,
            f"{header.condition} v{header.condition_version}" if header.condition else "no condition key",
            header.state + (f" · round {header.round_number}" if header.round else ""),
        ],
    }


def day(text: str) -> str:
    """A day as DICOM writes it, ``19630914``, as people read it: ``1963-09-14``; anything else as it is."""
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == 8 and text.isdecimal() else text


def born(header: ImageHeader) -> str:
    """Birth date and age at the exposure: a child is seen at once."""
    text, taken = header.patient.birth_date, header.acquired_at or header.received_at
    try:
        birth = date.fromisoformat(day(text))
    except ValueError:
        return text
    months = 12 * (taken.year - birth.year) + taken.month - birth.month - (taken.day < birth.day)
    if months < 0:
        return day(text)
    age = f"{months // 12} y" if months >= _INFANT else f"{months} months"
    return f"{day(text)}  ({age})"


def notes(header: ImageHeader, me: str) -> list[str]:
    """What is unusual about an image, for `me` who looks at it."""
    found = []
    if header.held_by not in ("", me):
        found.append(f"{header.held_by} is looking at this image.")
    if header.state in ("confirmed", "delivered") and header.confirmed_by:
        found.append(f"Confirmed by {header.confirmed_by}.")
    if header.state == "rejected" and header.reason in REASONS:
        found.append(f"Rejected: {REASONS[header.reason].meaning}.")
    if header.round:
        found.append(f"Round {header.round_number}: the answer to a request.")
    if header.parameters.get("unprocessed") is False:
        found.append("Processed by the sender; shown as sent, only contrast and density act.")
    if header.duplicate_of:
        found.append("Same SOP Instance UID as an earlier image, other content.")
    # An automatic request says of itself what the station found: once is enough.
    if header.comment and header.comment not in [against.text for against in header.judgement.findings]:
        found.append(f"Comment: {header.comment}")
    return found


def unreadable(header: ImageHeader) -> list[str]:
    """Why an image cannot be shown, and what can be done; empty where it can."""
    if header.state == "deleted":
        return ["It was deleted.", "Its records are kept."]
    against = header.judgement.findings
    if header.state != "quarantined" and not any(found.rule == "unreadable" for found in against):
        return []
    causes = " ".join(found.text for found in against) or "Its pixels cannot be read."
    if header.state == "requested":
        return [
            causes,
            "It was asked for again: Requests tells how far that is; the answer appears among what awaits you.",
        ]
    return [causes, "The file is kept aside as it came; the sender can be asked to send the image again."]


def finding(against: Finding) -> dict[str, Any]:
    """One finding, as `imgdash.dashboard.panels.Judged` lists it; correctable is what its information mends."""
    correctable = against.correctable and against.rule in _OF_INFORMATION
    return {"rule": against.rule, "text": against.text, "correctable": correctable}
