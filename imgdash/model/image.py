"""What is known of an image: patient, order, implementation information, designation (B2-B4, C2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

# The side of an image has two names in DICOM: its own and that of its series (PS3.3 C.7.3.1); its own goes first.
SIDES: Final = ("ImageLaterality", "Laterality")


@dataclass(frozen=True)
class Patient:
    """Patient information (B3). An unknown value is an empty string, never a guess."""

    id: str = ""
    name: str = ""
    sex: str = ""
    birth_date: str = ""


@dataclass(frozen=True)
class Finding:
    """One thing that is not good enough.

    Attributes
    ----------
    rule
        Name of the rule that found it, as policies in the site file name it (R7).
    reason
        Code value in `imgdash.model.codes.REASONS`.
    text
        The finding in words, with its figures.
    correctable
        True where a person can mend it on the screen, so that this is tried first (R4).
    """

    rule: str
    reason: str
    text: str
    correctable: bool = False


@dataclass(frozen=True)
class Judgement:
    """Fitness for storage and for film, apart (R8). Each holds what speaks against it."""

    storage: tuple[Finding, ...] = ()
    film: tuple[Finding, ...] = ()

    @property
    def fit(self) -> bool:
        """Fit for everything."""
        return not self.storage and not self.film

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, each once."""
        return tuple(dict.fromkeys(self.storage + self.film))


@dataclass(frozen=True)
class ImageHeader:
    """The image header file (C2): reservation and implementation information of one image.

    Attributes
    ----------
    image_id
        First 32 hexadecimal digits of the SHA-256 of the data set as it was sent.
    number
        Order of receipt; what output queues register (F5).
    state
        See `imgdash.model.lifecycle.IMAGE`.
    sender
        AE title that sent it.
    condition, condition_version
        The condition key that processes it, and the version of that key.
    parameters
        Processing parameters calculated on the reduced image (C3), e.g. ``{"s_low": …, "field": …}``.
    overrides
        What a person set by hand, ``{"gradation.contrast": 1.2}``; wins over condition and calculation.
    edits
        Corrected information, ``{keyword: value}``; the original stays in the file.
    ranges
        Output apparatus → output image range and its place there, as a person set them (D2):
        ``{"FILM": {"left": 0.1, "right": 0.9, "y": 0.0}}``.
    outputs
        Output apparatus chosen for this image, or None for what the condition key says.
    round
        0 for a first image, n for the answer to the n-th request.
    """

    image_id: str
    number: int
    state: str
    file: str
    sop_class_uid: str
    sop_instance_uid: str
    study_uid: str
    series_uid: str
    transfer_syntax: str
    sender: str
    sender_host: str
    received_at: datetime
    patient: Patient
    accession: str = ""
    step_id: str = ""
    modality: str = ""
    body_part: str = ""
    view: str = ""
    laterality: str = ""
    study_description: str = ""
    series_description: str = ""
    study_date: str = ""
    study_time: str = ""
    study_id: str = ""
    referring_physician: str = ""
    series_number: str = ""
    instance_number: str = ""
    station: str = ""
    operator: str = ""
    presentation_intent: str = ""
    acquired_at: datetime | None = None
    rows: int = 0
    columns: int = 0
    frames: int = 1
    bits_stored: int = 0
    pixel_spacing: tuple[float, float] | None = None
    condition: str = ""
    condition_version: int = 0
    parameters: Mapping[str, Any] = field(default_factory=dict)
    overrides: Mapping[str, Any] = field(default_factory=dict)
    edits: Mapping[str, str] = field(default_factory=dict)
    judgement: Judgement = Judgement()
    outputs: tuple[str, ...] | None = None
    overlays: tuple[Mapping[str, Any], ...] = ()
    ranges: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    protected: bool = False
    priority: bool = False
    held_by: str = ""
    reason: str = ""
    comment: str = ""
    order_id: str = ""
    request_id: str = ""
    replaces: str = ""
    replaced_by: str = ""
    round: int = 0
    duplicate_of: str = ""
    confirmed_by: str = ""
    confirmed_at: datetime | None = None
    exposure: Mapping[str, Any] = field(default_factory=dict)

    @property
    def unread(self) -> bool:
        """Whether its pixels were never seen: no condition key was chosen for it, and nobody can review it."""
        return not self.condition

    @property
    def round_number(self) -> int:
        """The round as people count it everywhere: a first image is round 1, as the first request about it is."""
        return self.round + 1

    @property
    def title(self) -> str:
        """Region, view and side in one line, for lists; what the series is called where neither is known."""
        if not self.body_part and not self.view and self.series_description:
            return self.series_description
        # U: the region has no side, which is not worth a letter.
        side = self.laterality.replace("U", "")
        return " ".join(part for part in (self.body_part, self.view, side) if part) or self.modality

    @property
    def marked(self) -> dict[str, str]:
        """What overlays are written from: side and view, as corrected; a wrong marker would be worse than none."""
        side = next((self.edits[name] for name in SIDES if name in self.edits), self.laterality)
        view = self.edits.get("ViewPosition") or self.view
        found = {"Laterality": side, "ImageLaterality": side, "ViewPosition": view}
        return {name: value for name, value in found.items() if value}


@dataclass(frozen=True)
class Order:
    """The reservation file (C2, D4): an order as it came from HIS/RIS.

    Attributes
    ----------
    placer_namespace
        Whose number the placer's is (ORC-2.2); '' where that is not told.
    source
        MSH-3 of the message, or the name of the peer whose worklist had it.
    """

    order_id: str
    accession: str
    patient: Patient
    state: str = "new"
    placer_number: str = ""
    placer_namespace: str = ""
    filler_number: str = ""
    procedure_code: str = ""
    procedure_text: str = ""
    step_id: str = ""
    study_uid: str = ""
    modality: str = ""
    station_ae: str = ""
    body_part: str = ""
    view: str = ""
    condition: str = ""
    physician: str = ""
    indication: str = ""
    instructions: str = ""
    scheduled_at: datetime | None = None
    priority: bool = False
    parent: str = ""
    source: str = ""
    received_at: datetime | None = None
