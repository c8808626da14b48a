"""Waiting longer after each failure: doubling, with a cap, on the monotonic clock."""

from __future__ import annotations

import time


def delay(failures: int, first: float, cap: float) -> float:
    """Seconds to wait after the n-th failure in a row: ``first · 2ⁿ⁻¹``, at most `cap`."""
    # The exponent is bounded too: after days of failures 2ⁿ is no float any more.
    return 0.0 if failures < 1 else min(cap, first * 2.0 ** min(failures - 1, 62))


class Backoff:
    """When something may be tried again.

    Parameters
    ----------
    first, cap
        Seconds.
    """

    def __init__(self, first: float, cap: float) -> None:
        self.first = first
        self.cap = cap
        self.failures = 0
        self._open_at = 0.0

    def failed(self) -> float:
        """Note a failure; returns the seconds to wait."""
        self.failures += 1
        wait = delay(self.failures, self.first, self.cap)
        self._open_at = time.monotonic() + wait
        return wait

    def left(self) -> float:
        """Seconds still to wait; 0 where it may be tried now."""
        return max(0.0, self._open_at - time.monotonic())

    def succeeded(self) -> None:
        """Start again at `first`."""
        self.failures = 0
        self._open_at = 0.0

    def now(self) -> None:
        """Try at once, without forgetting the failures: a person asked for it."""
        self._open_at = 0.0
