"""The curves of an image of quality control, over those of the same detector before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import holoviews as hv
import numpy as np
import panel as pn

from imgdash.dashboard.drawn import Drawn
from imgdash.dashboard.session import Session
from imgdash.dashboard.theme import PALETTE
from imgdash.model import ImageHeader

_HEIGHT: Final = 210
# Kind of image → curves by direction, title, label of the values, their axis.
_FIGURES: Final[Mapping[str, tuple[str, str, str, dict[str, Any]]]] = {
    "edge": ("mtf", "Presampled MTF", "MTF", {"ylim": (0, 1.05), "xlim": (0, 5)}),
    "flat": ("nnps", "Normalised noise power", "NNPS, mm²", {"logy": True, "xlim": (0, 5)}),
}
_AXES: Final = {"x": "solid", "y": "dashed"}


class Measured:
    """A figure that is there for images of quality control only.

    Attributes
    ----------
    view
        The panel; what it holds is made when it is wanted first.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._image_id = ""
        self._figures: dict[str, Drawn] = {}
        self.view = pn.Column(visible=False, margin=0, sizing_mode="stretch_width", height=_HEIGHT)

    def show(self, header: ImageHeader) -> None:
        """Another image; the curves before it follow when they are read."""
        self._image_id = header.image_id
        kind = _kind(header)
        self.view.visible = bool(kind)
        if not kind:
            return
        if kind not in self._figures:
            self._figures[kind] = _figure(kind)
        drawn = self._figures[kind]
        if list(self.view.objects) != [drawn.view]:
            self.view.objects = [drawn.view]
        self._draw(drawn, header, [])
        apparatus, image_id = self._session.apparatus, header.image_id

        def there(former: list[ImageHeader]) -> None:
            if image_id == self._image_id:
                self._draw(drawn, header, former)

        self._session.run(lambda: apparatus.measured_before(image_id), there)

    def _draw(self, drawn: Drawn, header: ImageHeader, former: Sequence[ImageHeader]) -> None:
        curves = _curves(header)
        for axis in _AXES:
            drawn.set(axis, _columns([curves[axis]] if axis in curves else []))
            drawn.set(f"{axis} before", _columns([_curves(one)[axis] for one in former if axis in _curves(one)]))
        every = [values for one in (header, *former) for values in _curves(one).values()]
        drawn.range(x=(0.0, max(float(np.max(frequency)) for frequency, _ in every)))
        if _kind(header) == "flat":
            least, most = (float(edge(np.concatenate([_positive(v) for _, v in every]))) for edge in (np.min, np.max))
            drawn.range(y=(0.7 * least, 1.4 * most))


def _kind(header: ImageHeader) -> str:
    """Of quality control; empty where nothing was measured that is a curve."""
    measured = header.parameters.get("quality") or {}
    return str(measured["kind"]) if measured.get("curves") and measured.get("kind") in _FIGURES else ""


def _curves(header: ImageHeader) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Direction → frequency in mm⁻¹, values."""
    measured = header.parameters.get("quality") or {}
    name = _FIGURES[str(measured["kind"])][0]
    found = {axis: measured["curves"].get(f"{name}_{axis}") for axis in _AXES}
    return {axis: (np.asarray(c[0], float), np.asarray(c[1], float)) for axis, c in found.items() if c}


def _positive(values: np.ndarray) -> np.ndarray:
    """What a logarithmic axis can show."""
    return values[values > 0] if (values > 0).any() else np.array([1e-9])


def _columns(curves: Sequence[tuple[np.ndarray, np.ndarray]]) -> dict[str, np.ndarray]:
    """Several curves as one line that is broken between them."""
    gap = np.array([np.nan])
    parts = [part for frequency, values in curves for part in ((frequency, values), (gap, gap))]
    x, y = (np.concatenate([part[i] for part in parts]) if parts else gap for i in (0, 1))
    return {"lp": x, "value": y}


def _figure(kind: str) -> Drawn:
    _, title, label, opts = _FIGURES[kind]
    drawn = Drawn()
    start = ([0.0, 1.0], [1.0, 1.0])
    parts = []
    for when, colour, width in ((" before", PALETTE["dim"], 1.0), ("", PALETTE["accent"], 2.0)):
        parts += [
            drawn.part(axis + when, hv.Curve(start, "lp", "value"), color=colour, line_width=width, line_dash=dash)
            for axis, dash in _AXES.items()
        ]
    drawn.view.object = hv.Overlay(parts).opts(
        hv.opts.Overlay(
            title=f"{title}: along x, dashed along y; grey: before it",
            xlabel="lp/mm", ylabel=label, responsive=True, toolbar=None, default_tools=[], show_grid=True,
            show_legend=False, shared_axes=False, border=3, fontsize={"title": 10, "labels": 10, "ticks": 9},
            **opts,
        )
    )  # fmt: skip
    return drawn


__all__ = ["Measured"]
