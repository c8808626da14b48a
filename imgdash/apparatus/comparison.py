"""The modality's processing beside ours (R3): what it says it did, and what is done here to the same exposure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from imgdash.model import Request


@dataclass(frozen=True)
class Compared:
    """Two pictures of one exposure, and how each was made.

    Attributes
    ----------
    theirs, ours
        Image ids: processed by the modality; unprocessed, and processed here.
    parameters
        (label, theirs, ours), for each parameter that the modality named; None where ours has none such.
    words
        What else the modality says of its processing, name → text.
    """

    theirs: str
    ours: str
    parameters: tuple[tuple[str, Any, Any], ...]
    words: Mapping[str, str]


def compare(request: Request, ours: Mapping[str, Any], labels: Mapping[str, str]) -> Compared | None:
    """Of an answered request; None where the modality says nothing, or did not send another image.

    Parameters
    ----------
    ours
        Processing parameters of the answer here, dotted name → value.
    labels
        Dotted name → what people call it.
    """
    performed = request.contents.get("performed") or {}
    said = request.contents.get("modality") or {}
    if not request.answer or request.answer == request.image_id or not (performed or said):
        return None
    rows = tuple((labels.get(name, name), value, ours.get(name)) for name, value in performed.items())
    words = {name: ", ".join(value) if isinstance(value, list) else str(value) for name, value in said.items()}
    return Compared(request.image_id, request.answer, rows, words)


__all__ = ["Compared", "compare"]
