"""Who works at the same list expects different images next: each says what he expects.

Without this, all tabs expect the same images: whenever one of them goes on, all others fetch other pixels ahead.
It binds nobody: who gets an image is decided by `imgdash.store.holds`.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Sequence
from typing import Final

# Who looks at one image for long does not keep the next one from others.
_SECONDS: Final = 30.0


class Ahead:
    """What is expected next, by whom."""

    def __init__(self, seconds: float = _SECONDS) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        # Who is gone expects nothing.
        self._expected: weakref.WeakKeyDictionary[object, dict[str, float]] = weakref.WeakKeyDictionary()

    def expect(self, who: object, image_ids: Sequence[str]) -> None:
        """`who` goes on with these images next. Told again, an image counts from the first time on."""
        now = time.monotonic()
        with self._lock:
            known = self._expected.get(who, {})
            self._expected[who] = {image_id: known.get(image_id, now) for image_id in image_ids}

    def others(self, who: object) -> dict[str, int]:
        """What others expect, lately: image_id → how many images come before it, by whom it comes first."""
        since = time.monotonic() - self._seconds
        found: dict[str, int] = {}
        with self._lock:
            for other, expected in self._expected.items():
                if other is not who:
                    for place, (image_id, at) in enumerate(expected.items()):
                        if at >= since:
                            found[image_id] = min(place, found.get(image_id, place))
        return found
