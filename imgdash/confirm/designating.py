"""Designations (B2): protection, priority."""

from __future__ import annotations

from imgdash.confirm.acting import Acting
from imgdash.confirm.queueing import place
from imgdash.model import Actor, ImageHeader
from imgdash.store.change import Change


class Designating(Acting):
    """Actions that mark an image and decide nothing."""

    def protect(self, image_id: str, actor: Actor, on: bool = True) -> ImageHeader:
        """Keep an image after its transmission, until the protection is removed (B2)."""
        actor.require("protect")
        self.store.set("image", image_id, actor, f"protection {'on' if on else 'off'}", protected=on)
        return self.store.image(image_id)

    def prioritise(self, image_id: str, actor: Actor, on: bool = True) -> ImageHeader:
        """Emergency (B2): to the top of every queue; entries that wait already move there too."""
        actor.require("prioritise")

        def change_(change: Change) -> ImageHeader:
            change.image(image_id)
            event = change.set("image", image_id, actor.name, f"priority {'on' if on else 'off'}", priority=on)
            for offset, entry in enumerate(change.queue("image_id = ?", [image_id])):
                if entry.state in ("waiting", "held") and entry.priority != on:
                    position = place(event.seq + offset / 1000, on)
                    change.set("queue", entry.entry_id, actor.name, "priority", priority=on, position=position)
            return change.image(image_id)

        return self.store.write(change_)
