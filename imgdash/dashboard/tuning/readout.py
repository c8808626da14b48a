"""Numbers of a trial in words, beside those of the version in force; where one is alarming, it is marked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from imgdash.apparatus.trial import Numbers, Trial
from imgdash.config import Site
from imgdash.dashboard.review.ranges import ranges
from imgdash.model import Condition, ImageHeader
from imgdash.process import Chain

Value = float | None


@dataclass(frozen=True)
class Row:
    """One line: how it is written, from where on it is marked, what it means.

    Attributes
    ----------
    worse
        How bad a value is, where it is only marked if the tried parameters made it worse: what a CT window hides
        on purpose is no alarm.
    """

    label: str
    write: Callable[[Numbers], str]
    level: Callable[[Numbers], str]
    text: str
    worse: Callable[[Numbers], float] | None = None


def _percent(value: Value) -> str:
    return "" if value is None else f"{_parts(value)} %"


def _parts(value: Value) -> str:
    return "–" if value is None else f"{100 * value:.2f}" if 0 < value < 0.1 else f"{100 * value:.1f}"


def _two(low: Value, high: Value, digits: int = 3) -> str:
    return "" if low is None or high is None else f"{low:.{digits}f} … {high:.{digits}f}"


def _above(warn: float, bad: float, *values: Value) -> str:
    most = max((value for value in values if value is not None), default=0.0)
    return "bad" if most > bad else "warn" if most > warn else ""


def _below(warn: float, value: Value) -> str:
    return "warn" if value is not None and value < warn else ""


ROWS: Final = (
    Row(
        "Lost black / white",
        lambda n: "" if n.black is None else f"{_parts(n.black)} / {_parts(n.white)} %",
        lambda n: _above(0.05, 0.15, n.black, n.white),
        "Part of the relevant region that processing makes fully black or fully white",
        lambda n: max(n.black or 0.0, n.white or 0.0),
    ),
    Row(
        "Clipped by detector",
        lambda n: "" if n.clipped_low is None else f"{_parts(n.clipped_low)} / {_parts(n.clipped_high)} %",
        lambda n: _above(0.02, 0.08, n.clipped_low, n.clipped_high),
        "Part of the field at the least and greatest value that pixels can have: no processing brings it back",
    ),
    Row(
        "Used P-values",
        lambda n: _two(n.p_low, n.p_high, 2),
        lambda n: _below(0.55, None if n.p_low is None or n.p_high is None else n.p_high - n.p_low),
        "98 % of the relevant region lies between them, of 0 (black) … 1 (white)",
        lambda n: -((n.p_high or 0.0) - (n.p_low or 0.0)),
    ),
    Row("S limits", lambda n: _two(n.s_low, n.s_high), lambda n: "", "Signal that becomes black and white (S/G)"),
    Row(
        "Noise gain",
        lambda n: "" if n.noise_gain is None else f"× {n.noise_gain:.2f}",
        lambda n: _above(2.5, 4.0, n.noise_gain),
        "Noise in flat parts of the relevant region against a straight curve, near the finest detail shown here",
        lambda n: n.noise_gain or 0.0,
    ),
    Row(
        "CNR",
        lambda n: "" if n.cnr is None else f"{n.cnr:.1f}",
        lambda n: _below(0.7, n.cnr_gain),
        "Contrast of structures of 1.5-6 mm to noise; marked where processing takes a third of it away",
        lambda n: -(n.cnr_gain or 0.0),
    ),
    Row(
        "Overshoot",
        lambda n: _percent(n.overshoot),
        lambda n: _above(0.15, 0.3, n.overshoot),
        "How far the tones beside the strongest edges go beyond both plateaus, in parts of the step: halos",
        lambda n: n.overshoot or 0.0,
    ),
    Row(
        "Confidence S, field",
        lambda n: (
            ""
            if n.signal_confidence is None
            else f"{n.signal_confidence:.2f} · {'–' if n.field_confidence is None else f'{n.field_confidence:.2f}'}"
        ),
        lambda n: _below(
            0.5, min((c for c in (n.signal_confidence, n.field_confidence) if c is not None), default=1.0)
        ),
        "How far signal limits and recognised field can be trusted, 0 … 1; below 0.5 nothing is blackened",
    ),
    Row("Field", lambda n: _percent(n.field_fraction), lambda n: "", "Part of the image that was irradiated"),
    Row(
        "EI · target · DI",
        lambda n: (
            ""
            if n.ei is None
            else f"{n.ei:.0f} · {'–' if n.target_ei is None else f'{n.target_ei:.0f}'} · "
            f"{'–' if n.di is None else f'{n.di:+.1f}'}"
        ),
        lambda n: "",
        "IEC 62494-1; does not depend on processing, unknown stays unknown",
    ),
)


def rows(now: Numbers, before: Numbers | None) -> list[dict[str, Any]]:
    """Lines for `imgdash.dashboard.tuning.controls.Readout`."""
    return [
        {
            "label": row.label,
            "value": row.write(now),
            "was": row.write(before) if before else "",
            "level": row.level(now) if _worse(row, now, before) else "",
            "text": row.text,
        }
        for row in ROWS
    ]


def _worse(row: Row, now: Numbers, before: Numbers | None) -> bool:
    return row.worse is None or before is None or row.worse(now) > row.worse(before) + 0.005


def notes(trial: Trial) -> list[str]:
    """What else has to be known of the image, what hinders tuning first."""
    found = [str(note) for note in trial.calculated.get("notes", ())]
    if trial.calculated.get("unprocessed") is False and trial.chain.automatic.processed == "as-sent":
        found.insert(0, "Processed by its sender: frequency, equalization and curve type do not act on it.")
    return found


def films(image: ImageHeader, condition: Condition, chain: Chain, site: Site) -> list[str]:
    """What is wrong with the size on film: enlarged, or too large for its true size."""
    return [
        f"{entry['name']}: {warning}"
        for entry in ranges(replace(image, ranges={}), condition, site, chain)
        if entry["kind"] == "printer"
        for warning in entry["warnings"]
    ]
