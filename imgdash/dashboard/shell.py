"""The shell of the pages: made once for a tab, shows one page at a time, passes events and keys on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any
from urllib.parse import parse_qsl, urlencode

import panel as pn

from imgdash.dashboard.chrome import Keys, Rail, Toasts
from imgdash.dashboard.pages import Page
from imgdash.dashboard.session import Session
from imgdash.model import Event

_PENDING = 2000


class Shell:
    """Rail, pages, toasts, keys.

    Parameters
    ----------
    session
        Of this tab.
    pages
        Classes of the pages, in the order of the rail; the first is shown where the address names none.
    location
        Panel's location of the document, or None where there is no address (notebook).
    query
        What the address asked for when the tab was opened.
    """

    def __init__(
        self,
        session: Session,
        pages: Sequence[type[Page]],
        location: Any = None,
        query: Mapping[str, str] | None = None,
    ) -> None:
        self.session = session
        self.location = location
        self.pages: dict[str, Page] = {page.name: page(session) for page in pages}
        self._missed: dict[str, list[Event]] = {name: [] for name in self.pages}
        self._views: dict[str, Any] = {}
        self._current = ""
        self._counting: Future[Any] | None = None
        self._count_again = False
        self.rail = Rail(
            pages=[{"name": p.name, "title": p.title, "icon": p.icon} for p in pages],
            user=session.actor.name,
            role=session.actor.role,
            on_message=lambda message: self.go(str(message.get("page"))),
            sizing_mode="stretch_height",
        )
        self.toasts = Toasts()
        self.keys = Keys(on_message=lambda message: self._key(str(message.get("action"))))
        # A page that is hidden must not make the shown one taller than the window.
        bounded = {"height": "100vh", "max-height": "100vh", "min-height": "0", "overflow": "hidden"}
        self.stack = pn.Column(sizing_mode="stretch_both", margin=0, styles=bounded)
        self.layout = pn.Row(
            self.rail,
            self.stack,
            self.toasts,
            self.keys,
            sizing_mode="stretch_both",
            margin=0,
            styles={**bounded, "width": "100vw"},
        )
        session.go = self.go
        session.tell = self._tell
        session.address = self.address
        session.rekey = self._rekey
        session.typing = self._typing
        session.listen(self._events)
        asked = dict(query or {})
        first = asked.pop("page", "")
        self.go(first if first in self.pages else pages[0].name, **asked)
        if location is not None:
            location.param.watch(self._moved, "search")
        self._count()

    # -- which page ---------------------------------------------------------------------------------------

    def go(self, name: str, **query: Any) -> None:
        """Show a page, made when it is first shown."""
        if name not in self.pages:
            return
        page = self.pages[name]
        changed = name != self._current
        self._current = name
        if name not in self._views:
            self._views[name] = page.view()
            self.stack.append(self._views[name])
            page.update(())
        if changed:
            for other, view in self._views.items():
                view.visible = other == name
            self.rail.current = name
            self._rekey()
        if missed := self._missed[name]:
            self._missed[name] = []
            page.update(missed)
        if query:
            page.open(**query)
        self.address(**query)

    def address(self, **query: Any) -> None:
        """Put the page, and what it shows, into the address."""
        if self.location is not None:
            search = "?" + urlencode({"page": self._current, **query})
            if self.location.search != search:
                self.location.search = search

    def _address(self) -> dict[str, str]:
        return dict(parse_qsl((self.location.search or "").lstrip("?"))) if self.location is not None else {}

    def _moved(self, _: Any) -> None:
        """Back and forward of the browser."""
        query = self._address()
        name = query.pop("page", self._current)
        if name != self._current:
            self.go(name, **query)

    # -- what happens -------------------------------------------------------------------------------------

    def _events(self, events: Sequence[Event]) -> None:
        for name, page in self.pages.items():
            if name == self._current:
                page.update(events)
            elif name in self._views:
                self._missed[name] = [*self._missed[name], *events][-_PENDING:]
        self._count()

    def _count(self) -> None:
        """Count badges in a thread; while one count runs, one more is remembered."""
        if self._counting is not None and not self._counting.done():
            self._count_again = True
            return
        pages = dict(self.pages)
        self._counting = self.session.run(
            lambda: {name: list(badge) for name, page in pages.items() if (badge := page.badge()) and badge[0]},
            self._counted,
        )

    def _counted(self, badges: dict[str, list[Any]]) -> None:
        if badges != self.rail.badges:
            self.rail.badges = badges
        if self._count_again:
            self._count_again = False
            self._count()

    def _key(self, action: str) -> None:
        self.pages[self._current].key(action)

    def _rekey(self) -> None:
        page = self.pages[self._current]
        self.keys.param.update(keymap=dict(page.keymap), local=list(page.local))

    def _typing(self, on: bool) -> None:
        self.keys.active = not on

    def _tell(self, text: str, kind: str = "info", detail: str = "") -> None:
        self.toasts.send(text=text, kind=kind, detail=detail)
