"""The one domain of all processing: signal, 0…1 nominal, larger = more attenuation = lighter when shown.

0 is the most exposed, 1 the least exposed value that the stored bits can hold. For images with a logarithmic
or unknown pixel relationship it is affine in the rescaled values; linear For Processing values pass the
logarithm, 1 signal = `DECADES` decades of exposure; CT is affine in HU (−1024…3071).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from imgdash.process.fused import Source, counts
from imgdash.process.kernels import look_up
from imgdash.process.signal_scale import DECADES, SignalScale, is_unprocessed, scale_of

Floats = npt.NDArray[np.float32]

__all__ = ["DECADES", "SignalScale", "from_signal", "is_unprocessed", "scale_of", "signal_of", "source_of", "to_signal"]


def to_signal(array: npt.ArrayLike, attrs: Mapping[str, Any]) -> Floats:
    """Stored values → signal.

    Parameters
    ----------
    array
        Stored values, any shape.
    attrs
        DICOM keywords of the image; see `scale_of`.

    Returns
    -------
    float32 array of the same shape; 0…1 over the bits stored, beyond only for values beyond them. Never NaN.
    """
    return signal_of(source_of(array, attrs))


def signal_of(source: Source) -> Floats:
    """The signal of each pixel; see `source_of`."""
    return look_up(source.pixels, source.table) if len(source.table) else source.pixels


def source_of(array: npt.ArrayLike, attrs: Mapping[str, Any]) -> Source:
    """Stored values for the passes over an image: 16-bit patterns and what each of them means, without a copy.

    Padding gets the signal of the darkest pixel that is none: no edge is seen where the picture is as dark. Values of
    other kinds than 8 and 16-bit integers become signal at once.
    """
    scale, values = scale_of(attrs), np.asarray(array)
    if values.dtype.kind in "ui" and values.dtype.itemsize <= 2:
        wide = values if values.dtype.itemsize == 2 else values.astype(np.int16 if scale.signed else np.uint16)
        patterns = np.ascontiguousarray(wide, dtype=wide.dtype.newbyteorder("=")).view(np.uint16)
        table = scale.table()
        if scale.padding is not None and patterns.size:
            padded = scale.padded()
            seen = counts(np.atleast_2d(patterns)) > 0
            table[padded] = table[seen & ~padded].min(initial=1.0)
        return Source(patterns, table)
    signal = scale.from_rescaled(scale.rescaled(np.nan_to_num(values.astype(np.float64))))
    return Source(signal.astype(np.float32))


def from_signal(signal: npt.ArrayLike, attrs: Mapping[str, Any]) -> npt.NDArray[np.float64]:
    """Signal → stored values, not rounded."""
    return scale_of(attrs).to_stored(signal)
