"""Reduced images: one for display, one for calculating parameters, a thumbnail, and the histogram (C3)."""

from imgdash.reduce.image import Reduced, reduce_image

__all__ = ["Reduced", "reduce_image"]
