"""What is measured on the images of quality control: one table of quantities with their units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

QualityKind = Literal["edge", "flat", "wedge"]
QUALITY_KINDS: Final[tuple[str, ...]] = get_args(QualityKind)


@dataclass(frozen=True)
class Quantity:
    """A number that a detector is watched by.

    Attributes
    ----------
    kind
        The image it is measured on: ``edge``, ``flat`` (flat field) or ``wedge`` (step wedge).
    unit
        UCUM, '' for plain numbers.
    digits
        Significant digits that are worth showing.
    """

    name: str
    label: str
    unit: str
    kind: QualityKind
    text: str
    digits: int = 3


QUANTITIES: Final[dict[str, Quantity]] = {
    quantity.name: quantity
    for quantity in (
        Quantity("mtf50", "MTF 50 %", "/mm", "edge", "Frequency at which the presampled MTF has fallen to 50 %"),
        Quantity("mtf20", "MTF 20 %", "/mm", "edge", "Frequency at which the presampled MTF has fallen to 20 %"),
        Quantity(
            "mtf_half_nyquist", "MTF at Nyquist/2", "%", "edge", "Presampled MTF at half the Nyquist frequency", 3
        ),
        Quantity("nnps_0_5", "NNPS at 0.5/mm", "mm2", "flat", "Noise power ÷ signal² at 0.5/mm, radial", 3),
        Quantity("nnps_1", "NNPS at 1/mm", "mm2", "flat", "Noise power ÷ signal² at 1/mm, radial", 3),
        Quantity("nnps_2", "NNPS at 2/mm", "mm2", "flat", "Noise power ÷ signal² at 2/mm, radial", 3),
        Quantity("snr", "SNR", "", "flat", "Signal ÷ standard deviation of pixels, median of regions of 1 cm²"),
        Quantity(
            "nonuniformity", "Non-uniformity", "%", "flat", "Largest deviation of a region of 1 cm² from the mean"
        ),
        Quantity("dead_pixels", "Defective pixels", "", "flat", "Single pixels 20 % and more off their neighbours", 7),
        Quantity("dead_lines", "Defective lines", "", "flat", "Rows and columns that do not fit those beside them", 7),
        Quantity("steps", "Steps seen", "", "wedge", "Steps of the wedge that can be told apart", 3),
        Quantity("cnr", "Least CNR", "", "wedge", "Of the two neighbouring steps that are hardest to tell apart"),
        Quantity("snr_dark", "SNR of the thickest step", "", "wedge", "Signal ÷ standard deviation, least signal"),
    )
}


def within(value: float, low: float | None, high: float | None) -> bool:
    """Whether a value keeps its limits; None is no limit."""
    return (low is None or value >= low) and (high is None or value <= high)
