"""What stands around every page: the rail, toasts, keys of the document."""

from __future__ import annotations

import param

from imgdash.dashboard.component import Component, script


class Rail(Component):
    """Pages with their badges; sends ``{"page": name}``."""

    pages = param.List(default=[], doc="``{name, title, icon}`` of each page, in order.")
    badges = param.Dict(default={}, doc="Page → (count, colour name).")
    current = param.String(default="")
    user = param.String(default="")
    role = param.String(default="")
    width = param.Integer(default=64)

    _esm = script("rail.js")


class Toasts(Component):
    """Short messages; ``send(text=…, detail=…, kind="error")``."""

    width = param.Integer(default=0)

    _esm = script("toasts.js")


class Keys(Component):
    """Keys pressed anywhere in the document while nobody types; sends ``{"action": name}``.

    Actions in `local` stay in the browser: they are told to other components there, with key down and key up.
    """

    active = param.Boolean(default=True, doc="False while a dialog is open.")
    keymap = param.Dict(default={}, doc="Key as in KeyboardEvent.key, letters small → action.")
    local = param.List(default=[], doc="Actions that a component in the browser carries out.")
    width = param.Integer(default=0)

    _esm = script("keys.js")
