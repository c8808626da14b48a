"""One image of a replay as the page shows it, and the whole replay in one line."""

from __future__ import annotations

import base64
import statistics
from typing import Any, Final

import cv2
import numpy as np

from imgdash.apparatus.trial import Numbers, Trial, small
from imgdash.apparatus.tuning import Replayed

_SIDE: Final = 320
_LOST: Final = 0.05
# Of the region: below it what more is lost is not seen.
_MORE: Final = 0.01


def cell_of(found: Replayed) -> dict[str, Any]:
    """Pictures and numbers of one image, for `imgdash.dashboard.tuning.controls.Replay`."""
    before, after = found.before.numbers, found.after.numbers
    lost = max(after.black or 0, after.white or 0)
    return {
        "id": found.image.image_id,
        "title": f"{found.image.number} {found.image.title} · {found.image.sender}",
        "before": _address(found.before),
        "after": _address(found.after),
        "far": lost > _LOST and lost > max(before.black or 0, before.white or 0),
        "numbers": _numbers(before, after),
        "weights": {
            "lost": lost,
            "change": round(float(np.mean(cv2.absdiff(found.after.pixels, found.before.pixels))), 4),
            "di": abs(after.di or 0.0),
        },
    }


def _numbers(before: Numbers, after: Numbers) -> list[dict[str, str]]:
    def line(label: str, name: str, form: str, text: str, alarming: float | None = None) -> dict[str, str]:
        was, now = getattr(before, name), getattr(after, name)
        shown = [("–" if value is None else form.format(value)) for value in (was, now)]
        level = "warn" if alarming is not None and now is not None and now > alarming else ""
        return {
            "label": label,
            "value": shown[1] if shown[0] == shown[1] else f"{shown[0]} → {shown[1]}",
            "text": text,
            "level": level,
        }

    return [
        line("black", "black", "{:.1%}", "of the relevant region", _LOST),
        line("white", "white", "{:.1%}", "of the relevant region", _LOST),
        line("S low", "s_low", "{:.3f}", "lower signal limit"),
        line("S high", "s_high", "{:.3f}", "upper signal limit"),
        line("noise ×", "noise_gain", "{:.2f}", "noise in flat parts against a straight curve", 4.0),
        line("CNR", "cnr", "{:.1f}", "contrast of structures of 1.5-6 mm to noise"),
        line("overshoot", "overshoot", "{:.0%}", "beside the strongest edges, in parts of the step", 0.3),
        line("DI", "di", "{:+.1f}", "deviation index; processing does not change it"),
    ]


def summary(found: list[Replayed]) -> str:
    """The spread over the images, in one line."""
    if not found:
        return ""
    parts = [f"{len(found)} image{'' if len(found) == 1 else 's'}"]
    for label, name, form in (("S low", "s_low", "{:.3f}"), ("S high", "s_high", "{:.3f}"), ("EI", "ei", "{:.0f}")):
        values = [value for one in found if (value := getattr(one.after.numbers, name)) is not None]
        if len(values) > 1:
            spread = statistics.stdev(values)
            parts.append(f"{label} {form.format(statistics.mean(values))} ± {form.format(spread)}")
    worse = sum(
        max(one.after.numbers.black or 0, one.after.numbers.white or 0)
        > max(one.before.numbers.black or 0, one.before.numbers.white or 0) + _MORE
        for one in found
    )
    if sent := sum(one.after.calculated.get("unprocessed") is False for one in found):
        parts.append(f"{sent} processed by their sender")
    who = f"{worse} lose{'s' if worse == 1 else ''}" if worse else "none loses"
    parts.append(f"{who} over {100 * _MORE:.0f} % more in black or white than before")
    return " · ".join(parts)


def _address(trial: Trial) -> str:
    """The picture as a data address."""
    _, jpeg = cv2.imencode(".jpg", small(trial.pixels, _SIDE), [cv2.IMWRITE_JPEG_QUALITY, 90])
    return "data:image/jpeg;base64," + base64.b64encode(jpeg.tobytes()).decode("ascii")
