"""Automatic parameters, calculated on the reduced image for processing only (C3)."""

from imgdash.process.automatic.calculation import calculate

__all__ = ["calculate"]
