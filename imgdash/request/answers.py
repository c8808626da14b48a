"""The way back (R6): images, orders and reports that answer a request, and the links between rounds."""

from __future__ import annotations

import logging
from typing import Any, Final

from pydicom.dataset import Dataset

from imgdash.config import Site
from imgdash.model import IMAGE, REQUEST, ImageHeader, NotFound, Order, Request, Unreadable
from imgdash.request import matching, outcomes
from imgdash.request.facts import request_of
from imgdash.request.matching import Candidate, Match
from imgdash.request.ups_events import UpsEvent
from imgdash.store.change import Change, Reader
from imgdash.store.files import Files
from imgdash.store.header import read, text
from imgdash.store.steps import ALIVE, asked_about, await_again, cancel_waiting, request_event
from imgdash.store.store import Store
from imgdash.wire.dicom import read_code

_LOG = logging.getLogger(__name__)
_OPEN: Final = frozenset(matching.OPEN)


class Answers:
    """The part of `imgdash.request.Requests` that takes answers."""

    store: Store
    site: Site
    files: Files

    # -- images ---------------------------------------------------------------------------------------------

    def match(self, header: ImageHeader, ds: Dataset) -> Match | None:
        """The request that an arriving image answers, and why, or None.

        Parameters
        ----------
        ds
            The image's data set; pixels are not needed.
        """
        return matching.find(header, ds, candidates(self.store, header.image_id))

    def answered(self, request: Request, header: ImageHeader, ds: Dataset | None = None) -> None:
        """Link the answer to what it replaces; doing it twice does no harm.

        The old image is replaced, the new one awaits its reviewer with its round one higher. What the modality did
        to the image is kept beside the request, for comparison with our own processing (R3).
        """
        contents = self._contents(header) if ds is None else processing_contents(ds)

        def change_(change: Change) -> None:
            now = change.request(request.request_id)
            if not REQUEST.allows(now.state, "answer"):
                return
            change.transition(
                "request",
                now.request_id,
                "answer",
                why=f"{header.sender} sent image {header.image_id}",
                answer=header.image_id,
                answered_at=change.at,
                trouble="",
                contents={**now.contents, **contents},
            )
            _link(change, now, header.image_id)

        self.store.write(change_)

    def received_again(self, change: Change, image_id: str) -> Request | None:
        """The very same bytes came once more: the answer to a request to re-send.

        An image that can be seen awaits its reviewer again, with its round one higher. Where the bytes cannot be
        read this time either, the request is over and nothing is gained.
        """
        for request in change.requests("image_id = ? and ask = 'resend'", [image_id]):
            if REQUEST.allows(request.state, "answer"):
                why = "the same image was sent again"
                told: dict[str, Any] = {"answer": image_id, "answered_at": change.at, "trouble": ""}
                change.transition("request", request.request_id, "answer", why=why, **told)
                change.set("image", image_id, why=why, request_id=request.request_id, round=request.round)
                await_again(change, image_id, "imgdash", why)
                _if_unread(change, request, image_id)
                return change.request(request.request_id)
        return None

    def readable(self, change: Change, image_id: str) -> None:
        """What could not be read came again and can be: nothing else that was asked because of it is needed any more.

        Least of all a new exposure.
        """
        self.received_again(change, image_id)
        for request in change.requests("image_id = ? and list_contains(?, state)", [image_id, [*ALIVE]]):
            outcomes.withdraw(change, request.request_id, "imgdash", "the image was received again and can be read")

    def _contents(self, header: ImageHeader) -> dict[str, Any]:
        try:
            return processing_contents(read(self.files.path(header.image_id)).ds)
        except (NotFound, Unreadable):
            return {}

    def _match_late(self, request_id: str, outputs: list[str]) -> None:
        """An image may be here before the report that names it as the result."""
        for uid in outputs:
            for header in self.store.images("sop_instance_uid = ? and request_id = ''", [uid]):
                request = self.store.request(request_id)
                if header.image_id != request.image_id and REQUEST.allows(request.state, "answer"):
                    self.answered(request, header)

    # -- orders ---------------------------------------------------------------------------------------------

    def order_answers(self, change: Change, order: Order) -> Request | None:
        """An order of HIS/RIS: the request it answers is under way now (S11); None where it answers none.

        It belongs into the change that makes the order known: known without it, the order would not be heard again.
        """
        request = matching.answering(order, candidates(change))
        if request is None:
            return None
        told = {
            "order_id": order.order_id,
            "accession": order.accession,
            "step_id": order.step_id,
            "study_uid": order.study_uid,
        }
        others = [known for known in request.contents.get("orders", ()) if known["order_id"] != order.order_id]
        if order.state == "cancelled":
            columns = {**request.contents, "orders": others}
            change.set("request", request.request_id, why="HIS/RIS cancelled its order", contents=columns)
            if not others:
                text_ = "HIS/RIS cancelled the order it had issued."
                outcomes.ended(change, self.site, request.request_id, "refuse", text_)
        else:
            contents = {**request.contents, "orders": [*others, told]}
            why = f"HIS/RIS issued order {order.accession or order.order_id}"
            outcomes.started(change, request.request_id, why, contents=contents)
        return change.request(request.request_id)

    # -- reports on work items ------------------------------------------------------------------------------

    def ups_event(self, facts: UpsEvent) -> Request | None:
        """A performer reports on a work item; None where it is none of ours."""

        def change_(change: Change) -> Request | None:
            request = request_of(change, facts.uid)
            if request is None or request.to != "modality" or request.workitem_uid != facts.uid:
                # Also of one that this request had before: it is over, and says nothing of the present one.
                _LOG.info("a report on a work item that is not open was passed over")
                return request
            if facts.state in ("IN PROGRESS", "COMPLETED"):
                done = {"completed": True} if facts.state == "COMPLETED" else {}
                why = f"{request.peer} reports {facts.state.lower()}"
                outcomes.started(change, request.request_id, why, contents={**request.contents, **done})
            elif facts.state == "CANCELED":
                text_ = f"{request.peer} cancelled the work item: {facts.text}."
                outcomes.ended(change, self.site, request.request_id, "refuse", text_)
            elif facts.text:
                progress = {**request.contents, "progress": facts.text}
                change.set("request", request.request_id, why="progress", contents=progress)
            return change.request(request.request_id)

        return self.store.write(change_)


def candidates(reader: Reader, except_image: str = "") -> list[Candidate]:
    """Open requests with their images and orders, latest first."""
    if not any(states & _OPEN for image_id, states in asked_about(reader).items() if image_id != except_image):
        return []
    marks = ", ".join("?" for _ in matching.OPEN)
    found = []
    for request in reader.requests(f"state in ({marks}) and image_id <> ?", [*matching.OPEN, except_image]):
        image = reader.image(request.image_id)
        orders = reader.orders("order_id = ?", [image.order_id]) if image.order_id else []
        found.append(Candidate(request, image, orders[0] if orders else None))
    return found


def processing_contents(ds: Dataset) -> dict[str, Any]:
    """What an image says of the processing that its modality did (0018,1400), (0018,1401), (0008,2111)."""
    found: dict[str, Any] = {
        "description": text(ds, "AcquisitionDeviceProcessingDescription"),
        "code": text(ds, "AcquisitionDeviceProcessingCode"),
        "derivation": text(ds, "DerivationDescription"),
        "steps": [read_code(item).meaning for item in ds.get("DerivationCodeSequence") or ()],
        "presentation_intent": text(ds, "PresentationIntentType"),
    }
    return {"modality": {name: value for name, value in found.items() if value}}


def _link(change: Change, request: Request, answer: str) -> None:
    old, new = change.image(request.image_id), change.image(answer)
    why = f"replaced by image {answer}"
    if new.unread and not old.unread:
        # What can be seen is not given up for what cannot.
        await_again(change, old.image_id, "imgdash", f"the answer cannot be read: image {answer}")
    elif IMAGE.allows(old.state, "replace"):
        change.transition("image", old.image_id, "replace", why=why, replaced_by=answer)
        cancel_waiting(change, old.image_id, "imgdash", why)
    else:
        change.set("image", old.image_id, why=why, replaced_by=answer)
    change.set(
        "image",
        answer,
        why=f"answers request {request.request_id}",
        request_id=request.request_id,
        replaces=old.image_id,
        round=request.round,
    )
    _if_unread(change, request, answer)
    _catch_up(change, request, answer)


def _if_unread(change: Change, request: Request, answer: str) -> None:
    """What nobody can see satisfies no request; its round counts, so that asking by policy comes to an end (R7)."""
    if change.image(answer).unread:
        request_event(change, request.request_id, "dissatisfy", "imgdash", "the answer cannot be read")


def _catch_up(change: Change, request: Request, answer: str) -> None:
    """A reviewer may have decided on the answer before it was known for one."""
    state = change.image(answer).state
    if state in ("confirmed", "delivered"):
        request_event(change, request.request_id, "satisfy", "imgdash", "the answer was confirmed")
    elif state in ("requested", "rejected"):
        request_event(change, request.request_id, "dissatisfy", "imgdash", "the answer was not good enough")
    for later in change.requests("image_id = ? and chain <> ?", [answer, request.chain]):
        why = "belongs to the rounds of an earlier request"
        change.set("request", later.request_id, why=why, chain=request.chain, round=request.round + 1)
