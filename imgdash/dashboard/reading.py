"""Reading in a thread, one at a time: what is wished meanwhile becomes one more reading, of what is wanted then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from imgdash.dashboard.place import Place
from imgdash.model import ImgdashError

Step = tuple[Callable[[], Any], Callable[[Any], None]]


class Reading:
    """A reading that a page wishes again and again.

    Parameters
    ----------
    ask
        Called in the document when a reading begins: the work of the thread and what is done with its result in the
        document; None where nothing is to be read.
    failed
        Told of an error in the document; the session says it if None.
    pause_ms
        How long `soon` waits, so that what happens many times a second is read a few times only.
    """

    def __init__(
        self,
        session: Place,
        ask: Callable[[], Step | None],
        failed: Callable[[ImgdashError], None] | None = None,
        *,
        pause_ms: int = 0,
    ) -> None:
        self._session, self._ask, self._failed, self._pause_ms = session, ask, failed, pause_ms
        self.busy = self._again = self._due = False

    @property
    def idle(self) -> bool:
        """Nothing is read, and nothing is about to be."""
        return not (self.busy or self._due)

    def soon(self) -> None:
        """Read after a pause."""
        if not self._due:
            self._due = True
            self._session.after(self._pause_ms, self._at_last)

    def _at_last(self) -> None:
        self._due = False
        self.now()

    def now(self) -> None:
        """Read at once, or as soon as the reading under way has ended."""
        if self.busy:
            self._again = True
            return
        step = self._ask()
        if step is None:
            return
        work, then = step
        self.busy, self._again = True, False
        self._session.run(work, lambda found: self._ended(lambda: then(found)), self._erred)

    def _erred(self, error: ImgdashError) -> None:
        tell = self._failed or (lambda error: self._session.tell(error.cause, "error", error.remedy))
        self._ended(lambda: tell(error))

    def _ended(self, told: Callable[[], None]) -> None:
        self.busy = False
        try:
            told()
        finally:
            if self._again:
                self.now()


__all__ = ["Reading", "Step"]
