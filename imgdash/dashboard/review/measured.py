"""The curves of an image of quality control, over those of the same detector before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import holoviews as hv
import numpy as np
import panel as pn

from imgdash.dashboard.drawn import Drawn
from imgdash.dashboard.session import Session
from imgdash.dashboard.theme import PALETTE
from imgdash.model import ImageHeader

_HEIGHT: Final = 210
_AXES: Final = {"x": "solid", "y": "dashed"}


class _Kind(NamedTuple):
    curves: str
    title: str
    label: str


_KINDS: Final[Mapping[str, _Kind]] = {
    "edge": _Kind("mtf", "MTF", "MTF"),
    # The axis is linear, for one figure serves both: noise power goes over decades.
    "flat": _Kind("nnps", "Noise power", "log₁₀ NNPS / mm²"),
}


class Measured:
    """A figure that is seen with images of quality control only.

    Attributes
    ----------
    view
        The panel. Its figure is there from the start: what is put into a page later may miss its first columns.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._image_id = ""
        self.drawn = _figure()
        self.view = pn.Column(
            self.drawn.view, visible=False, margin=0, sizing_mode="stretch_width", height=_HEIGHT
        )  # fmt: skip

    def show(self, header: ImageHeader) -> None:
        """Another image; the curves before it follow when they are read."""
        self._image_id = header.image_id
        self.view.visible = bool(_kind(header))
        if not self.view.visible:
            return
        self._draw(header, [])
        apparatus, image_id = self._session.apparatus, header.image_id

        def there(former: list[ImageHeader]) -> None:
            if image_id == self._image_id:
                self._draw(header, [one for one in former if _kind(one) == _kind(header)])

        self._session.run(lambda: apparatus.measured_before(image_id), there)

    def _draw(self, header: ImageHeader, former: Sequence[ImageHeader]) -> None:
        curves, before = _curves(header), [_curves(one) for one in former]
        for axis in _AXES:
            self.drawn.set(axis, _columns([curves[axis]] if axis in curves else []))
            self.drawn.set(f"{axis} before", _columns([one[axis] for one in before if axis in one]))
        every = [curve for one in (curves, *before) for curve in one.values()]
        frequency, values = (np.concatenate([curve[i] for curve in every]) for i in (0, 1))
        low, high = (0.0, 1.0) if _kind(header) == "edge" else (float(values.min()), float(values.max()))
        margin = 0.05 * (high - low)
        self.drawn.range(x=(0.0, float(frequency.max())), y=(low - margin, high + margin))
        kind = _KINDS[_kind(header)]
        self.drawn.entitle(f"{kind.title} · dashed: along y · grey: before", kind.label)


def _kind(header: ImageHeader) -> str:
    """Of quality control; empty where nothing was measured that is a curve."""
    measured = header.parameters.get("quality") or {}
    return str(measured["kind"]) if measured.get("curves") and measured.get("kind") in _KINDS else ""


def _curves(header: ImageHeader) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Direction → frequency in mm⁻¹, values as they are drawn."""
    measured, kind = header.parameters["quality"], _kind(header)
    found = {}
    for axis in _AXES:
        if kept := measured["curves"].get(f"{_KINDS[kind].curves}_{axis}"):
            frequency, values = (np.asarray(column, float) for column in kept)
            if kind == "flat":
                frequency, values = frequency[values > 0], np.log10(values[values > 0])
            found[axis] = (frequency, values)
    return found


def _columns(curves: Sequence[tuple[np.ndarray, np.ndarray]]) -> dict[str, np.ndarray]:
    """Several curves as one line that is broken between them."""
    gap = np.array([np.nan])
    parts = [part for frequency, values in curves for part in ((frequency, values), (gap, gap))]
    x, y = (np.concatenate([part[i] for part in parts]) if parts else gap for i in (0, 1))
    return {"lp": x, "value": y}


def _figure() -> Drawn:
    drawn = Drawn()
    start = ([0.0, 1.0], [0.0, 0.0])
    parts = []
    for when, colour, width in ((" before", PALETTE["dim"], 1.0), ("", PALETTE["accent"], 2.0)):
        parts += [
            drawn.part(axis + when, hv.Curve(start, "lp", "value"), color=colour, line_width=width, line_dash=dash)
            for axis, dash in _AXES.items()
        ]
    drawn.lay(parts, title_size=10, xlabel="lp/mm")
    return drawn


__all__ = ["Measured"]
