"""Which storages are owed a rejection note (R9): derived from the store, so that none is lost.

Everything is looked through once, at the start; after that only images of which something was heard that can make a
note owed. A year of records is not read again for each image that is sent.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from imgdash.model import Event, QueueEntry
from imgdash.store import rows
from imgdash.store.store import Store

# States by which a note may be owed: an image that nobody is to use, and a storage that may have it.
_MAY_OWE: Final[Mapping[str, frozenset[str]]] = {
    "image": frozenset({"rejected", "replaced", "deleted"}),
    "queue": frozenset({"done", "committing", "uncertain", "cancelled"}),
}
# Entries of images that ended badly, by which a storage has them, and for which no note exists. A repeat is archived
# as well, so nobody is told of it. An image that was deleted at once (R7) was rejected before; an expired one was not,
# unless it was in an earlier life, before it was received again. One that was stored and rejected before the storage
# committed itself is cancelled.
_OWED: Final = """
select queue.* from queue join image using (image_id)
where (image.state in ('rejected', 'replaced')
    or image.state = 'deleted' and (select journal.event from journal where journal.subject = 'image'
      and journal.id = image.image_id and journal.event in ('delete', 'expire') order by journal.seq desc limit 1)
      = 'delete')
  and (queue.state in ('done', 'committing', 'uncertain')
    or queue.state = 'cancelled' and exists (select 1 from journal where journal.subject = 'queue'
      and journal.id = queue.entry_id and journal.event = 'sent'))
  and not exists (select 1 from note where note.entry_id = queue.entry_id)
  and coalesce((select journal.data->>'kind' from journal where journal.subject = 'image'
      and journal.id = image.image_id and journal.event = 'reject' order by journal.seq desc limit 1), '') <> 'repeat'
"""


class Owed:
    """What has been heard since somebody looked; used by any thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._all = True
        self._images: set[str] = set()
        self._entries: set[str] = set()

    def heard(self, events: Sequence[Event]) -> bool:
        """Whether something may be owed by these events."""
        heard = [event for event in events if event.data.get("state") in _MAY_OWE.get(event.subject, ())]
        with self._lock:
            self._images.update(event.id for event in heard if event.subject == "image")
            self._entries.update(event.id for event in heard if event.subject == "queue")
        return bool(heard)

    @contextmanager
    def taken(self) -> Iterator[list[QueueEntry]]:
        """Entries for which a note is owed; where the body fails, they are looked for once more."""
        with self._lock:
            everything, images, entries = self._all, self._images, self._entries
            self._all, self._images, self._entries = False, set(), set()
        try:
            yield self._found("true", []) if everything else self._of(images, entries)
        except BaseException:
            with self._lock:
                self._all |= everything
                self._images |= images
                self._entries |= entries
            raise

    def _of(self, images: set[str], entries: set[str]) -> list[QueueEntry]:
        ids = set(images)
        if entries:
            sql = f"select distinct image_id from queue where entry_id in ({_marks(entries)})"
            ids |= {row["image_id"] for row in self._store.query(sql, [*entries])}
        return self._found(f"queue.image_id in ({_marks(ids)})", [*ids]) if ids else []

    def _found(self, where: str, values: Sequence[str]) -> list[QueueEntry]:
        return [rows.entry(row) for row in self._store.query(f"{_OWED} and {where}", values)]


def _marks(ids: set[str]) -> str:
    return ", ".join("?" * len(ids))
