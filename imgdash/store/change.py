"""Reading rows as domain types, and changing them by events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import duckdb

from imgdash.model import LIFECYCLES, Event, ImageHeader, NotFound, Order, QueueEntry, RecordsFailed, Request
from imgdash.store import image_rows, rows
from imgdash.store.batch import Batch
from imgdash.store.columns import TABLES
from imgdash.store.transaction import Transaction

T = TypeVar("T")


class Reader:
    """Reads rows as domain types, on whatever cursor it is given."""

    def _execute(self, sql: str, values: Sequence[Any]) -> duckdb.DuckDBPyConnection:
        raise AssertionError("a Reader is Store or Change")

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Rows as dictionaries. For our own SQL only: foreign values are parameters."""
        try:
            cursor = self._execute(sql, list(parameters))
        except duckdb.ConnectionException as error:
            # The writer opens the database anew, after a write that the disk refused.
            raise RecordsFailed("The records are being opened again.", "Try once more in a moment.") from error
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def image(self, image_id: str) -> ImageHeader:
        """The image header of `image_id`.

        Raises
        ------
        NotFound
        """
        found = self.find(image_id)
        if found is None:
            raise NotFound(f"No image {image_id!r}.", "The Image list shows what is there.")
        return found

    def find(self, image_id: str) -> ImageHeader | None:
        """The image header of `image_id`, from memory where it is known there; None where there is none."""
        raise AssertionError("a Reader is Store or Change")

    def same(self, name: str, subjects: Iterable[str], read: Callable[[], T]) -> T:
        """What `read` gave last under this name, unless something happened to one of these subjects since.

        What is returned is shared: it is not to be changed.
        """
        raise AssertionError("a Reader is Store or Change")

    def images(
        self, where: str = "true", parameters: Sequence[Any] = (), *, order: str = "number", limit: int | None = None
    ) -> list[ImageHeader]:
        """Image headers; `where` and `order` are our own SQL, foreign values are parameters."""
        sql = f"select * from image where {where} order by {order}" + (f" limit {int(limit)}" if limit else "")
        return [image_rows.image(row) for row in self.query(sql, parameters)]

    def headers_of(self, image_ids: Sequence[str]) -> list[ImageHeader]:
        """Image headers of these ids from the database, in any order."""
        # Told one by one, the database can use its index; to sort rows so wide costs it as much as to find them.
        sql = f"select * from image where image_id in ({', '.join('?' * len(image_ids))})"
        return [image_rows.image(row) for row in self.query(sql, image_ids)]

    def orders(self, where: str = "true", parameters: Sequence[Any] = ()) -> list[Order]:
        """Orders (reservation files), latest first."""
        found = self.query(f"select * from orders where {where}", parameters)
        # Sorted here: most often there is one, or none, and DuckDB takes as long to prepare for it as for the rest.
        found.sort(key=lambda row: row["order_id"])
        found.sort(key=lambda row: row["received_at"] or datetime.min, reverse=True)
        return [rows.order(row) for row in found]

    def queue(self, where: str = "true", parameters: Sequence[Any] = ()) -> list[QueueEntry]:
        """Queue entries in the order they will be sent."""
        sql = f"select * from queue where {where} order by position, entry_id"
        return [rows.entry(row) for row in self.query(sql, parameters)]

    def requests(self, where: str = "true", parameters: Sequence[Any] = ()) -> list[Request]:
        """Requests, latest first."""
        found = self.query(f"select * from request where {where}", parameters)
        found.sort(key=lambda row: (row["created_at"] or datetime.min, row["round"] or 0), reverse=True)
        return [rows.request(row) for row in found]

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

        def read() -> str | None:
            found = self.query("select value from preference where id = ?", [key])
            return found[0]["value"] if found else None

        return rows.read_json(self.same(f"preference {key}", ("preference",), read), default)


class Change(Reader):
    """What a change function gets: reading inside the transaction, and emitting events."""

    def __init__(self, transaction: Transaction, batch: Batch, seq: int, at: datetime) -> None:
        self._transaction = transaction
        self._batch = batch
        self._seq = seq
        self.at = at
        self.events: list[Event] = []

    def _execute(self, sql: str, values: Sequence[Any]) -> duckdb.DuckDBPyConnection:
        return self._transaction.execute(sql, values)

    def find(self, image_id: str) -> ImageHeader | None:
        """As `Reader.find`, with what this change and those before it in its batch did."""
        return self._batch.header(image_id, lambda: next(iter(self.headers_of([image_id])), None))

    def same(self, name: str, subjects: Iterable[str], read: Callable[[], T]) -> T:
        """As `Reader.same`, with what this change and those before it in its batch did."""
        return self._batch.same(name, subjects, read)

    def emit(self, event: Event) -> Event:
        """Journal `event` and apply it; later reads of this change see it."""
        self._seq += 1
        event = Event(
            event.subject,
            rows.text(event.id),
            event.event,
            {key: rows.plain(value) for key, value in event.data.items()},
            rows.text(event.by),
            rows.text(event.why),
            self._seq,
            self.at,
        )
        self._batch.happens(event)
        self._transaction.apply(event)
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
        state = LIFECYCLES[subject].next(self._state(subject, id), event)
        return self.emit(Event(subject, id, event, {**data, "state": state}, by, why))

    def _state(self, subject: str, id: str) -> str:
        known = self._batch.known(id).get(id) if subject == "image" else None
        if known is not None:
            return known.state
        table, key = TABLES[subject]
        found = self.query(f'select state from "{table}" where "{key}" = ?', [id])
        if not found:
            raise NotFound(f"No {subject} {id!r}.")
        return str(found[0]["state"])
