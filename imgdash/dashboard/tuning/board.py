"""What is seen of a trial: two pictures, four figures, the numbers; all painted from one result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from imgdash.apparatus.trial import Trial, profile
from imgdash.dashboard.tuning import readout
from imgdash.dashboard.tuning.controls import Modes, Readout
from imgdash.dashboard.tuning.curves import Curves
from imgdash.dashboard.tuning.pictures import Pictures, Point

_MODES: Final = [
    {"name": "before", "title": "Before", "text": "By the version in force"},
    {
        "name": "difference",
        "title": "Difference",
        "text": "Tried minus version in force: amber is lighter now, blue darker",
    },
    {"name": "straight", "title": "Straight curve", "text": "The same signal limits, nothing else"},
]


@dataclass(frozen=True)
class Tried:
    """What one run of the chain gave.

    Attributes
    ----------
    now, former
        The tried parameters, and the version in force.
    straight
        Tones as they came; only formed where they are shown.
    histogram, edges
        Of the signal.
    """

    image_id: str
    now: Trial
    former: Trial
    straight: Trial | None
    histogram: np.ndarray
    edges: tuple[float, float]


class Board:
    """Pictures, figures, numbers.

    Parameters
    ----------
    on_mode
        Called when the right picture is to show something else.
    """

    def __init__(self, on_mode: Callable[[], None]) -> None:
        self._on_mode = on_mode
        self.tried: Tried | None = None
        self.pictures = Pictures(self._line_moved)
        self.curves = Curves()
        self.modes = Modes(on_message=self._chosen, modes=_MODES, current="before", sizing_mode="stretch_width")
        self.readout = Readout(sizing_mode="stretch_width")

    @property
    def mode(self) -> str:
        """What the right picture shows: before, difference or straight."""
        return str(self.modes.current)

    def _chosen(self, message: Mapping[str, Any]) -> None:
        mode = str(message.get("mode"))
        if mode in {known["name"] for known in _MODES}:
            self.modes.current = mode
            self._on_mode()

    def paint(self, tried: Tried) -> None:
        """Show a result."""
        another = self.tried is None or self.tried.image_id != tried.image_id
        self.tried = tried
        self.pictures.extent(tried.now.extent_mm)
        self._pictures(tried)
        if another:
            self.curves.histogram(tried.histogram, tried.edges)
        self.curves.show(tried.now, tried.former)
        self._profile(tried)
        self.readout.param.update(
            rows=readout.rows(tried.now.numbers, tried.former.numbers), notes=readout.notes(tried.now)
        )

    def blank(self) -> None:
        """There is no image."""
        self.tried = None
        nothing = np.zeros((2, 2), np.uint8)
        self.pictures.show(self.pictures.now, nothing)
        self.pictures.compare(nothing, signed=False)
        self.readout.param.update(rows=[], notes=[])

    def flip(self) -> None:
        """Show the version in force in the left picture, or the tried parameters again."""
        self.modes.flipped = not self.modes.flipped
        if self.tried is not None:
            self._pictures(self.tried)

    def _pictures(self, tried: Tried) -> None:
        self.pictures.show(self.pictures.now, (tried.former if self.modes.flipped else tried.now).pixels)
        if self.mode == "difference":
            difference = tried.now.pixels.astype(np.int16) - tried.former.pixels
            self.pictures.compare(difference, signed=True)
        else:
            other = tried.straight if self.mode == "straight" and tried.straight else tried.former
            self.pictures.compare(other.pixels, signed=False)

    def _profile(self, tried: Tried) -> None:
        start, end = self.pictures.line()
        now, former = (profile(one.pixels, tried.now.extent_mm, start, end) for one in (tried.now, tried.former))
        self.curves.along(now, former)

    def _line_moved(self, start: Point, end: Point) -> None:
        if self.tried is not None:
            self._profile(self.tried)
