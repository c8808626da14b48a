"""Who looked at which image when, for the journal: written now and then, so that nobody waits for it."""

from __future__ import annotations

import threading
from collections import deque
from datetime import datetime
from typing import Final

from imgdash.store.store import Change, Store

_MOST: Final = 10_000


class Viewings:
    """Looks that are not in the journal yet: a power failure loses those of the last half minute."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock, self._keeping = threading.Lock(), threading.Lock()
        # Where the disk takes nothing for long, the oldest are lost rather than the memory.
        self._waiting: deque[tuple[str, str, datetime]] = deque(maxlen=_MOST)

    def looked(self, image_id: str, name: str) -> None:
        """`name` opened an image."""
        with self._lock:
            self._waiting.append((image_id, name, datetime.now()))

    def keep(self) -> None:
        """Write what waits.

        Raises
        ------
        RecordsFailed
            If the disk does not take it; it goes on waiting.
        """
        # The apparatus that stops, and its housekeeping, must not write the same ones.
        with self._keeping:
            self._keep()

    def _keep(self) -> None:
        with self._lock:
            looks = list(self._waiting)
        if not looks:
            return

        def change_(change: Change) -> None:
            for image_id, name, at in looks:
                change.set("viewing", image_id, name, opened_at=at)

        self._store.write(change_)
        with self._lock:
            for _ in range(min(len(looks), len(self._waiting))):
                self._waiting.popleft()
