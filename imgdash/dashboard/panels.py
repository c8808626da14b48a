"""Components of the Review page: each shows properties and sends what a person did. Shared with other pages."""

from __future__ import annotations

from typing import ClassVar

import param

from imgdash.dashboard.component import Component, Told, script, web


class Judged(Component):
    """Fit or not, for storage and for film, and why."""

    there = param.Boolean(default=False, doc="Whether an image is open: without one nothing is fit.")
    storage = Told(default=[], doc="``{rule, text, correctable}``.")
    film = Told(default=[])
    notes = Told(default=[], doc="Further lines of text.")
    may = param.Boolean(default=False, doc='Whether a button offers it; sends ``{"correct": True}``.')
    key = param.String(default="", doc="The key for it.")

    _esm = script("judgement.js")


class ConditionKey(Component):
    """Choice of the condition key; sends ``{"condition": key, "image": image_id}``."""

    image = param.String(default="", doc="image_id of what is shown: comes back with each message.")
    options = Told(default=[], doc="``{key, title, group}`` of every key.")
    digits = Told(default=[], doc="Those under the digits 1…9, same form.")
    current = param.String(default="")
    version = param.Integer(default=0)
    enabled = param.Boolean(default=False)

    _esm = script("section.js", "condition.js")


class Parameters(Component):
    """Sliders derived from the declared processing parameters (`imgdash.process.describe`).

    Sends ``{"trial": {name: value}}`` while one moves, ``{"set": {…}}`` when it rests, ``{"reset": [names]}``, each
    with ``"image"``.
    """

    image = param.String(default="", doc="image_id of what is shown: comes back with each message.")
    title = param.String(default="Processing")
    descriptions = Told(default=[], doc="Dicts of `imgdash.process.parameters.Description`.")
    values = Told(default={}, doc="Dotted name → value in force.")
    overrides = Told(default={}, doc="What was set by hand.")
    inert = Told(default=[], doc="Names of what does nothing to this image.")
    enabled = param.Boolean(default=False)

    _esm = script("section.js", "parameters.js")


class Handles(Component):
    """The ends of a range from 0 to 1 under a figure.

    Sends ``{"low": …}`` or ``{"high": …}`` when one is moved, with ``"image"``, whose range was seen; and ``{"there":
    image_id}`` once the browser shows that of another image, and no hand holds anything that it took before.
    """

    image = param.String(default="")
    low = param.Number(default=0.0)
    high = param.Number(default=1.0)
    step = param.Number(default=0.005, constant=True, doc="How far an arrow key moves.")
    labels = Told(default=["low", "high"], doc="What each end is, for tooltips and screen readers.")
    inset = Told(default=[0, 0], doc="Where the figure's frame begins and ends, px from its sides.")
    enabled = param.Boolean(default=False)

    _esm = script("handles.js")


class RangeEditor(Component):
    """Output image range and output range of one apparatus, moved by hand (D2, D3).

    Sends ``{"range": name, "values": {…}}`` as `imgdash.output.framing` knows them, ``{"mark": {…}, "index": n}``
    for an overlay that was placed (−1: it was not a person's before), ``{"unmark": index, "kind": kind}``,
    ``{"reset": name}``, each with ``"image"``, whose ranges were seen; ``{"current": name}`` and ``{"close": True}``.
    """

    destinations = Told(default=[], doc="As `imgdash.dashboard.review.ranges.ranges` makes them.")
    image = param.String(default="")
    version = param.String(default="", doc="Digest of the look.")
    sent = param.String(default="", doc="Digest of everything that what is sent depends on.")
    current = param.String(default="", doc="Name of the apparatus.")
    open = param.Boolean(default=False)
    enabled = param.Boolean(default=False)

    _esm = script("pixels.js", "loader.js", "rangedrag.js", "range.js")
    _stylesheets: ClassVar[list[str]] = [*Component._stylesheets, web("range.css")]


class Destinations(Component):
    """Output apparatus as switches, each with its output range.

    Sends ``{"route": name, "on": bool}``, and ``{"edit": name}`` to move what goes there, each with ``"image"``.
    """

    destinations = Told(default=[], doc="As `imgdash.dashboard.review.ranges.ranges` makes them.")
    image = param.String(default="")
    version = param.String(default="")
    enabled = param.Boolean(default=False)

    _esm = script("section.js", "outputs.js")


class Facts(Component):
    """Information in sections; sends ``{"edit": keyword, "value": text, "image": image_id}`` for a corrected value.

    While one is typed in, it stays open whatever else changes, unless another image is shown: ``{"typing": image_id}``
    is sent when that begins, with an empty one when it ends. ``send(open=True)`` begins to correct the first value
    that is missing, else the first that may be corrected.
    """

    image = param.String(default="", doc="image_id of what is shown: comes back with a correction.")
    sections = Told(default=[], doc="``{title, rows: [{keyword, label, value, missing, edited, editable}]}``.")
    editable = param.Boolean(default=False)

    _esm = script("section.js", "facts.js")


class ActionBar(Component):
    """Buttons with their keys; sends ``{"action": name, "image": image_id}``: the image in sight, empty for none."""

    actions = Told(default=[], doc="``{name, label, icon, title, style, toggle, wide}``; names |, > and said lay out.")
    enabled = Told(default=[], doc="Names that are possible now.")
    pressed = Told(default=[], doc="Toggles that are on.")
    keys = Told(default={}, doc="Action → key.")
    said = param.String(default="", doc="A line of text in the bar.")

    _esm = script("actions.js")


class Dialog(Component):
    """One question at a time.

    Sends ``{"submit": kind, "values": {…}}``, ``{"changed": field, "values": {…}}`` and ``{"closed": True}``.
    """

    open = param.Boolean(default=False)
    kind = param.String(default="", doc="Comes back with the answer.")
    title = param.String(default="")
    subtitle = param.String(default="")
    submit = param.String(default="OK", doc="Words on the button.")
    danger = param.Boolean(default=False, doc="Whether it takes something away: the button is red.")
    other = param.String(default="", doc='Words on a further button; it sends ``{"other": kind}``.')
    fields = Told(
        default=[],
        doc="``{name, kind: select|choice|ticks|order|text|parameters|rounds|keys, label, value, options, rows}``; "
        "required: not sent without a value.",
    )
    error = param.String(default="", doc="Why the answer cannot be taken.")
    width = param.Integer(default=0)

    _esm = script("dialog.js")
