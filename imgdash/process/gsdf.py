"""The Grayscale Standard Display Function of PS3.14, both directions, and P-values on film.

P-values are linear in just noticeable differences: a printer makes of them optical densities such that the film
on its light box gives the GSDF's luminances (PS3.14 Annex D.2).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from imgdash.model import ImgdashError

# PS3.14 section 7.1: constants of the interpolation, and of its inverse.
_NUMERATOR: Final = (-1.3011877, 8.0242636e-2, 1.3646699e-1, -2.5468404e-2, 1.3635334e-3)
_DENOMINATOR: Final = (1.0, -2.5840191e-2, -1.0320229e-1, 2.8745620e-2, -3.1978977e-3, 1.2992634e-4)
_INVERSE: Final = (
    71.498068, 94.593053, 41.912053, 9.8247004, 0.28175407, -1.1878455, -0.18014349, 0.14710899, -0.017046845,
)  # fmt: skip
LOWEST: Final = 0.05
HIGHEST: Final = 3993.404
"""The luminances of j = 1 and j = 1023, cd/m² (Table B-1)."""


def luminance(jnd: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """JND index j (1…1023) → luminance in cd/m²."""
    x = np.log(np.asarray(jnd, dtype=np.float64))
    return np.asarray(10.0 ** (np.polyval(_NUMERATOR[::-1], x) / np.polyval(_DENOMINATOR[::-1], x)))


def jnd_index(luminances: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Luminance in cd/m² (0.05…3993) → JND index j."""
    return np.asarray(np.polyval(_INVERSE[::-1], np.log10(np.asarray(luminances, dtype=np.float64))))


def film_range(d_min: float, d_max: float, illumination: float, reflected: float) -> tuple[float, float]:
    """JND indices of the darkest and of the lightest that a film can show: j_min (at d_max), j_max (at d_min)."""
    lightest, darkest = (reflected + illumination * 10.0 ** -np.array([d_min, d_max])).tolist()
    if not LOWEST <= darkest < lightest <= HIGHEST:
        raise ImgdashError(
            f"Film from {darkest:.3g} to {lightest:.3g} cd/m² is outside the Grayscale Standard Display Function.",
            "Check d_min, d_max, illumination and reflected of this printer.",
        )
    low, high = jnd_index([darkest, lightest]).tolist()
    return low, high


def film_densities(
    p_values: npt.ArrayLike,
    bits: int = 8,
    *,
    d_min: float = 0.20,
    d_max: float = 3.00,
    illumination: float = 2000.0,
    reflected: float = 10.0,
) -> npt.NDArray[np.float64]:
    """P-values → optical densities of the film (PS3.14 D.2).

    Parameters
    ----------
    p_values
        0…2^bits − 1.
    d_min, d_max
        Least and greatest density, OD.
    illumination, reflected
        Luminance of the light box without film, and reflected ambient light, cd/m².
    """
    low, high = film_range(d_min, d_max, illumination, reflected)
    part = np.asarray(p_values, dtype=np.float64) / ((1 << bits) - 1)
    return np.asarray(-np.log10((luminance(low + part * (high - low)) - reflected) / illumination))
