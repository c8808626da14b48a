"""Receiving: images, messages and orders (A1, A2, D4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imgdash.receive.receivers import Receivers

__all__ = ["Receivers"]


def __getattr__(name: str) -> Any:
    # Receiver processes import this package too and must stay small: nothing is imported before it is used.
    if name == "Receivers":
        from imgdash.receive.receivers import Receivers

        return Receivers
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
