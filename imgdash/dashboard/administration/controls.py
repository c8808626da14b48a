"""Components of the System page."""

from __future__ import annotations

import param

from imgdash.dashboard.component import Component, Told, script


class StationState(Component):
    """How the station is."""

    ready = param.Boolean(default=False)
    alerts = Told(default=[], doc="What is wrong: ``{text, remedy, level: warn|bad}``.")
    sections = Told(default=[], doc="``{title, rows: [{label, value, level, text}]}``.")
    bars = Told(default=[], doc="``{label, value, part: 0…1, level, text}``.")

    _esm = script("station.js")


class Connections(Component):
    """The other machines; sends ``{"check": True}``."""

    machines = Told(
        default=[], doc="``{name, kind, icon, service, address, state: ok|away|asking, ms, trouble, remedy}``."
    )
    checking = param.Boolean(default=False)
    at = param.String(default="", doc="When they were asked.")

    _esm = script("connections.js")


class UserForm(Component):
    """One user; sends ``{"save": {name, role, password}}`` and ``{"remove": name}``."""

    user = param.String(default="", doc="Who is changed; empty: a new one.")
    role = param.String(default="user")
    roles = Told(default=[], doc="``{name, text}``.")
    may = param.Boolean(default=False)
    busy = param.Boolean(default=False)
    error = param.String(default="")
    serial = param.Integer(default=0, doc="Counts what was saved: the form is emptied.")

    _esm = script("userform.js")


class AuditBar(Component):
    """Filters of the journal.

    Sends ``{"filter": {subject, by, text}}``, ``{"older": True}`` and ``{"verify": True}``.
    """

    subjects = Told(default=[])
    people = Told(default=[])
    more = param.Boolean(default=False, doc="Whether there are older lines.")
    grown = param.Boolean(default=False, doc="Whether there are newer lines than those shown.")
    chain = param.Selector(default="unknown", objects=["unknown", "checking", "whole", "broken"])
    chain_said = param.String(default="")

    _esm = script("auditbar.js")


class TextView(Component):
    """Text to read."""

    label = param.String(default="text")
    text = param.String(default="")
    empty = param.String(default="")
    numbers = param.Boolean(default=True)

    _esm = script("textview.js")
