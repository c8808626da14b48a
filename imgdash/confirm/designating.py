"""Designations (B2) and who looks at what: protection, priority, holding an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from imgdash.confirm.acting import Acting
from imgdash.confirm.changing import OPEN_TO_CHANGE
from imgdash.confirm.queueing import place
from imgdash.model import Actor, ImageHeader
from imgdash.store.change import Change

_TO_BE_REVIEWED: Final = ("awaiting", "quarantined")


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

    def hold_image(self, image_id: str, actor: Actor) -> str:
        """Say that `actor` looks at an image; the name of who looked first, which others are shown."""
        actor.require("view")

        def change_(change: Change) -> str:
            header = change.image(image_id)
            if header.held_by or header.state not in OPEN_TO_CHANGE:
                return header.held_by
            change.set("image", image_id, actor.name, held_by=actor.name)
            return actor.name

        return self.store.write(change_)

    def hold_first(self, image_ids: Sequence[str], actor: Actor, leaving: str = "") -> str:
        """The first of these images that is open and nobody else looks at, held by `actor` now; '' where there is none.

        In one change: of several people who go on at once, each gets another one.

        Parameters
        ----------
        leaving
            What `actor` has looked at until now; '' for nothing.
        """
        actor.require("view")

        def found(change: Change) -> str:
            for image_id in image_ids:
                header = change.image(image_id)
                if header.held_by in ("", actor.name) and header.state in _TO_BE_REVIEWED:
                    if not header.held_by and header.state in OPEN_TO_CHANGE:
                        change.set("image", image_id, actor.name, held_by=actor.name)
                    return image_id
            return ""

        def change_(change: Change) -> str:
            image_id = found(change)
            if leaving and leaving != image_id:
                _leave(change, leaving, actor)
            return image_id

        return self.store.write(change_)

    def leave(self, image_id: str, actor: Actor) -> None:
        """`actor` looks at something else now."""
        self.store.write(lambda change: _leave(change, image_id, actor))

    def leave_all(self, actor: Actor | None = None) -> None:
        """Nobody looks at anything: after a restart, or when a session of `actor` ends."""

        def change_(change: Change) -> None:
            for header in change.images("held_by <> ''"):
                if actor is None or header.held_by == actor.name:
                    change.set("image", header.image_id, header.held_by, held_by="")

        self.store.write(change_)


def _leave(change: Change, image_id: str, actor: Actor) -> None:
    if change.image(image_id).held_by == actor.name:
        change.set("image", image_id, actor.name, held_by="")
