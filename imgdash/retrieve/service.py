"""C-MOVE and C-GET (PS3.4 C.4.2, C.4.3): the images go out as they were received, one sub-operation each.

pynetdicom's own services would answer a wrong identifier of C-MOVE with an unknown status, name us as the originator
of the move, and read every image into memory to encode it again; so these two are done here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Final, TypeAlias

from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_GET, C_MOVE
from pynetdicom.dsutils import decode, encode
from pynetdicom.presentation import PresentationContext

from imgdash.model import ImageHeader, ImgdashError
from imgdash.retrieve.query import BadIdentifier
from imgdash.wire.dicom import readable

logger = logging.getLogger(__name__)
SUCCESS, PENDING, CANCELLED = 0x0000, 0xFF00, 0xFE00
SOME_FAILED, NONE_SENT, DESTINATION_UNKNOWN, WRONG_IDENTIFIER = 0xB000, 0xA702, 0xA801, 0xA900
TOO_MANY: Final = 0xA701
# The Number of … Sub-operations are of VR US.
MOST_IMAGES: Final = 65_535
_NATIVE: Final = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian)

Request: TypeAlias = C_MOVE | C_GET
Send: TypeAlias = Callable[[Association, ImageHeader, int], int | None]


@dataclass
class Tally:
    """The sub-operations of one retrieval."""

    remaining: int
    completed: int = 0
    warned: int = 0
    failed: list[str] = field(default_factory=list)

    def count(self, image: ImageHeader, status: int | None) -> None:
        """One more is done."""
        self.remaining -= 1
        if status == SUCCESS:
            self.completed += 1
        elif status is not None and 0xB000 <= status < 0xC000:
            self.warned += 1
        else:
            self.failed.append(image.sop_instance_uid)

    def give_up(self, images: Iterable[ImageHeader]) -> None:
        """None of `images` was sent."""
        self.failed += [image.sop_instance_uid for image in images]
        self.remaining = 0

    @property
    def done(self) -> int:
        """How many were attempted."""
        return self.completed + self.warned + len(self.failed)

    @property
    def status(self) -> int:
        """Of the last response."""
        if not self.failed and not self.warned:
            return SUCCESS
        return SOME_FAILED if self.completed or self.warned else NONE_SENT


class Exchange:
    """One request and its responses."""

    def __init__(self, assoc: Association, request: Request, context: PresentationContext) -> None:
        self.assoc, self.request, self._context = assoc, request, context
        self._syntax = context.transfer_syntax[0]

    @property
    def relational(self) -> bool:
        """Whether retrieval without the unique keys above was negotiated (PS3.4 C.5.2.1)."""
        return relational(self.assoc, str(self._context.abstract_syntax))

    def identifier(self) -> Dataset:
        """What is asked for.

        Raises
        ------
        BadIdentifier
        """
        syntax = self._syntax
        try:
            ds = decode(self.request.Identifier, syntax.is_implicit_VR, syntax.is_little_endian, syntax.is_deflated)
            return readable(ds)
        except Exception as error:
            # Boundary: the decoder meets foreign bytes with whatever exception comes first.
            raise BadIdentifier(f"identifier cannot be read: {type(error).__name__}") from None

    @property
    def cancelled(self) -> bool:
        """Whether the peer sent a C-CANCEL for this request."""
        return self.request.MessageID in self.assoc.dimse.cancel_req

    @property
    def gone(self) -> bool:
        """Whether nobody waits for the responses any more."""
        return not self.assoc.is_established or self.assoc.acse.is_aborted() or not self.assoc.dul.is_alive()

    def respond(self, status: int, tally: Tally | None = None, comment: str = "") -> None:
        """Send one response; the last one names what failed (PS3.4 C.4.2.1.7)."""
        answer = type(self.request)()
        answer.MessageIDBeingRespondedTo = self.request.MessageID
        answer.AffectedSOPClassUID = self.request.AffectedSOPClassUID
        answer.Status = status
        if comment:
            answer.ErrorComment = comment.encode("ascii", "replace").decode()[:64]
        if tally is not None:
            if status in (PENDING, CANCELLED):
                answer.NumberOfRemainingSuboperations = tally.remaining
            answer.NumberOfCompletedSuboperations = tally.completed
            answer.NumberOfWarningSuboperations = tally.warned
            answer.NumberOfFailedSuboperations = len(tally.failed)
            if tally.failed and status != PENDING:
                failed = Dataset()
                failed.FailedSOPInstanceUIDList = tally.failed
                syntax = self._syntax
                encoded = encode(failed, syntax.is_implicit_VR, syntax.is_little_endian, syntax.is_deflated)
                answer.Identifier = BytesIO(encoded or b"")
        self.assoc.dimse.send_msg(answer, self._context.context_id)


def transfer(exchange: Exchange, over: Association, images: Sequence[ImageHeader], send: Send, tally: Tally) -> int:
    """Send the images over the association `over`, with a response after each; returns the status of the last."""
    for image in images:
        if exchange.gone:
            return NONE_SENT
        if exchange.cancelled:
            return CANCELLED
        number = (int(exchange.request.MessageID) + tally.done) % 65_535 + 1
        tally.count(image, _attempt(over, image, send, number))
        if tally.remaining:
            exchange.respond(PENDING, tally)
    return tally.status


def _attempt(over: Association, image: ImageHeader, send: Send, number: int) -> int | None:
    try:
        return send(over, image, number) if over.is_established else None
    except (ImgdashError, ValueError, AttributeError, RuntimeError, OSError) as error:
        # No file any more, no context for it, or the association ended: this one failed, the next may not.
        logger.warning("an image could not be sent to whom it was retrieved for: %s", type(error).__name__)
        return None


def fits(assoc: Association, image: ImageHeader) -> bool:
    """Whether the image can go over `assoc` in the transfer syntax it is kept in."""
    return any(
        context.as_scu
        and context.abstract_syntax == image.sop_class_uid
        and context.transfer_syntax[0] == image.transfer_syntax
        for context in assoc.accepted_contexts
    )


def contexts(images: Iterable[ImageHeader]) -> list[tuple[str, list[str]]]:
    """What to propose to a destination: each image as it is kept; of the uncompressed, any way of writing them."""
    proposed: dict[tuple[str, str], None] = {}
    for image in images:
        proposed[image.sop_class_uid, image.transfer_syntax] = None
        if image.transfer_syntax in _NATIVE:
            proposed[image.sop_class_uid, ExplicitVRLittleEndian] = None
            proposed[image.sop_class_uid, ImplicitVRLittleEndian] = None
    return [(sop_class, [syntax]) for sop_class, syntax in proposed][:128]


def relational(assoc: Association, sop_class: str) -> bool:
    """Whether the peer proposed relational queries or retrieval for `sop_class`; we always agree."""
    proposed: Any = assoc.requestor.sop_class_extended.get(sop_class)
    return bool(proposed) and proposed[0] == 1
