"""Who works at the same list expects different images next: each says what he expects.

Without this, all tabs expect the same image: whenever one of them goes on, all others fetch other pixels ahead.
It binds nobody: who gets an image is decided by `imgdash.store.holds`.
"""

from __future__ import annotations

import threading
import time
import weakref
from typing import Final

# Who looks at one image for long does not keep the next one from others.
_SECONDS: Final = 30.0


class Ahead:
    """What is expected next, by whom."""

    def __init__(self, seconds: float = _SECONDS) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        # Who is gone expects nothing.
        self._expected: weakref.WeakKeyDictionary[object, tuple[str, float]] = weakref.WeakKeyDictionary()

    def expect(self, who: object, image_id: str) -> None:
        """`who` goes on with this image next; '' for none. Told again, it counts from the first time on."""
        with self._lock:
            known = self._expected.get(who)
            if not image_id:
                self._expected.pop(who, None)
            elif known is None or known[0] != image_id:
                self._expected[who] = (image_id, time.monotonic())

    def others(self, who: object) -> set[str]:
        """What others expect, lately."""
        since = time.monotonic() - self._seconds
        with self._lock:
            return {image_id for other, (image_id, at) in self._expected.items() if other is not who and at >= since}
