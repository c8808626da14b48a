"""The re-generating request section (21a of the patent): all of R1-R9 behind one class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from imgdash.config import Site
from imgdash.model import Actor, Event
from imgdash.request.answers import Answers
from imgdash.request.automatic import Automatic
from imgdash.request.dispatch import Dispatcher
from imgdash.request.notes import Notes
from imgdash.request.notices import Outbox
from imgdash.request.worker import Patience, Worker
from imgdash.request.worklist import WorkList
from imgdash.store.conditions import Conditions
from imgdash.store.files import Files
from imgdash.store.store import Store


class Requests(Automatic, Answers):
    """Asks the modality or HIS/RIS for a better image, follows the request, and takes the answer.

    Everything it knows is in the store: what waits is sent after a restart, what was sent is recognised when it is
    answered.

    Parameters
    ----------
    files
        The records, for study attributes and what modalities say of their processing.
    conditions
        Condition keys; without them a request starts from no parameters but those set by hand.
    addresses
        Where this apparatus listens. Peers know it by its AE title, so it is not needed to be asked.
    patience
        How often and how long to try; None: as the site file says.

    Attributes
    ----------
    worklist
        Where modalities fetch their work items.
    outbox
        What other machines are told of images and steps.
    """

    def __init__(
        self,
        store: Store,
        site: Site,
        *,
        files: Files,
        conditions: Conditions | None = None,
        addresses: Mapping[str, Any] | None = None,
        patience: Patience | None = None,
    ) -> None:
        super().__init__(store, site, conditions)
        self.files = files
        self.addresses = dict(addresses or {})
        patience = patience or Patience.of(site.requests)
        self._senders = {
            peer: Worker(
                f"requests-{peer or 'nobody'}",
                Dispatcher(store, site, peer, patience, lambda: self.units, self._match_late).step,
            )
            for peer in (*(peer.name for peer in site.peers), None)
        }
        self.worklist = WorkList(store, site, lambda: self.units, self._match_late)
        self._notes = Notes(store, site, files, patience)
        self._teller = Worker("rejection-notes", self._notes.step)
        self.outbox = Outbox(store, site, patience)
        self._herald = Worker("notices", self.outbox.step)
        self._workers = [*self._senders.values(), self._teller, self._herald]
        self._unsubscribe = store.subscribe(self._heard)

    def start(self) -> None:
        """Send what waits, now and whenever something comes; tell the storages what they are owed."""
        for worker in self._workers:
            worker.start()

    def stop(self) -> None:
        """Stop; nothing is lost, what is not sent waits in the store."""
        self._unsubscribe()
        for worker in self._workers:
            worker.leave()
        for worker in self._workers:
            worker.stop()

    def wake(self) -> None:
        """Try again now what is due."""
        for worker in self._workers:
            worker.wake()

    def tell_again(self, note_id: str, actor: Actor) -> None:
        """Send a rejection note again that a storage had refused."""
        actor.require("queue")
        self.store.transition("note", note_id, "resume", actor, "by hand", attempts=0, answers=0, trouble="")

    def _heard(self, events: Sequence[Event]) -> None:
        subjects = {event.subject for event in events}
        # First: what is owed is looked for in what was heard, and the others may fail.
        if self._notes.heard(events):
            self._teller.wake()
        self.worklist.items.heard(events)
        if "request" in subjects:
            self._wake_senders([event.id for event in events if event.subject == "request"])
        if subjects & {"image", "notice"}:
            self._herald.wake()

    def _wake_senders(self, request_ids: list[str]) -> None:
        """Those whose requests have changed: a step looks through all requests, which may be many."""
        named = "select distinct peer from request where list_contains(?, request_id)"
        for row in self.store.query(named, [request_ids]):
            self._senders.get(row["peer"], self._senders[None]).wake()
