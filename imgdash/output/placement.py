"""What turning, mirroring and scaling does to attributes that speak of rows, columns and directions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydicom.dataset import Dataset
from pydicom.valuerep import format_number_as_ds

_SPACINGS: Final = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")
# Places in pixels or directions of the received image: not true of a turned, trimmed or scaled one.
_PLACES: Final = (
    "ShutterShape ShutterLeftVerticalEdge ShutterRightVerticalEdge ShutterUpperHorizontalEdge "
    "ShutterLowerHorizontalEdge CenterOfCircularShutter RadiusOfCircularShutter VerticesOfThePolygonalShutter "
    "ShutterPresentationValue CollimatorShape CollimatorLeftVerticalEdge CollimatorRightVerticalEdge "
    "CollimatorUpperHorizontalEdge CollimatorLowerHorizontalEdge CenterOfCircularCollimator "
    "RadiusOfCircularCollimator VerticesOfThePolygonalCollimator FieldOfViewShape FieldOfViewDimensions "
    "FieldOfViewOrigin FieldOfViewRotation FieldOfViewHorizontalFlip PixelAspectRatio ImageLocation"
).split()
_OPPOSITE: Final = str.maketrans("LRAPHF", "RLPAFH")


@dataclass(frozen=True)
class Placed:
    """What forming did to the place of the pixels.

    Attributes
    ----------
    rotation
        Quarter turns clockwise, in degrees.
    moved
        Whether any pixel is where it was not before.
    pitch, former
        Spacing (y, x) in mm after and before; None where unknown.
    """

    rotation: int
    mirror: bool
    moved: bool
    resampled: bool
    pitch: tuple[float, float] | None
    former: tuple[float, float] | None

    @classmethod
    def of(cls, formed: Mapping[str, Any], received: Mapping[str, Any]) -> Placed:
        """From the attributes of the formed and of the received image."""
        log = {entry["step"]: entry for entry in formed["processing_log"]}
        turn = log.get("rotation", {})
        after, before = formed.get("PixelSpacing"), received.get("PixelSpacing")
        return cls(
            rotation=int(turn.get("rotation", 0)),
            mirror="mirror" in log,
            moved=bool({"rotation", "mirror", "trim", "scale"} & set(log)),
            resampled="scale" in log or bool(turn.get("angle")),
            pitch=(after[0], after[1]) if after else None,
            former=(before[0], before[1]) if before else None,
        )


def apply(ds: Dataset, placed: Placed) -> None:
    """Make spacing, patient orientation and places in `ds` those of the formed image."""
    for keyword in _SPACINGS:
        if placed.pitch is not None and placed.former is not None and ds.get(keyword):
            setattr(ds, keyword, _spacing(ds[keyword].value, placed))
    if not placed.moved:
        return
    for keyword in _PLACES:
        ds.pop(keyword, None)
    # Overlay planes 60xx have one bit for each pixel of the received image.
    for group in range(0x6000, 0x6020, 2):
        for element in ds.group_dataset(group):
            del ds[element.tag]
    orientation = ds.get("PatientOrientation")
    if orientation:
        ds.PatientOrientation = turned(list(orientation), placed.rotation, placed.mirror)


def turned(orientation: Sequence[str], rotation: int, mirror: bool) -> list[str] | None:
    """Patient Orientation (0020,0020) after clockwise quarter turns, then a mirror; None where it is not readable.

    The first value is the direction of the rows (to the right), the second that of the columns (down).
    """
    if len(orientation) != 2 or any(set(value) - set("LRAPHF") or not value for value in orientation):
        return None
    right, down = orientation
    for _ in range(rotation // 90 % 4):
        right, down = down.translate(_OPPOSITE), right
    return [right.translate(_OPPOSITE) if mirror else right, down]


def _spacing(values: Sequence[Any], placed: Placed) -> list[str]:
    if placed.pitch is None or placed.former is None:
        raise AssertionError("only called where both are known")
    y, x = (float(value) for value in values)
    former_y, former_x = placed.former
    if placed.rotation in (90, 270):
        y, x, former_y, former_x = x, y, former_x, former_y
    after = (y * placed.pitch[0] / former_y, x * placed.pitch[1] / former_x)
    return [format_number_as_ds(round(value, 9)) for value in after]
