"""Changing one thing of an image and leaving the rest as it is by then (D2, D3, E3).

What is changed is read where it is written, in one transaction: of two quick changes, or those of two people, none
undoes the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from imgdash.confirm.changing import Changing
from imgdash.model import Actor, ImageHeader, ImgdashError, NotFound
from imgdash.store.change import Change

# What takes an overlay of the condition key off one image: parameter of its kind → value.
_OFF: Final[Mapping[str, Any]] = {"side": "none", "projection": "none", "comment": "", "scale": False}
# As many of a kind as a person writes; one only of the others.
_MANY: Final = ("comment",)


class Revising(Changing):
    """Actions that change a part of what `Changing.adjust` sets as a whole."""

    def tune(self, image_id: str, actor: Actor, values: Mapping[str, Any]) -> ImageHeader:
        """Set processing parameters by hand; those not named stay as they are.

        Parameters
        ----------
        values
            Dotted name → value; None gives the parameter back to the condition key.

        Raises
        ------
        ImgdashError
            If a name is unknown or a value out of bounds; nothing is changed then.
        """
        actor.require("process")
        return self._revise(image_id, actor, lambda header: {"overrides": _merged(header.overrides, values)})

    def route(self, image_id: str, actor: Actor, name: str, on: bool) -> ImageHeader:
        """Send it to an output apparatus, or leave that one out (H2)."""
        actor.require("route")
        name = self.site.output(name).name

        def revised(header: ImageHeader) -> dict[str, Any]:
            now = self.destinations(header)
            others = tuple(other for other in now if other != name)
            return {"outputs": (*others, name) if on else others}

        return self._revise(image_id, actor, revised)

    def place(
        self,
        image_id: str,
        actor: Actor,
        name: str,
        values: Mapping[str, float] | None,
        check: Callable[[Mapping[str, Any]], object],
    ) -> ImageHeader:
        """Move or scale what goes to an output apparatus; what is not named stays as it is.

        Parameters
        ----------
        name
            Of the output apparatus.
        values
            See `imgdash.output.framing`; None takes back all that was set by hand.
        check
            Called with all values that would hold; raises where they are not possible together.

        Raises
        ------
        ImgdashError
            What `check` raises; nothing is changed then.
        """
        actor.require("route")
        name = self.site.output(name).name

        def revised(header: ImageHeader) -> dict[str, Any]:
            others = {other: given for other, given in header.ranges.items() if other != name}
            if values is None:
                return {"ranges": others}
            now = {**header.ranges.get(name, {}), **values}
            check(now)
            return {"ranges": {**others, name: now}}

        return self._revise(image_id, actor, revised)

    def mark(self, image_id: str, actor: Actor, overlay: Mapping[str, Any], index: int | None = None) -> ImageHeader:
        """Place an overlay, or move one that a person placed before.

        Parameters
        ----------
        overlay
            kind, text, x, y, and where they are its own height and length_mm, see `imgdash.process.overlay`.
        index
            Of the overlay that is moved, as the person saw it; None for one that is new or the condition key's.

        Raises
        ------
        NotFound
            If it was taken away meanwhile.
        """
        actor.require("process")
        kind = overlay.get("kind")

        def revised(header: ImageHeader) -> dict[str, Any]:
            placed = [dict(one) for one in header.overlays]
            if index is None:
                kept = [one for one in placed if kind in _MANY or one.get("kind") != kind]
                return {"overlays": (*kept, dict(overlay))}
            at = _found(placed, kind, str(overlay.get("text", "")), index)
            placed[at] = {**placed[at], **overlay}
            return {"overlays": tuple(placed)}

        return self._revise(image_id, actor, revised)

    def unmark(self, image_id: str, actor: Actor, kind: str, text: str = "", index: int | None = None) -> ImageHeader:
        """Take an overlay away; one of the condition key (`index` None) is switched off for this image."""
        actor.require("process")
        if index is None and kind not in _OFF:
            raise ImgdashError(f"There is no overlay of kind {kind!r}.", f"Kinds are {', '.join(_OFF)}.")

        def revised(header: ImageHeader) -> dict[str, Any]:
            if index is None:
                return {"overrides": {**header.overrides, f"overlay.{kind}": _OFF[kind]}}
            at = _found(header.overlays, kind, text, index)
            return {"overlays": tuple(one for n, one in enumerate(header.overlays) if n != at)}

        return self._revise(image_id, actor, revised)

    def _revise(self, image_id: str, actor: Actor, revised: Callable[[ImageHeader], Mapping[str, Any]]) -> ImageHeader:
        def change_(change: Change) -> ImageHeader:
            header = change.image(image_id)
            return self._adjusted(change, header, actor, revised(header))

        return self.store.write(change_)


def _merged(before: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**before, **values}.items() if value is not None}


def _found(placed: Sequence[Mapping[str, Any]], kind: Any, text: str, index: int) -> int:
    """Where an overlay stands now: others before it may have been taken away since it was seen."""

    def same(one: Mapping[str, Any]) -> bool:
        return one.get("kind") == kind and (kind not in _MANY or str(one.get("text", "")) == text)

    if 0 <= index < len(placed) and same(placed[index]):
        return index
    for number, one in enumerate(placed):
        if same(one):
            return number
    raise NotFound("This overlay is not there any more.", "Somebody took it away; put it in again.")
