"""One queue: a thread that sends the images of one output apparatus, whatever the others do (F1, F2).

It sleeps until something is registered, a person acts, or a timer (monotonic, never the wall clock) is due.
"""

from __future__ import annotations

import logging
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from imgdash.config import OutputApparatus
from imgdash.model import APPARATUS, Event, PeerFailed, QueueEntry
from imgdash.output import registry
from imgdash.output.backoff import Backoff
from imgdash.output.delivery import Delivery, Formed
from imgdash.output.former import Former
from imgdash.output.turns import Turns
from imgdash.store import steps
from imgdash.store.store import Store

_LOG = logging.getLogger(__name__)
# What the thread may take after its association was aborted.
_LAST_SECONDS = 5.0


@dataclass(frozen=True)
class QueueStatus:
    """How a queue gets on with its apparatus.

    Attributes
    ----------
    on
        Not switched off by a person.
    trouble
        Why it waits, in words; '' where it does not.
    next_try_seconds
        Until it tries again, or None.
    """

    name: str
    on: bool
    trouble: str
    next_try_seconds: float | None


class Queue(ABC):
    """What storage and film queues have in common: the thread, whose turn it is, and who waits after a failure.

    Trouble with the apparatus never counts against an image: the queue waits, in order, and drains once. Trouble
    with one image is kept by `Turns`: it steps aside, the others flow.
    """

    def __init__(self, apparatus: OutputApparatus, store: Store, former: Former) -> None:
        self.apparatus = apparatus
        self.store = store
        self.former = former
        self.backoff = Backoff(apparatus.retry_seconds, apparatus.retry_cap_seconds)
        self.trouble = ""
        self.turns = Turns(apparatus, store)
        self._delivery = Delivery(apparatus, store, former, self.turns)
        self._acts: deque[Event] = deque()
        self._called = threading.Event()
        self._stopping = threading.Event()
        self.woken = threading.Event()
        self.assoc: Any = None
        self._thread = threading.Thread(target=self._run, name=f"output-{apparatus.name}", daemon=True)

    # -- what differs -------------------------------------------------------------------------------------

    @abstractmethod
    def connect(self) -> AbstractContextManager[Any]:
        """An association with the apparatus, ready for use.

        Raises
        ------
        PeerFailed
        """

    @abstractmethod
    def work(self) -> bool:
        """Whether there is anything to talk to the apparatus about now."""

    @abstractmethod
    def next_due(self) -> float | None:
        """Monotonic time at which there may be more work, or None."""

    @abstractmethod
    def converse(self, assoc: Any) -> None:
        """Do all the work there is over one association."""

    @abstractmethod
    def send(self, assoc: Any, formed: Sequence[Formed]) -> None:
        """Send what was formed and journal the result.

        Raises
        ------
        Refused, Lost, Doubtful, PeerFailed
        """

    @abstractmethod
    def recover(self) -> None:
        """Decide on entries that a former run left in ``sending``."""

    # -- for the others -----------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The apparatus's name in the site file."""
        return self.apparatus.name

    @property
    def on(self) -> bool:
        """Not switched off by a person."""
        return steps.switched_on(self.store, self.name)

    @property
    def may_go(self) -> bool:
        """Whether another image may be sent."""
        return not self._stopping.is_set() and self.on

    def status(self) -> QueueStatus:
        """How it gets on."""
        left = self.backoff.left()
        return QueueStatus(self.name, self.on, self.trouble, left or None)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def wake(self, *, now: bool = False) -> None:
        """Look at the table again; with `now` also try an apparatus that is being waited for."""
        if now:
            self._called.set()
        self.woken.set()

    def acted(self, event: Event) -> None:
        """An entry was changed, by whomever; called in the store's writer: only noted here."""
        self._acts.append(event)
        self.woken.set()

    @abstractmethod
    def left(self, entry_id: str) -> None:
        """An entry is finished, was cancelled, failed, or is to be sent again."""

    def call_off(self) -> None:
        """Take nothing more; what is on its way arrives."""
        self._stopping.set()
        self.woken.set()

    def stop(self, deadline: float) -> None:
        """End; an apparatus that does not answer by then (monotonic) is not waited for."""
        self.call_off()
        if self._thread.ident is None:
            return
        self._thread.join(max(0.0, deadline - time.monotonic()))
        assoc = self.assoc
        if self._thread.is_alive() and assoc is not None:
            self.interrupt(assoc)
        self._thread.join(_LAST_SECONDS)

    def interrupt(self, assoc: Any) -> None:
        """End what the thread waits for."""
        assoc.abort()
        # An abort of our own does not end the thread's waiting for an answer: "nothing came" does.
        assoc.dimse.msg_queue.put((None, None))

    # -- the thread ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        recovered = False
        while not self._stopping.is_set():
            self.woken.clear()
            if self._called.is_set():
                self._called.clear()
                self.backoff.now()
                self.turns.now()
            try:
                if not recovered:
                    self.recover()
                    recovered = True
                wait = self._step()
            except Exception as error:
                # The records could not be written: whatever is in `sending` is decided anew.
                _LOG.exception("queue %s stopped for a while", self.name)
                recovered = False
                self.trouble = str(error)
                wait = self.backoff.failed()
            self.woken.wait(wait)

    def _step(self) -> float | None:
        """Do what can be done; returns the seconds until there is more, or None."""
        self.take_note()
        if not self.may_go:
            return None
        if pause := self.backoff.left():
            return pause
        if not self.work():
            times = [at for at in (self.next_due(), self.turns.next_due()) if at is not None]
            return max(0.0, min(times) - time.monotonic()) if times else None
        try:
            with self.connect() as assoc:
                self.assoc = assoc
                self.converse(assoc)
        except PeerFailed as error:
            self._peer_failed(error)
        finally:
            self.assoc = None
        return 0.0

    def take_note(self) -> None:
        """Look at what happened to entries meanwhile."""
        while self._acts:
            event = self._acts.popleft()
            if event.event in ("finish", "cancel", "fail", "retry"):
                self.left(event.id)
            if event.event in ("finish", "cancel"):
                registry.settle(self.store, event.id.rpartition("@")[0])
            if event.event in ("retry", "release") and event.by != APPARATUS.name:
                # A person wants it tried now.
                self.turns.now(event.id)
                self.backoff.now()

    def _peer_failed(self, error: PeerFailed) -> None:
        wait = self.backoff.failed()
        if self._stopping.is_set():
            return
        if str(error) != self.trouble:
            _LOG.warning("queue %s waits: %s", self.name, type(error).__name__)
        self.trouble = str(error)
        for entry in registry.waiting(self.store, self.name):
            shown = datetime.now() + timedelta(seconds=wait)
            registry.note(self.store, entry, why="the apparatus is waited for", trouble=self.trouble, next_try_at=shown)

    def deliver(self, assoc: Any, entries: Sequence[QueueEntry]) -> None:
        """Take entries, form them, send them, and judge what came of it.

        Raises
        ------
        PeerFailed
            Where the apparatus has to be waited for.
        """
        if self._delivery.run(entries, lambda formed: self.send(assoc, formed)):
            self.backoff.succeeded()
            self.trouble = ""
