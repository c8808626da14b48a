"""What is told: one notice to one machine, and all that it can be made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from imgdash.config import Site
from imgdash.model import ImageHeader, Order

Kind = Literal["hl7", "availability", "study", "mpps-create", "mpps-set"]
# Events of an image that anybody is told of.
EVENTS: Final = ("examine", "deliver", "request", "reject", "replace", "restore", "withdraw")


@dataclass(frozen=True)
class Notice:
    """One message to one peer.

    Attributes
    ----------
    uid
        MSH-10 of an HL7 message, or SOP Instance UID; the same at each try, so that a repeat is known for one.
    content
        The message: ``{"hl7": text}``, or a data set as DICOM JSON.
    what
        In words.
    """

    kind: Kind
    uid: str
    what: str
    content: Mapping[str, Any]


@dataclass(frozen=True)
class Copy:
    """Where an instance is, and as what."""

    sop_class_uid: str
    sop_instance_uid: str
    series_uid: str
    retrieve_ae: str


@dataclass(frozen=True)
class Case:
    """What happened to an image, and what is known of it.

    Attributes
    ----------
    event
        One of `EVENTS`.
    copies
        Storages that have it, and this apparatus itself where it can be queried.
    step_uid, step_state
        The performed procedure step that made it; '' where none is known.
    """

    site: Site
    header: ImageHeader
    order: Order | None
    event: str
    at: datetime
    copies: Sequence[Copy] = ()
    step_uid: str = ""
    step_state: str = ""


__all__ = ["EVENTS", "Case", "Copy", "Kind", "Notice"]
