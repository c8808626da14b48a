"""Our work items as data sets: composed when somebody asks for one, and again only when something in it has changed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydicom.dataset import Dataset
from pynetdicom.sop_class import UnifiedProcedureStepPush

from imgdash.config import Site
from imgdash.model import Event, Request
from imgdash.request import workitem
from imgdash.request.facts import Facts, gather
from imgdash.store.store import Store

_MOST: Final = 500


@dataclass(frozen=True)
class _Composed:
    request: Request
    facts: Facts
    item: Dataset


class Items:
    """Work items that modalities fetch: they poll, and little changes in between.

    Parameters
    ----------
    units
        UCUM unit of each processing parameter.
    """

    def __init__(self, store: Store, site: Site, units: Callable[[], Mapping[str, str]]) -> None:
        self._store, self._site, self._units = store, site, units
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, _Composed] = OrderedDict()
        # Changes of images and orders so far: what was composed during one is not kept.
        self._changes = 0

    def heard(self, events: Sequence[Event]) -> None:
        """Let go of what was made from an image or an order that has changed; called in the store's writer."""
        images = {event.id for event in events if event.subject == "image"}
        orders = {event.id for event in events if event.subject == "order"}
        # The step that another one replaces.
        former = {event.id for event in events if event.subject == "request" and event.event == "redirect"}
        if not images and not orders and not former:
            return
        with self._lock:
            self._changes += 1
            for request_id, made in list(self._kept.items()):
                facts = made.facts
                if (
                    facts.image.image_id in images
                    or (facts.order is not None and facts.order.order_id in orders)
                    or (facts.former is not None and facts.former.request_id in former)
                ):
                    del self._kept[request_id]

    def item(self, request: Request) -> Dataset:
        """The work item of a request as it is now; not to be changed, since others are given it too."""
        with self._lock:
            made, changes = self._kept.get(request.request_id), self._changes
            if made is not None and made.request == request:
                self._kept.move_to_end(request.request_id)
                return made.item
        facts = gather(self._store, self._site, request, self._units())
        item = workitem.compose(facts)
        work = work_of(request)
        item.update(Dataset.from_json(work.get("set", {})))
        item.ProcedureStepState = work["state"]
        item.SOPClassUID, item.SOPInstanceUID = UnifiedProcedureStepPush, request.workitem_uid
        with self._lock:
            if changes == self._changes:
                self._kept[request.request_id] = _Composed(request, facts, item)
                while len(self._kept) > _MOST:
                    self._kept.popitem(last=False)
        return item


def work_of(request: Request) -> dict[str, Any]:
    """What the performer did so far; what was withdrawn before anybody began is cancelled."""
    work = {"state": "SCHEDULED", "transaction": "", **request.contents.get("work", {})}
    if work["state"] == "SCHEDULED" and request.state not in ("waiting", "sent", "accepted"):
        work["state"] = "CANCELED"
    return work


__all__ = ["Items", "work_of"]
