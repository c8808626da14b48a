"""Counts on the rail: made once for all tabs of an apparatus, a few times a second at the most."""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from imgdash.model import ImgdashError

if TYPE_CHECKING:
    from imgdash.apparatus import Apparatus
    from imgdash.dashboard.page import Page

_LOG = logging.getLogger(__name__)
_PAUSE_SECONDS = 1.0
Counts = dict[str, list[Any]]
Told = Callable[[Counts], None]


class Badges:
    """Counts again after something happened, and tells every tab where the counts have changed.

    A thread of its own works while there are tabs. `of` gives the one of an apparatus.
    """

    def __init__(self, apparatus: Apparatus) -> None:
        self._apparatus = apparatus
        self._lock = threading.Lock()
        self._tabs: dict[object, tuple[Mapping[str, Page], Told]] = {}
        self._counts: Counts = {}
        self._due = threading.Event()
        self._end: Callable[[], None] | None = None

    @staticmethod
    def of(apparatus: Apparatus) -> Badges:
        """Shared by all tabs of an apparatus."""
        with _MAKING:
            # Kept alive by the tabs that joined; it keeps the apparatus, so its id is of no other.
            if (known := _ALL.get(id(apparatus))) is None:
                known = _ALL[id(apparatus)] = Badges(apparatus)
            return known

    def join(self, pages: Mapping[str, Page], told: Told) -> Callable[[], None]:
        """Call `told`, in a thread, with the counts as they are and whenever they change; returns what ends it.

        Parameters
        ----------
        pages
            Those of the tab: any tab's pages count the same.
        told
            Only notes what it is told: others wait meanwhile.
        """
        tab = object()
        with self._lock:
            self._tabs[tab] = (pages, told)
            if self._end is None:
                self._end = self._begin()
            # Before others count again: what is told last stays on the rail.
            if self._counts:
                told(dict(self._counts))
        self._due.set()
        return lambda: self._leave(tab)

    def _begin(self) -> Callable[[], None]:
        over = threading.Event()
        unsubscribe = self._apparatus.subscribe(lambda _events: self._due.set())

        def end() -> None:
            unsubscribe()
            over.set()
            self._due.set()

        threading.Thread(target=self._work, args=(over,), name="badges", daemon=True).start()
        return end

    def _leave(self, tab: object) -> None:
        with self._lock:
            self._tabs.pop(tab, None)
            if not self._tabs and self._end is not None:
                self._end()
                self._end, self._counts = None, {}

    def _work(self, over: threading.Event) -> None:
        while True:
            self._due.wait()
            if over.is_set():
                return
            self._due.clear()
            with self._lock:
                tabs = list(self._tabs.values())
            if tabs:
                self._count(tabs)
            # What happens meanwhile is one more count.
            over.wait(_PAUSE_SECONDS)

    def _count(self, tabs: Sequence[tuple[Mapping[str, Page], Told]]) -> None:
        pages, _ = tabs[0]
        try:
            counts = {name: list(badge) for name, page in pages.items() if (badge := page.badge()) and badge[0]}
        except ImgdashError as error:
            # The records are being opened again; what happens next counts anew.
            _LOG.info("the badges were not counted: %s", error.cause)
            return
        except Exception:
            # One page that fails must not end the counting for every tab.
            _LOG.exception("the badges were not counted")
            return
        with self._lock:
            if counts == self._counts:
                return
            self._counts = counts
            for _, told in self._tabs.values():
                told(dict(counts))


_MAKING = threading.Lock()
_ALL: weakref.WeakValueDictionary[int, Badges] = weakref.WeakValueDictionary()
