"""Edits of one tab, one after another: threads would let a later one be first."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, Any

from imgdash.model import ImgdashError

if TYPE_CHECKING:
    from imgdash.dashboard.session import Session

_LOG = logging.getLogger(__name__)
_Turn = tuple[Callable[[], Any], Callable[[Any], None], Callable[[ImgdashError], None] | None]


class Turns:
    """What is asked for while something is on its way waits for it; called in the document."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._waiting: deque[_Turn | Callable[[], object]] = deque()
        self._running: Future[Any] | None = None

    @property
    def busy(self) -> bool:
        """Whether something is on its way, or waits; not any more when its end is told."""
        return bool(self._waiting) or (self._running is not None and not self._running.done())

    def run(
        self,
        work: Callable[[], Any],
        then: Callable[[Any], None],
        failed: Callable[[ImgdashError], None] | None = None,
    ) -> None:
        """Run `work` in a thread, after what was asked for before.

        Parameters
        ----------
        then
            Called with the result, where no further edit waits: what it shows would be old already.
        failed
            Called with the reason, or it is said; what waits is done nevertheless.
        """
        self._waiting.append((work, then, failed))
        if self._running is None:
            self._next()

    def after(self, function: Callable[[], object]) -> None:
        """Call `function` in the document after what was asked for before; now, where nothing is on its way."""
        self._waiting.append(function)
        if self._running is None:
            self._next()

    def close(self) -> None:
        """The tab is gone, and takes no turns any more: what waits is done nevertheless, in a thread."""
        waiting, self._waiting = self._waiting, deque()
        running = self._running
        if waiting:
            self._session.run(lambda: _finish(running, waiting))

    def _next(self) -> None:
        self._running = None
        turn = None
        while self._waiting and callable(turn := self._waiting.popleft()):
            turn()
        if turn is None or callable(turn):
            return
        work, then, failed = turn
        self._running = self._session.run(work, lambda result: None if self._waiting else then(result), failed)
        # However it ends, and after its end was told.
        self._running.add_done_callback(lambda _: self._session.soon(self._next))


def _finish(running: Future[Any] | None, waiting: deque[_Turn | Callable[[], object]]) -> None:
    if running is not None:
        wait([running])
    for turn in waiting:
        try:
            turn() if callable(turn) else turn[0]()
        except ImgdashError as error:
            _LOG.info("an edit of a tab that is gone: %s", error.cause)
