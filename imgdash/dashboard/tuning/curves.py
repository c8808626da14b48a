"""What the parameters do, drawn: gradation over the histogram, β over the signal, gain of detail, profile."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import holoviews as hv
import numpy as np
import panel as pn

from imgdash.apparatus.trial import Trial
from imgdash.dashboard.drawn import Drawn, Pair
from imgdash.dashboard.hooks import hook
from imgdash.dashboard.panels import Handles
from imgdash.dashboard.theme import PALETTE
from imgdash.dashboard.tuning.controls import ProfileLine
from imgdash.process import band_gains, beta_curve, curve

_TOP = 1.03
# Room for the axes of the gradation, px, and where the sides of its frame are then: the handles line up with it.
_BORDER = (58, 10)
_INSET = (58, 10)


class Curves:
    """Four figures, each of the tried chain and of the version in force.

    Parameters
    ----------
    on_limits
        Called with ``low`` or ``high``, whichever signal limit a person moved under the gradation.
    on_line
        Called with ``move``, how far across and down the line of the profile was moved by keyboard.
    """

    def __init__(
        self,
        on_limits: Callable[[Mapping[str, Any]], None] = lambda moved: None,
        on_line: Callable[[Mapping[str, Any]], None] = lambda moved: None,
    ) -> None:
        graded: dict[str, Any] = {"xlim": (0, 1), "ylim": (0, _TOP)}
        self.gradation = Pair(
            "signal",
            "P-value",
            _under_gradation,
            title="Gradation, histogram",
            xlabel="signal (dark → light)",
            ylabel="P-value",
            **graded,
        )
        self.beta = Pair(
            "signal", "beta", title="β of the signal", xlabel="signal", ylabel="β", xlim=(0, 1), ylim=(0, 1.6)
        )
        self.gains = Pair(
            "lp",
            "gain",
            _beside_gains,
            title="Detail (dots: image)",
            xlabel="lp/mm",
            ylabel="gain",
            logx=True,
            xticks=[0.03, 0.1, 0.3, 1, 2.5],
            xlim=(0.03, 2.5),
            ylim=(0.8, 3.0),
        )
        self.profile = Pair("way", "P", title="Profile of the line", xlabel="mm", ylabel="P-value", xticks=5, **graded)

        self.figures = (self.gradation, self.beta, self.gains, self.profile)
        self.handles = Handles(
            labels=["Signal that becomes black", "Signal that becomes white"], inset=list(_INSET),
            on_message=on_limits, sizing_mode="stretch_width",
        )  # fmt: skip
        self.line = ProfileLine(on_message=on_line, sizing_mode="stretch_width")

    @property
    def views(self) -> list[Any]:
        """What is laid beside each other: the figures, the first one with the handles of its limits, the last one with
        what moves its line.
        """
        first = pn.Column(
            self.gradation.view, self.handles, sizing_mode="stretch_both", margin=0, css_classes=["gradation"]
        )
        last = pn.Column(self.profile.view, self.line, sizing_mode="stretch_both", margin=0)
        return [first, *(figure.view for figure in self.figures[1:-1]), last]

    def _histogram(self, shares: np.ndarray) -> None:
        """Square roots are drawn, so that small structures beside a high peak are seen."""
        height = np.sqrt(shares)
        # The ends may hold everything that was clipped.
        height = np.minimum(height / max(float(height[0, 1:-1].max(initial=0.0)), 1e-9), 1.0)
        signal = (np.arange(height.shape[1]) + 0.5) / height.shape[1]
        for name, row in zip(("histogram", "region"), height, strict=True):
            # HoloViews draws an area as a patch: along its curve, back along its foot.
            outline = {"x": np.append(signal, signal[::-1]), "y": np.append(row, np.zeros_like(row))}
            self.gradation.set(name, outline)

    def show(self, now: Trial, former: Trial) -> None:
        """Another image, or other parameters."""
        self._histogram(now.histogram)
        self.gradation.both(curve(now.chain, now.calculated), curve(former.chain, former.calculated))
        low, high = now.numbers.s_low, now.numbers.s_high
        limits = {"signal": [low, low, np.nan, high, high], "P-value": [0.0, _TOP, np.nan, 0.0, _TOP]}
        self.gradation.set("limits", limits)
        known = low is not None and high is not None
        self.handles.set(enabled=known, **({"low": low, "high": high} if known else {}))
        self.beta.both(beta_curve(now.chain, now.calculated), beta_curve(former.chain, former.calculated))
        gains = band_gains(now.chain), band_gains(former.chain)
        self.gains.both(*gains)
        for name, (lpmm, gain) in (("measured", now.gains), ("measured before", former.gains)):
            self.gains.set(name, {"lp": lpmm.astype(np.float32), "gain": gain.astype(np.float32)})
        every = [*gains, now.gains, former.gains]
        least, most = min(min(gain, default=1.0) for _, gain in every), max(max(gain, default=1.0) for _, gain in every)
        self.gains.range(y=(min(0.8, 0.95 * float(least)), max(1.6, 1.1 * float(most))))

    def along(self, now: Sequence[Any], former: Sequence[Any]) -> None:
        """Profiles along the line, each way in mm and P-values of 255."""
        (way, values), (_, others) = now, former
        self.profile.both((way, values / 255), (way, others / 255))
        self.profile.range(x=(0.0, max(float(way[-1]), 1.0)))


def _beside_gains(drawn: Drawn) -> Sequence[Any]:
    """What the image itself shows of it: mostly less than what is set, for strong detail is saturated, noise cored."""
    names: Mapping[str, str] = {"kdims": "lp", "vdims": "gain"}
    nothing: tuple[list[float], list[float]] = ([], [])
    return (
        drawn.part("measured before", hv.Scatter(nothing, **names), color=PALETTE["dim"], size=3),
        drawn.part("measured", hv.Scatter(nothing, **names), color=PALETTE["accent"], size=4),
    )


def _under_gradation(drawn: Drawn) -> Sequence[Any]:
    names: Mapping[str, str] = {"kdims": "signal", "vdims": "P-value"}
    return (
        drawn.part("histogram", hv.Area(([0.0, 1.0], [0.0, 0.0]), **names), color="#3a424d", alpha=0.8, line_width=0),
        drawn.part("region", hv.Area(([0.0, 1.0], [0.0, 0.0]), **names), color="#6f7c8d", alpha=0.8, line_width=0),
        drawn.part(
            "limits",
            hv.Curve(([0.0, 0.0], [0.0, 1.0]), **names),
            [hook(drawn, _leave_room)],
            color=PALETTE["warn"],
            line_width=1,
            line_dash="dotted",
        ),
    )


def _leave_room(drawn: Drawn, plot: Any) -> None:
    """The frame lies where the handles below it expect it, whatever stands at the axes."""
    plot.state.update(min_border_left=_BORDER[0], min_border_right=_BORDER[1])
