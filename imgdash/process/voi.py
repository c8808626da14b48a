"""VOI windows and tables of PS3.3 C.11.2: what an image's own header says about showing it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from imgdash.model import ImgdashError

_MOST: Final = 1e9
Function = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]


def window(
    values: npt.ArrayLike,
    center: float,
    width: float,
    function: str = "LINEAR",
    out_range: tuple[float, float] = (0.0, 1.0),
) -> npt.NDArray[np.float64]:
    """Apply a window.

    Parameters
    ----------
    values
        Rescaled values (after the Modality LUT), any shape.
    center, width
        Window Center (0028,1050), Window Width (0028,1051).
    function
        VOI LUT Function (0028,1056): LINEAR (C.11.2.1.2.1), SIGMOID (C.11.2.1.3.1), LINEAR_EXACT (C.11.2.1.3.2).
    out_range
        Least and greatest output value.

    Raises
    ------
    ImgdashError
        A width the standard forbids (LINEAR: at least 1; else above 0), or an unknown function.
    """
    x = np.asarray(values, dtype=np.float64)
    low, high = out_range
    least = 1 if function == "LINEAR" else 1e-9
    if not (abs(center) <= _MOST and least <= width <= _MOST):
        raise ImgdashError(f"Window {center:g}, {width:g} is not possible for {function}.", "Correct (0028,1051).")
    if function == "LINEAR":
        if width == 1:  # the formula would divide by zero: it is a threshold then
            part = (x > center - 0.5).astype(np.float64)
        else:
            part = (x - (center - 0.5)) / (width - 1) + 0.5
    elif function == "LINEAR_EXACT":
        part = (x - center) / width + 0.5
    elif function == "SIGMOID":
        part = 1 / (1 + np.exp(np.clip(-4 * (x - center) / width, -700, 700)))
    else:
        raise ImgdashError(
            f"VOI LUT Function {function!r} is not known.", "PS3.3 C.11.2 has LINEAR, LINEAR_EXACT, SIGMOID."
        )
    return np.asarray(np.clip(part, 0, 1) * (high - low) + low)


def window_ends(center: float, width: float, function: str = "LINEAR") -> tuple[float, float]:
    """The rescaled values that a window shows black and white; for SIGMOID where its middle slope would."""
    if function == "LINEAR":
        half = max(width - 1, 1e-6) / 2
        return center - 0.5 - half, center - 0.5 + half
    return center - width / 2, center + width / 2


def lut(values: npt.ArrayLike, first: int, data: Sequence[int] | npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
    """Apply a VOI LUT Sequence item (C.11.2.1.1).

    Parameters
    ----------
    values
        Rescaled values.
    first
        First value mapped, from the LUT Descriptor; what lies below gets the first entry, above the last one.
    data
        LUT Data.
    """
    table = np.asarray(data, dtype=np.float64)
    index = np.clip(np.asarray(values, dtype=np.float64) - first, 0, len(table) - 1)
    return np.asarray(table[index.astype(np.intp)])
