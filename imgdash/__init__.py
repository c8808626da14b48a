"""imgdash: a radiography QC station."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imgdash.apparatus import Apparatus

__all__ = ["Apparatus"]


def __getattr__(name: str) -> Any:
    # A receiver process imports this package too, and must stay small.
    if name == "Apparatus":
        from imgdash.apparatus import Apparatus

        return Apparatus
    raise AttributeError(f"module 'imgdash' has no attribute {name!r}")
