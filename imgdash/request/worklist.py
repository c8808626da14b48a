"""Our work list, where modalities fetch their work items (UPS Pull, Watch and Query SCP, PS3.4 annex CC).

A modality sees its own items only: requests about images it made. What it does to them is the request's progress, kept
in ``Request.contents["work"]``: ``state``, ``transaction``, and ``set``, the attributes it has set, as DICOM JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.sop_class import (
    UnifiedProcedureStepPull,
    UnifiedProcedureStepQuery,
    UnifiedProcedureStepWatch,
)

from imgdash.config import Site
from imgdash.model import REQUEST, Request
from imgdash.request import outcomes, telling, workitem
from imgdash.request.facts import request_of
from imgdash.request.items import Items, work_of
from imgdash.store.change import Change
from imgdash.store.store import Store
from imgdash.wire.dicom import readable
from imgdash.wire.matching import matches, wildcard_match

PENDING, SUCCESS, CANCELLED = 0xFF00, 0x0000, 0xFE00
# PS3.4 CC.2.1.3, CC.2.2.3, CC.2.3.3.
ALREADY_CANCELED, ALREADY_COMPLETED, FINAL = 0xB304, 0xB306, 0xC300
WRONG_TRANSACTION, ALREADY_IN_PROGRESS, ONLY_BY_CREATE, NOT_FINISHED = 0xC301, 0xC302, 0xC303, 0xC304
UNKNOWN, NOT_IN_PROGRESS, INVALID_ARGUMENT = 0xC307, 0xC310, 0x0115
NO_SUCH_ACTION, CANNOT_READ = 0x0123, 0xC000
CHANGE_STATE, REQUEST_CANCEL, SUBSCRIBE, UNSUBSCRIBE, SUSPEND = 1, 2, 3, 4, 5
# What the performer may set (PS3.4 table CC.2.5-3, column N-SET); the rest is ours.
MAY_BE_SET: Final = ("ProcedureStepProgressInformationSequence", "UnifiedProcedureStepPerformedProcedureSequence")

Answer = tuple[int, Dataset | None]


class WorkList:
    """Answers what modalities ask of their work items.

    Parameters
    ----------
    units
        UCUM unit of each processing parameter.
    completed
        Called with a request's id and the SOP Instance UIDs of a finished work item.

    Attributes
    ----------
    sop_classes
        What is offered; nothing where no peer of the site fetches its work items.
    items
        The work items as data sets.
    """

    def __init__(
        self,
        store: Store,
        site: Site,
        units: Callable[[], Mapping[str, str]],
        completed: Callable[[str, list[str]], None],
    ) -> None:
        self._store, self._site, self._completed = store, site, completed
        self.items = Items(store, site, units)
        pulled = any(peer.ups_pull for peer in site.peers)
        self.sop_classes: tuple[str, ...] = SOP_CLASSES if pulled else ()
        self.handlers: list[tuple[Any, Callable[[evt.Event], Any]]] = [
            (evt.EVT_N_GET, lambda event: self.get(_caller(event), _uid(event), event.attribute_identifiers)),
            (evt.EVT_N_SET, lambda event: self.set(_caller(event), _uid(event), _read(event.modification_list))),
            (evt.EVT_N_ACTION, self._action),
        ]

    def find(self, event: evt.Event) -> Iterator[Answer]:
        """C-FIND: the caller's own work items that match, latest first."""
        try:
            identifier = readable(event.identifier)
        except Exception:
            # Boundary: the decoder meets foreign bytes with whatever exception comes first.
            yield CANNOT_READ, None
            return
        for request in self._offered(_caller(event), _states(identifier)):
            if event.is_cancelled:
                yield CANCELLED, None
                return
            item = self.items.item(request)
            if matches(identifier, item):
                yield PENDING, _part(item, [element.tag for element in identifier])

    def get(self, ae_title: str, uid: str, tags: list[Any]) -> Answer:
        """N-GET: a work item, or of it the attributes named."""
        request = self._own(ae_title, uid)
        if request is None:
            return UNKNOWN, None
        item = Dataset()
        item.update(self.items.item(request))
        # The lock of who performs it is nobody else's business (PS3.4 CC.2.7.3).
        item.TransactionUID = ""
        return SUCCESS, _part(item, tags) if tags else item

    def set(self, ae_title: str, uid: str, changes: Dataset) -> Answer:
        """N-SET: progress, and what was performed, by who has claimed the work item."""

        def change_(change: Change) -> int:
            request = self._own(ae_title, uid, change)
            if request is None:
                return UNKNOWN
            work = work_of(request)
            if work["state"] in ("COMPLETED", "CANCELED"):
                return FINAL
            if work["state"] != "IN PROGRESS":
                return NOT_IN_PROGRESS
            if str(changes.get("TransactionUID", "")) != work["transaction"]:
                return WRONG_TRANSACTION
            kept = Dataset.from_json(work.get("set", {}))
            for keyword in MAY_BE_SET:
                if keyword in changes:
                    kept[keyword] = changes[keyword]
            contents = {**request.contents, "work": {**work, "set": kept.to_json_dict()}}
            if progress := workitem.progress(kept):
                contents["progress"] = progress
            change.set("request", request.request_id, by=ae_title, why="progress", contents=contents)
            return SUCCESS

        return self._store.write(change_), None

    def change_state(self, ae_title: str, uid: str, wanted: str, transaction: str) -> int:
        """N-ACTION Change UPS State (PS3.4 table CC.1.1-2)."""
        done: dict[str, list[str]] = {}

        def change_(change: Change) -> int:
            request = self._own(ae_title, uid, change)
            if request is None:
                return UNKNOWN
            work = work_of(request)
            if status := _forbidden(work, wanted, transaction):
                return status
            kept = Dataset.from_json(work.get("set", {}))
            found = workitem.performed(kept)
            if wanted == "COMPLETED" and not found["outputs"]:
                return NOT_FINISHED
            contents = {**request.contents, "work": {**work, "state": wanted, "transaction": transaction}}
            said = f"{request.peer} reports {wanted.lower()}"
            if wanted == "CANCELED":
                change.set("request", request.request_id, by=ae_title, why=said, contents=contents)
                if REQUEST.allows(request.state, "refuse"):
                    text = f"{request.peer} cancelled the work item: {workitem.refusal(kept)}."
                    outcomes.ended(change, self._site, request.request_id, "refuse", text)
                return SUCCESS
            if wanted == "COMPLETED":
                done[request.request_id] = found["outputs"]
                contents |= {"performed": found["performed"], "outputs": found["outputs"], "completed": True}
            outcomes.started(change, request.request_id, said, contents=contents)
            return SUCCESS

        status = self._store.write(change_)
        for request_id, outputs in done.items():
            self._completed(request_id, outputs)
        return status

    def subscribe(self, ae_title: str, uid: str, *, on: bool) -> int:
        """N-ACTION Subscribe and Unsubscribe: to one work item, or by the well-known UID to all of the caller's."""
        if uid != telling.EVERY_ITEM and self._own(ae_title, uid) is None:
            return UNKNOWN
        self._store.write(lambda change: telling.subscribe(change, ae_title, uid, on=on))
        return SUCCESS

    def refuse(self, ae_title: str, uid: str, why: str) -> int:
        """N-ACTION Request UPS Cancel, by the modality: it will not do it."""
        request = self._own(ae_title, uid)
        if request is None:
            return UNKNOWN
        state = work_of(request)["state"]
        if state == "SCHEDULED":
            text = f"{request.peer} asked to cancel the work item: {why or 'no reason was given'}."
            self._store.write(
                lambda change: outcomes.ended(change, self._site, request.request_id, "refuse", text, ae_title)
            )
            return SUCCESS
        # Who performs it cancels it by a change of state.
        return {"COMPLETED": ALREADY_COMPLETED, "CANCELED": ALREADY_CANCELED}.get(state, ALREADY_IN_PROGRESS)

    def _action(self, event: evt.Event) -> Answer:
        caller, uid, kind = _caller(event), _uid(event), event.action_type
        said = _read(event.action_information) if event.request.ActionInformation else Dataset()
        if kind == CHANGE_STATE:
            wanted, transaction = str(said.get("ProcedureStepState", "")), str(said.get("TransactionUID", ""))
            return self.change_state(caller, uid, wanted, transaction), None
        if kind == REQUEST_CANCEL:
            return self.refuse(caller, uid, str(said.get("ReasonForCancellation", ""))), None
        if kind in (SUBSCRIBE, UNSUBSCRIBE, SUSPEND):
            return self.subscribe(caller, uid, on=kind == SUBSCRIBE), None
        return NO_SUCH_ACTION, None

    # -- inside ---------------------------------------------------------------------------------------------

    def _offered(self, ae_title: str, states: Sequence[str]) -> list[Request]:
        """The caller's work items that may be in a Procedure Step State it asks for, latest first."""
        peer = self._site.peer_by_ae(ae_title)
        if peer is None or not peer.ups_pull:
            return []
        where = "\"to\" = 'modality' and peer = ? and (contents->>'offered') = 'true'"
        if [state.upper() for state in states] == ["SCHEDULED"]:
            # What modalities poll for: of all that was ever asked of them, little is left to do.
            where += " and state in ('waiting', 'sent', 'accepted') and (contents->'work'->>'state') is null"
        found = self._store.requests(where, [peer.name])
        wanted = lambda request: any(wildcard_match(state, work_of(request)["state"]) for state in states)  # noqa: E731
        return [request for request in found if not states or wanted(request)]

    def _own(self, ae_title: str, uid: str, change: Change | None = None) -> Request | None:
        peer = self._site.peer_by_ae(ae_title)
        found = request_of(change or self._store, uid)
        if found is None or found.workitem_uid != uid or not found.contents.get("offered"):
            return None
        return found if peer is not None and peer.ups_pull and found.peer == peer.name else None


SOP_CLASSES: Final = (
    str(UnifiedProcedureStepPull),
    str(UnifiedProcedureStepQuery),
    str(UnifiedProcedureStepWatch),
)


def _forbidden(work: Mapping[str, Any], wanted: str, transaction: str) -> int:
    """Status of a change of state that is not allowed; 0 if it is (PS3.4 table CC.1.1-2)."""
    state = work["state"]
    if wanted == "SCHEDULED":
        return ONLY_BY_CREATE
    if wanted not in ("IN PROGRESS", "COMPLETED", "CANCELED") or not transaction:
        return INVALID_ARGUMENT if transaction else WRONG_TRANSACTION
    if state == "SCHEDULED":
        return 0 if wanted == "IN PROGRESS" else NOT_IN_PROGRESS
    if state == "IN PROGRESS":
        if wanted == "IN PROGRESS":
            return ALREADY_IN_PROGRESS
        return 0 if transaction == work["transaction"] else WRONG_TRANSACTION
    if state == wanted:
        return ALREADY_COMPLETED if state == "COMPLETED" else ALREADY_CANCELED
    return FINAL


def _part(item: Dataset, tags: list[Any]) -> Dataset:
    part = Dataset()
    part.SpecificCharacterSet = item.SpecificCharacterSet
    for tag in tags:
        if tag in item:
            part[tag] = item[tag]
    part.SOPClassUID, part.SOPInstanceUID = item.SOPClassUID, item.SOPInstanceUID
    return part


def _caller(event: evt.Event) -> str:
    return str(event.assoc.requestor.ae_title).strip()


def _states(identifier: Dataset) -> list[str]:
    """The values of Procedure Step State in a query: none for all, or several."""
    value = identifier.get("ProcedureStepState") or ()
    values = [value] if isinstance(value, str) else value
    return [state for state in (str(one).strip() for one in values) if state]


def _uid(event: evt.Event) -> str:
    return str(event.request.RequestedSOPInstanceUID)


def _read(ds: Dataset) -> Dataset:
    return readable(ds)


__all__ = ["SOP_CLASSES", "WorkList"]
