"""Looking at what the apparatus holds (N2): query and retrieve for diagnostic and reference terminals."""

from imgdash.retrieve.server import QueryServer

__all__ = ["QueryServer"]
