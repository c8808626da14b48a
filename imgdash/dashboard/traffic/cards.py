"""Components of the pages Queues and Requests."""

from __future__ import annotations

import param

from imgdash.dashboard.component import Component, Told, script
from imgdash.dashboard.tables import DataTable


class Lanes(Component):
    """Output apparatus, each with its queue; sends ``{"lane": name}`` and ``{"switch": name, "on": bool}``."""

    lanes = Told(
        default=[],
        doc="``{name, icon, kind, address, on, counts: [[state, number]], pace, trouble, level}`` in order.",
    )
    current = param.String(default="", doc="The lane that is shown.")
    empty = param.String(default="")

    _esm = script("lanes.js")


class Cards(DataTable):
    """What shows the rows of a list as cards: `items` instead of `rows`, in the same order."""

    items = Told(default=[], doc="What is shown of each row; `key` is the row's.")


class Entries(Cards):
    """Queue entries; beside what a table sends, where one was dragged, ``{"moved": key, "before": key}`` or
    ``"behind": key``; before null is the end.
    """

    _esm = script("chosen.js", "cards.js", "entries.js")


class Rounds(Cards):
    """Histories of rounds: pictures, and between them what was asked; also sends ``{"image": image_id}``."""

    _esm = script("chosen.js", "cards.js", "rounds.js")
