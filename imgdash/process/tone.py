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
from imgdash.process import fused
from imgdash.process.enhancement import no_detail
from imgdash.process.equalization import compression_curve, is_identity, no_compression
from imgdash.process.fused import Compression, Detail, Source
from imgdash.process.gradation import Base, black_of, evaluate, gradation_curve, sampled_curve
from imgdash.process.noise import Noise
from imgdash.process.parameters import Automatic, Chain, Gradation
from imgdash.process.prepared import Prepared

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
    black
        P-value, in parts of full scale, that direct exposure would get; it and what is darker becomes black.
    """

    low: float
    high: float
    settings: Gradation
    base: Base | None = None
    as_sent: bool = False
    black: float = 0.0

    def level(self, signal: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Signal → level, 0 at s_low and 1 at s_high."""
        return (np.asarray(signal, dtype=np.float64) - self.low) / (self.high - self.low)

    def p_value(self, signal: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Signal → P-value in parts of full scale, 0…1."""
        return evaluate(self.level(signal), self.settings, self.base, self.black)


def tone_of(chain: Chain, calculated: Mapping[str, Any], equalized: bool = True) -> Tone:
    """The tone of an image.

    Parameters
    ----------
    equalized
        Whether step (3) runs.

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
    if as_sent or voi:
        return Tone(low, high, settings, sampled_curve(voi["level"], voi["output"]) if voi else None, as_sent)
    return Tone(low, high, settings, black=_black(chain, calculated, low, high, equalized))


def _black(chain: Chain, calculated: Mapping[str, Any], low: float, high: float, equalized: bool) -> float:
    """Only where the key takes its limits from the histogram, also when a person moved them; others stay."""
    threshold = calculated.get("direct_threshold")
    if threshold is None or chain.automatic.signal != "histogram":
        return 0.0
    air = (float(threshold) - low) / (high - low)
    return black_of(air + float(compression_curve(air, chain.equalization)) if equalized else air, chain.gradation.type)


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


@dataclass(frozen=True)
class Plan:
    """Steps (2)-(4) of one image, ready for the pass over its pixels.

    Attributes
    ----------
    log
        What is done, with its values.
    """

    source: Source
    detail: Detail
    compression: Compression
    tone: Tone
    log: list[dict[str, Any]]

    def render(self, bits: int, rotation: int = 0, mirror: bool = False) -> npt.NDArray[np.uint16]:
        """P-values, turned as asked."""
        tone = self.tone
        grade = gradation_curve(tone.settings, tone.low, tone.high, bits, tone.base, tone.black)
        return fused.render(self.source, self.detail, self.compression, grade, rotation, mirror)


def plan(prepared: Prepared, chain: Chain, calculated: Mapping[str, Any], steps: Sequence[str]) -> Plan:
    """Prepare frequency processing, equalization and gradation.

    Parameters
    ----------
    prepared
        The image, and what of it is prepared already.
    steps
        Which steps run; without gradation the full range of the signal is written.
    """
    detail, compression = no_detail(), no_compression()
    if not {"frequency", "equalization", "gradation"} & set(steps):
        return Plan(prepared.source, detail, compression, Tone(0.0, 1.0, _AS_IS), [])
    tone = tone_of(chain, calculated, "equalization" in steps)
    log: list[dict[str, Any]] = []
    enhanced = None
    if tone.as_sent:
        log.append({"step": "as sent", "why": "the sender has processed these pixels"})
    with prepared.lock:
        if "frequency" in steps and chain.frequency.amount and not tone.as_sent:
            log.append({"step": "frequency", **chain.step("frequency"), "noise_found": calculated.get("noise")})
            enhanced = prepared.enhanced(chain, tone.low, tone.high, Noise.of(calculated))
            detail = detail if enhanced is None else enhanced.detail()
        if "equalization" in steps and not is_identity(chain.equalization) and not tone.as_sent:
            log.append({"step": "equalization", **chain.step("equalization")})
            compression = prepared.compression(enhanced, chain, tone.low, tone.high)
    if "gradation" not in steps:
        return Plan(prepared.source, detail, compression, Tone(0.0, 1.0, _AS_IS), log)
    log.append(
        {"step": "gradation", "s_low": tone.low, "s_high": tone.high, "black": tone.black, **chain.step("gradation")}
    )
    return Plan(prepared.source, detail, compression, tone, log)
