"""Orders in (D4): HL7 as it comes, worklists as they are polled; each becomes a reservation with its condition key."""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
from typing import Final

from imgdash.apparatus import reservations
from imgdash.config import Peer, Site
from imgdash.model import Order, PeerFailed
from imgdash.process.selection import choose
from imgdash.receive import OrderServer, worklist
from imgdash.request import Requests
from imgdash.store.conditions import Conditions
from imgdash.store.procedures import Procedures
from imgdash.store.store import Change, Store

_LOG = logging.getLogger(__name__)
# So many seconds a machine may take to be there.
_STARTING: Final = 30.0


class Orders:
    """The HL7 listener and one poller for each RIS whose worklist is asked."""

    def __init__(
        self, site: Site, store: Store, conditions: Conditions, procedures: Procedures, requests: Requests
    ) -> None:
        self._site = site
        self._store = store
        self._conditions = conditions
        self._procedures = procedures
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
    def addresses(self) -> dict[str, tuple[str, int]]:
        """Where HL7 is taken: ``hl7``, ``hl7-tls``."""
        return self._server.addresses

    def take(self, order: Order, *, listed: bool = False) -> None:
        """Keep a new, changed or cancelled order; tell the requests, if it answers one (S11).

        Parameters
        ----------
        listed
            Whether a worklist has it, and no message brought it.
        """
        conditions = self._conditions.all()
        order = self._procedures.fill(order, [condition.key for condition in conditions])
        condition, _ = choose(conditions, {"BodyPartExamined": order.body_part}, order)
        order = dataclasses.replace(order, condition=order.condition or condition.key)

        def change(tx: Change) -> None:
            # In one transaction: an order that is known must not come again without its meaning having been heard.
            for kept in reservations.keep(tx, self._site, order, listed=listed):
                self._requests.order_answers(tx, kept)

        self._store.write(change)

    def _poll(self, peer: Peer) -> None:
        said, away_since = "", 0.0
        while not self._stopping.is_set():
            try:
                for order in worklist.poll(self._site, peer):
                    self.take(order, listed=True)
                said, away_since = "", 0.0
            except PeerFailed as error:
                away_since = away_since or time.monotonic()
                # At first it is nothing: a peer may just be starting. What lasts is said once.
                if time.monotonic() - away_since > _STARTING and error.cause != said:
                    said = error.cause
                    _LOG.warning("worklist of %s: %s", peer.name, error)
            self._stopping.wait(peer.worklist_seconds)
