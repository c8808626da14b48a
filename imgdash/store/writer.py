"""The one writer: takes the changes that wait, journals and commits them together, then tells of them."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from typing import Any, TypeVar

import duckdb

from imgdash.model import Event, ImageHeader, ImgdashError, RecordsFailed
from imgdash.store.batch import Batch
from imgdash.store.change import Change
from imgdash.store.database import Database
from imgdash.store.journal import Journal
from imgdash.store.transaction import Transaction

T = TypeVar("T")
Listener = Callable[[Sequence[Event]], None]
# Told of what was committed, and of the headers that were read in the same transaction after it.
Committed = Callable[[Sequence[Event], Mapping[str, ImageHeader | None]], None]
_Pair = tuple[Callable[[Change], Any], "Future[Any]"]
_LOG = logging.getLogger(__name__)
_BATCH = 64
# What DuckDB raises where a change is sound, but cannot be kept now.
_OF_THE_DISK = (duckdb.IOException, duckdb.FatalException, duckdb.OutOfMemoryException, duckdb.ConnectionException)


class Writer:
    """A thread that alone changes journal and database.

    Attributes
    ----------
    listeners
        Called with the events of each commit, in the writer's thread or another: they hand over and return.

    Parameters
    ----------
    committing
        Called with the events of each commit before anybody can read of them in the database.
    committed
        Called with the events of each commit before anybody is told that it happened.
    begun
        Makes what the changes of one transaction know without asking the database.
    """

    def __init__(
        self,
        database: Database,
        journal: Journal,
        committing: Listener,
        committed: Committed,
        begun: Callable[[], Batch],
    ) -> None:
        self.database = database
        self.journal = journal
        self.listeners: list[Listener] = []
        self._committing = committing
        self._committed = committed
        self._begun = begun
        self._work: queue.SimpleQueue[_Pair | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        self._lost = False
        # Journalled, while the database could not be opened.
        self._untold: list[Event] = []
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, change: Callable[[Change], T]) -> Future[T]:
        """Run `change` after those that wait; the future is done when it is durable."""
        if threading.current_thread() is self._thread:
            raise AssertionError("a listener may not wait for the writer it runs in; use another thread")
        future: Future[T] = Future()
        with self._closing:
            if self._closed:
                raise RecordsFailed("The store is closed; nothing more is kept.", "Start the apparatus again.")
            self._work.put((change, future))
        return future

    def close(self) -> None:
        """Finish what waits, take nothing more."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._work.put(None)
        self._thread.join()

    def _run(self) -> None:
        ending = False
        while not ending:
            batch: list[_Pair] = []
            item = self._work.get()
            while item is not None:
                # A change that its caller took back in time is left out; from here on it cannot be.
                if item[1].set_running_or_notify_cancel():
                    batch.append(item)
                if len(batch) >= _BATCH:
                    break
                try:
                    item = self._work.get_nowait()
                except queue.Empty:
                    break
            ending = item is None
            if batch:
                self._commit(batch)

    def _commit(self, batch: list[_Pair]) -> None:
        """Commit together; where a change fails half-way, take all back and commit each by itself."""
        done: list[tuple[Future[Any], Any]] = []
        events: list[Event] = []
        try:
            if self._lost:
                self._reopen()
            transaction = Transaction(self.database)
            known = self._begun()
            for function, future in batch:
                change = Change(transaction, known, self.journal.seq + len(events), datetime.now())
                try:
                    result = function(change)
                    # What the database does not take is this change's fault, and not the next one's.
                    transaction.write()
                except BaseException as error:
                    if transaction.impossible:
                        raise
                    broken = isinstance(error, duckdb.Error)
                    if not change.events and not broken:
                        future.set_exception(error)
                        continue
                    transaction.rollback()
                    if len(batch) == 1:
                        future.set_exception(_refused(error) if broken else error)
                        return
                    for pair in batch:
                        if not pair[1].done():
                            self._commit([pair])
                    return
                events += change.events
                done.append((future, result))
            lines = self.journal.append(events) if events else []
        except Exception as error:
            # Nothing was journalled, so nothing happened.
            self._fail(error, [future for _, future in batch])
            return
        self._committing(events)
        try:
            transaction.commit(lines)
        except Exception as error:
            # It was journalled, so it happened: the database takes it from there.
            if not self._fail(error, []):
                self._untold += events
                self._fail(error, [future for future, _ in done])
                return
            # What the transaction read is gone with it.
            known = self._begun()
        self._committed(events, known.read)
        for future, result in done:
            future.set_result(result)
        if events:
            self.tell(events)

    def _fail(self, error: Exception, futures: list[Future[Any]]) -> bool:
        """Bring the database to what the journal holds, and say that these changes failed."""
        _LOG.error("a change was not committed: %s", type(error).__name__)
        try:
            self._reopen()
        except Exception as second:
            error = second
        if not isinstance(error, ImgdashError):
            kind = RecordsFailed if isinstance(error, OSError | duckdb.Error) else ImgdashError
            error = kind(
                f"The records could not be written: {_line(error)}.", "See 'imgdash doctor'; the disk may be full."
            )
        for future in futures:
            if not future.done():
                future.set_exception(error)
        return not self._lost

    def _reopen(self) -> None:
        self._lost = True
        self.database.reopen()
        self._lost = False
        if self._untold:
            events, self._untold = self._untold, []
            self._committed(events, {})
            self.tell(events)

    def tell(self, events: Sequence[Event]) -> None:
        """Tell whoever listens."""
        for listener in list(self.listeners):
            try:
                listener(events)
            except Exception:
                _LOG.exception("a listener failed; the change itself is safe")


def _refused(error: BaseException) -> ImgdashError:
    if isinstance(error, _OF_THE_DISK):
        return RecordsFailed(f"The records could not be written: {_line(error)}.", "See 'imgdash doctor'.")
    return ImgdashError(
        f"The records do not take this change: {_line(error)}.", "Nothing of it was kept; correct the value."
    )


def _line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
