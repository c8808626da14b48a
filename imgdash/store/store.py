"""The store: one writer, many readers, listeners told after the fact.

A change is a function run by the writer thread. It looks at what is there, and emits events; they are
journalled, synced, and committed together with those of other waiting changes, and only then does the caller
get its answer and do the listeners hear of it.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from imgdash.model import (
    LIFECYCLES,
    Actor,
    Event,
    ImageHeader,
    ImgdashError,
    NotFound,
    Order,
    QueueEntry,
    Request,
)
from imgdash.store import rows
from imgdash.store.database import TABLES, Database
from imgdash.store.journal import Journal

T = TypeVar("T")
Listener = Callable[[Sequence[Event]], None]
_LOG = logging.getLogger(__name__)
_BATCH = 64


class Reader:
    """Reads rows as domain types, on whatever cursor it is given."""

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        raise AssertionError("a Reader is Store or Change")

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Rows as dictionaries. For our own SQL only: foreign values are parameters."""
        cursor = self._cursor().execute(sql, list(parameters))
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def image(self, image_id: str) -> ImageHeader:
        """The image header of `image_id`.

        Raises
        ------
        NotFound
        """
        found = self.images("image_id = ?", [image_id])
        if not found:
            raise NotFound(f"No image {image_id!r}.", "The Image list shows what is there.")
        return found[0]

    def images(
        self, where: str = "true", parameters: Sequence[Any] = (), *, order: str = "number", limit: int | None = None
    ) -> list[ImageHeader]:
        """Image headers; `where` and `order` are our own SQL, foreign values are parameters."""
        sql = f"select * from image where {where} order by {order}" + (f" limit {int(limit)}" if limit else "")
        return [rows.image(row) for row in self.query(sql, parameters)]

    def orders(self, where: str = "true", parameters: Sequence[Any] = ()) -> list[Order]:
        """Orders (reservation files), latest first."""
        sql = f"select * from orders where {where} order by received_at desc, order_id"
        return [rows.order(row) for row in self.query(sql, parameters)]

    def queue(self, where: str = "true", parameters: Sequence[Any] = ()) -> list[QueueEntry]:
        """Queue entries in the order they will be sent."""
        sql = f"select * from queue where {where} order by position, entry_id"
        return [rows.entry(row) for row in self.query(sql, parameters)]

    def requests(self, where: str = "true", parameters: Sequence[Any] = ()) -> list[Request]:
        """Requests, latest first."""
        sql = f"select * from request where {where} order by created_at desc, round desc"
        return [rows.request(row) for row in self.query(sql, parameters)]

    def request(self, request_id: str) -> Request:
        """The request of this id.

        Raises
        ------
        NotFound
        """
        found = self.requests("request_id = ?", [request_id])
        if not found:
            raise NotFound(f"No request {request_id!r}.", "The Requests page shows what is there.")
        return found[0]

    def preference(self, key: str, default: Any = None) -> Any:
        """A user's or the station's setting (H4); keys are ``user/<name>/<what>`` or ``station/<what>``."""
        found = self.query("select value from preference where id = ?", [key])
        return rows.read_json(found[0]["value"], default) if found else default


class Change(Reader):
    """What a change function gets: reading inside the transaction, and emitting events."""

    def __init__(self, database: Database, seq: int, at: datetime) -> None:
        self._database = database
        self._seq = seq
        self.at = at
        self.events: list[Event] = []

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        return self._database.connection

    def emit(self, event: Event) -> Event:
        """Journal `event` and apply it at once, so that later reads of this change see it."""
        self._seq += 1
        event = Event(
            event.subject,
            event.id,
            event.event,
            {key: rows.plain(value) for key, value in event.data.items()},
            event.by,
            event.why,
            self._seq,
            self.at,
        )
        self._database.apply(event)
        self.events.append(event)
        return event

    def set(self, subject: str, id: str, by: str = "imgdash", why: str = "", **data: Any) -> Event:
        """Set columns without a transition."""
        return self.emit(Event(subject, id, "set", data, by, why))

    def transition(self, subject: str, id: str, event: str, by: str = "imgdash", why: str = "", **data: Any) -> Event:
        """Take `event` of the subject's lifecycle, and set further columns with it.

        Raises
        ------
        NotFound
            No such row.
        NotAllowed
            The lifecycle does not have this step.
        """
        table, key = TABLES[subject]
        found = self.query(f'select state from "{table}" where "{key}" = ?', [id])
        if not found:
            raise NotFound(f"No {subject} {id!r}.")
        state = LIFECYCLES[subject].next(found[0]["state"], event)
        return self.emit(Event(subject, id, event, {**data, "state": state}, by, why))


class Store(Reader):
    """Journal, database and their one writer.

    Parameters
    ----------
    folder
        The site folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = Journal(folder / "journal")
        self.database = Database(folder / "imgdash.duckdb", self.journal)
        self._listeners: list[Listener] = []
        self._work: queue.SimpleQueue[tuple[Callable[[Change], Any], Future[Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        return self.database.cursor()

    # -- changing -----------------------------------------------------------------------------------------

    def write(self, change: Callable[[Change], T]) -> T:
        """Run `change` in the writer and wait until it is durable.

        Raises
        ------
        ImgdashError
            What `change` raised (nothing of it was kept), or that the disk took nothing.
        """
        return self.submit(change).result()

    def submit(self, change: Callable[[Change], T]) -> Future[T]:
        """As `write`, without waiting."""
        if threading.current_thread() is self._thread:
            raise AssertionError("a listener may not wait for the writer it runs in; use another thread")
        future: Future[T] = Future()
        self._work.put((change, future))
        return future

    def transition(
        self, subject: str, id: str, event: str, by: Actor | str = "imgdash", why: str = "", **data: Any
    ) -> Event:
        """One transition as a change of its own."""
        name = by.name if isinstance(by, Actor) else by
        return self.write(lambda change: change.transition(subject, id, event, name, why, **data))

    def set(self, subject: str, id: str, by: Actor | str = "imgdash", why: str = "", **data: Any) -> Event:
        """One setting of columns as a change of its own."""
        name = by.name if isinstance(by, Actor) else by
        return self.write(lambda change: change.set(subject, id, name, why, **data))

    # -- listening ----------------------------------------------------------------------------------------

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with the events of each commit; returns the function that ends it.

        It is called in the writer thread: it hands over and returns.
        """
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    # -- the writer ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        ending = False
        while not ending:
            batch = []
            item = self._work.get()
            while True:
                if item is None:
                    ending = True
                    break
                batch.append(item)
                if len(batch) >= _BATCH:
                    break
                try:
                    item = self._work.get_nowait()
                except queue.Empty:
                    break
            if batch:
                self._commit(batch)

    def _commit(self, batch: list[tuple[Callable[[Change], Any], Future[Any]]]) -> None:
        connection = self.database.connection
        done: list[tuple[Future[Any], Any]] = []
        events: list[Event] = []
        try:
            connection.execute("begin")
            for function, future in batch:
                change = Change(self.database, self.journal.seq + len(events), datetime.now())
                try:
                    result = function(change)
                except duckdb.Error:
                    raise
                except BaseException as error:
                    if change.events and len(batch) > 1:
                        # Half a change was applied: take all back, then each alone.
                        connection.execute("rollback")
                        for pair in batch:
                            if not pair[1].done():
                                self._commit([pair])
                        return
                    if change.events:
                        connection.execute("rollback")
                        future.set_exception(error)
                        return
                    future.set_exception(error)
                    continue
                events += change.events
                done.append((future, result))
            if events:
                for line in self.journal.append(events):
                    self.database.keep(line)
            connection.execute("commit")
        except (duckdb.Error, ImgdashError) as error:
            self._recover(error, [future for _, future in batch])
            return
        for future, result in done:
            future.set_result(result)
        if events:
            self._tell(events)

    def _recover(self, error: Exception, futures: list[Future[Any]]) -> None:
        """The journal is the truth: whatever it holds is replayed, whatever it lacks has failed."""
        _LOG.error("a change was not committed: %s", type(error).__name__)
        try:
            self.database.reopen()
        except Exception as second:
            error = second
        wrapped = (
            error
            if isinstance(error, ImgdashError)
            else ImgdashError(
                f"The records could not be written: {error}.", "See 'imgdash doctor'; the disk may be full."
            )
        )
        for future in futures:
            if not future.done():
                future.set_exception(wrapped)

    def _tell(self, events: Sequence[Event]) -> None:
        for listener in list(self._listeners):
            try:
                listener(events)
            except Exception:
                _LOG.exception("a listener failed; the change itself is safe")

    def close(self) -> None:
        """Finish what waits, write back, close."""
        self._work.put(None)
        self._thread.join()
        self.database.close()
        self.journal.close()
