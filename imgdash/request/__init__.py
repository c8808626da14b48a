"""The request (R): asking for a better image, and recognising it when it comes.

``addressee`` and ``policy`` decide whom to ask for what; ``workitem`` and ``order`` write it down as UPS work item
and HL7 order; ``dispatch`` sends it; ``matching`` knows the answer; ``rejection`` tells the storages.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from imgdash.request.asking import Suggestion
    from imgdash.request.matching import Candidate, find
    from imgdash.request.requests import Requests
    from imgdash.request.worker import Patience

__all__ = ["Candidate", "Patience", "Requests", "Suggestion", "find"]
_HOMES: Final = {
    "Candidate": "matching",
    "Patience": "worker",
    "Requests": "requests",
    "Suggestion": "asking",
    "find": "matching",
}


def __getattr__(name: str) -> Any:
    # ``imgdash doctor`` imports this package too: what writes rejection notes takes a while to import.
    if name in _HOMES:
        return getattr(import_module(f"imgdash.request.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
