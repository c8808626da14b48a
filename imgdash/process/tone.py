"""What tones an image gets: signal limits by hand before calculated, and pixels that were processed before.

Steps (2)-(4) on a signal of any pitch; output, screen and the drawn curves all go through here, so they agree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from imgdash.model import ImgdashError
from imgdash.process.equalization import equalize, is_identity
from imgdash.process.frequency import enhance
from imgdash.process.gradation import Base, sampled_curve
from imgdash.process.parameters import Automatic, Chain, Gradation

Floats = npt.NDArray[np.float32]

_LEAST_SPAN: Final = 1e-4
_AS_IS: Final = Gradation(type="linear")


@dataclass(frozen=True)
class Tone:
    """How levels become P-values for one image.

    Attributes
    ----------
    low, high
        s_low and s_high.
    settings, base
        Gradation, and a curve instead of the family it names: the header's VOI, for pixels shown as sent.
    as_sent
        True where (2) and (3) are left out because the sender has processed the pixels already.
    """

    low: float
    high: float
    settings: Gradation
    base: Base | None = None
    as_sent: bool = False

    def level(self, signal: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Signal → level, 0 at s_low and 1 at s_high."""
        return (np.asarray(signal, dtype=np.float64) - self.low) / (self.high - self.low)


def tone_of(chain: Chain, calculated: Mapping[str, Any]) -> Tone:
    """The tone of an image.

    Raises
    ------
    ImgdashError
        If its signal limits were neither calculated nor set.
    """
    automatic = chain.automatic
    as_sent = calculated.get("unprocessed") is False and automatic.processed == "as-sent"
    low, high = _limits(automatic, calculated)
    settings = chain.gradation
    if as_sent:
        settings = Gradation(type="linear", contrast=settings.contrast, center=settings.center, shift=settings.shift)
    voi = calculated.get("voi_curve")
    return Tone(low, high, settings, sampled_curve(voi["level"], voi["output"]) if voi else None, as_sent)


def _limits(automatic: Automatic, calculated: Mapping[str, Any]) -> tuple[float, float]:
    if automatic.signal == "full" and automatic.s_low is None and automatic.s_high is None:
        return 0.0, 1.0
    low = automatic.s_low if automatic.s_low is not None else calculated.get("s_low")
    high = automatic.s_high if automatic.s_high is not None else calculated.get("s_high")
    if low is None or high is None:
        raise ImgdashError(
            "The signal limits of this image are not calculated.", "Call imgdash.process.calculate first."
        )
    return float(low), max(float(high), float(low) + _LEAST_SPAN)


def apply(
    signal: Floats, pitch: tuple[float, float], chain: Chain, calculated: Mapping[str, Any], steps: Sequence[str]
) -> tuple[Floats, Tone, list[dict[str, Any]]]:
    """Frequency processing and equalization, and the tone with which gradation goes on.

    Parameters
    ----------
    signal
        Signal, 2-D.
    pitch
        Pixel pitch (y, x) in mm.
    steps
        Which steps run; without gradation the full range of the signal is written.

    Returns
    -------
    The signal, the tone for `imgdash.process.gradation.grade`, and the log of what was done.
    """
    as_it_is = Tone(0.0, 1.0, _AS_IS)
    if not {"frequency", "equalization", "gradation"} & set(steps):
        return signal, as_it_is, []
    tone = tone_of(chain, calculated)
    log: list[dict[str, Any]] = []
    if tone.as_sent:
        log.append({"step": "as sent", "why": "the sender has processed these pixels"})
    if "frequency" in steps and chain.frequency.amount and not tone.as_sent:
        signal = enhance(signal, pitch, chain.frequency, tone.low, tone.high)
        log.append({"step": "frequency", **chain.step("frequency")})
    if "equalization" in steps and not is_identity(chain.equalization) and not tone.as_sent:
        signal = equalize(signal, pitch, chain.equalization, tone.low, tone.high)
        log.append({"step": "equalization", **chain.step("equalization")})
    if "gradation" not in steps:
        return signal, as_it_is, log
    log.append({"step": "gradation", "s_low": tone.low, "s_high": tone.high, **chain.step("gradation")})
    return signal, tone, log
