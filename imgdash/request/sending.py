"""Sending a request: UPS N-CREATE, C-MOVE, HL7 order. What the peer says becomes an outcome in words.

Sending the same request again is harmless: a work item has its own UID, an order its own message id and number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pynetdicom.association import Association
from pynetdicom.sop_class import (
    StudyRootQueryRetrieveInformationModelMove,
    UnifiedProcedureStepPush,
    UnifiedProcedureStepWatch,
)

from imgdash.config import Peer, Site
from imgdash.model import PeerFailed
from imgdash.request import order, workitem
from imgdash.request.facts import Facts
from imgdash.wire import hl7, mllp
from imgdash.wire.dicom import associate

# PS3.7 annex C: the peer could not now, which says nothing against the request.
_MAY_PASS: Final = frozenset({0x0110, 0x0213, 0xA700, 0xA701, 0xA702})
_DUPLICATE_INSTANCE: Final = 0x0111
# No such SOP instance (PS3.7 annex C), no such work item (PS3.4 CC.2.3.3).
_UNKNOWN: Final = frozenset({0x0112, 0xC307})
_ALREADY: Final = frozenset({0xB304, 0xB306, 0xC311})
_SUBSCRIBE, _REQUEST_CANCEL = 3, 2


@dataclass(frozen=True)
class Sent:
    """The addressee has it.

    Attributes
    ----------
    contents
        What is worth keeping of the answer.
    """

    text: str = ""
    contents: Mapping[str, Any] = field(default_factory=dict)


def send(site: Site, peer: Peer, facts: Facts) -> Sent:
    """Send a request by the protocol that fits its addressee and what is asked.

    Raises
    ------
    PeerFailed
        With ``retry=False`` where the peer has refused.
    """
    if facts.request.to == "ris":
        return send_order(site, peer, facts)
    if facts.request.ask == "resend" and peer.resend:
        return move(site, peer, facts)
    if peer.ups_pull:
        return Sent("on our work list, where it is fetched", {"offered": True, "tell": "due"})
    return push(site, peer, facts)


# -- UPS ------------------------------------------------------------------------------------------------------


def push(site: Site, peer: Peer, facts: Facts) -> Sent:
    """N-CREATE of a work item (PS3.4 CC.2.5), then a subscription to its events where the peer takes one."""
    uid = facts.request.workitem_uid
    with _ups(site, peer) as assoc:
        status, _ = assoc.send_n_create(workitem.compose(facts), UnifiedProcedureStepPush, uid)
        code = _code(status, peer, "the work item")
        if code == _DUPLICATE_INSTANCE:
            # A former try got through and only its answer was lost.
            text = "the work item was there already"
        elif _good(code):
            text = "work item taken"
        else:
            raise _refused(peer, "the work item", status)
        trouble = _subscribe(assoc, site, peer, uid)
    return Sent(text, {"subscription": trouble or "subscribed"})


def _subscribe(assoc: Association, site: Site, peer: Peer, uid: str) -> str:
    """Why the peer will not report events; '' if it will. Without them the work item is asked for its state."""
    if not _accepted(assoc, UnifiedProcedureStepWatch):
        return "the peer offers no UPS Watch"
    wish = Dataset()
    wish.ReceivingAE = site.station.ae_title
    wish.DeletionLock = "FALSE"
    status, _ = assoc.send_n_action(wish, _SUBSCRIBE, UnifiedProcedureStepPush, uid, meta_uid=UnifiedProcedureStepWatch)
    code = getattr(status, "Status", None)
    if code is None:
        return "no answer to the subscription"
    if code in _UNKNOWN:
        raise PeerFailed(
            f"{peer.name} said that it took the work item, and does not know it.", "Look into its log.", status=code
        )
    return "" if _good(code) else f"refused with status {code:#06x}"


def look(site: Site, peer: Peer, uid: str) -> dict[str, Any]:
    """N-GET of a work item: its state, and once it is done the parameters and instances (`workitem.performed`)."""
    wanted = (
        "ProcedureStepState",
        "ProcedureStepProgressInformationSequence",
        "UnifiedProcedureStepPerformedProcedureSequence",
    )
    with _ups(site, peer) as assoc:
        tags = [Tag(keyword) for keyword in wanted]
        status, ds = assoc.send_n_get(tags, UnifiedProcedureStepPush, uid)
        code = _code(status, peer, "the question for the work item")
        if code in _UNKNOWN:
            raise PeerFailed(f"{peer.name} does not know the work item any more.", status=code, retry=False)
        if not _good(code) or ds is None:
            raise _refused(peer, "the question for the work item", status)
    found = workitem.performed(ds)
    if found["state"] == "CANCELED":
        found["refusal"] = workitem.refusal(ds)
    return found


def cancel_work(site: Site, peer: Peer, uid: str, why: str) -> Sent:
    """Ask the performer to cancel a work item (PS3.4 CC.2.2); it is not obliged to."""
    ds = Dataset()
    ds.ReasonForCancellation = why or "withdrawn"
    ds.ContactDisplayName = site.station.name
    with _ups(site, peer) as assoc:
        status, _ = assoc.send_n_action(ds, _REQUEST_CANCEL, UnifiedProcedureStepPush, uid)
        code = _code(status, peer, "the cancellation")
        if not _good(code) and code not in _ALREADY:
            raise _refused(peer, "the cancellation", status)
    return Sent("cancellation asked for")


@contextmanager
def _ups(site: Site, peer: Peer) -> Iterator[Association]:
    contexts = [UnifiedProcedureStepPush, UnifiedProcedureStepWatch]
    with associate(
        site.station.ae_title,
        peer.ae_title or "",
        peer.host,
        peer.port,
        contexts,
        peer.timeout_seconds,
        tls=site.tls(peer),
    ) as assoc:
        if not _accepted(assoc, UnifiedProcedureStepPush):
            raise PeerFailed(f"{peer.name} does not take UPS Push work items.", "Set ups = false for it.", retry=False)
        yield assoc


# -- C-MOVE ---------------------------------------------------------------------------------------------------


def move(site: Site, peer: Peer, facts: Facts) -> Sent:
    """Have the modality send the image once more, as it is (C-MOVE, Study Root, to ourselves)."""
    image = facts.image
    ds = Dataset()
    ds.QueryRetrieveLevel = "IMAGE"
    ds.StudyInstanceUID = image.study_uid
    ds.SeriesInstanceUID = image.series_uid
    ds.SOPInstanceUID = image.sop_instance_uid
    model = StudyRootQueryRetrieveInformationModelMove
    status = Dataset()
    with associate(
        site.station.ae_title,
        peer.ae_title or "",
        peer.host,
        peer.port,
        [model],
        peer.timeout_seconds,
        tls=site.tls(peer),
    ) as assoc:
        for answer, _ in assoc.send_c_move(ds, site.station.ae_title, model):
            status = answer
    code = _code(status, peer, "the request to re-send")
    completed = int(status.get("NumberOfCompletedSuboperations") or 0)
    if completed == 0 and code == 0:
        raise PeerFailed(f"{peer.name} no longer has the image.", "Ask for a new exposure.", retry=False)
    if completed == 0:
        raise _refused(peer, "the request to re-send", status)
    return Sent("the image is sent again")


# -- HL7 ------------------------------------------------------------------------------------------------------


def send_order(site: Site, peer: Peer, facts: Facts) -> Sent:
    """Send the order and read its acknowledgement: AA, AE, AR and silence are four different outcomes."""
    message = order.compose(facts, peer)
    return _acknowledged(site, peer, facts.request.message_id, message, "the order")


def cancel_order(site: Site, peer: Peer, facts: Facts) -> Sent:
    """Cancel the order at HIS/RIS (ORC-1 ``CA``, or ``OC`` where we were its filler)."""
    message = order.compose(facts, peer, "CA" if peer.hl7_control == "NW" else "OC")
    control_id = hl7.parse(message).control_id
    return _acknowledged(site, peer, control_id, message, "the cancellation")


def _acknowledged(site: Site, peer: Peer, control_id: str, message: bytes, what: str) -> Sent:
    answer = mllp.send(peer.host, peer.hl7_port, message, peer.timeout_seconds, tls=site.tls(peer))
    outcome = hl7.check_ack(control_id, answer)
    said = f": {outcome.text}" if outcome.text else "."
    if outcome.code == "AE":
        raise PeerFailed(
            f"{peer.name} found {what} in error (AE){said}", "Mend what it names, then ask again.",
            status="AE", retry=False,
        )  # fmt: skip
    if outcome.code == "AR":
        # HL7 v2.5.1 2.9.2: rejected for a reason that need not lie in the message, so it may pass.
        raise PeerFailed(f"{peer.name} rejected {what} (AR){said}", "Look into its log.", status="AR")
    return Sent(f"acknowledged{f': {outcome.text}' if outcome.text else ''}")


# -- inside ---------------------------------------------------------------------------------------------------


def _accepted(assoc: Association, uid: str) -> bool:
    return any(context.abstract_syntax == uid for context in assoc.accepted_contexts)


def _code(status: Dataset, peer: Peer, what: str) -> int:
    code = status.get("Status")
    if code is None:
        raise PeerFailed(f"{peer.name} gave no answer to {what}.", "Check that machine, or raise timeout_seconds.")
    return int(code)


def _good(code: int) -> bool:
    """Success or a warning (PS3.7 C.2, C.3)."""
    return code in (0x0000, 0x0001, 0x0107, 0x0116) or code & 0xF000 == 0xB000


def _refused(peer: Peer, what: str, status: Dataset) -> PeerFailed:
    code = int(status.get("Status") or 0)
    said = f": {status.ErrorComment}" if status.get("ErrorComment") else ""
    return PeerFailed(
        f"{peer.name} refused {what} with status {code:#06x}{said}.",
        "Look at that machine.",
        status=code,
        retry=code in _MAY_PASS,
    )
