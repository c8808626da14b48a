"""A trend of quality control as a HoloViews figure: the values of one detector, its limits, what lies outside them."""

from __future__ import annotations

from typing import Any, Final

import holoviews as hv
import numpy as np
import pandas as pd

from imgdash.dashboard.theme import PALETTE

_COLOUR: Final = "#4cc2ff"


def told(frame: pd.DataFrame, by: str) -> list[str]:
    """All series: those that left their limits first, then those that have limits; among these by how they drift."""
    groups = frame.groupby(by, sort=False)
    ranked = pd.DataFrame(
        {
            "outside": groups["within"].apply(lambda within: bool((within == False).any())),  # noqa: E712 (None is neither)
            "limited": groups["within"].apply(lambda within: bool(within.notna().any())),
            "drift": groups["drift"].first().abs().fillna(0),
        }
    )
    order = ranked.sort_values(["outside", "limited", "drift"], ascending=False, kind="stable")
    return [str(name) for name in order.index]


def trend(frame: pd.DataFrame, x: str, y: str) -> tuple[Any, str]:
    """The figure and its title.

    Parameters
    ----------
    frame
        Of one series: `x` moments, `y` values, ``low``, ``high`` and ``within`` the limits then in force, ``drift`` in
        % per 30 days, ``series`` and ``unit``.
    """
    frame = frame.sort_values(x)
    frame[x] = pd.to_datetime(frame[x])
    frame["verdict"] = frame["within"].map(_verdict)
    parts = []
    for name in ("low", "high"):
        limits = frame.dropna(subset=[name])
        if len(limits):
            ends = _widened(limits, x)
            parts.append(hv.Curve(ends, x, name).opts(color=PALETTE["bad"], line_width=1.5, line_dash="dashed"))
    if len(frame) > 2:
        parts.append(hv.Curve(_fitted(frame, x, y), x, y).opts(color=PALETTE["dim"], line_width=1, line_dash="dotted"))
    parts.append(hv.Curve(frame, x, [y, "verdict"]).opts(color=_COLOUR, line_width=1.5))
    bad = frame["verdict"] == "outside"
    parts.append(hv.Scatter(frame[~bad], x, [y, "verdict"]).opts(color=_COLOUR, size=8))
    if bad.any():
        parts.append(hv.Scatter(frame[bad], x, [y, "verdict"]).opts(color=PALETTE["bad"], size=10, marker="diamond"))
    drift = frame["drift"].iloc[-1]
    said = f" · {drift:+.2f} % in 30 days" if pd.notna(drift) else ""
    limited = " · dashed: limits" if frame[["low", "high"]].notna().any(axis=None) else " · no limit in the site file"
    return hv.Overlay(parts), f"{frame['series'].iloc[0]}{said}{limited}"


def _verdict(within: Any) -> str:
    return "no limit" if pd.isna(within) else "within" if within else "outside"


def _widened(limits: pd.DataFrame, x: str) -> pd.DataFrame:
    """A single value is a point on no line: its limit gets the width of a day."""
    ends = limits.copy()
    ends[x] = ends[x].astype("datetime64[ns]")
    if len(ends) == 1:
        ends = pd.concat([ends, ends], ignore_index=True)
        ends[x] += pd.to_timedelta([-12, 12], unit="h")
    return ends


def _fitted(frame: pd.DataFrame, x: str, y: str) -> pd.DataFrame:
    """The straight line that fits best."""
    days = (frame[x] - frame[x].iloc[0]).dt.total_seconds().to_numpy() / 86400
    if not np.ptp(days):
        return frame
    slope, first = np.polyfit(days, frame[y].to_numpy(float), 1)
    ends = frame.iloc[[0, -1]].copy()
    ends[y] = first + slope * days[[0, -1]]
    return ends


__all__ = ["told", "trend"]
