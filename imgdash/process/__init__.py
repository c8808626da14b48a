"""Image processing: pure functions on signals. Frequency, equalization, gradation, geometry, overlay (G1).

`calculate` finds an image's own parameters on its reduced image, `form` makes the output image at full
resolution, `preview` the same for the screen; `curve` and its kin draw what the parameters do.
"""

from imgdash.process import gsdf, parameters, signal, voi
from imgdash.process.automatic import calculate
from imgdash.process.curves import band_gains, beta_curve, compression_curve, curve
from imgdash.process.parameters import Chain, describe
from imgdash.process.pipeline import ALL, finish, form, form_cached
from imgdash.process.screen import preview

__all__ = [
    "ALL",
    "Chain",
    "band_gains",
    "beta_curve",
    "calculate",
    "compression_curve",
    "curve",
    "describe",
    "finish",
    "form",
    "form_cached",
    "gsdf",
    "parameters",
    "preview",
    "signal",
    "voi",
]
