"""Masks and pyramids that treat all four directions alike, so that turning or mirroring an image changes nothing.

OpenCV's own pyrDown keeps even samples: a mirrored image is sampled between the samples of the original.
Here a level is the area mean of two by two, softened, so samples sit symmetrically; going up is linear
interpolation, whose repetition converges to a smooth quadratic spline (no blocks after non-linear changes).
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from imgdash.process.kernels import resize

Floats = npt.NDArray[np.float32]

_SOFTEN = np.array([0.14, 0.72, 0.14], np.float32)
WIDTH_TO_SIGMA = 1 / 2.3548  # full width at half maximum → standard deviation


def down(image: Floats) -> Floats:
    """Half the size, rounded up."""
    rows, columns = image.shape
    half = resize(image, (rows + 1) // 2, (columns + 1) // 2)
    return np.asarray(cv2.sepFilter2D(half, -1, _SOFTEN, _SOFTEN, borderType=cv2.BORDER_REFLECT)).reshape(half.shape)


def up(image: Floats, shape: tuple[int, ...]) -> Floats:
    """To `shape`, linear."""
    return resize(image, shape[0], shape[1])


def level_frequencies(pitch_mm: float, levels: int) -> npt.NDArray[np.float64]:
    """Centre of each band in line pairs per mm: an octave each, the finest ends at Nyquist."""
    nyquist = 1 / (2 * pitch_mm)
    return np.asarray(nyquist * 2.0 ** -(np.arange(levels) + 0.5))


def band_responses(lpmm: npt.NDArray[np.float64], pitch_mm: float, levels: int) -> npt.NDArray[np.float64]:
    """What of a wave each band holds and gives back, shape (levels, frequencies); aliasing left out."""
    out = np.empty((levels, len(lpmm)))
    passed = np.ones(len(lpmm))
    for k in range(levels):
        phase = np.pi * lpmm * pitch_mm * 2**k
        lower = np.cos(phase) * (_SOFTEN[1] + 2 * _SOFTEN[0] * np.cos(4 * phase)) * np.cos(phase) ** 3
        out[k] = passed * (1 - lower)
        passed = passed * np.where(phase < np.pi / 2, lower, 0.0)
    return out


def level_count(shape: tuple[int, ...], pitch_mm: float, lowest: float) -> int:
    """Levels until the band centre falls below `lowest` lp/mm or the image is used up."""
    nyquist = 1 / (2 * pitch_mm)
    wanted = int(np.ceil(np.log2(max(nyquist / lowest, 1.0))))
    possible = int(np.log2(max(min(shape), 1)))
    return max(min(wanted, possible, 12), 0)


def smooth(image: Floats, width_mm: float, pitch: tuple[float, float]) -> Floats:
    """Gaussian mask of a full width at half maximum in mm.

    Wide masks are made on a coarser grid, about two samples per standard deviation, which is exact to a part
    in a thousand and does not get slower with the width.
    """
    small, scale = coarse(image, width_mm, pitch)
    sigma = [width_mm * WIDTH_TO_SIGMA / p for p in scale]
    return up(_gauss(small, sigma[0], sigma[1]), image.shape)


def coarse(image: Floats, width_mm: float, pitch: tuple[float, float]) -> tuple[Floats, tuple[float, float]]:
    """The image on a grid fit for masks of that width, and the pitch of that grid (y, x) in mm."""
    sigma = width_mm * WIDTH_TO_SIGMA
    shape = [max(1, min(n, int(np.ceil(n * p / (sigma / 2))))) for n, p in zip(image.shape, pitch, strict=True)]
    small = resize(image, shape[0], shape[1])
    return small, (image.shape[0] * pitch[0] / shape[0], image.shape[1] * pitch[1] / shape[1])


def gauss(image: Floats, width_mm: float, pitch: tuple[float, float]) -> Floats:
    """Gaussian mask on the grid as it is."""
    return _gauss(image, width_mm * WIDTH_TO_SIGMA / pitch[0], width_mm * WIDTH_TO_SIGMA / pitch[1])


def _gauss(image: Floats, sigma_y: float, sigma_x: float) -> Floats:
    blurred = cv2.GaussianBlur(
        image, (_odd(sigma_x), _odd(sigma_y)), sigmaX=sigma_x, sigmaY=sigma_y, borderType=cv2.BORDER_REFLECT
    )
    return np.asarray(blurred).reshape(image.shape)


def _odd(sigma: float) -> int:
    return 2 * int(np.ceil(3 * sigma)) + 1
