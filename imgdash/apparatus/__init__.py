"""The main controller: wires the stages, offers the facade."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from imgdash.apparatus.apparatus import Apparatus, replace_site
    from imgdash.apparatus.health import QueueState
    from imgdash.apparatus.peers import PeerState

__all__ = ["Apparatus", "PeerState", "QueueState", "replace_site"]
_HOMES: Final = {"Apparatus": "apparatus", "replace_site": "apparatus", "QueueState": "health", "PeerState": "peers"}


def __getattr__(name: str) -> Any:
    # Workers import what they run from here, and ``imgdash doctor`` what it asks with: not all of an apparatus.
    if name in _HOMES:
        return getattr(import_module(f"imgdash.apparatus.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'imgdash.apparatus' has no attribute {name!r}")
