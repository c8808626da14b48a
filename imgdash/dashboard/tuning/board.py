"""What is seen of a trial: two pictures, four figures, the numbers; all painted from one result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from imgdash.apparatus.trial import profile
from imgdash.dashboard.tuning import readout
from imgdash.dashboard.tuning.controls import Modes, Readout
from imgdash.dashboard.tuning.curves import Curves
from imgdash.dashboard.tuning.forming import Tried
from imgdash.dashboard.tuning.pictures import Pictures, Point
from imgdash.model import ImgdashError

_MODES: Final = [
    {"name": "before", "title": "Before", "text": "By the version that is compared with"},
    {"name": "difference", "title": "Difference", "text": "Tried minus before: amber is lighter now, blue darker"},
    {"name": "straight", "title": "Straight", "text": "The same signal limits through a straight curve, nothing else"},
    {
        "name": "regions",
        "title": "Regions",
        "text": "Grey: relevant region. Amber: direct exposure. Blue: outside the recognised field",
    },
]


class Board:
    """Pictures, figures, numbers.

    Parameters
    ----------
    on_mode
        Called when the right picture is to show something else.
    on_version
        Called with the version that is to be compared with.
    pushed
        Called when all is painted.
    on_limits
        Called with the signal limit that was moved under the gradation, ``low`` or ``high``.
    """

    def __init__(
        self,
        on_mode: Callable[[], None],
        on_version: Callable[[int], None],
        pushed: Callable[[], None],
        on_limits: Callable[[Mapping[str, Any]], None],
    ) -> None:
        self._on_mode = on_mode
        self._on_version = on_version
        self._pushed = pushed
        self.tried: Tried | None = None
        self.pictures = Pictures(self._line_moved)
        self.curves = Curves(on_limits, self._line_by_key)
        self.modes = Modes(on_message=self._chosen, modes=_MODES, current="before", sizing_mode="stretch_width")
        self.readout = Readout(sizing_mode="stretch_width")

    @property
    def mode(self) -> str:
        """What the right picture shows: before, difference, straight or regions."""
        return str(self.modes.current)

    def look(self, mode: str) -> None:
        """Let the right picture show something else.

        Raises
        ------
        ImgdashError
            If it is none of the modes.
        """
        known = [one["name"] for one in _MODES]
        if mode not in known:
            raise ImgdashError(f"The right picture has no mode {mode!r}.", f"It shows: {', '.join(known)}.")
        self.modes.current = mode
        self._on_mode()

    def _chosen(self, message: Mapping[str, Any]) -> None:
        if message.get("version") in self.modes.versions:
            self._on_version(int(message["version"]))
        if message.get("mode") in {known["name"] for known in _MODES}:
            self.look(str(message["mode"]))

    def paint(self, tried: Tried, warnings: Sequence[str] = ()) -> None:
        """Show a result."""
        self.tried = tried
        self.pictures.extent(tried.now.extent_mm)
        self._pictures(tried)
        self.curves.show(tried.now, tried.former)
        self._profile(tried)
        self.readout.set(
            rows=readout.rows(tried.now.numbers, tried.former.numbers),
            notes=readout.notes(tried.now),
            warnings=list(warnings),
        )
        self._pushed()

    def blank(self) -> None:
        """There is no image."""
        self.tried = None
        nothing = np.zeros((2, 2), np.uint8)
        self.pictures.show(self.pictures.now, nothing)
        self.pictures.compare(nothing, "grey")
        self.readout.set(rows=[], notes=[], warnings=[])
        self._pushed()

    def flip(self) -> None:
        """Show what is compared with in the left picture, or the tried parameters again."""
        self.modes.flipped = not self.modes.flipped
        if self.tried is not None:
            self._pictures(self.tried)
            self._pushed()

    def _pictures(self, tried: Tried) -> None:
        self.pictures.show(self.pictures.now, (tried.former if self.modes.flipped else tried.now).pixels)
        if self.mode == "difference":
            self.pictures.compare(tried.now.pixels.astype(np.int16) - tried.former.pixels, "difference")
        elif tried.other is not None:
            self.pictures.compare(tried.other, "regions" if self.mode == "regions" else "grey")
        else:
            self.pictures.compare(tried.former.pixels, "grey")

    def _profile(self, tried: Tried) -> None:
        start, end = self.pictures.line()
        now, former = (profile(one.pixels, tried.now.extent_mm, start, end) for one in (tried.now, tried.former))
        self.curves.along(now, former)
        self.curves.line.set(ends=[list(start), list(end)], extent=list(tried.now.extent_mm))

    def _line_by_key(self, message: Mapping[str, Any]) -> None:
        if self.tried is not None and "move" in message:
            across, down = (float(part) for part in message["move"])
            end = message.get("end")
            self.pictures.move(across, down, None if end is None else int(bool(end)))

    def _line_moved(self, start: Point, end: Point) -> None:
        if self.tried is not None:
            self._profile(self.tried)
            self._pushed()
