"""Components of the Records page."""

from __future__ import annotations

import param

from imgdash.apparatus.reporting import FORMATS
from imgdash.dashboard.component import Component, Told, script


class ReportList(Component):
    """The reports; sends ``{"report": name}``."""

    reports = Told(default=[], doc="``{name, number, title, what}`` in order.")
    current = param.String(default="")

    _esm = script("reportlist.js")


class ReportForm(Component):
    """What a report takes and how it is exported.

    Sends ``{"values": {name: value}}``, ``{"export": format}``, ``{"one": series}`` and ``{"columns": True}``.
    """

    report = Told(default={}, doc="``{what, source, parameters: [{name, type, choices, label, text}]}``.")
    values = Told(default={}, doc="Parameter → value as in the form.")
    series = Told(default=[], doc="Of a control chart: which can be drawn.")
    one = param.String(default="", doc="The one that is drawn.")
    formats = Told(default=list(FORMATS))
    busy = param.Boolean(default=False)
    error = param.String(default="")

    _esm = script("reportform.js")


class Patients(Component):
    """Patients of the emission record; sends ``{"search": text}`` and ``{"patient": id}``."""

    patients = Told(default=[], doc="``{id, name, shots, unsigned}``, latest first.")
    current = param.String(default="")
    waiting = param.Boolean(default=False)

    _esm = script("patients.js")


class Signing(Component):
    """Sign, justify, export.

    Sends ``{"sign": True}``, ``{"justify": why}``, ``{"superseded": bool}``, ``{"columns": True}`` and
    ``{"export": format}``.
    """

    chosen = param.Integer(default=0, doc="How many rows are chosen.")
    unsigned = param.Integer(default=0, doc="How many rows nobody signed.")
    formats = Told(default=list(FORMATS))
    may = param.Boolean(default=False)
    busy = param.Boolean(default=False)
    said = param.String(default="")

    _esm = script("signing.js")


class SqlBox(Component):
    """One SELECT; sends ``{"run": sql}`` and ``{"export": format}``."""

    tables = Told(default={}, doc="Table → columns.")
    examples = Told(default=[], doc="``{title, sql}``.")
    history = Told(default=[], doc="What was run, latest last.")
    formats = Told(default=list(FORMATS))
    busy = param.Boolean(default=False)
    ran = param.Boolean(default=False, doc="Whether there is a result to export.")
    said = param.String(default="")
    error = param.String(default="")
    height = param.Integer(default=236)

    _esm = script("sqlbox.js")
