"""Steps (2)-(6) as few passes over memory: compiled kernels that work on strips of rows, one strip to a thread.

A row is read, enhanced, equalised, graded and written where rotation and mirror put it while it lies in the
processor's cache; only the pyramid from half resolution down is kept in memory. `tests/process/reference.py` says
the same in plain NumPy, step by step.
"""

from imgdash.process.fused.maps import curve_of, map_onto, no_curve
from imgdash.process.fused.model import Compression, Curve, Detail, Map, Noise, Source
from imgdash.process.fused.passes import SOFTEN, averages, counts, detail, filled, halve, render
from imgdash.process.fused.strips import both

__all__ = [
    "SOFTEN",
    "Compression",
    "Curve",
    "Detail",
    "Map",
    "Noise",
    "Source",
    "averages",
    "both",
    "counts",
    "curve_of",
    "detail",
    "filled",
    "halve",
    "map_onto",
    "no_curve",
    "render",
]
