"""Tasks that wait for a worker: what is on the screen before what is in a queue, and a worker kept for it."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Final

# Up to this priority somebody looks at a screen for it.
_LOOKED_AT: Final = 1
# So long after the last such task the next one is expected.
_SECONDS: Final = 10.0


@dataclass(order=True)
class Task:
    """A call, and who waits for it; lower priorities go first, then who came first."""

    priority: int
    number: int
    function: Callable[..., Any] = field(compare=False)
    arguments: tuple[Any, ...] = field(compare=False)
    timeout: float = field(compare=False)
    future: Future[Any] = field(compare=False)

    @property
    def behind(self) -> bool:
        """Whether nobody looks at a screen for it."""
        return self.priority > _LOOKED_AT


class Waiting:
    """The queue of a pool of workers.

    While people look at images, one of several workers takes nothing else: a task that has begun is not broken off,
    and the next image would wait for the examination of one that has just arrived.

    Parameters
    ----------
    workers
        How many there are.
    seconds
        How long after a task for the screen a worker is kept for the next one.
    """

    def __init__(self, workers: int, seconds: float = _SECONDS) -> None:
        self._most_behind = max(1, workers - 1)
        self._workers, self._seconds = workers, seconds
        self._tasks: list[Task] = []
        self._changed = threading.Condition()
        self._behind = 0
        self._looked = -seconds

    def put(self, task: Task) -> None:
        """Wait for a worker."""
        with self._changed:
            heapq.heappush(self._tasks, task)
            if not task.behind:
                self._looked = time.monotonic()
            self._changed.notify_all()

    def get(self) -> Task:
        """The next task; waits for one. Its end is told to `done`."""
        with self._changed:
            while True:
                if self._tasks and (not self._tasks[0].behind or self._behind < self._allowed()):
                    task = heapq.heappop(self._tasks)
                    self._behind += task.behind
                    return task
                # Where a worker is kept free, until nobody looks any more.
                self._changed.wait(self._kept() if self._tasks else None)

    def done(self, task: Task) -> None:
        """A task that was got has ended."""
        with self._changed:
            self._behind -= task.behind
            self._changed.notify_all()

    def open(self) -> None:
        """Keep no worker free any more: the pool is about to end."""
        with self._changed:
            self._most_behind = self._workers
            self._changed.notify_all()

    def _kept(self) -> float:
        return max(0.01, self._looked + self._seconds - time.monotonic())

    def _allowed(self) -> int:
        return self._most_behind if time.monotonic() < self._looked + self._seconds else self._workers
