"""Signal limits s_low, s_high (S and G) that the steps use: by hand before calculated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from imgdash.model import ImgdashError
from imgdash.process.parameters import Chain

_LEAST_SPAN: Final = 1e-4


def limits_of(chain: Chain, calculated: Mapping[str, Any]) -> tuple[float, float]:
    """s_low and s_high of an image.

    Raises
    ------
    ImgdashError
        If they were neither calculated nor set.
    """
    automatic = chain.automatic
    if automatic.signal == "full" and automatic.s_low is None and automatic.s_high is None:
        return 0.0, 1.0
    low = automatic.s_low if automatic.s_low is not None else calculated.get("s_low")
    high = automatic.s_high if automatic.s_high is not None else calculated.get("s_high")
    if low is None or high is None:
        raise ImgdashError("The signal limits of this image are not calculated.", "Call imgdash.process.calculate first.")
    return float(low), max(float(high), float(low) + _LEAST_SPAN)
