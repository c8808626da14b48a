"""Text in pixels, in every script a patient's name may be written in."""

from __future__ import annotations

import functools
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

_LEAST: Final = 0.55
# Always said: without it OpenCV takes the weight that another text of this process happened to have.
_WEIGHT: Final = 400
_HERSHEY: Final = cv2.FONT_HERSHEY_SIMPLEX
_HERSHEY_HEIGHT: Final = 30.0


@functools.cache
def _face() -> Any:
    """OpenCV 5 brings its own outline fonts (Latin, Greek, Cyrillic, Arabic, CJK); 4 has ASCII strokes only."""
    return cv2.FontFace("sans") if hasattr(cv2, "FontFace") else None


def width(text: str, letter: int) -> int:
    """Columns that `text` takes with letters of `letter` pixels."""
    if not text:
        return 0
    if _face() is None:
        size, _ = cv2.getTextSize(_ascii(text), _HERSHEY, letter / _HERSHEY_HEIGHT, 1)
        return int(size[0]) + 1
    # The box is that of the ink; the pen may end a little behind it.
    return int(cv2.getTextSize((1 << 14, 1 << 10), text, (0, 512), _face(), letter, _WEIGHT)[2]) + 2


def put(mask: npt.NDArray[np.uint8], text: str, at: tuple[int, int], letter: int, room: int) -> None:
    """Write into a mask, smaller or shortened where it needs more than `room` columns.

    Parameters
    ----------
    at
        x, y of the baseline's left end.
    """
    if not text or room < letter:
        return
    for size in range(letter, max(5, round(letter * _LEAST)) - 1, -1):
        if width(text, size) <= room:
            break
    else:
        while text and width(text + "…", size) > room:
            text = text[:-1]
        text += "…"
    if _face() is None:
        cv2.putText(mask, _ascii(text), at, _HERSHEY, size / _HERSHEY_HEIGHT, 255, 1, cv2.LINE_AA)
        return
    canvas = np.zeros((mask.shape[0], mask.shape[1] + 4 * letter), np.uint8)
    cv2.putText(canvas, text, at, 255, _face(), size, _WEIGHT)
    np.maximum(mask, canvas[:, : mask.shape[1]], out=mask)


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()
