"""Telling modalities what becomes of work items on our list (N-EVENT-REPORT, PS3.4 CC.2.4), where they subscribed."""

from __future__ import annotations

from typing import Final

from pydicom.dataset import Dataset
from pynetdicom import build_role
from pynetdicom.sop_class import UnifiedProcedureStepEvent, UnifiedProcedureStepPush, UPSGlobalSubscriptionInstance

from imgdash.config import Peer, Site
from imgdash.model import Event, PeerFailed, Request
from imgdash.store.change import Change
from imgdash.store.store import Store
from imgdash.wire.dicom import associate

STATE_REPORT, CANCEL_REQUESTED = 1, 2
EVERY_ITEM: Final = str(UPSGlobalSubscriptionInstance)
_LAST: Final = """
select event from journal where subject = 'peer' and id = ? and event in ('ups-subscribe', 'ups-unsubscribe')
and (data->>'uid') in (?, ?) order by seq desc limit 1
"""


def subscribe(change: Change, ae_title: str, uid: str, *, on: bool) -> None:
    """Keep that a peer wants to hear of a work item, or of every one of its own (`EVERY_ITEM`), or no more."""
    change.emit(Event("peer", ae_title, "ups-subscribe" if on else "ups-unsubscribe", {"uid": uid}))


def subscribed(store: Store, peer: Peer, uid: str) -> bool:
    """Whether a peer wants to hear of a work item, and there is a port to tell it."""
    found = store.query(_LAST, [peer.ae_title, uid, EVERY_ITEM])
    return bool(found) and found[0]["event"] == "ups-subscribe" and bool(peer.port)


def offered(store: Store, site: Site, peer: Peer, request: Request) -> str:
    """Tell of a new work item; '' where nobody wants to hear of it.

    Raises
    ------
    PeerFailed
    """
    if not subscribed(store, peer, request.workitem_uid):
        return ""
    _report(site, peer, request.workitem_uid, STATE_REPORT, "SCHEDULED")
    return "told"


def withdrawn(store: Store, site: Site, peer: Peer, request: Request) -> str:
    """Tell that a work item is not wanted any more; '' where nobody wants to hear of it.

    What is not begun is cancelled; who has begun is asked to stop, and is not obliged to.

    Raises
    ------
    PeerFailed
    """
    if not subscribed(store, peer, request.workitem_uid):
        return ""
    begun = request.contents.get("work", {}).get("state") == "IN PROGRESS"
    if begun:
        _report(site, peer, request.workitem_uid, CANCEL_REQUESTED, "", request.comment or "withdrawn")
    else:
        _report(site, peer, request.workitem_uid, STATE_REPORT, "CANCELED", request.comment or "withdrawn")
    return "cancellation asked for" if begun else "cancelled, and told"


def _report(site: Site, peer: Peer, uid: str, kind: int, state: str, why: str = "") -> None:
    ds = Dataset()
    if kind == STATE_REPORT:
        ds.InputReadinessState, ds.ProcedureStepState = "READY", state
    else:
        ds.RequestingAE, ds.ContactDisplayName = site.station.ae_title, site.station.name
    if why:
        ds.ReasonForCancellation = why[:64]
    with associate(
        site.station.ae_title,
        peer.ae_title or "",
        peer.host,
        peer.port,
        [UnifiedProcedureStepEvent],
        peer.timeout_seconds,
        ext_neg=[build_role(UnifiedProcedureStepEvent, scu_role=True, scp_role=True)],
        tls=site.tls(peer),
    ) as assoc:
        status, _ = assoc.send_n_event_report(
            ds, kind, UnifiedProcedureStepPush, uid, meta_uid=UnifiedProcedureStepEvent
        )
    if status.get("Status") != 0:
        raise PeerFailed(f"{peer.name} did not take the report on a work item.", status=status.get("Status"))


__all__ = ["EVERY_ITEM", "offered", "subscribe", "subscribed", "withdrawn"]
