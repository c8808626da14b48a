"""The spread of what a key makes of many images: every image a dot, before and after, with median and quartiles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import holoviews as hv
import numpy as np

from imgdash.apparatus.trial import Numbers
from imgdash.apparatus.tuning import Replayed
from imgdash.dashboard.drawn import Drawn
from imgdash.dashboard.theme import PALETTE

Value = Callable[[Numbers], float | None]
_BEFORE: Final = 0.2
_JITTER: Final = 0.1


def _percent(name: str) -> Value:
    return lambda numbers: None if (value := getattr(numbers, name)) is None else 100 * float(value)


def _as_is(name: str) -> Value:
    return lambda numbers: getattr(numbers, name)


class Strip(Drawn):
    """One figure: for each row the images before (above, grey) and after (below, coloured).

    Parameters
    ----------
    rows
        Label → value of an image, from below.
    """

    def __init__(self, title: str, xlabel: str, rows: Sequence[tuple[str, Value]], xlim: tuple[float, float]) -> None:
        super().__init__()
        self.rows = rows
        self._least = xlim
        ticks = [(number, label) for number, (label, _) in enumerate(rows)]
        parts = []
        for name, colour in (("former", PALETTE["dim"]), ("now", PALETTE["accent"])):
            empty: list[float] = []
            parts += [
                self.part(
                    f"{name} quartiles",
                    hv.Curve((empty, empty), "value", "row"),
                    color=colour,
                    line_width=5,
                    alpha=0.45,
                ),
                self.part(f"{name} median", hv.Curve((empty, empty), "value", "row"), color=colour, line_width=2),
                self.part(name, hv.Scatter((empty, empty), "value", "row"), color=colour, size=5, alpha=0.75),
            ]
        self.lay(
            parts,
            title=title,
            xlabel=xlabel,
            ylabel="",
            xlim=xlim,
            ylim=(-0.5, len(rows) - 0.5),
            xticks=5,
            yticks=ticks,
        )

    def show(self, before: Sequence[Numbers], after: Sequence[Numbers]) -> None:
        """Put the images in."""
        values: list[float] = []
        for name, numbers, offset in (("former", before, _BEFORE), ("now", after, -_BEFORE)):
            dots, medians, quartiles = _columns(self.rows, numbers, offset)
            self.set(name, dots)
            self.set(f"{name} median", medians)
            self.set(f"{name} quartiles", quartiles)
            values += dots["value"].tolist()
        low, high = min([self._least[0], *values]), max([self._least[1], *values])
        self.range(x=(low, high + 0.04 * (high - low)))


def _columns(
    rows: Sequence[tuple[str, Value]], numbers: Sequence[Numbers], offset: float
) -> tuple[dict[str, np.ndarray], ...]:
    dots, medians, quartiles = ([np.empty((0, 2))] for _ in range(3))
    for number, (_, value) in enumerate(rows):
        known = np.array([found for one in numbers if (found := value(one)) is not None], dtype=float)
        if not len(known):
            continue
        height = number + offset
        # Spread a little up and down, the same image always at the same height.
        shaken = height + _JITTER * np.cos(2.4 * np.arange(len(known)))
        dots.append(np.column_stack([known, shaken]))
        low, middle, high = np.percentile(known, [25, 50, 75])
        medians.append(np.array([[middle, height - 0.17], [middle, height + 0.17], [np.nan, np.nan]]))
        quartiles.append(np.array([[low, height], [high, height], [np.nan, np.nan]]))
    return tuple(
        dict(zip(("value", "row"), np.concatenate(part).T, strict=True)) for part in (dots, medians, quartiles)
    )


class Spread:
    """The figures over a replay."""

    def __init__(self) -> None:
        self.figures = (
            Strip(
                "Signal (grey: before)",
                "signal",
                (("S low", _as_is("s_low")), ("S high", _as_is("s_high"))),
                (0.0, 1.0),
            ),
            Strip(
                "Lost, clipped",
                "% of region, of field",
                (
                    ("detector", lambda n: _most(n.clipped_low, n.clipped_high)),
                    ("white", _percent("white")),
                    ("black", _percent("black")),
                ),
                (0.0, 5.0),
            ),
            Strip(
                "Noise, CNR",
                "× (straight curve: 1)",
                (("CNR", _as_is("cnr_gain")), ("noise", _as_is("noise_gain"))),
                (0.0, 2.0),
            ),
            Strip("Exposure index", "EI (not of processing)", (("EI", _as_is("ei")),), (0.0, 400.0)),
        )

    def show(self, found: Sequence[Replayed]) -> None:
        """The images that were replayed until now."""
        before, after = ([getattr(one, name).numbers for one in found] for name in ("before", "after"))
        for figure in self.figures:
            figure.show(before, after)


def _most(*values: float | None) -> float | None:
    known = [value for value in values if value is not None]
    return 100 * max(known) if known else None
