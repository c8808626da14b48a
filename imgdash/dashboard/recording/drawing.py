"""A report as a HoloViews figure, as its descriptor says: bars, lines, control charts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import holoviews as hv
import pandas as pd
import pyarrow as pa

from imgdash.dashboard.recording.trend import told, trend
from imgdash.dashboard.tables import words
from imgdash.dashboard.theme import PALETTE, dress
from imgdash.records.declaration import Report

COLOURS: Final = (
    "#4cc2ff", "#5fd38d", "#ffc14d", "#c39bff", "#ff7a70", "#6fd6c8", "#f29ad1", "#a9bf6a", "#8aa0ff", "#d9a066",
)  # fmt: skip
# More kinds than colours can be told apart are put together.
_MOST_SERIES: Final = len(COLOURS)
_MOST_PLACES: Final = 40
_MOST_LABELS: Final = 8
_MOST_LEVEL: Final = 12
# Names of as many letters stand beside one another under a figure of a small screen.
_MOST_LETTERS: Final = 140
_OTHERS: Final = "others"
_UNKNOWN: Final = "not known"
# So many days in a row on one side of the mean are a shift, so many standard errors an outlier (Western Electric).
_RUN: Final = 7
_FAR: Final = 3.0


def series(report: Report, table: pa.Table) -> list[str]:
    """What a control chart can show, the one with most exposures first; of trends, those outside their limits first."""
    if report.draw.kind not in ("control", "trend") or not table.num_rows:
        return []
    if report.draw.kind == "trend":
        return told(table.to_pandas(), report.draw.by)
    frame = table.select([report.draw.by, "shots"]).to_pandas()
    counted = frame.fillna({report.draw.by: _UNKNOWN}).groupby(report.draw.by)["shots"].sum()
    return [str(name) for name in counted.sort_values(ascending=False, kind="stable").index]


def draw(report: Report, table: pa.Table, one: str = "") -> Any:
    """The figure of a report, or None where it is a table only or there is nothing to draw.

    Parameters
    ----------
    one
        Of `series`: which one a control chart or a trend shows.
    """
    drawn = report.draw
    if drawn.kind == "table" or not table.num_rows:
        return None
    columns = list(dict.fromkeys(name for name in (drawn.x, drawn.y, drawn.by) if name))
    if drawn.kind == "control":
        return _control(report, table.to_pandas(), one)
    if drawn.kind == "trend":
        return _trend(report, table.to_pandas(), one)
    frame = table.select(columns).to_pandas().dropna(subset=[drawn.y])
    if frame.empty:
        return None
    for name in columns:
        if name != drawn.y and not (drawn.kind == "lines" and name == drawn.x):
            frame[name] = frame[name].map(_label)
    if drawn.kind == "lines":
        return _lines(report, frame)
    return _bars(report, frame, pa.types.is_integer(table.schema.field(drawn.y).type))


def _bars(report: Report, frame: pd.DataFrame, counts: bool) -> Any:
    x, y, by = report.draw.x, report.draw.y, report.draw.by
    if by:
        frame = _fewer(frame, by, y)
    frame = frame[frame[x].isin(list(dict.fromkeys(frame[x]))[-_MOST_PLACES:])]
    keys = [x, by] if by else [x]
    if counts:
        frame = frame.groupby(keys, sort=False, as_index=False)[y].sum()
    elif frame.duplicated(keys).any():
        # Values of finer rows than the figure tells apart: each is shown, none is averaged.
        return _points(report, frame)
    element = hv.Bars(frame, keys, y)
    options: dict[str, Any] = {"line_color": PALETTE["panel"], "line_width": 0.5}
    if by:
        names = sorted(frame[by].unique())
        options.update(stacked=counts, color=by, cmap=dict(zip(names, COLOURS, strict=False)), show_legend=True)
    else:
        options.update(color=COLOURS[0])
    options.update(
        default_tools=["hover"], legend_position="right", xrotation=45 if frame[x].nunique() > _MOST_LEVEL else 0
    )
    # The legend tells colours; where there are many bars only the places keep their names.
    crowded = bool(by) and not counts and len(frame) > _MOST_LABELS
    hooks = [_dressed, _without_inner_labels] if crowded else [_dressed]
    if by and not counts and frame[x].nunique() * max(map(len, frame[x])) > _MOST_LETTERS:
        hooks.append(_aslant)
    return element.opts(**options, **_common(report, hooks=hooks))


def _points(report: Report, frame: pd.DataFrame) -> Any:
    x, y, by = report.draw.x, report.draw.y, report.draw.by
    groups = frame.groupby(by, sort=True) if by else [("", frame)]
    parts = {
        str(name): hv.Scatter(found, x, y).opts(color=colour, size=9, alpha=0.85, jitter=0.25)
        for (name, found), colour in zip(groups, COLOURS, strict=False)
    }
    return _overlaid(report, hv.NdOverlay(parts, kdims=[by or "all"]))


def _lines(report: Report, frame: pd.DataFrame) -> Any:
    x, y, by = report.draw.x, report.draw.y, report.draw.by
    frame = _fewer(frame, by, y) if by else frame
    frame = frame.sort_values(x)
    groups = frame.groupby(by, sort=True) if by else [("", frame)]
    parts = {}
    for (name, found), colour in zip(groups, COLOURS, strict=False):
        curve = hv.Curve(found, x, y).opts(color=colour, line_width=2)
        parts[str(name)] = curve * hv.Scatter(found, x, y).opts(color=colour, size=6)
    overlay = hv.HoloMap(parts, kdims=[by or "all"]).overlay() if len(parts) > 1 else next(iter(parts.values()))
    if len(frame[x].unique()) > 1:
        return _overlaid(report, overlay)
    # A single moment gets the width of a day: on its own it is an axis of milliseconds.
    only, half = pd.Timestamp(frame[x].iloc[0]), pd.Timedelta(hours=12)
    return _overlaid(report, overlay, xlim=(only - half, only + half))


def _control(report: Report, frame: pd.DataFrame, one: str) -> Any:
    x, y, by = report.draw.x, report.draw.y, report.draw.by
    frame[by] = frame[by].fillna(_UNKNOWN)
    frame = frame[frame[by] == (one or frame[by].iloc[0])].sort_values(x)
    frame[x] = pd.to_datetime(frame[x])
    # A single day is a point on no line: its limits get the width of the day.
    edges = frame.iloc[[0, -1]].copy()
    edges[x] = [frame[x].iloc[0] - pd.Timedelta(hours=12), frame[x].iloc[-1] + pd.Timedelta(hours=12)]
    parts = []
    for low, high, alpha in (("low_2sd", "high_2sd", 0.10), ("low_1sd", "high_1sd", 0.16)):
        if edges[low].notna().all():
            parts.append(hv.Area(edges, x, [low, high]).opts(color=COLOURS[0], alpha=alpha, line_width=0))
    parts.append(hv.Curve(edges, x, "centre").opts(color=PALETTE["dim"], line_width=1, line_dash="dashed"))
    parts.append(hv.Curve(frame, x, y).opts(color=COLOURS[0], line_width=1.5))
    odd = (frame["run"] >= _RUN) | (frame["z"].abs() > _FAR)
    parts.append(hv.Scatter(frame[~odd], x, y).opts(color=COLOURS[0], size=7))
    if odd.any():
        parts.append(hv.Scatter(frame[odd], x, y).opts(color=PALETTE["bad"], size=9, marker="diamond"))
    name = f"{report.title}: {frame[by].iloc[0]}" if len(frame) else report.title
    return _overlaid(report, hv.Overlay(parts), title=f"{name} · bands of 1 and 2 SD; red: outlier or shift")


def _trend(report: Report, frame: pd.DataFrame, one: str) -> Any:
    x, y, by = report.draw.x, report.draw.y, report.draw.by
    frame = frame[frame[by] == (one or frame[by].iloc[0])].copy()
    element, title = trend(frame, x, y)
    unit, quantity = frame["unit"].iloc[0], str(frame[by].iloc[0]).rpartition(" · ")[2]
    label = f"{quantity} ({unit})" if unit else quantity
    return _overlaid(report, element, title=title, ylabel=label, padding=(0.03, 0.12))


def _overlaid(report: Report, element: Any, **options: Any) -> Any:
    kind = hv.opts.NdOverlay if isinstance(element, hv.NdOverlay) else hv.opts.Overlay
    return element.opts(kind(legend_position="right", default_tools=["hover"], **_common(report, **options)))


def _common(report: Report, **options: Any) -> dict[str, Any]:
    unit = next((column.unit for column in report.columns if column.name == report.draw.y), "")
    return {
        "responsive": True,
        "toolbar": None,
        "show_grid": True,
        "title": "",
        "xlabel": words(report.draw.x),
        "ylabel": f"{words(report.draw.y)} ({unit})" if unit else words(report.draw.y),
        "shared_axes": False,
        "hooks": [_dressed],
        "fontsize": {"title": 11, "labels": 10, "ticks": 9, "legend": 9},
        **options,
    }


def _dressed(plot: Any, _element: Any) -> None:
    dress(plot.state)
    # Half of the last label of an axis of time stands to the right of its frame.
    plot.state.min_border_right = 30
    for legend in plot.state.legend:
        legend.update(
            label_text_font_size="10px",
            spacing=0,
            padding=4,
            margin=4,
            glyph_height=12,
            label_height=14,
            glyph_width=12,
        )
    for axis in plot.state.xaxis:
        # The inner level of grouped bars, and what stands between groups.
        for name in ("group_text_color", "subgroup_text_color"):
            if hasattr(axis, name):
                setattr(axis, name, PALETTE["dim"])
        if hasattr(axis, "separator_line_color"):
            axis.separator_line_color = PALETTE["line"]


def _without_inner_labels(plot: Any, _element: Any) -> None:
    for axis in plot.state.xaxis:
        axis.major_label_text_color = None
        axis.major_tick_line_color = None


def _aslant(plot: Any, _element: Any) -> None:
    for axis in plot.state.xaxis:
        axis.group_label_orientation = 0.4


def _fewer(frame: pd.DataFrame, by: str, y: str) -> pd.DataFrame:
    """The kinds with the largest values; the rest is left out, or put together where values can be summed."""
    sizes = frame.groupby(by)[y].sum().sort_values(ascending=False, kind="stable")
    if len(sizes) <= _MOST_SERIES:
        return frame
    kept = set(sizes.index[: _MOST_SERIES - 1])
    if not pd.api.types.is_integer_dtype(frame[y]):
        return frame[frame[by].isin(kept)]
    return frame.assign(**{by: frame[by].where(frame[by].isin(kept), _OTHERS)})


def _label(value: Any) -> str:
    """A value of a category in words."""
    if value is None or value != value:
        return _UNKNOWN
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%d") if value == value.normalize() else value.strftime("%Y-%m-%d %H:%M")
    return str(value)


__all__: Sequence[str] = ["COLOURS", "draw", "series"]
