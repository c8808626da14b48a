"""Receiving: images, messages and orders (A1, A2, D4)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imgdash.receive.order_server import OrderServer
    from imgdash.receive.receivers import Receivers

__all__ = ["OrderServer", "Receivers"]
_HOMES = {"OrderServer": "order_server", "Receivers": "receivers"}


def __getattr__(name: str) -> Any:
    # Receiver processes import this package too and must stay small: nothing is imported before it is used.
    if name in _HOMES:
        return getattr(import_module(f"imgdash.receive.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
