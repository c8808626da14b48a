"""The shell of the pages: made once for a tab, shows one page at a time, passes events and keys on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

import panel as pn

from imgdash.dashboard.badges import Badges
from imgdash.dashboard.chrome import Address, Keys, Rail, StatusLine
from imgdash.dashboard.keyring import Keyring
from imgdash.dashboard.page import Page
from imgdash.dashboard.scaling import Scaling
from imgdash.dashboard.session import Session
from imgdash.dashboard.tagbrowser import TagBrowser
from imgdash.model import Event

# Kinds of things that happened to one object each, which a hidden page is told of when it is shown.
_PENDING = 50_000


class Shell:
    """Rail, pages, what is said, keys.

    Parameters
    ----------
    session
        Of this tab.
    pages
        Classes of the pages, in the order of the rail; the first is shown where the address names none.
    query
        What the address asked for when the tab was opened.
    """

    def __init__(
        self,
        session: Session,
        pages: Sequence[type[Page]],
        query: Mapping[str, str] | None = None,
    ) -> None:
        self.session = session
        self.pages: dict[str, Page] = {page.name: page(session) for page in pages}
        self._missed: dict[str, dict[tuple[str, str, str], Event]] = {name: {} for name in self.pages}
        self._views: dict[str, Any] = {}
        self._current, self._going = "", False
        self.rail = Rail(
            pages=[{"name": p.name, "title": p.title, "icon": p.icon} for p in pages],
            user=session.actor.name,
            role=session.actor.role,
            on_message=lambda message: self.scaling.show() if "size" in message else self.go(str(message.get("page"))),
            sizing_mode="stretch_height",
        )
        self.status = StatusLine(sizing_mode="stretch_width")
        self.keys = Keys(on_message=self._key)
        self.where = Address(on_message=self._moved)
        self.tags = TagBrowser(session)
        self.scaling = Scaling(session)
        self.keyring = Keyring(session, self.pages, self._rekey)
        # A page that is hidden must not make the shown one taller than the window.
        bounded = {"min-height": "0", "overflow": "hidden"}
        # All that there is, whatever the scale at which it is drawn.
        high, wide = (f"calc(100{unit}/var(--scale,1))" for unit in ("vh", "vw"))
        window = {**bounded, "height": high, "max-height": high}
        self.stack = pn.Column(sizing_mode="stretch_both", margin=0, styles=bounded)
        self.layout = pn.Row(
            self.rail,
            pn.Column(self.stack, self.status, sizing_mode="stretch_both", margin=0, styles=window),
            self.keys,
            self.where,
            self.scaling.drawn,
            self.scaling.dialog,
            self.keyring.dialog,
            self.tags.dialog,
            sizing_mode="stretch_both",
            margin=0,
            styles={**window, "width": wide},
        )
        session.go = self.go
        session.tell = self.status.say
        session.withdraw = self.status.withdraw
        session.address = self.address
        session.rekey = self._rekey
        session.tags = self.tags.show
        session.keys = lambda: self.keyring.show(self._current)
        session.listen(self._events)
        asked = dict(query or {})
        first = asked.pop("page", "")
        self.go(first if first in self.pages else pages[0].name, **asked)
        self._badges = Badges.of(session.apparatus)
        session.at_close(self._badges.join(self.pages, lambda counts: session.soon(lambda: self._counted(counts))))
        self.keyring.read()
        self.scaling.read()

    # -- which page ---------------------------------------------------------------------------------------

    def go(self, name: str, **query: Any) -> None:
        """Show a page, made when it is first shown."""
        if name not in self.pages:
            return
        page = self.pages[name]
        changed = name != self._current
        if changed and self._current:
            self.pages[self._current].out_of_sight()
        self._current, self._going = name, True
        if name not in self._views:
            self._views[name] = page.view()
            page.rekeyed(self.keyring.of(page))
            self.stack.append(self._views[name])
            page.update(())
        if changed:
            for other, view in self._views.items():
                view.visible = other == name
            self.rail.current = name
            self._rekey()
        if missed := self._missed[name]:
            self._missed[name] = {}
            page.update(list(missed.values()))
        if query:
            page.open(**query)
        if changed:
            page.in_sight()
        # Last: who sees the address finds the page there.
        self._going = False
        self.where.search = _search(name, query or page.place())

    def address(self, **query: Any) -> None:
        """What a page shows has changed; the one that is shown says its place, whichever asks."""
        if not self._going:
            self.where.search = _search(self._current, self.pages[self._current].place() or query)

    def _moved(self, message: Mapping[str, Any]) -> None:
        """Back and forward of the browser: a page is as it was left."""
        if "moved" not in message:
            return
        query = dict(parse_qsl(str(message["moved"]).lstrip("?")))
        name = query.pop("page", "")
        self.go(name, **({} if name in self._views else query))
        # From here on the address is of that page.
        self.where.send(moved=True)

    # -- what happens -------------------------------------------------------------------------------------

    def _events(self, events: Sequence[Event]) -> None:
        if any(event.subject == "user" and event.id == self.rail.user for event in events):
            self._rights()
        for name, page in self.pages.items():
            if name == self._current:
                page.update(events)
            elif name in self._views:
                _note(self._missed[name], events)

    def _rights(self) -> None:
        """The account of who sits here was changed."""
        role = self.session.actor.role
        if role == "nobody":
            self.leave()
        elif role != self.rail.role:
            self.rail.role = role
            self.session.tell(f"Your role is {role} now.", "warning")
            for name in self._views:
                self.pages[name].rights()

    def leave(self) -> None:
        """Who sits here has logged out, or is no user any more: the browser goes to the login page."""
        self.rail.send(leave=True)
        self.session.close()

    def _counted(self, badges: dict[str, list[Any]]) -> None:
        if badges != self.rail.badges:
            self.rail.badges = badges

    # -- keys ---------------------------------------------------------------------------------------------

    def _key(self, message: Mapping[str, Any]) -> None:
        action = str(message.get("action"))
        if action == "keys":
            self.keyring.show(self._current)
        elif action == "size":
            self.scaling.show()
        elif action.startswith("jump"):
            names = list(self.pages)
            number = action.removeprefix("jump")
            if number.isdecimal() and 1 <= int(number) <= len(names):
                self.go(names[int(number) - 1])
        elif message.get("page") == self._current:
            # Pressed while another page was still in sight, it is for neither of them.
            self.pages[self._current].pressed(action, str(message.get("image", "")))

    def _rekey(self) -> None:
        page = self.pages[self._current]
        self.keys.set(keymap=self.keyring.keymap(page), local=list(page.local), page=self._current)


def _search(page: str, query: Mapping[str, Any]) -> str:
    return "?" + urlencode({"page": page, **query})


def _note(missed: dict[tuple[str, str, str], Event], events: Sequence[Event]) -> None:
    """Keep the latest of each kind for each object: a night of images must not push out what came before them."""
    for event in events:
        key = (event.subject, event.id, event.event)
        missed.pop(key, None)
        missed[key] = event
    while len(missed) > _PENDING:
        del missed[next(iter(missed))]
