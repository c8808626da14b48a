"""Changing an image before it is confirmed (E3, R4): corrected information, processing, destinations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from imgdash.confirm.acting import Acting
from imgdash.confirm.attributes import check_edit, edit_columns
from imgdash.model import Actor, ImageHeader, ImgdashError, Judgement, NotAllowed, Patient
from imgdash.process.overlay import items_of
from imgdash.process.parameters import Chain
from imgdash.store.change import Change

OPEN_TO_CHANGE: Final = ("awaiting", "postponed")


class Changing(Acting):
    """Actions that change what is known of an image, or how it is processed and where it goes."""

    def edit(
        self,
        image_id: str,
        actor: Actor,
        edits: Mapping[str, str],
        *,
        attributes: Any = None,
        file: Mapping[str, str] | None = None,
    ) -> ImageHeader:
        """Correct accompanying information (R4, E3); the original stays in the file, and the image is judged anew.

        Parameters
        ----------
        edits
            DICOM keyword → value, see `imgdash.confirm.attributes.EDITABLE`.
        attributes
            As for `imgdash.confirm.judge.judge`.
        file
            DICOM keyword → what the file has: told to be that, an attribute is no longer corrected.

        Raises
        ------
        ImgdashError
            If an attribute may not be corrected here, or a value does not fit it; nothing is changed then.
        """
        actor.require("edit")
        checked = {keyword: check_edit(keyword, text) for keyword, text in edits.items()}
        if not checked:
            raise ImgdashError("No correction was given.", "Name at least one attribute and its value.")

        def change_(change: Change) -> ImageHeader:
            header = change.image(image_id)
            columns = edit_columns(header, checked, file)
            after = _edited(header, columns)
            judgement = self._judge(change, after, attributes)
            why = "corrected: " + ", ".join(sorted(checked))
            change.transition("image", image_id, "edit", actor.name, why, judgement=judgement, **columns)
            return change.image(image_id)

        return self.store.write(change_)

    def adjust(
        self,
        image_id: str,
        actor: Actor,
        *,
        condition: str | None = None,
        condition_version: int | None = None,
        overrides: Mapping[str, Any] | None = None,
        parameters: Mapping[str, Any] | None = None,
        outputs: Iterable[str] | None = None,
        overlays: Iterable[Mapping[str, Any]] | None = None,
        ranges: Mapping[str, Mapping[str, Any]] | None = None,
        judgement: Judgement | None = None,
        attributes: Any = None,
    ) -> ImageHeader:
        """Change how an image is processed and where it goes (E3), and judge it anew.

        Parameters
        ----------
        condition
            Another condition key.
        overrides
            All parameters set by hand, dotted name → value; replaces those set before.
        parameters
            Calculated anew on the reduced image, where `condition` or `overrides` make that necessary.
        outputs
            Names of the output apparatus; empty for none.
        ranges
            Output apparatus → output image range and place, see `imgdash.model.ImageHeader`; replaces those set before.
        judgement
            Where the caller has judged already, knowing more of the file.

        Raises
        ------
        ImgdashError
            If a name is unknown or a value out of bounds; nothing is changed then.
        """
        if condition is not None or overrides is not None or overlays is not None:
            actor.require("process")
        if outputs is not None or ranges is not None:
            actor.require("route")
        columns: dict[str, Any] = {}
        if outputs is not None:
            columns["outputs"] = self.site.destinations(tuple(outputs))
        if overlays is not None:
            columns["overlays"] = tuple(overlays)
        if ranges is not None:
            columns["ranges"] = {self.site.output(name).name: dict(given) for name, given in ranges.items() if given}
        if overrides is not None:
            columns["overrides"] = dict(overrides)
        if parameters is not None:
            columns["parameters"] = dict(parameters)
        if condition is not None:
            chosen = self.conditions.get(condition, condition_version)
            columns.update(condition=chosen.key, condition_version=chosen.version)
        if not columns:
            names = "condition key, overrides, outputs, overlays or ranges"
            raise ImgdashError("Nothing to change was given.", f"Name a {names}.")

        def change_(change: Change) -> ImageHeader:
            return self._adjusted(change, change.image(image_id), actor, columns, judgement, attributes)

        return self.store.write(change_)

    def _adjusted(
        self,
        change: Change,
        header: ImageHeader,
        actor: Actor,
        columns: Mapping[str, Any],
        judgement: Judgement | None = None,
        attributes: Any = None,
    ) -> ImageHeader:
        """The image with `columns`, checked and judged anew."""
        if header.state not in OPEN_TO_CHANGE:
            raise NotAllowed(f"The image is {header.state!r}.", "Take the confirmation back first.")
        after = replace(header, **columns)
        items_of(Chain.of(self._condition(after).processing, after.overrides).overlay, {}, after.overlays)
        judged = judgement or self._judge(change, after, attributes)
        why = "changed: " + ", ".join(sorted(set(columns) - {"condition_version"}))
        change.set("image", header.image_id, actor.name, why, judgement=judged, **columns)
        return change.image(header.image_id)


def corrected(header: ImageHeader, edits: Mapping[str, str]) -> ImageHeader:
    """The header with corrections that were checked before."""
    return _edited(header, edit_columns(header, edits))


def _edited(header: ImageHeader, columns: Mapping[str, Any]) -> ImageHeader:
    """The header as it will be with `columns`."""
    own = {name: text for name, text in columns.items() if not name.startswith("patient_")}
    patient = {name.removeprefix("patient_"): text for name, text in columns.items() if name.startswith("patient_")}
    known: Patient = replace(header.patient, **patient)
    return replace(header, patient=known, **own)
