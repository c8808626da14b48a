"""A request to re-generate or re-send an image (R1-R7), and who answers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

Ask = Literal["processed", "unprocessed", "resend", "reradiograph"]
Addressee = Literal["modality", "ris"]
Policy = Literal["automatic", "proposed", "off"]

# R3, R1: what is wanted back. A person reads the second column.
ASKS: Final[dict[str, str]] = {
    "processed": "Processed image, with the parameters wanted",
    "unprocessed": "Unprocessed image and the contents of the modality's processing",
    "resend": "The same image once more, as it is",
    "reradiograph": "A new exposure",
}


@dataclass(frozen=True)
class Request:
    """One round of asking.

    Attributes
    ----------
    request_id
        UID of its first UPS work item (0008,0018) and, for HIS/RIS, the root of the placer order number.
    image_id
        The image that is not good enough.
    chain
        `request_id` of the first round: rounds of one history share it.
    round
        1 for the first request.
    to, peer
        Kind of addressee, and the peer's name in the site file.
    ask
        See `ASKS`.
    reason
        Code value in `imgdash.model.codes.REASONS`.
    parameters
        Processing parameters wanted (R2): dotted name → value.
    answer
        `image_id` that came back.
    trouble
        Why it was refused or could not be sent, in words.
    """

    request_id: str
    image_id: str
    chain: str
    round: int
    state: str
    to: Addressee
    peer: str
    ask: Ask
    reason: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    comment: str = ""
    by: str = ""
    order_number: str = ""
    message_id: str = ""
    attempts: int = 0
    trouble: str = ""
    answer: str = ""
    contents: Mapping[str, Any] = field(default_factory=dict)
    created_at: datetime | None = None
    sent_at: datetime | None = None
    answered_at: datetime | None = None

    @property
    def workitem_uid(self) -> str:
        """SOP Instance UID of the work item that stands for it now: another each time a modality is asked again."""
        return str(self.contents.get("workitem") or self.request_id)

    @property
    def workitem_uids(self) -> tuple[str, ...]:
        """Those of all its work items, the present one last."""
        return (*self.contents.get("workitems", ()), self.workitem_uid)
