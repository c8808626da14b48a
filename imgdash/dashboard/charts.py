"""HoloViews: the histogram with the signal limits as handles, the gradation curve over it; linked both ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import holoviews as hv
import numpy as np
import panel as pn
from bokeh.models import BoxAnnotation, ColumnDataSource, Node
from holoviews.streams import Pipe

from imgdash.dashboard.hooks import hook
from imgdash.dashboard.panels import Handles
from imgdash.dashboard.theme import PALETTE, dress
from imgdash.process import Chain, curve
from imgdash.process.tone import tone_of

_HEIGHT = 150
_BINS = 128
# Room for the figure's axes, px, and where Bokeh then puts the sides of its frame: the handles below line up with it.
_BORDER = (58, 14)
_INSET = (60, 19)
# What a browser gives back of a number that nobody touched.
_SAME = 1e-6


class Histogram:
    """Histogram of the signal, range S/G, gradation curve.

    Parameters
    ----------
    on_range
        ``on_range(ends, rests)``: of ``low`` and ``high`` those that were moved, and where to; `rests` once they have
        come to rest.
    """

    def __init__(self, on_range: Callable[[Mapping[str, float], bool], None]) -> None:
        self._on_range = on_range
        self._setting = False
        self._given = (0.0, 1.0)
        self._rest: Any = None
        self._image = ""
        # Whether the browser may still move the range of the image before: what it sends does not say of which it is.
        self._behind = False
        self._counts = Pipe(data=([0.0, 1.0], [0.0, 0.0]))
        self._curve = Pipe(data=([0.0, 1.0], [0.0, 1.0]))
        self._range = BoxAnnotation(
            left=0.0,
            right=1.0,
            editable=True,
            movable="x",
            resizable="x",
            top=Node.frame.top,
            bottom=Node.frame.bottom,
            fill_color=PALETTE["accent"],
            fill_alpha=0.08,
            line_color=PALETTE["accent"],
            line_alpha=0.9,
            line_width=1,
            hover_fill_alpha=0.16,
            hover_fill_color=PALETTE["accent"],
        )
        self._range.on_change("left", self._moved)
        self._range.on_change("right", self._moved)
        # Whether the browser has the figure: before that it would be told of sources that it does not know.
        self.there = False
        self._sources: dict[str, ColumnDataSource] = {}
        counts = hv.DynamicMap(lambda data: hv.Area(data, "signal", "share"), streams=[self._counts])
        graded = hv.DynamicMap(lambda data: hv.Curve(data, "signal", "share"), streams=[self._curve])
        self._plot = (
            counts.opts(color="#5b6675", alpha=0.75, line_width=0, hooks=[hook(self, Histogram._keep, "counts")])
            * graded.opts(color=PALETTE["film"], line_width=2, hooks=[hook(self, Histogram._keep, "curve")])
        ).opts(
            hv.opts.Overlay(
                height=_HEIGHT,
                responsive=True,
                toolbar=None,
                default_tools=[],
                xlabel="signal  (dark → light)",
                ylabel="P-value",
                xlim=(0, 1),
                ylim=(0, 1.02),
                show_grid=True,
                xticks=5,
                yticks=[0, 0.5, 1],
                hooks=[hook(self, Histogram._add_range)],
                shared_axes=False,
                border=4,
            )
        )
        # A pointer takes the edges of the range itself, a keyboard these.
        self._handles = Handles(
            labels=["Darkest signal of the range", "Lightest signal of the range"],
            inset=list(_INSET),
            on_message=self._on_handles,
            sizing_mode="stretch_width",
            margin=(0, 6, 4, 2),
        )
        figure = pn.pane.HoloViews(self._plot, sizing_mode="stretch_width", height=_HEIGHT, margin=(0, 6, 0, 2))
        self.view = pn.Column(figure, self._handles, sizing_mode="stretch_width", margin=0)

    def _add_range(self, plot: Any) -> None:
        """Once: HoloViews calls hooks at every update."""
        figure = plot.state
        dress(figure)
        figure.output_backend = "canvas"
        figure.update(min_border_left=_BORDER[0], min_border_right=_BORDER[1])
        if self._range not in figure.center:
            figure.add_layout(self._range)

    def _keep(self, name: str, plot: Any) -> None:
        self._sources[name] = plot.handles["source"]

    def _draw(self, name: str, pipe: Pipe, x: np.ndarray, y: np.ndarray) -> None:
        """Put points into what HoloViews drew: through its streams that takes ten times as long, at every image."""
        if name not in self._sources or not self.there:
            pipe.send((x, y))
            return
        pipe.update(data=(x, y))
        if name == "curve":
            self._sources[name].data = {"signal": x, "share": y}
        else:
            self._sources[name].data = {"x": np.append(x, x[::-1]), "y": np.append(np.zeros(len(y)), y[::-1])}

    def of(self, image_id: str) -> None:
        """What is shown from now on belongs to this image."""
        if image_id == self._image:
            return
        self.let_go()
        self._behind = bool(self._image)
        self._image = self._handles.image = image_id

    def show(self, counts: np.ndarray, edges: tuple[float, float], editable: bool) -> None:
        """Another image: its histogram of the signal."""
        # Fewer bins than 10-bit images have values, or it would be a comb; root and cut, or a peak would hide the rest.
        coarse = counts[: len(counts) // _BINS * _BINS].reshape(_BINS, -1).sum(axis=1)
        height = np.sqrt(coarse)
        usual = float(np.percentile(height[height > 0], 97)) if height.any() else 1.0
        self._draw("counts", self._counts, np.linspace(*edges, _BINS), np.minimum(height / usual * 0.8, 1.0))
        self.enable(editable)

    def enable(self, editable: bool) -> None:
        """Whether its limits may be moved."""
        self._range.editable = self._handles.enabled = editable

    def clear(self) -> None:
        """An image of which nothing is known: what was drawn of another one must not stand beside it."""
        self._draw("counts", self._counts, np.linspace(0.0, 1.0, _BINS), np.zeros(_BINS))
        self._follow((0.0, 1.0), np.array([0.0, 1.0]), np.full(2, np.nan))

    def process(self, chain: Chain, calculated: Mapping[str, Any]) -> None:
        """Other parameters: range and curve follow."""
        tone = tone_of(chain, calculated)
        self._follow((tone.low, tone.high), *curve(chain, calculated))

    def _follow(self, given: tuple[float, float], x: np.ndarray, y: np.ndarray) -> None:
        self._given = low, high = given
        self._draw("curve", self._curve, x, y)
        self._set(left=low, right=high)
        self._handles.set(low=low, high=high)

    def _set(self, **ends: float) -> None:
        """Put the range, and be told nothing: under held changes Bokeh tells of none that code makes, else of all."""
        self._setting = True
        try:
            self._range.update(**ends)
        finally:
            self._setting = False

    def _moved(self, _name: str, _old: Any, _new: Any) -> None:
        if not self._setting and not self._behind:
            self._taken()

    def _taken(self) -> None:
        """Somebody moves an end."""
        low, high = self._ends()
        self._handles.set(low=low, high=high)
        self._tell(False)
        self.let_go()
        if (document := self._range.document) is not None:
            self._rest = document.add_timeout_callback(self._rests, 250)

    def let_go(self) -> None:
        """What was moved and does not rest yet is not told any more."""
        if self._rest is not None and self._range.document is not None:
            self._range.document.remove_timeout_callback(self._rest)
        self._rest = None

    def settle(self) -> None:
        """Its image is left: what was moved and does not rest yet is told now."""
        if self._rest is not None:
            self.let_go()
            self._tell(True)

    def _rests(self) -> None:
        self._rest = None
        self._tell(True)

    def _tell(self, rests: bool) -> None:
        ends = zip(("low", "high"), self._ends(), self._given, strict=True)
        self._on_range({name: value for name, value, given in ends if abs(value - given) > _SAME}, rests)

    def _ends(self) -> tuple[float, float]:
        low, high = sorted((float(self._range.left), float(self._range.right)))
        return low, high

    def _on_handles(self, message: Mapping[str, Any]) -> None:
        """An end was moved below the figure: the range moves, and tells as if it had been taken itself."""
        if "there" in message:
            if self._behind and message["there"] == self._image:
                self._behind = False
                self._set(left=self._handles.low, right=self._handles.high)
        elif message.get("image") == self._image and self._range.editable:
            low, high = (float(message.get(end, getattr(self._handles, end))) for end in ("low", "high"))
            self._set(left=low, right=high)
            self._taken()
