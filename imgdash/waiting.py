"""Tasks that wait for a worker: what is on the screen before what is in a queue, and a worker kept for it."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Final

# Up to this priority somebody looks at a screen for it.
_LOOKED_AT: Final = 1


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

    Of several workers the first takes nothing but what is on a screen: a task that has begun is not broken off, and the
    next image would wait for the examination of one that has just arrived.

    Parameters
    ----------
    workers
        How many there are.
    """

    def __init__(self, workers: int) -> None:
        self._alone = workers == 1
        self._tasks: list[Task] = []
        self._changed = threading.Condition()
        self._first_waits = False
        self._over = False

    def put(self, task: Task) -> None:
        """Wait for a worker."""
        with self._changed:
            heapq.heappush(self._tasks, task)
            self._changed.notify_all()

    def get(self, worker: int) -> Task:
        """The next task for the worker of this number, which waits for one."""
        first = worker == 0
        with self._changed:
            self._first_waits = self._first_waits or first
            self._changed.wait_for(lambda: bool(self._tasks) and self._fits(self._tasks[0], first))
            self._first_waits = self._first_waits and not first
            task = heapq.heappop(self._tasks)
            # Others may take what comes now.
            self._changed.notify_all()
            return task

    def open(self) -> None:
        """Every worker takes everything from now on: the pool is about to end."""
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def _fits(self, task: Task, first: bool) -> bool:
        if self._alone or self._over:
            return True
        # Where all processors are busy the first worker is faster: what is on a screen is left to it, if it is free.
        return not task.behind if first else task.behind or not self._first_waits
