"""Who works at the same list gets different images: each says what he opens and what he expects next.

Without this, all tabs expect the same image: whenever one of them goes on, all others fetch other pixels ahead, and who
goes on a moment later is shown an image that somebody else has, then another one. It lives in memory only and binds
nobody: who holds an image is decided in the records, and it takes a moment until every list has heard of that.
"""

from __future__ import annotations

import threading
import time
import weakref
from typing import Final

# Who looks at one image for long does not keep the next one from others.
_SECONDS: Final = 30.0
# By then every list knows who has an image, or what was decided on it.
_HEARD: Final = 5.0


class Ahead:
    """What is expected next, and what was opened lately, by whom."""

    def __init__(self, seconds: float = _SECONDS, heard: float = _HEARD) -> None:
        self._seconds, self._heard = seconds, heard
        self._lock = threading.Lock()
        # Who is gone expects nothing.
        self._expected: weakref.WeakKeyDictionary[object, tuple[str, float]] = weakref.WeakKeyDictionary()
        # image_id → by whom, when; the latest last.
        self._opened: dict[str, tuple[weakref.ref[object], float]] = {}

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

    def open(self, who: object, image_id: str) -> None:
        """`who` looks at this image from now on."""
        now = time.monotonic()
        with self._lock:
            self._opened.pop(image_id, None)
            self._opened[image_id] = (weakref.ref(who), now)
            for old in [old for old, (_, at) in self._opened.items() if at < now - self._heard]:
                del self._opened[old]

    def taken(self, who: object) -> set[str]:
        """What others opened just now: lists may not have heard of it."""
        since = time.monotonic() - self._heard
        with self._lock:
            return {image_id for image_id, (by, at) in self._opened.items() if by() is not who and at >= since}
