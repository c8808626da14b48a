"""Orders in (D4): HL7 as it comes, worklists as they are polled; each becomes a reservation with its condition key."""

from __future__ import annotations

import dataclasses
import logging
import threading

from imgdash.config import Peer, Site
from imgdash.model import Event, Order, PeerFailed
from imgdash.process.selection import choose
from imgdash.receive import OrderServer, worklist
from imgdash.request import Requests
from imgdash.store import rows
from imgdash.store.conditions import Conditions
from imgdash.store.store import Change, Store

_LOG = logging.getLogger(__name__)


class Orders:
    """The HL7 listener and one poller for each RIS whose worklist is asked."""

    def __init__(self, site: Site, store: Store, conditions: Conditions, requests: Requests) -> None:
        self._site = site
        self._store = store
        self._conditions = conditions
        self._requests = requests
        self._server = OrderServer(site, self.take)
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._poll, args=(peer,), name=f"worklist-{peer.name}", daemon=True)
            for peer in site.peers
            if peer.worklist
        ]

    def start(self) -> None:
        """Listen and poll."""
        self._server.start()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop listening; a poll under way ends by its own time limit."""
        self._stopping.set()
        self._server.stop()

    @property
    def address(self) -> tuple[str, int]:
        """Where HL7 is taken."""
        return self._server.address

    def take(self, order: Order) -> None:
        """Keep a new, changed or cancelled order; tell the requests, if it answers one (S11)."""
        condition, _ = choose(self._conditions.all(), {"BodyPartExamined": order.body_part}, order)
        order = dataclasses.replace(order, condition=order.condition or condition.key)

        def change(tx: Change) -> bool:
            found = tx.orders("order_id = ?", [order.order_id])
            if found and dataclasses.replace(found[0], received_at=order.received_at) == order:
                return False
            if found and found[0].state == "radiographed" and order.state == "new":
                return False
            event = order.state if order.state != "new" or not found else "change"
            tx.emit(Event("order", order.order_id, event, rows.order_columns(order), order.source or "ris"))
            return True

        if self._store.write(change):
            self._requests.order_answers(order)

    def _poll(self, peer: Peer) -> None:
        trouble = ""
        while not self._stopping.is_set():
            try:
                for order in worklist.poll(self._site, peer):
                    self.take(order)
                trouble = ""
            except PeerFailed as error:
                if error.cause != trouble:
                    trouble = error.cause
                    _LOG.warning("worklist of %s: %s", peer.name, error)
            self._stopping.wait(peer.worklist_seconds)
