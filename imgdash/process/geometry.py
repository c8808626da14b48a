"""Steps (5) rotation, (6) mirror, (7) scale: where a point of the image goes, and the pixels with it.

Places travel as `Placement`, an affine map from detector mm (x to the right, y down, from the upper left corner
of the received image) to output pixels, so that field outlines, overlays and scales stay true.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from imgdash.model import ImgdashError
from imgdash.process.kernels import resize
from imgdash.process.parameters import Geometry

_ENLARGE: Final = {
    "nearest": cv2.INTER_NEAREST,
    "linear": cv2.INTER_LINEAR,
    "cubic": cv2.INTER_CUBIC,
    "lanczos": cv2.INTER_LANCZOS4,
}
MOST_PIXELS: Final = 100_000_000
"""An output image may not have more: a wrong scale must not exhaust a worker's memory."""


@dataclass(frozen=True)
class Placement:
    """Affine map detector mm → output pixel edges coordinates (0, 0 = outer corner of the first pixel).

    Attributes
    ----------
    matrix
        2 × 3: columns for x, y, 1; rows give x, y in pixels.
    shape
        Rows, columns of the output.
    """

    matrix: tuple[tuple[float, float, float], tuple[float, float, float]]
    shape: tuple[int, int]

    @classmethod
    def of_image(cls, shape: tuple[int, int], pitch: tuple[float, float]) -> Placement:
        """Of an image as received; pitch (y, x) in mm."""
        return cls(((1 / pitch[1], 0.0, 0.0), (0.0, 1 / pitch[0], 0.0)), shape)

    def apply(self, points_mm: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Points (n, 2) as x, y in mm → x, y in output pixels."""
        matrix = np.asarray(self.matrix)
        points = np.asarray(points_mm, dtype=np.float64).reshape(-1, 2)
        return points @ matrix[:, :2].T + matrix[:, 2]

    def then(self, matrix: npt.ArrayLike, shape: tuple[int, int]) -> Placement:
        """Followed by a map from pixels to pixels."""
        whole = np.asarray(matrix, dtype=np.float64) @ np.vstack([np.asarray(self.matrix), [0.0, 0.0, 1.0]])
        rows = whole[:2].tolist()
        return replace(self, matrix=(tuple(rows[0]), tuple(rows[1])), shape=shape)

    def pitch(self) -> tuple[float, float]:
        """Detector mm for one output pixel, down and across."""
        inverse = np.linalg.inv(np.asarray(self.matrix)[:, :2])
        return float(np.hypot(*inverse[:, 1])), float(np.hypot(*inverse[:, 0]))


def turn(array: npt.NDArray[Any], rotation: int, mirror: bool) -> npt.NDArray[Any]:
    """Quarter turns clockwise, then left and right exchanged. A view: no pixel moves yet."""
    turned = np.rot90(array, k=-(rotation // 90)) if rotation else array
    return turned[:, ::-1] if mirror else turned


def turn_placement(placement: Placement, rotation: int, mirror: bool) -> Placement:
    """`turn`, for points."""
    for _ in range(rotation // 90):
        rows, columns = placement.shape
        placement = placement.then(np.array([[0, -1, rows], [1, 0, 0], [0, 0, 1]]), (columns, rows))
    if mirror:
        columns = placement.shape[1]
        placement = placement.then(np.array([[-1, 0, columns], [0, 1, 0], [0, 0, 1]]), placement.shape)
    return placement


def tilt(array: npt.NDArray[np.uint16], angle: float, interpolation: str) -> npt.NDArray[np.uint16]:
    """Fine rotation clockwise about the centre, in the same frame; what comes in from outside is black."""
    matrix = _tilt_matrix(array.shape, angle)
    centres = matrix.copy()  # OpenCV counts from pixel centres
    centres[:, 2] += matrix[:, :2] @ [0.5, 0.5] - 0.5
    flags = _ENLARGE[interpolation]
    rows, columns = array.shape
    return np.asarray(cv2.warpAffine(array, centres, (columns, rows), flags=flags, borderMode=cv2.BORDER_CONSTANT))


def tilt_placement(placement: Placement, angle: float) -> Placement:
    """`tilt`, for points."""
    return placement.then(np.vstack([_tilt_matrix(placement.shape, angle), [0, 0, 1]]), placement.shape)


def _tilt_matrix(shape: Sequence[int], angle: float) -> npt.NDArray[np.float64]:
    a = np.deg2rad(angle)
    cos, sin = np.cos(a), np.sin(a)
    x, y = shape[1] / 2, shape[0] / 2
    return np.array([[cos, -sin, x - cos * x + sin * y], [sin, cos, y - sin * x - cos * y]])


def cut(settings: Geometry, placement: Placement, field: Sequence[Any]) -> tuple[slice, slice]:
    """Rows and columns of the turned image that go on (trimming): all, the field, or the rectangle."""
    rows, columns = placement.shape
    left, top, right, bottom = 0.0, 0.0, float(columns), float(rows)
    if settings.trim == "rectangle":
        left, right = sorted((settings.left * columns, settings.right * columns))
        top, bottom = sorted((settings.top * rows, settings.bottom * rows))
    elif settings.trim == "field" and len(field):
        points = np.vstack([placement.apply(polygon) for polygon in field])
        (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    y0, x0 = int(np.clip(np.floor(top), 0, rows - 1)), int(np.clip(np.floor(left), 0, columns - 1))
    y1, x1 = int(np.clip(np.ceil(bottom), y0 + 1, rows)), int(np.clip(np.ceil(right), x0 + 1, columns))
    return slice(y0, y1), slice(x0, x1)


def target_shape(
    placement: Placement, settings: Geometry, scale: float | None, size: tuple[int, int] | None
) -> tuple[int, int]:
    """Rows and columns after scaling; pixels come out square.

    Parameters
    ----------
    scale
        Factor beside the chain's own ``geometry.scale``.
    size
        Rows, columns of a box to fill, proportions kept; goes before every scale.

    Raises
    ------
    ImgdashError
        If the image would have more than `MOST_PIXELS`.
    """
    rows, columns = placement.shape
    pitch_y, pitch_x = placement.pitch()
    finest = min(pitch_y, pitch_x)
    height, width = rows * pitch_y / finest, columns * pitch_x / finest
    if size is not None:
        factor = min(size[0] / height, size[1] / width)
    else:
        factor = settings.scale * (1.0 if scale is None else scale)
    shape = max(1, round(height * factor)), max(1, round(width * factor))
    if shape[0] * shape[1] > MOST_PIXELS:
        raise ImgdashError(f"The output image would have {shape[0]} × {shape[1]} pixels.", "Use a smaller scale.")
    return shape


def scale_to(array: npt.NDArray[np.uint16], shape: tuple[int, int], interpolation: str) -> npt.NDArray[np.uint16]:
    """Resample: area means down, the chosen interpolation up."""
    return resize(np.ascontiguousarray(array), shape[0], shape[1], _ENLARGE[interpolation])


def scale_placement(placement: Placement, shape: tuple[int, int]) -> Placement:
    """`scale_to`, for points."""
    y, x = shape[0] / placement.shape[0], shape[1] / placement.shape[1]
    return placement.then(np.diag([x, y, 1.0]), shape)
