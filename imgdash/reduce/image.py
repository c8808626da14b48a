"""From a stored image to its reduced images (C3). Areas are averaged, so nothing aliases."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
import xarray as xr

from imgdash.process.fused import Source, averages, counts
from imgdash.process.kernels import quantise, resize
from imgdash.process.noise import BANDS, measure_tiles
from imgdash.process.pipeline import frame_notes, plane
from imgdash.process.signal import SignalScale, scale_of, signal_of, source_of
from imgdash.process.spacing import spacing_of

THUMBNAIL: Final = 160
_MOST_SIDE: Final = 2048
_BINS: Final = 1024


@dataclass(frozen=True)
class Reduced:
    """Reduced images of one image, all in the signal domain.

    Attributes
    ----------
    display
        uint16, signal 0…1 as 0…65535, longer side `display_size` or the image's own if smaller.
    processing
        float32 signal on a grid of `pitch_mm`, whatever the reading pitch was.
    pitch_mm
        Of `processing`.
    thumbnail
        uint8, longer side 160, ends of the histogram black and white.
    histogram, edges
        int64 counts over equal steps of the signal between the two edges.
    extent_mm
        Height and width of the image; (0, 0) stands for what the processing grid says, to half a pixel.
    ends
        Least and greatest signal that the pixels can hold, or at which they visibly pile up.
    tiles
        What shows noise, see `imgdash.process.noise.measure_tiles`, at the image's own pitch `own_pitch_mm`.
    """

    display: npt.NDArray[np.uint16]
    processing: npt.NDArray[np.float32]
    pitch_mm: float
    thumbnail: npt.NDArray[np.uint8]
    histogram: npt.NDArray[np.int64]
    edges: tuple[float, float]
    extent_mm: tuple[float, float] = (0.0, 0.0)
    ends: tuple[float, float] = (0.0, 1.0)
    spacing_known: bool = True
    notes: tuple[str, ...] = ()
    tiles: npt.NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 3 + BANDS), np.float32))
    own_pitch_mm: float = 1.0

    def __post_init__(self) -> None:
        if not all(self.extent_mm):
            rows, columns = self.processing.shape
            object.__setattr__(self, "extent_mm", (rows * self.pitch_mm, columns * self.pitch_mm))

    @property
    def display_pitch_mm(self) -> tuple[float, float]:
        """Pitch of `display`, (y, x)."""
        return self.extent_mm[0] / self.display.shape[0], self.extent_mm[1] / self.display.shape[1]


def reduce_image(image: xr.DataArray, *, display_size: int = 640, pitch_mm: float = 1.0) -> Reduced:
    """Make the reduced images.

    Parameters
    ----------
    image
        Stored values, dims (y, x), attributes as DICOM keywords. Of several frames the first is taken, with a note.
    display_size
        Longer side of the display image in pixels.
    pitch_mm
        Pixel pitch of the processing image.

    Raises
    ------
    Unreadable
        For colour images.
    ImgdashError
        For an image without pixels.
    """
    scale = scale_of(image.attrs)
    values = plane(image)
    notes = [*scale.notes, *frame_notes(image)]
    spacing = spacing_of(image.attrs, values.shape)
    notes.extend(spacing.notes)
    source = source_of(values, image.attrs)
    rows, columns = values.shape
    extent = (rows * spacing.y, columns * spacing.x)
    shapes = _square(extent, min(display_size, max(values.shape))), _grid(extent, pitch_mm)
    signal, processing = _smaller(source, *shapes)
    display = quantise(signal, 0.0, 1.0)
    histogram, edges = _histogram(source, scale)
    return Reduced(
        display=display,
        processing=processing,
        pitch_mm=pitch_mm,
        thumbnail=_thumbnail(display, processing),
        histogram=histogram,
        edges=edges,
        extent_mm=extent,
        ends=_ends(histogram, edges),
        spacing_known=spacing.known,
        notes=tuple(dict.fromkeys(notes)),
        tiles=measure_tiles(source, extent),
        own_pitch_mm=float(np.sqrt(spacing.y * spacing.x)),
    )


def _square(extent: tuple[float, float], longest: int) -> tuple[int, int]:
    """Rows and columns of square pixels, so many along the longer side."""
    factor = longest / max(extent)
    return max(1, round(extent[0] * factor)), max(1, round(extent[1] * factor))


def _smaller(
    source: Source, one: tuple[int, int], other: tuple[int, int]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """The signal in two sizes."""
    rows, columns = source.pixels.shape
    if len(source.table) and max(one[0], other[0]) <= rows and max(one[1], other[1]) <= columns:
        return averages(source, one, other)
    # An axis that grows is interpolated: images of few pixels, or of pixels that are far from square.
    signal = signal_of(source)
    return resize(signal, *one), resize(signal, *other)


def _grid(extent: tuple[float, float], pitch_mm: float) -> tuple[int, int]:
    rows, columns = (int(np.clip(round(side / pitch_mm), 1, _MOST_SIDE)) for side in extent)
    return rows, columns


def _thumbnail(display: npt.NDArray[np.uint16], processing: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    factor = THUMBNAIL / max(display.shape)
    rows, columns = (max(1, round(n * factor)) for n in display.shape)
    small = resize(display, rows, columns, cv2.INTER_NEAREST).astype(np.float32) / 65535
    low, high = (float(v) for v in np.percentile(processing, [1, 99]))
    part = (small - low) / (high - low) if high > low else np.full_like(small, 0.5)
    return np.asarray(np.rint(255 * np.clip(part, 0, 1)).astype(np.uint8))


def _histogram(source: Source, scale: SignalScale) -> tuple[npt.NDArray[np.int64], tuple[float, float]]:
    """Counts over equal signal steps; a step is a whole number of stored steps, so no comb appears."""
    bins = min(_BINS, 1 << scale.bits)
    half = 0.5 / ((1 << scale.bits) - 1) if not scale.logarithm else 0.0
    low, high = -half, 1.0 + half
    # Of the values that there can be, each as often as it is there.
    signal, often = (source.table, counts(source.pixels)) if len(source.table) else (source.pixels.ravel(), None)
    step = np.floor((signal - np.float32(low)) * np.float32(bins / (high - low)))
    inside = (signal >= low) & (signal <= high)
    place = np.minimum(step[inside], bins - 1).astype(np.intp)
    found = np.bincount(place, None if often is None else often[inside], minlength=bins)
    return found.astype(np.int64), (low, high)


def _ends(histogram: npt.NDArray[np.int64], edges: tuple[float, float]) -> tuple[float, float]:
    """Where values pile up at the end of their range: the reader was saturated there, short of the nominal end."""
    used = np.flatnonzero(histogram)
    ends = [0.0, 1.0]
    if len(used) < 8:
        return ends[0], ends[1]
    width = (edges[1] - edges[0]) / len(histogram)
    for side, order in ((0, used), (1, used[::-1])):
        last, next_ones = order[0], order[1:6]
        if histogram[last] > 0.002 * histogram.sum() and histogram[last] > 20 * max(np.median(histogram[next_ones]), 1):
            ends[side] = float(edges[0] + (last + 0.5) * width)
    return ends[0], ends[1]
