"""A bound on the connections that peers can occupy (RELIABILITY.md)."""

from __future__ import annotations

import threading
from typing import Protocol


class Evictable(Protocol):
    """A connection as the table of connections sees it."""

    phase: int
    since: float

    def evict(self) -> None:
        """Cut it off."""

    def stop(self) -> None:
        """Finish the message in hand, then end."""


class Connections:
    """The connections of one process, at most `cap`.

    A new one is always let in. For it goes the one that got on with nothing for longest: first those without
    an association, then the idle, at last those in the middle of a message.
    """

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._open: set[Evictable] = set()
        self._changed = threading.Condition()

    def __len__(self) -> int:
        return len(self._open)

    def add(self, connection: Evictable) -> None:
        """Take `connection` in, cutting off another if there are too many."""
        with self._changed:
            victim = None
            if len(self._open) >= self._cap:
                victim = min(self._open, key=lambda other: (other.phase, other.since))
                self._open.discard(victim)
            self._open.add(connection)
        if victim is not None:
            victim.evict()

    def remove(self, connection: Evictable) -> None:
        """`connection` has ended."""
        with self._changed:
            self._open.discard(connection)
            self._changed.notify_all()

    def stop(self, seconds: float) -> bool:
        """Let every connection finish its message; whether all had ended after `seconds`."""
        with self._changed:
            for connection in self._open:
                connection.stop()
            return self._changed.wait_for(lambda: not self._open, timeout=seconds)
