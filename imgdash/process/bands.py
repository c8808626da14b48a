"""The bands of frequency processing: an octave each, how many an image has, and what each of them passes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from imgdash.process.fused import SOFTEN

Doubles = npt.NDArray[np.float64]


def level_frequencies(pitch_mm: float, levels: int) -> Doubles:
    """Centre of each band in line pairs per mm: an octave each, the finest ends at Nyquist."""
    nyquist = 1 / (2 * pitch_mm)
    return np.asarray(nyquist * 2.0 ** -(np.arange(levels) + 0.5))


def band_responses(lpmm: Doubles, pitch_mm: float, levels: int) -> Doubles:
    """What of a wave each band holds and gives back, shape (levels, frequencies); aliasing left out."""
    out = np.empty((levels, len(lpmm)))
    passed = np.ones(len(lpmm))
    for k in range(levels):
        phase = np.pi * lpmm * pitch_mm * 2**k
        lower = np.cos(phase) * (1 - 2 * SOFTEN + 2 * SOFTEN * np.cos(4 * phase)) * np.cos(phase) ** 3
        out[k] = passed * (1 - lower)
        passed = passed * np.where(phase < np.pi / 2, lower, 0.0)
    return out


def level_count(shape: tuple[int, ...], pitch_mm: float, lowest: float) -> int:
    """Levels until the band centre falls below `lowest` lp/mm or the image is used up."""
    nyquist = 1 / (2 * pitch_mm)
    wanted = int(np.ceil(np.log2(max(nyquist / lowest, 1.0))))
    possible = int(np.log2(max(min(shape), 1)))
    return max(min(wanted, possible, 12), 0)
