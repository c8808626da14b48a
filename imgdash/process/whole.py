"""The processed image for the screen: whole, with its overlays where the output will have them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from imgdash.process import geometry, overlay
from imgdash.process.geometry import Placement
from imgdash.process.parameters import Chain
from imgdash.process.pipeline import form_cached

_STEPS: Final = ("frequency", "equalization", "gradation", "rotation", "mirror")


def whole(
    image: xr.DataArray,
    chain: Chain,
    calculated: Mapping[str, Any],
    *,
    overlays: Iterable[Mapping[str, Any]] = (),
    bits: int = 12,
) -> npt.NDArray[np.uint16]:
    """The image after step (6), neither trimmed nor scaled: it lies over the preview pixel for pixel.

    Overlays are placed in parts of the *output* image. They are drawn into that part of the whole image that
    trimming leaves, so that what is shown is what is sent (D3).

    Parameters
    ----------
    overlays
        Placed by a person, see `imgdash.process.form`.

    Returns
    -------
    P-values, 0 = black.
    """
    formed = form_cached(image, chain, calculated, _STEPS, bits=bits)
    pixels: npt.NDArray[np.uint16] = np.ascontiguousarray(formed.values)
    items = overlay.items_of(chain.overlay, formed.attrs, overlays)
    if not items:
        return pixels
    x, y = formed.attrs["placement"]
    placement = Placement((tuple(x), tuple(y)), (pixels.shape[0], pixels.shape[1]))
    rows, columns = geometry.cut(chain.geometry, placement, formed.attrs["field"])
    part = pixels[rows, columns]
    placement = placement.then([[1, 0, -columns.start], [0, 1, -rows.start], [0, 0, 1]], (part.shape[0], part.shape[1]))
    overlay.draw_into(part, items, placement, formed.attrs["field"], bits, formed.attrs["spacing_known"])
    return pixels
