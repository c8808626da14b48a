"""The store: one writer, many readers, listeners told after the fact.

A change is a function run by the writer thread. It looks at what is there, and emits events; they are
journalled, synced, and committed together with those of other waiting changes, and only then does the caller
get its answer and do the listeners hear of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from imgdash.model import Actor, Event, ImageHeader
from imgdash.store.batch import Batch
from imgdash.store.change import Change, Reader
from imgdash.store.database import Database
from imgdash.store.headers import Headers
from imgdash.store.holds import Holds
from imgdash.store.journal import Journal
from imgdash.store.same import Same
from imgdash.store.writer import Listener, Writer

T = TypeVar("T")


class Store(Reader):
    """Journal, database and their one writer.

    Parameters
    ----------
    folder
        The site folder.

    Attributes
    ----------
    holds
        Who looks at which image now.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = Journal(folder / "journal")
        try:
            self.database = Database(folder / "imgdash.duckdb", self.journal)
        except BaseException:
            self.journal.close()
            raise
        self._headers = Headers(self.headers_of)
        self._same = Same()
        self._writer = Writer(self.database, self.journal, self._headers.change, self._committed, self._begun)
        self.holds = Holds(self._writer.tell)

    def _execute(self, sql: str, values: Sequence[Any]) -> duckdb.DuckDBPyConnection:
        return self.database.cursor().execute(sql, values)

    # -- images by id -------------------------------------------------------------------------------------

    def find(self, image_id: str) -> ImageHeader | None:
        """As `Reader.find`, with who looks at it."""
        return self.headers([image_id]).get(image_id)

    def headers(self, image_ids: Iterable[str]) -> dict[str, ImageHeader]:
        """image_id → image header, of those that there are, in the order asked for; from memory like `find`."""
        return {image_id: self.holds.seen(header) for image_id, header in self._headers.get(image_ids).items()}

    def images(
        self, where: str = "true", parameters: Sequence[Any] = (), *, order: str = "number", limit: int | None = None
    ) -> list[ImageHeader]:
        """As `Reader.images`, with who looks at each."""
        found = super().images(where, parameters, order=order, limit=limit)
        return [self.holds.seen(header) for header in found]

    def same(self, name: str, subjects: Iterable[str], read: Callable[[], T]) -> T:
        """As `Reader.same`, for any thread."""
        return self._same.get(name, subjects, read)

    def happened(self, subject: str) -> int:
        """A number that grows with each commit in which something happened to `subject`."""
        return self._same.happened(subject)

    def _begun(self) -> Batch:
        return Batch(self._headers, self._same, self.database.columns["image"])

    def _committed(self, events: Sequence[Event], read: Mapping[str, ImageHeader | None]) -> None:
        self._headers.forget(events, read)
        self._same.forget(events)
        self.holds.heard(events)

    # -- changing -----------------------------------------------------------------------------------------

    def write(self, change: Callable[[Change], T]) -> T:
        """Run `change` in the writer and wait until it is durable.

        Where another change of the same batch fails, `change` is run a second time: it has no effect but
        what it emits.

        Raises
        ------
        ImgdashError
            What `change` raised (nothing of it was kept), or that the disk took nothing.
        """
        return self.submit(change).result()

    def submit(self, change: Callable[[Change], T]) -> Future[T]:
        """As `write`, without waiting."""
        return self._writer.submit(change)

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

        It is called in the writer thread, or in that of who comes to look at an image or leaves it (`Holds`): it
        hands over and returns.
        """
        self._writer.listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._writer.listeners:
                self._writer.listeners.remove(listener)

        return unsubscribe

    def close(self) -> None:
        """Finish what waits, write back, close."""
        self._writer.close()
        self.database.close()
        self.journal.close()


__all__ = ["Change", "Listener", "Reader", "Store"]
