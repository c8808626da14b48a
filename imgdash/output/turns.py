"""Who steps aside, for how long, and who is set aside: the failures of single images in one queue."""

from __future__ import annotations

import time
from collections.abc import Sequence

from imgdash.config import OutputApparatus
from imgdash.model import ImgdashError, PeerFailed, QueueEntry
from imgdash.output import registry
from imgdash.output.backoff import delay
from imgdash.output.trouble import NoRoom
from imgdash.store.store import Store


class Turns:
    """Whose turn it is.

    An image that is refused steps aside for a while, and for good after `attempts`; the others flow. When the
    association breaks, it is not known yet whose fault that was: it counts against the image that was on its way
    only once another one has got through.
    """

    def __init__(self, apparatus: OutputApparatus, store: Store) -> None:
        self._apparatus = apparatus
        self._store = store
        # Entry → monotonic time of its next turn.
        self._due: dict[str, float] = {}
        # Losses of an image whose fault they may be; and images whose fault they are.
        self._losses: dict[str, int] = {}
        self._blamed: set[str] = set()
        # Those of them that there was no room for.
        self._too_large: set[str] = set()

    def next(self, limit: int) -> list[QueueEntry]:
        """The next entries, passing over those that have stepped aside.

        Those that the association broke with come last, so that another one can show whose fault it was.
        """
        now = time.monotonic()
        for entry_id in [entry_id for entry_id, due in self._due.items() if due <= now]:
            del self._due[entry_id]
        found = self._waiting({*self._due, *self._losses}, limit)
        for times in sorted(set(self._losses.values())):
            if found:
                break
            others = {entry_id for entry_id, lost in self._losses.items() if lost != times}
            found = self._waiting({*self._due, *others}, limit)
        return found

    def _waiting(self, without: set[str], limit: int) -> list[QueueEntry]:
        return registry.waiting(self._store, self._apparatus.name, without=without, limit=limit)

    def next_due(self) -> float | None:
        """When the first of those comes back, or may no longer be taken back, on the monotonic clock."""
        grace = registry.grace_left(self._store, self._apparatus.name)
        times = [*self._due.values(), *([] if grace is None else [time.monotonic() + grace])]
        return min(times, default=None)

    def now(self, entry_id: str | None = None) -> None:
        """Let one entry, or all, have their turn now: a person asked for it."""
        if entry_id is None:
            self._due.clear()
        else:
            self._due.pop(entry_id, None)

    def got_through(self, entries: Sequence[QueueEntry]) -> None:
        """The apparatus works: what broke the association before now counts against those images."""
        for entry in entries:
            self._losses.pop(entry.entry_id, None)
            self._blamed.discard(entry.entry_id)
        for entry_id, times in self._losses.items():
            suspect = registry.by_entry(self._store, entry_id)
            if suspect is None:
                continue
            counted = 1 if entry_id in self._too_large else times
            registry.note(self._store, suspect, why="another image got through", attempts=suspect.attempts + counted)
            if entry_id not in self._too_large:
                self._blamed.add(entry_id)
        self._losses.clear()
        self._too_large.clear()

    def refused(self, entry: QueueEntry, error: ImgdashError) -> None:
        """It counts against the image; where repeating cannot help, it is set aside at once."""
        attempts = entry.attempts + 1
        if attempts >= self._apparatus.attempts or (isinstance(error, PeerFailed) and not error.retry):
            registry.set_aside(self._store, entry, str(error), attempts=attempts)
            return
        self._step_aside(entry, str(error), attempts, attempts)

    def wait(self, entry: QueueEntry, error: ImgdashError) -> None:
        """It could not be formed for want of room here: that counts against no image, and is tried again."""
        self._step_aside(entry, str(error), entry.attempts, 1)

    def lost(self, entry: QueueEntry, error: PeerFailed) -> None:
        """The association ended while it was on its way, or there was no room for it."""
        if isinstance(error, NoRoom):
            if entry.attempts >= self._apparatus.attempts:
                self._losses.pop(entry.entry_id, None)
                registry.set_aside(self._store, entry, str(error), attempts=entry.attempts)
                return
            self._too_large.add(entry.entry_id)
        elif entry.entry_id in self._blamed:
            self.refused(entry, error)
            return
        times = self._losses.get(entry.entry_id, 0) + 1
        self._losses[entry.entry_id] = times
        self._step_aside(entry, str(error), entry.attempts, entry.attempts + times)

    def _step_aside(self, entry: QueueEntry, why: str, attempts: int, failures: int) -> None:
        seconds = delay(failures, self._apparatus.retry_seconds, self._apparatus.retry_cap_seconds)
        registry.again(self._store, entry, why, attempts=attempts, seconds=seconds)
        self._due[entry.entry_id] = time.monotonic() + seconds
