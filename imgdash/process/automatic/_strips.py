"""Private: several fields on one plate, told apart by the unexposed strips between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from imgdash.process.automatic._lines import Line

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_MOST: Final = 6
_LEAST_GAP, _MOST_GAP = 5.0, 60.0  # pixels; a row or column that does not read is narrower
_PARALLEL: Final = np.cos(np.radians(3))
_EVERY: Final = 2.0
_LEAST_STEP: Final = 0.06  # of the span
_LEAST_SHOWN: Final = 0.6  # of the way across the image
_LIGHT: Final = 0.6  # level of a strip, of the span
_LEAST_SEEN: Final = 0.85  # of the length: a straight edge
# How much lighter, of the step, the middle may be than the rim: a bone is round, its marrow darker.
_MARROW, _MOST_ROUND = -0.15, 0.35
_HINT: Final = 0.03
_LEAST_PART: Final = 0.06  # of the image; a sliver is an artifact, not a field
_BEND: Final = 0.6


@dataclass(frozen=True)
class _Strip:
    """Unexposed between two edges; ``middle`` is the line along it, ``level`` its signal, ``worth`` its length."""

    middle: Line
    level: float
    worth: float


def parts(signal: Floats, straight: Sequence[Line], low: float, high: float) -> list[tuple[Floats, Mask]]:
    """The image once for each field, what belongs to other fields painted unexposed, and what does not.

    Parameters
    ----------
    signal
        On a grid of about 1 mm.
    straight
        Lines found in it.
    low, high
        Robust ends of its values.
    """
    found = [line for line in straight if line.bend < _BEND]
    light = low + _LIGHT * (high - low)
    strips = [strip for strip in _strips(signal, found, high - low) if strip.level > light]
    if not strips:
        return [(signal, np.ones(signal.shape, bool))]
    strips.sort(key=lambda strip: -strip.worth)
    y, x = np.mgrid[: signal.shape[0], : signal.shape[1]].astype(np.float32)
    pieces = [(np.ones(signal.shape, bool), signal)]
    for strip in strips:
        beyond = x * strip.middle.normal[0] + y * strip.middle.normal[1] > strip.middle.offset
        cut = [
            (mask & side, np.where(side, painted, np.float32(strip.level)))
            for mask, painted in pieces
            for side in (beyond, ~beyond)
            if (mask & side).any()
        ]
        if len(cut) <= _MOST and min(mask.mean() for mask, _ in cut) >= _LEAST_PART:
            pieces = cut
    return [(painted, mask) for mask, painted in pieces]


def _strips(signal: Floats, found: Sequence[Line], span: float) -> list[_Strip]:
    """Pairs of edges, light between them and darker on both sides, all across the image."""
    strips = []
    for k, one in enumerate(found):
        for other in found[k + 1 :]:
            if -np.dot(one.normal, other.normal) < _PARALLEL:
                continue
            normal = np.array(one.normal) - np.array(other.normal)
            normal /= np.hypot(*normal)
            strip = _between(signal, one, other, normal, span)
            if strip is not None:
                strips.append(strip)
    return strips


def _between(signal: Floats, one: Line, other: Line, normal: npt.NDArray[np.float64], span: float) -> _Strip | None:
    rows, columns = signal.shape
    centre = (np.array([columns, rows]) - 1) / 2
    # Where each edge is passed by the ray through the middle of the image.
    first = float(centre @ normal + (one.offset - np.dot(one.normal, centre)))
    last = float(centre @ normal - (other.offset - np.dot(other.normal, centre)))
    gap = last - first
    if not _LEAST_GAP <= gap <= min(_MOST_GAP, 0.3 * min(rows, columns)):
        return None
    middle = (first + last) / 2
    along = np.array([-normal[1], normal[0]])
    reach = np.hypot(rows, columns)
    at = np.arange(-reach, reach, _EVERY)
    starts = normal * middle + along * (centre @ along) + at[:, None] * along
    starts = starts[((starts >= 1) & (starts <= [columns - 2, rows - 2])).all(axis=1)]
    if len(starts) * _EVERY < 0.5 * min(rows, columns):
        return None
    half = gap / 2
    before = _mean(signal, starts, normal, np.array([-half - 6, -half - 5, -half - 4, -half - 3]))
    after = _mean(signal, starts, normal, np.array([half + 3, half + 4, half + 5, half + 6]))
    inner = max(half - 2, 0.0)
    band = _mean(signal, starts, normal, np.linspace(-inner, inner, 5))
    both = np.minimum(band - before, band - after)
    shows = both > _HINT * span
    wrong = (band - before < -_HINT * span) | (band - after < -_HINT * span)
    if shows.mean() < _LEAST_SHOWN or wrong.mean() > 0.05 or np.median(both[shows]) < _LEAST_STEP * span:
        return None
    rim = _mean(signal, starts, normal, np.array([-half + 2, half - 2]))
    core = _mean(signal, starts, normal, np.array([-0.2 * half, 0.0, 0.2 * half]))
    round_ = float(np.median((core - rim)[shows] / both[shows]))
    seen = min(one.length, other.length) / (shows.sum() * _EVERY)
    if seen < _LEAST_SEEN or (half > 4 and not _MARROW < round_ < _MOST_ROUND):
        return None
    return _Strip(
        Line((float(normal[0]), float(normal[1])), middle, 0.0, 0.0), float(np.median(band[shows])), float(shows.sum())
    )


def _mean(
    signal: Floats, starts: npt.NDArray[np.float64], normal: npt.NDArray[np.float64], away: npt.NDArray[np.float64]
) -> Floats:
    x = (starts[:, :1] + away[None] * normal[0]).astype(np.float32)
    y = (starts[:, 1:] + away[None] * normal[1]).astype(np.float32)
    return np.asarray(cv2.remap(signal, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)).mean(axis=1)
