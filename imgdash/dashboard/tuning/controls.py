"""Components of the page of condition keys."""

from __future__ import annotations

import param

from imgdash.dashboard.component import Component, Told, script


class KeyList(Component):
    """Condition keys by group; sends ``{"key": key}``."""

    keys = Told(default=[], doc="``{key, title, group, version, author, changed, note, released, images}`` in order.")
    current = param.String(default="")
    waiting = param.Boolean(default=True, doc="Whether it is not known yet which there are.")
    problems = Told(default=[], doc="Condition files that were passed over, and what is doubtful in others.")

    _esm = script("keylist.js")


class Picker(Component):
    """Thumbnails of a key's latest images; sends ``{"image": image_id}``."""

    images = Told(default=[], doc="``{id, number, title, sender, text, unfit, src}``, latest first.")
    current = param.String(default="")
    waiting = param.Boolean(default=True, doc="Whether it is not known yet which there are.")
    height = param.Integer(default=84)

    _esm = script("picker.js")


class ProfileLine(Component):
    """The line of the profile, for the keyboard.

    Sends ``{"move": [across, down], "end": end}`` in parts of the image; `end` is 0 or 1, null for the whole line.
    """

    ends = Told(default=[[0.0, 0.0], [1.0, 0.0]], doc="(x, y) of both, mm from the upper left corner.")
    extent = Told(default=[1.0, 1.0], doc="Height and width of the image, mm.")

    _esm = script("line.js")


class Readout(Component):
    """Live numbers."""

    rows = Told(default=[], doc="``{label, value, was, level, text}``; level: warn, bad or empty.")
    warnings = Told(default=[])
    notes = Told(default=[])

    _esm = script("readout.js")


class Tuner(Component):
    """Every processing parameter with its slider and number.

    Sends ``{"trial": {name: value}, "number": n}``, ``{"reset": [names]}``, ``{"save": note}``, ``{"export": True}``.
    """

    descriptions = Told(default=[], doc="Dicts of `imgdash.process.parameters.Description`.")
    values = Told(default={}, doc="Dotted name → value that is tried.")
    released = Told(default={}, doc="Dotted name → value of the version in force.")
    calculated = Told(default={}, doc="Dotted name → what is calculated where the value is empty.")
    idle = Told(default=[], doc="Dotted names of parameters without effect as the others are set.")
    version = param.Integer(default=0, doc="In force.")
    next = param.Integer(default=1, doc="The number a saved version will have.")
    seen = param.Integer(default=0, doc="Number of the last trial that is shown: the next may come.")
    may = param.Boolean(default=False, doc="Whether this user may save.")
    saving = param.Boolean(default=False)
    saved = param.Integer(default=0, doc="Counts what was saved: the note is emptied.")
    error = param.String(default="")

    _esm = script("tuner.js")


class Replay(Component):
    """Before and after over many images; sends ``{"replay": n}``, ``{"stop": True}``, ``{"image": image_id}``.

    Cells come as messages: ``send(clear=True)``, ``send(cell={…})``; those of a replay that ended before the view was
    shown as `cells`.
    """

    cells = Told(default=[], doc="What `imgdash.dashboard.tuning.cells.cell_of` gives.")
    running = param.Boolean(default=False)
    possible = param.Boolean(default=False, doc="Whether there are images.")
    done = param.Integer(default=0)
    wanted = param.Integer(default=0)
    said = param.String(default="", doc="What the last replay showed.")
    stale = param.Boolean(default=False, doc="Whether the parameters were changed since.")

    _esm = script("replay.js")


class Versions(Component):
    """History of a key.

    Sends ``{"version": n}`` (with ``against``), ``{"load": n}`` (with ``against``: compared with that one),
    ``{"export": n}``, ``{"back": n, "note": text}``, ``{"use": bool, "note": text}``; of a file from elsewhere
    ``{"file": name, "text": content}``, then ``{"tryFile": True}``, ``{"bring": note}`` or ``{"leaveFile": True}``.
    """

    versions = Told(default=[], doc="``{version, author, changed, note, released}``, latest first.")
    current = param.Integer(default=0)
    against = param.Integer(default=0)
    changes = Told(default=[], doc="``{name, former, later}`` in words.")
    difference = param.String(default="", doc="Lines that differ between the two files.")
    brought = Told(
        default={}, doc="File from elsewhere: ``{file, key, version, changes, difference}``; version in force, 0: new."
    )
    may = param.Boolean(default=False)
    in_use = param.Boolean(default=True)
    error = param.String(default="")
    saved = param.Integer(default=0)

    _esm = script("versions.js")


class Modes(Component):
    """The line over the pictures; sends ``{"mode": name}`` and ``{"version": number}``."""

    label = param.String(default="The right picture shows")
    said = param.String(default="")
    flipped = param.Boolean(default=False, doc="Whether the left picture shows what is compared with.")
    versions = Told(default=[], doc="Numbers of the versions, latest first.")
    reference = param.Integer(default=0, doc="Version that is compared with.")
    in_force = param.Integer(default=0)
    modes = Told(default=[], doc="``{name, title, text}``.")
    current = param.String(default="")
    height = param.Integer(default=30)

    _esm = script("modes.js")
