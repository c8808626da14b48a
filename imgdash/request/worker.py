"""A thread that does what is due, and sleeps until something is: woken, or by a monotonic timer."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from imgdash.config import Requests

_LOG = logging.getLogger(__name__)
_AFTER_A_FAULT = 30.0


@dataclass(frozen=True)
class Patience:
    """How often, and how long.

    Attributes
    ----------
    attempts
        Tries before a request that nobody answers has failed.
    rejected
        Tries where the peer answers that it rejects the message.
    first, cap
        Seconds before the second try, doubling each time, up to `cap`.
    look
        Seconds between looks at a work item whose peer reports no events.
    """

    attempts: int = 8
    rejected: int = 3
    first: float = 2.0
    cap: float = 300.0
    look: float = 30.0

    @classmethod
    def of(cls, settings: Requests) -> Patience:
        """As the site file has it."""
        return cls(
            settings.attempts,
            settings.rejections,
            settings.retry_seconds,
            settings.retry_cap_seconds,
            settings.look_seconds,
        )

    def pause(self, attempts: int) -> float:
        """Seconds to wait after so many tries."""
        return min(self.cap, self.first * 2.0 ** (attempts - 1))


class Timer:
    """When each item is due; what is not known is due now. Survives no restart: then everything is due."""

    def __init__(self) -> None:
        self._due: dict[str, float] = {}

    def seconds(self, key: str) -> float:
        """Seconds until `key` is due; 0 if it is."""
        return max(0.0, self._due.get(key, 0.0) - time.monotonic())

    def again_in(self, key: str, seconds: float) -> None:
        """Make `key` due in so many seconds."""
        self._due[key] = time.monotonic() + seconds

    def not_before(self, key: str, seconds: float) -> None:
        """Make `key` due in so many seconds, unless it is known already."""
        self._due.setdefault(key, time.monotonic() + seconds)

    def forget(self, key: str) -> None:
        """Make `key` due at once, when it comes up again."""
        self._due.pop(key, None)


class Worker:
    """Runs `step` on a thread of its own.

    Parameters
    ----------
    step
        Does what is due; returns the seconds until the next thing will be, or None to wait for `wake`.
    """

    def __init__(self, name: str, step: Callable[[], float | None]) -> None:
        self._step = step
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start with whatever a former run has left."""
        self._thread.start()

    def wake(self) -> None:
        """Something may be due."""
        self._wake.set()

    def leave(self) -> None:
        """Begin no other step."""
        self._stopping.set()
        self._wake.set()

    def stop(self) -> None:
        """Stop after the step in hand; what is not done is in the store."""
        self.leave()
        if self._thread.ident is not None:
            self._thread.join(timeout=30)

    @property
    def stopping(self) -> bool:
        """Whether a step should end soon."""
        return self._stopping.is_set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                pause = self._step()
            except Exception:  # one item must not end the thread; each item's own trouble is handled in the step
                _LOG.exception("%s: a step failed", self._thread.name)
                pause = _AFTER_A_FAULT
            self._wake.wait(pause)
