"""What the changes of one commit need not ask the database: what is in memory, and nothing of the batch has touched.

Only the writer changes anything, and memory is made true at each commit. So it holds inside the next batch, too, but
for what that batch itself does; and what it does may yet be taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from imgdash.model import Event, ImageHeader
from imgdash.store.columns import Columns
from imgdash.store.headers import Headers
from imgdash.store.image_rows import changed
from imgdash.store.same import Same

T = TypeVar("T")


class Batch:
    """Headers and answers as they are inside the transaction; used by the writer alone, for one transaction.

    Parameters
    ----------
    columns
        Column → type of the image headers' table.

    Attributes
    ----------
    read
        image_id → header as the batch has left it, None where there is none; of those that are known.
    """

    def __init__(self, headers: Headers, same: Same, columns: Columns) -> None:
        self.read: dict[str, ImageHeader | None] = {}
        self._columns = columns
        self._headers = headers
        self._same = same
        self._images: set[str] = set()
        self._subjects: set[str] = set()

    def happens(self, event: Event) -> None:
        """This event is about to be applied."""
        self._subjects.add(event.subject)
        if event.subject == "image":
            after = changed(self.known(event.id).get(event.id), event, self._columns)
            self._images.add(event.id)
            self.read.pop(event.id, None)
            if after is not None:
                self.read[event.id] = after

    def known(self, image_id: str) -> dict[str, ImageHeader | None]:
        """image_id → header, None where there is none; empty where the database is to be asked."""
        if image_id in self.read:
            return {image_id: self.read[image_id]}
        return {} if image_id in self._images else self._headers.known([image_id])

    def header(self, image_id: str, read: Callable[[], ImageHeader | None]) -> ImageHeader | None:
        """The header; by `read` only where it is not known."""
        known = self.known(image_id)
        self.read[image_id] = known[image_id] if known else read()
        return self.read[image_id]

    def same(self, name: str, subjects: Iterable[str], read: Callable[[], T]) -> T:
        """As `Same.get`; what the batch has changed is read, and not kept."""
        of = tuple(subjects)
        return self._same.get(name, of, read) if self._subjects.isdisjoint(of) else read()
