"""Strips of rows, one to a thread: the kernels release the interpreter lock."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import pairwise
from typing import Final

import cv2

_WORTH: Final = 400_000
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
    strips = [(start, stop) for start, stop in pairwise(ends) if stop > start]
    if threads < 2:
        for start, stop in strips:
            work(start, stop)
        return
    for done in [_pool(threads).submit(work, start, stop) for start, stop in strips]:
        done.result()


@lru_cache(maxsize=4)
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="strips")
