"""Designations (B2): protection, priority."""

from __future__ import annotations

from imgdash.confirm.acting import Acting
from imgdash.confirm.queueing import place
from imgdash.model import Actor, ImageHeader
from imgdash.store.change import Change


class Designating(Acting):
    """Actions that mark an image and decide nothing.

    Where it is not said whether the mark is to be on, it becomes the other way round than it is in that moment: who
    asks may know of an earlier one.
    """

    def protect(self, image_id: str, actor: Actor, on: bool | None = True) -> ImageHeader:
        """Keep an image after its transmission, until the protection is removed (B2)."""
        actor.require("protect")

        def change_(change: Change) -> ImageHeader:
            wanted = not change.image(image_id).protected if on is None else on
            change.set("image", image_id, actor.name, f"protection {'on' if wanted else 'off'}", protected=wanted)
            return change.image(image_id)

        return self.store.write(change_)

    def prioritise(self, image_id: str, actor: Actor, on: bool | None = True) -> ImageHeader:
        """Emergency (B2): to the top of every queue; entries that wait already move there too."""
        actor.require("prioritise")

        def change_(change: Change) -> ImageHeader:
            wanted = not change.image(image_id).priority if on is None else on
            why = f"priority {'on' if wanted else 'off'}"
            event = change.set("image", image_id, actor.name, why, priority=wanted)
            for offset, entry in enumerate(change.queue("image_id = ?", [image_id])):
                if entry.state in ("waiting", "held") and entry.priority != wanted:
                    position = place(event.seq + offset / 1000, wanted)
                    change.set("queue", entry.entry_id, actor.name, "priority", priority=wanted, position=position)
            return change.image(image_id)

        return self.store.write(change_)
