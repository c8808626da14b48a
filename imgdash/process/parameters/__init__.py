"""Processing parameters: declared once (declarations), held together as one value (chain)."""

from imgdash.process.parameters.chain import STEP_CLASSES, Chain, Description, describe
from imgdash.process.parameters.declarations import (
    Automatic,
    Equalization,
    Frequency,
    Geometry,
    Gradation,
    Overlay,
    Quantity,
)

__all__ = [
    "STEP_CLASSES",
    "Automatic",
    "Chain",
    "Description",
    "Equalization",
    "Frequency",
    "Geometry",
    "Gradation",
    "Overlay",
    "Quantity",
    "describe",
]
