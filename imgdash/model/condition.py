"""A condition key and the condition file behind it (B1, C1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Selection:
    """For which images a condition key is meant (C1). An empty field does not matter; a filled one must match.

    Attributes
    ----------
    body_part, view, posture, modality, sex, physician, disease
        Accepted values, compared without regard to case.
    age
        Lower and upper bound in years.
    procedure
        Procedure codes of orders that lead to this key (D4).
    patient
        Patient IDs; one that ends with ``*`` is the beginning of many. Test objects are known by theirs.
    words
        Words looked for in study, series and protocol descriptions where the coded attributes are empty.
    """

    body_part: tuple[str, ...] = ()
    view: tuple[str, ...] = ()
    posture: tuple[str, ...] = ()
    modality: tuple[str, ...] = ()
    sex: tuple[str, ...] = ()
    age: tuple[float, float] | None = None
    physique: tuple[str, ...] = ()
    patient: tuple[str, ...] = ()
    physician: tuple[str, ...] = ()
    disease: tuple[str, ...] = ()
    procedure: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Condition:
    """A condition file.

    Attributes
    ----------
    key
        Name of the file and of the key, ``chest-pa``.
    description
        What the key is meant for; stays from version to version.
    note
        What this version changed, and why.
    processing
        Step (``frequency``, ``equalization``, ``gradation``, ``geometry``, ``overlay``, ``automatic``)
        → parameter → value; what is not named has its declared default.
    outputs
        Output apparatus by name; empty means every apparatus of the site.
    output
        Apparatus kind or name → output format: ``film_size``, ``layout``, ``scale``, ``true_size``,
        ``steps`` (which of (2)-(8) run).
    required
        Attributes that must not be empty (R4), beyond those the site requires of every image.
    quality
        What an image of quality control is measured for, ``edge``, ``flat`` or ``wedge``; ``other`` for one that is
        measured for nothing, '' for images of patients. Images of quality control are in no emission record, and
        completeness and exposure are not asked of them.
    exposure
        ``target_ei`` and the deviation index limits ``di_low``, ``di_high``.
    """

    key: str
    title: str
    group: str
    description: str = ""
    version: int = 1
    author: str = ""
    changed_at: str = ""
    note: str = ""
    released: bool = True
    selection: Selection = Selection()
    processing: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    output: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    quality: str = ""
    exposure: Mapping[str, float] = field(default_factory=dict)
