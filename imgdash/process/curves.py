"""Curves for drawing beside the sliders: gradation, β(density), band gains, compression."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from imgdash.process import equalization, frequency
from imgdash.process.parameters import Chain
from imgdash.process.tone import tone_of

Curve = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]


def curve(chain: Chain, calculated: Mapping[str, Any], n: int = 256) -> Curve:
    """Gradation curve: signal 0…1, and P-value in parts of full scale."""
    tone = tone_of(chain, calculated)
    signal = np.linspace(0.0, 1.0, n)
    return signal, tone.p_value(signal)


def beta_curve(chain: Chain, calculated: Mapping[str, Any], n: int = 256) -> Curve:
    """β of frequency processing: signal 0…1, and the factor of the amount there."""
    signal = np.linspace(0.0, 1.0, n)
    return signal, frequency.beta(tone_of(chain, calculated).level(signal), chain.frequency)


def compression_curve(chain: Chain, calculated: Mapping[str, Any], n: int = 256) -> Curve:
    """f1 of equalization: signal 0…1 of the mask, and what is added to the signal there."""
    tone = tone_of(chain, calculated)
    signal = np.linspace(0.0, 1.0, n)
    return signal, (tone.high - tone.low) * equalization.compression_curve(tone.level(signal), chain.equalization)


def band_gains(chain: Chain, n: int = 64, pitch_mm: float = 0.2) -> Curve:
    """Frequency processing as it acts: line pairs per mm (0.03 to Nyquist), and the gain of small detail there.

    1 is unchanged. Saturation, noise and β lower it from place to place.
    """
    lpmm = np.geomspace(0.03, 0.5 / pitch_mm, n)
    return lpmm, frequency.response(lpmm, pitch_mm, chain.frequency)
