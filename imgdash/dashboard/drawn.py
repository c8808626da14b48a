"""HoloViews figures that are made once; afterwards only the columns of their data sources are set.

A `DynamicMap` would run through all of HoloViews at each move of a slider (measured: 30-60 ms for each figure);
setting the columns takes less than one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from weakref import WeakSet

import holoviews as hv
import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource

from imgdash.dashboard.hooks import hook
from imgdash.dashboard.theme import PALETTE, dress

# How far titles begin to the left of the frame, px: where the labels of its axis are.
_TITLE = -46
Columns = Mapping[str, Any]
Hook = Callable[[Any, Any], None]


class Drawn:
    """A figure whose data sources are set by name, also before there is a browser.

    A page shows it once; a notebook may show it in several places, of which each has sources of its own.

    Attributes
    ----------
    view
        The pane.
    figures
        Bokeh's figures, one for each place that shows it.
    """

    def __init__(self) -> None:
        self._columns: dict[str, Columns] = {}
        # Panel holds what is shown; what it let go is set no longer.
        self._sources: dict[str, WeakSet[ColumnDataSource]] = {}
        self._ranges: dict[str, tuple[float, float]] = {}
        self._words: tuple[str, str] | None = None
        self.figures: WeakSet[Any] = WeakSet()
        self.view = pn.pane.HoloViews(sizing_mode="stretch_both", margin=0, linked_axes=False)

    def lay(self, parts: Sequence[Any], title_size: int = 11, **opts: Any) -> None:
        """Put the parts over one another, as every small figure of a page looks."""
        look = hv.opts.Overlay(
            responsive=True,
            toolbar=None,
            default_tools=[],
            show_grid=True,
            show_legend=False,
            shared_axes=False,
            border=3,
            fontsize={"title": title_size, "labels": 10, "ticks": 9},
            **opts,
        )
        self.view.object = hv.Overlay(list(parts)).opts(look)

    def part(self, name: str, element: Any, hooks: Sequence[Hook] = (), **opts: Any) -> Any:
        """An element of the figure, whose source is known as `name` from now on."""
        return element.opts(hooks=[hook(self, Drawn._caught, name), *hooks], **opts)

    def _caught(self, name: str, plot: Any) -> None:
        if plot.state not in self.figures:
            dress(plot.state)
            # From the side of the figure, not of its frame: a narrow one has room for it there alone. Where the labels
            # of the axis are short the side would be nearer, and the title cut.
            plot.state.update(min_border_left=-_TITLE)
            plot.state.title.offset = _TITLE
            self.figures.add(plot.state)
            self._show_ranges()
            self._show_words()
        source = plot.handles["source"]
        self._sources.setdefault(name, WeakSet()).add(source)
        if name in self._columns:
            source.data = dict(self._columns[name])

    def set(self, name: str, columns: Columns) -> None:
        """Put new columns into a source."""
        self._columns[name] = columns
        for source in self._sources.get(name, ()):
            source.data = dict(columns)

    def range(self, *, x: tuple[float, float] | None = None, y: tuple[float, float] | None = None) -> None:
        """What of the axes is shown."""
        self._ranges.update({name: ends for name, ends in (("x_range", x), ("y_range", y)) if ends is not None})
        self._show_ranges()

    def _show_ranges(self) -> None:
        for figure in self.figures:
            for name, (start, end) in self._ranges.items():
                getattr(figure, name).update(start=start, end=end)

    def entitle(self, title: str, label: str) -> None:
        """Title of the figure, and label of its values, where it shows one kind of thing after another."""
        self._words = (title, label)
        self._show_words()

    def _show_words(self) -> None:
        if self._words is not None:
            for figure in self.figures:
                figure.title.text, figure.yaxis[0].axis_label = self._words

    def columns(self, name: str) -> Columns:
        """What a source has, or will have once there is one."""
        return self._columns.get(name, {})


class Pair(Drawn):
    """Two curves over the same axes: as it is tried, and as the version in force has it.

    Parameters
    ----------
    x, y
        Names of the dimensions.
    below
        Called with this figure; gives what is drawn under the curves.
    opts
        Of the figure: title, xlim, ylim, xlabel, ylabel, logx.
    """

    def __init__(self, x: str, y: str, below: Callable[[Drawn], Sequence[Any]] = lambda drawn: (), **opts: Any) -> None:
        super().__init__()
        self._names = (x, y)
        start = (list(opts["xlim"]), [0.0, 0.0])
        parts = [
            *below(self),
            self.part("former", hv.Curve(start, x, y), color=PALETTE["dim"], line_width=1.2, line_dash="dashed"),
            self.part("now", hv.Curve(start, x, y), color=PALETTE["accent"], line_width=2),
        ]
        self.lay(parts, **opts)

    def both(self, now: Sequence[Any], former: Sequence[Any]) -> None:
        """Set both curves, each (x, y)."""
        for part, (x, y) in (("former", former), ("now", now)):
            self.set(part, {self._names[0]: np.asarray(x, np.float32), self._names[1]: np.asarray(y, np.float32)})
