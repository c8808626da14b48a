"""Image quality in numbers, from images of quality control: MTF, NPS, uniformity and defects, contrast to noise.

Pure functions of linearised signal; `measure` does what a kind of image is for.
"""

from imgdash.process.quality.edge import EdgeMtf, slanted_edge
from imgdash.process.quality.finding import edges
from imgdash.process.quality.flat import Flat, flat_field
from imgdash.process.quality.linear import linear
from imgdash.process.quality.measuring import Figure, Measurement, measure
from imgdash.process.quality.noise import NoisePower, noise_power
from imgdash.process.quality.wedge import Wedge, step_wedge

__all__ = [
    "EdgeMtf",
    "Figure",
    "Flat",
    "Measurement",
    "NoisePower",
    "Wedge",
    "edges",
    "flat_field",
    "linear",
    "measure",
    "noise_power",
    "slanted_edge",
    "step_wedge",
]
