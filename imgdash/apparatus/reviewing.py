"""The facade: what a reviewer does with an image (B2, E1-E4, R4, R9)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from imgdash.apparatus.parts import By
from imgdash.apparatus.revising import Revising
from imgdash.confirm import retention
from imgdash.model import ImageHeader
from imgdash.model.image import SIDES
from imgdash.output.framing import Framing
from imgdash.records import emission
from imgdash.store import header


class Reviewing(Revising):
    """Actions on one image; each is one transaction, in the name of who does it."""

    def confirm(self, image_id: str, by: By, *, grace_s: float = 0) -> ImageHeader:
        """The image is good: it enters the queues of its output apparatus (E2).

        Parameters
        ----------
        grace_s
            Seconds before anything is sent, so that `undo` can be in time; pages give the site's ``undo_s``.
        """
        self.actions.confirm(image_id, self.actor(by), grace_s=grace_s)
        return self.image(image_id)

    def undo(self, image_id: str, by: By) -> ImageHeader:
        """Take a confirmation back, as long as nothing was sent."""
        self.actions.undo(image_id, self.actor(by))
        return self.image(image_id)

    def postpone(self, image_id: str, by: By) -> ImageHeader:
        """Not now: nothing is sent until it is reviewed (B2, E4)."""
        self.actions.postpone(image_id, self.actor(by))
        return self.image(image_id)

    def resume(self, image_id: str, by: By) -> ImageHeader:
        """End a postponement."""
        self.actions.resume(image_id, self.actor(by))
        return self.image(image_id)

    def protect(self, image_id: str, by: By, on: bool | None = True) -> ImageHeader:
        """Keep it after transmission until this is taken back (B2); None: the other way round than it is then."""
        self.actions.protect(image_id, self.actor(by), on)
        return self.image(image_id)

    def prioritise(self, image_id: str, by: By, on: bool | None = True) -> ImageHeader:
        """Emergency: to the top of every queue (B2); None: the other way round than it is then."""
        self.actions.prioritise(image_id, self.actor(by), on)
        return self.image(image_id)

    def edit(self, image_id: str, by: By, **attributes: str) -> ImageHeader:
        """Correct information of the image by DICOM keyword; the original stays in the file (R4, E3)."""
        ds = header.read(self.files.path(image_id)).ds
        known, file = header.attributes(ds), {keyword: header.text(ds, keyword) for keyword in (*attributes, *SIDES)}
        edited = self.actions.edit(image_id, self.actor(by), attributes, attributes=known, file=file)
        # The emission record is not changed but amended, by a row of its own.
        self.store.write(lambda change: emission.follow(change, edited, self.actor(by).name, "corrected on the screen"))
        return edited

    def adjust(self, image_id: str, by: By, **changes: Any) -> ImageHeader:
        """Change condition key, parameters, output apparatus or overlays of an image (E3, E4).

        Parameters
        ----------
        **changes
            ``condition`` (key), ``overrides`` (dotted name → value), ``outputs`` (names), ``overlays``,
            ``ranges`` (output apparatus → output image range and place, see `imgdash.output.framing`).
        """
        actor = self.actor(by)
        condition = changes.get("condition")
        if condition is not None and self.image(image_id).condition != condition:
            actor.require("process")
            image = self._registration.recalculate(self.image(image_id), condition, self.reduced(image_id))
            changes["condition_version"] = image.condition_version
            changes["parameters"] = image.parameters
            changes["judgement"] = image.judgement
        for given in (changes.get("ranges") or {}).values():
            Framing.of(given)
        self.actions.adjust(image_id, actor, **changes)
        return self.image(image_id)

    def reject(self, image_id: str, by: By, reason: str, comment: str = "", kind: str = "reject") -> ImageHeader:
        """The image is not to be used; those who may hold it are told (R9)."""
        self.actions.reject(image_id, self.actor(by), reason, comment, kind)
        return self.image(image_id)

    def restore(self, image_id: str, by: By) -> ImageHeader:
        """A rejection was a mistake."""
        self.actions.restore(image_id, self.actor(by))
        return self.image(image_id)

    def delete(self, image_id: str, by: By) -> None:
        """Delete a rejected or replaced image and what was made from it (R7); its records stay."""
        self.actions.delete(image_id, self.actor(by))
        self._sweep()

    def hold(self, image_id: str, by: By) -> str:
        """Say that `by` is looking at it, so that others are shown it; the name of who looked first."""
        actor = self.actor(by)
        actor.require("view")
        name = self.store.holds.hold(self.image(image_id).image_id, actor.name)
        self.viewings.looked(image_id, actor.name)
        return name

    def hold_first(self, image_ids: Sequence[str], by: By, leaving: str = "") -> str:
        """Say that `by` looks at the first of these that nobody else looks at and nobody decided; '' where none is.

        Answered from memory: of several people who go on at once, each gets another one, and none of them waits.

        Parameters
        ----------
        image_ids
            Images that await, in the order of work.
        leaving
            The image that is no longer looked at.
        """
        actor = self.actor(by)
        actor.require("view")
        found = self.store.holds.first(image_ids, actor.name, leaving)
        if found:
            self.viewings.looked(found, actor.name)
        return found

    def leave(self, image_id: str, by: By) -> None:
        """No longer looking at it."""
        self.store.holds.leave(image_id, self.actor(by).name)

    def _sweep(self) -> None:
        for image_id in retention.sweep(self.store, self.site, self.files):
            if self.image(image_id).state != "deleted":
                # Received again in this moment.
                continue
            self.reduced_images.delete(image_id)
            self.screen.forget(image_id)
