"""Strips of rows, one to a thread: the kernels release the interpreter lock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

import cv2

_WORTH: Final = 150_000
"""Pixels below which a second thread costs more than it brings."""
_ROWS: Final = 128
"""Of a strip, about: it fits the processor's cache, and a thread that is slowed down holds up little."""


def over_strips(work: Callable[[int, int], None], shape: tuple[int, ...]) -> None:
    """Call ``work(start, stop)`` for all rows of an image of that shape.

    As many threads as OpenCV may use (`cv2.setNumThreads`): one setting for all that works on pixels, and one thread
    in each worker process.
    """
    threads = min(cv2.getNumThreads(), 1 + shape[0] * shape[1] // _WORTH)
    count = max(threads, shape[0] // _ROWS)
    ends = [shape[0] * k // count for k in range(count + 1)]
    _all([(work, start, stop) for start, stop in pairwise(ends) if stop > start], threads)


def both(one: Callable[[], Any], other: Callable[[], Any], pixels: int) -> tuple[Any, Any]:
    """What two functions give, which wait for nothing and release the interpreter lock; at once if that is worth it.

    Parameters
    ----------
    pixels
        That each of them goes over; a function is dearer than a kernel.
    """
    found: dict[int, Any] = {}

    def keep(k: int, function: Callable[[], Any]) -> None:
        found[k] = function()

    _all([(keep, 0, one), (keep, 1, other)], min(cv2.getNumThreads(), 2 if 4 * pixels > _WORTH else 1))
    return found[0], found[1]


def _all(jobs: Sequence[tuple[Any, ...]], threads: int) -> None:
    """Call them all; the thread that asks works along, so that it waits for none that has not begun."""
    if threads < 2:
        for function, *arguments in jobs:
            function(*arguments)
        return
    left = iter(jobs)

    def some() -> None:
        for function, *arguments in left:  # a list's iterator gives each job to one thread only
            function(*arguments)

    helpers = [_pool(threads - 1).submit(some) for _ in range(threads - 1)]
    try:
        some()
    finally:
        for helper in helpers:
            if not helper.cancel():
                helper.result()


@lru_cache(maxsize=4)
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="strips")
