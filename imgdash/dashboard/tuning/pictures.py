"""Two pictures of one image side by side, moved and zoomed together, and the line of which the profile is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from weakref import WeakKeyDictionary, WeakSet

import holoviews as hv
import numpy as np
from bokeh.core.property.descriptors import UnsetValueError
from bokeh.events import DoubleTap
from bokeh.models import ColumnDataSource, PointDrawTool, Range1d

from imgdash.apparatus.trial import DIRECT, OUTSIDE
from imgdash.dashboard.drawn import Drawn
from imgdash.dashboard.hooks import hook
from imgdash.dashboard.theme import PALETTE

Point = Sequence[float]
Ends = Mapping[str, Sequence[float]]
# Signed differences: what became darker, nothing, what became lighter.
_DIVERGING: Final = ("#4cc2ff", "#1f5f86", "#12232e", "#0b0d10", "#33240f", "#96661c", "#ffc14d")
_DIFFERENCE: Final = 48
# Direct exposure, and what lies outside the field: from dark to light.
_AMBER: Final = ("#3a270a", "#b07f26")
_BLUE: Final = ("#0a1a24", "#22618a")
_MARGIN: Final = 1.03
_UNKNOWN: Final = 600


class Pictures:
    """`now` shows the tried parameters, `other` what it is compared with.

    Parameters
    ----------
    on_line
        Called with the ends of the line, (x, y) in mm from the upper left corner, when a person moved one.
    """

    def __init__(self, on_line: Callable[[Point, Point], None]) -> None:
        self._on_line = on_line
        self._extent = (1.0, 1.0)
        self._setting = False
        self._shown: dict[str, np.ndarray] = {}
        self._palette = "grey"
        self._mappers: WeakSet[Any] = WeakSet()
        # Of each place that shows the pictures (a notebook may have several): what is seen of them, and the line.
        self._seen: WeakKeyDictionary[Any, tuple[Range1d, Range1d]] = WeakKeyDictionary()
        self._ends: Ends = {"x": [0.15, 0.85], "y": [0.5, 0.5]}
        self._lines: WeakSet[ColumnDataSource] = WeakSet()
        self.now, self.other = Drawn(), Drawn()
        self.now.view.object = self._picture(self.now, Pictures._first)
        self.other.view.object = self._picture(self.other, Pictures._second)

    def _picture(self, drawn: Drawn, further: Callable[[Pictures, Any], None]) -> Any:
        empty = hv.Image(np.zeros((2, 2), np.uint8), bounds=(0, 0, 1, 1), kdims=["across", "up"], vdims=["value"])
        return drawn.part(
            "image",
            empty,
            [hook(self, Pictures._share), hook(self, further)],
            cmap="gray",
            clim=(0, 255),
            responsive=True,
            xaxis=None,
            yaxis=None,
            toolbar=None,
            default_tools=["pan", "wheel_zoom"],
            active_tools=["pan", "wheel_zoom"],
        )

    def _share(self, plot: Any) -> None:
        figure = plot.state
        figure.x_range, figure.y_range = self._seen.setdefault(plot.root, (Range1d(0, 1), Range1d(0, 1)))
        figure.min_border = 3
        figure.background_fill_color = "#000000"
        figure.border_fill_color = PALETTE["ground"]
        figure.outline_line_color = None
        figure.grid.visible = False
        figure.on_event(DoubleTap, lambda _event: self.fit(figure.x_range))

    def _first(self, plot: Any) -> None:
        figure = plot.state
        for side in ("inner_width", "inner_height"):
            figure.on_change(side, lambda attr, old, new: self.fit(figure.x_range))
        ends = ColumnDataSource(dict(self._ends))
        ends.on_change("data", self._moved)
        self._lines.add(ends)
        figure.line("x", "y", source=ends, line_color=PALETTE["film"], line_width=1.5)
        points = figure.scatter(
            "x", "y", source=ends, size=11, line_color=PALETTE["film"], fill_color="#000000", fill_alpha=0.35
        )
        tool = PointDrawTool(renderers=[points], add=False, num_objects=2)
        figure.add_tools(tool)
        figure.toolbar.active_multi = tool
        self.fit(figure.x_range)

    def _second(self, plot: Any) -> None:
        self._mappers.add(plot.handles["color_mapper"])
        self._colour()

    # -- the line -----------------------------------------------------------------------------------------

    def _moved(self, _name: str, _old: Any, new: Any) -> None:
        if not self._setting and len(new["x"]) == 2:
            self._place(new)
            self._on_line(*self.line())

    def line(self) -> tuple[Point, Point]:
        """The two ends, (x, y) in mm from the upper left corner."""
        height = self._extent[0]
        (x0, x1), (y0, y1) = self._ends["x"], self._ends["y"]
        return (float(x0), height - float(y0)), (float(x1), height - float(y1))

    def across(self, height: float) -> None:
        """Put the line across, at a height of the image: 0 above, 1 below."""
        down, width = self._extent
        level = (1.0 - height) * down
        self._place({"x": [0.15 * width, 0.85 * width], "y": [level, level]})
        self._on_line(*self.line())

    def move(self, across: float, down: float, end: int | None = None) -> None:
        """Move the line, or one end of it, to the right and down, in parts of the image; it stays within it."""
        height, width = self._extent
        moved = {}
        for name, way, room in (("x", across * width, width), ("y", -down * height, height)):
            values = self._ends[name]
            taken = values if end is None else [values[end]]
            # An end that a hand has put outside stays where it is.
            way = min(max(way, min(-min(taken), 0.0)), max(room - max(taken), 0.0))
            moved[name] = [value + way * (end in (None, number)) for number, value in enumerate(values)]
        self._place(moved)
        self._on_line(*self.line())

    def _place(self, ends: Ends) -> None:
        """Put the line, and be told nothing: under held changes Bokeh tells of none that code makes, else of all."""
        self._ends = {name: list(values) for name, values in ends.items()}
        self._setting = True
        try:
            for line in self._lines:
                if {name: list(values) for name, values in line.data.items()} != self._ends:
                    line.data = dict(self._ends)
        finally:
            self._setting = False

    # -- the pictures -------------------------------------------------------------------------------------

    def extent(self, extent_mm: tuple[float, float]) -> None:
        """Height and width of what is shown. Another one: the whole of it, the line across its middle."""
        if extent_mm == self._extent:
            return
        self._extent = extent_mm
        height, width = extent_mm
        self._place({"x": [0.15 * width, 0.85 * width], "y": [0.5 * height, 0.5 * height]})
        self.fit()

    def fit(self, across_range: Range1d | None = None) -> None:
        """Show the whole image with square pixels, whatever shape the figure has in the browser.

        Parameters
        ----------
        across_range
            That of the place that is meant; without it all.
        """
        height, width = self._extent
        for figure in self.now.figures:
            if across_range not in (None, figure.x_range):
                continue
            inner = [_inner(figure, side) for side in ("inner_width", "inner_height")]
            scale = _MARGIN * max(width / inner[0], height / inner[1])
            across, down = scale * inner[0] / 2, scale * inner[1] / 2
            figure.x_range.update(start=width / 2 - across, end=width / 2 + across)
            figure.y_range.update(start=height / 2 - down, end=height / 2 + down)

    def show(self, drawn: Drawn, pixels: np.ndarray) -> None:
        """Put pixels into one of the pictures; the same ones are not sent once more."""
        name = "now" if drawn is self.now else "other"
        if self._shown.get(name) is pixels:
            return
        self._shown[name] = pixels
        height, width = self._extent
        # HoloViews gives Bokeh the lowest row first.
        image = [np.ascontiguousarray(pixels[::-1])]
        drawn.set("image", {"image": image, "x": [0], "y": [0], "dw": [width], "dh": [height]})

    def compare(self, pixels: np.ndarray, palette: str) -> None:
        """What `other` shows, and by which colours: grey for P-values, difference, regions."""
        if palette != self._palette:
            self._palette = palette
            self._colour()
        self.show(self.other, pixels)

    def _colour(self) -> None:
        colours, low, high = _spread(("#000000", "#ffffff"), 256), 0, 255
        if self._palette == "difference":
            colours, low, high = _spread(_DIVERGING, 256), -_DIFFERENCE, _DIFFERENCE
        elif self._palette == "regions":
            grey = _spread(("#000000", "#ffffff"), DIRECT)
            colours = grey + _spread(_AMBER, OUTSIDE - DIRECT) + _spread(_BLUE, 256 - OUTSIDE)
        for mapper in self._mappers:
            mapper.update(palette=colours, low=low, high=high)


def _inner(figure: Any, side: str) -> int:
    """What the browser told of a figure's size; until it did, a guess."""
    try:
        return int(getattr(figure, side)) or _UNKNOWN
    except (AttributeError, UnsetValueError, TypeError):
        return _UNKNOWN


def _spread(colours: Sequence[str], n: int) -> list[str]:
    """A palette of n colours between the given ones."""
    given = np.array([[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in colours], dtype=float)
    at = np.linspace(0, len(colours) - 1, n)
    mixed = [np.interp(at, np.arange(len(colours)), given[:, channel]) for channel in range(3)]
    return [f"#{int(r):02x}{int(g):02x}{int(b):02x}" for r, g, b in zip(*mixed, strict=True)]
