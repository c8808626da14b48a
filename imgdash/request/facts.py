"""What a request tells its addressee: gathered once from the store, then written as a work item or as an order."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from imgdash.config import Site
from imgdash.model import ASKS, ImageHeader, Order, Request
from imgdash.model.codes import REASONS, REGENERATE, RERADIOGRAPH, RESEND, SEND_UNPROCESSED, Code
from imgdash.store.change import Reader

WORKITEMS = {
    "processed": REGENERATE,
    "unprocessed": SEND_UNPROCESSED,
    "resend": RESEND,
    "reradiograph": RERADIOGRAPH,
}


@dataclass(frozen=True)
class Facts:
    """A request with all around it.

    Attributes
    ----------
    order
        The order that the image belongs to, or None.
    former
        The request whose answer the image was, or None in the first round.
    units
        UCUM unit of each processing parameter.
    """

    request: Request
    image: ImageHeader
    order: Order | None
    former: Request | None
    ae_title: str
    institution: str
    at: datetime
    units: Mapping[str, str] = field(default_factory=dict)

    @property
    def reason(self) -> Code:
        """Why the image is not good enough."""
        return REASONS[self.request.reason]

    @property
    def workitem(self) -> Code:
        """What is to be done."""
        return WORKITEMS[self.request.ask]

    @property
    def sentence(self) -> str:
        """The request in one sentence, for people at the other side."""
        what = f"{ASKS[self.request.ask]}: {self.reason.meaning}."
        return f"{what} {self.request.comment}".strip()


def gather(reader: Reader, site: Site, request: Request, units: Mapping[str, str] | None = None) -> Facts:
    """Everything a request tells, from the store."""
    image = reader.image(request.image_id)
    orders = reader.orders("order_id = ?", [image.order_id]) if image.order_id else []
    former = reader.requests("request_id = ?", [image.request_id]) if image.request_id else []
    return Facts(
        request,
        image,
        orders[0] if orders else None,
        former[0] if former else None,
        site.station.ae_title,
        site.station.institution,
        # Not the time of this try: what is sent again must be the same message to the byte.
        request.created_at or datetime.now(),
        units or {},
    )


def request_of(reader: Reader, uid: str) -> Request | None:
    """The request that has, or had, the work item `uid`; None where it is none of ours."""
    had = "json_contains(contents->'workitems', to_json(cast(? as varchar)))"
    found = reader.requests(f"request_id = ? or (contents->>'workitem') = ? or {had}", [uid, uid, uid])
    return found[0] if found else None


def order_number(request_id: str) -> str:
    """The placer order number of a request: 16 characters, so that it fits DICOM's SH and HL7's EI alike.

    It is derived, so that a message sent again after a crash has the same one.
    """
    digest = hashlib.sha256(request_id.encode()).digest()
    return base64.b32encode(digest[:10]).decode()


def plain_parameters(values: Mapping[str, Any]) -> dict[str, Any]:
    """Processing parameters without those that nobody set."""
    return {name: value for name, value in values.items() if value not in (None, "", [], ())}
