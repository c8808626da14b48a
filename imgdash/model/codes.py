"""The coded words that imgdash speaks: one table for each context group, and its own private scheme."""

from __future__ import annotations

from typing import NamedTuple


class Code(NamedTuple):
    """A coded concept: value, coding scheme designator, meaning (PS3.3 section 8)."""

    value: str
    scheme: str
    meaning: str


def _dcm(value: str, meaning: str) -> Code:
    return Code(value, "DCM", meaning)


# CID 7011, Rejected for Quality Reasons: why an image is not good enough.
QUALITY_REASONS: dict[str, Code] = {
    c.value: c
    for c in (
        _dcm("111207", "Image artifact(s)"),
        _dcm("111208", "Grid artifact(s)"),
        _dcm("111209", "Positioning"),
        _dcm("111210", "Motion blur"),
        _dcm("111211", "Under exposed"),
        _dcm("111212", "Over exposed"),
        _dcm("111213", "No image"),
        _dcm("111214", "Detector artifact(s)"),
        _dcm("111215", "Artifact(s) other than grid or detector artifact"),
        _dcm("111216", "Mechanical failure"),
        _dcm("111217", "Electrical failure"),
        _dcm("111218", "Software failure"),
        _dcm("111219", "Inappropriate image processing"),
        _dcm("111220", "Other failure"),
        _dcm("111221", "Unknown failure"),
        _dcm("113026", "Double exposure"),
    )
}

# CID 7010: the titles of a rejection note (IHE RAD TF IOCM).
REJECTED_QUALITY = _dcm("113001", "Rejected for Quality Reasons")
REJECTED_SAFETY = _dcm("113037", "Rejected for Patient Safety Reasons")
REJECTED_WORKLIST = _dcm("113038", "Incorrect Modality Worklist Entry")
RETENTION_EXPIRED = _dcm("113039", "Data Retention Policy Expired")
DOCUMENT_TITLE_MODIFIER = _dcm("113011", "Document Title Modifier")

# CID 9301: why a performed procedure step was discontinued.
DISCONTINUATION_REASONS: dict[str, Code] = {
    c.value: c
    for c in (
        _dcm("110501", "Equipment failure"),
        _dcm("110502", "Incorrect procedure ordered"),
        _dcm("110512", "Incorrect side ordered"),
        _dcm("110513", "Discontinued for unspecified reason"),
        _dcm("110514", "Incorrect worklist entry selected"),
    )
}
# CID 9300: the modality will not do the work item.
UPS_REFUSED = _dcm("110530", "Workitem assignment rejected by assigned resource")

# Reasons that are not in CID 7011: the information with the image, not the image (R4).
SCHEME = "99IMGDASH"
INFORMATION_MISSING = Code("INFO-MISSING", SCHEME, "Accompanying information insufficient")
UNREADABLE = Code("UNREADABLE", SCHEME, "Pixels cannot be read")
REASONS: dict[str, Code] = {
    **QUALITY_REASONS,
    INFORMATION_MISSING.value: INFORMATION_MISSING,
    UNREADABLE.value: UNREADABLE,
    REJECTED_WORKLIST.value: REJECTED_WORKLIST,
}

# CID 9231 has no code for these work items, so they are private, here and nowhere else.
REGENERATE = Code("REGENERATE", SCHEME, "Re-generate image with the wanted processing")
RESEND = Code("RESEND", SCHEME, "Re-send image")
SEND_UNPROCESSED = Code("SEND-UNPROCESSED", SCHEME, "Send unprocessed image and contents of processing")
RERADIOGRAPH = Code("RERADIOGRAPH", SCHEME, "Re-radiograph")
REQUEST_REASON = Code("REASON", SCHEME, "Reason of the request")
REQUEST_ROUND = Code("ROUND", SCHEME, "Round of the request")
REQUEST_ASK = Code("ASK", SCHEME, "What is asked for")
REJECTED_IMAGE = Code("IMAGE", SCHEME, "SOP Instance UID of the image that is not good enough")
STUDY_INSTANCE_UID = _dcm("110180", "Study Instance UID")
COMMENT = Code("COMMENT", SCHEME, "Comment")

# Detached Study Management SOP Class: retired, so that neither DICOM library has a name for it.
DETACHED_STUDY = "1.2.840.10008.3.1.2.3.1"

# Provenance in output images (CID 7203, CID 7202, CID 7005).
EDGE_ENHANCEMENT = _dcm("113086", "Edge enhancement")
UNSHARP_MASK = _dcm("113089", "Unsharp mask")
SPATIAL_RESAMPLING = _dcm("113085", "Spatial resampling")
FOR_PROCESSING_PREDECESSOR = _dcm("121358", "For Processing predecessor")
PROCESSING_EQUIPMENT = _dcm("109102", "Processing Equipment")


def parameter_code(name: str) -> Code:
    """The private code of a processing parameter, from its dotted name, e.g. ``gradation.contrast``.

    The code value is the name in capitals, ``GRADATION.CONTRAST``; values above 16 characters
    go out as Long Code Value (0008,0119).
    """
    return Code(name.upper(), SCHEME, name.replace(".", " ").replace("_", " "))
