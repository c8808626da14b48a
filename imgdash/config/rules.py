"""What the site decides: policies of the request, limits of the judgement, detectors' calibrations."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from imgdash.config.types import AETitle, Section
from imgdash.model.quality import QUANTITIES


class Rule(Section):
    """What a finding leads to (R7): the rules are those of `imgdash.confirm.judge`."""

    rule: str
    policy: Literal["automatic", "proposed", "off"] = "proposed"
    to: Literal["modality", "ris"] | None = Field(None, description="None: by reason (STANDARDS.md)")
    ask: Literal["processed", "unprocessed", "resend", "reradiograph"] | None = None


class Requests(Section):
    """Policies of the request (R7)."""

    always_ris: bool = Field(False, description="every request goes through HIS/RIS")
    fallback: bool = Field(True, description="what the modality refuses goes to HIS/RIS")
    rounds: int = Field(5, ge=1, description="after so many automatic rounds of one image a person is asked")
    answer_hours: float = Field(24, gt=0, description="an answer not seen by then is marked overdue")
    retry_seconds: float = Field(2, gt=0, description="first wait after an addressee could not be reached; doubles")
    retry_cap_seconds: float = Field(300, gt=0)
    attempts: int = Field(8, ge=1, description="tries before a request that nobody answers has failed")
    rejections: int = Field(3, ge=1, description="tries where the addressee answers that it cannot now")
    look_seconds: float = Field(30, gt=0, description="between looks at a work item that nobody reports on")
    rules: tuple[Rule, ...] = ()

    @model_validator(mode="after")
    def _each_rule_once(self) -> Self:
        names = [rule.rule for rule in self.rules]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"rules named twice: {', '.join(sorted(twice))}")
        return self


class Fitness(Section):
    """Limits of the automatic judgement (R4, R8)."""

    required: tuple[str, ...] = ("PatientID", "PatientName", "BodyPartExamined")
    film_required: tuple[str, ...] = ()
    clipped_storage: float = Field(0.08, ge=0, le=1, description="fraction of the field that may be saturated")
    clipped_film: float = Field(0.05, ge=0, le=1)
    di_low: float = Field(-6.0, description="deviation index below which an image is under exposed")
    di_high: float = Field(6.0, description="above which it is over exposed")
    film_minimum_pixels: int = Field(256, ge=1, description="shorter side below which film would be useless")


class Exposure(Section):
    """Detector calibration of one sender (IEC 62494-1): pixel value → detector air kerma.

    ``linear``: K = gain · value + offset; ``log``: K = gain · 10 ** (value / slope), K in µGy.
    """

    sender: str
    form: Literal["linear", "log"]
    gain: float = Field(gt=0)
    offset: float = 0
    slope: float = Field(1000, gt=0)


class Limit(Section):
    """Within what a number of a modality's quality control has to lie; a blank end has no limit."""

    quantity: str
    sender: AETitle | None = Field(None, description="None: every sender without a limit of its own")
    low: float | None = None
    high: float | None = None

    @model_validator(mode="after")
    def _of_a_quantity(self) -> Self:
        if self.quantity not in QUANTITIES:
            raise ValueError(f"no quantity {self.quantity!r}: there are {', '.join(QUANTITIES)}")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"low ({self.low:g}) is above high ({self.high:g})")
        return self
