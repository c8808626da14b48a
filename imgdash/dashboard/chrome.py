"""What stands around every page: the rail, the status line, keys of the document."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import param

from imgdash.dashboard.component import Component, Told, script

# Messages whose buttons still work: as many as the list of messages has lines.
_BUTTONS_KEPT = 50


class Rail(Component):
    """Pages with their badges; sends ``{"page": name}`` and ``{"size": True}``; ``send(leave=True)`` goes to the login
    page.
    """

    pages = Told(default=[], doc="``{name, title, icon}`` of each page, in order.")
    badges = Told(default={}, doc="Page → (count, colour name).")
    current = param.String(default="")
    user = param.String(default="")
    role = param.String(default="")
    width = param.Integer(default=64)

    _esm = script("relayout.js", "rail.js")


class Address(Component):
    """The address of the browser: `search` is put there; sends ``{"moved": search}`` after Back and Forward,
    and ``{"there": search}`` when it is put.

    Panel's own `Location` hears nothing of Back and Forward, has each change for a step of its own, and takes the
    browser's word for the address where the server has put another one into the page that is only on its way.
    """

    search = param.String(default="", doc="``?page=…`` and what the page shows.")
    width = param.Integer(default=0)

    _esm = script("address.js")


class StatusLine(Component):
    """The line below every page: what is said, and whether the station answers.

    `say` shows a message with buttons; a loss of the connection is shown by itself, and the page comes back to where
    it was once the station answers again.
    """

    height = param.Integer(default=28)

    _esm = script("statusline.js")

    def __init__(self, **params: Any) -> None:
        super().__init__(on_message=self._done, **params)
        self._serial = 0
        self._does: dict[int, Mapping[str, Callable[[], None]]] = {}
        self._lasting: dict[int, Collection[str]] = {}

    def say(
        self,
        text: str,
        kind: str = "info",
        detail: str = "",
        *,
        does: Mapping[str, Callable[[], None]] | None = None,
        seconds: float | None = None,
        about: str = "",
        lasting: Collection[str] = (),
    ) -> None:
        """Show a message; see `imgdash.dashboard.session.Session`."""
        self._serial += 1
        if does:
            kept = list(self._does)[-_BUTTONS_KEPT:]
            self._does = {**{serial: self._does[serial] for serial in kept}, self._serial: does}
            self._lasting = {**{serial: self._lasting[serial] for serial in kept}, self._serial: lasting}
        self.send(
            text=text, kind=kind, detail=detail, does=list(does or ()), seconds=seconds or 0, about=about,
            serial=self._serial, lasting=list(lasting),
        )  # fmt: skip

    def withdraw(self, about: str) -> None:
        """What was said `about` this no longer holds."""
        self.send(withdraw=about)

    def _done(self, message: Mapping[str, Any]) -> None:
        serial, name = int(message.get("serial", 0)), str(message.get("does"))
        does, lasting = self._does.get(serial, {}), self._lasting.get(serial, ())
        if name in does and name not in lasting:
            # Done once; what stays in the list of messages still leads to its image.
            self._does[serial] = {other: does[other] for other in does if other in lasting}
        if function := does.get(name):
            function()


class Keys(Component):
    """Keys pressed anywhere in the document while nobody types and no dialog is open.

    Sends ``{"action": name, "page": name, "image": image_id}``: what was in sight when the key was pressed, which is
    another page or image than the server has where that was changed at the same moment. `image` is empty where none
    was. The key of ``jump`` waits for a digit: ``{"action": "jump3"}``.
    Actions in `local` stay in the browser: they are told to other components there, with key down and key up.
    """

    keymap = Told(default={}, doc="Key as in KeyboardEvent.key, letters small → action.")
    local = Told(default=[], doc="Actions that a component in the browser carries out.")
    page = param.String(default="", doc="Name of the page whose keys these are.")
    width = param.Integer(default=0)

    _esm = script("keys.js")
