"""Judging fitness (R4, R8): what speaks against storing an image, and what against printing it, apart.

Each rule is a function of the image header; `RULES` names them as policies in the site file do (R7).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from imgdash.config import Fitness
from imgdash.confirm.attributes import EDITABLE, label, value
from imgdash.model import Condition, Finding, ImageHeader, Judgement, Order
from imgdash.model.codes import INFORMATION_MISSING, REJECTED_WORKLIST, UNREADABLE
from imgdash.model.quality import QUANTITIES, within

UNDER_EXPOSED, OVER_EXPOSED = "111211", "111212"
NO_IMAGE, OTHER, UNKNOWN = "111213", "111220", "111221"
DETECTOR_ARTIFACT = "111214"
INAPPROPRIATE_PROCESSING = "111219"

# Share of the grey values that a processed image uses, below which its processing has thrown contrast away.
NARROWEST_RANGE: Final = 0.15
LEAST_CONFIDENCE: Final = 0.5
SMALLEST_FIELD: Final = 0.02


class Weighed(NamedTuple):
    """A finding, and what it speaks against."""

    finding: Finding
    storage: bool = True
    film: bool = True


@dataclass(frozen=True)
class Case:
    """All that a rule may look at."""

    header: ImageHeader
    condition: Condition
    fitness: Fitness
    order: Order | None
    attributes: Mapping[str, Any] | None

    def number(self, name: str) -> float | None:
        """A calculated parameter, or None where it is unknown: unknown is never taken for good or bad."""
        found = self.header.parameters.get(name)
        return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None

    @property
    def processed(self) -> bool:
        """Whether the modality has processed these pixels; what it cut off, it alone can bring back."""
        if self.header.presentation_intent:
            return self.header.presentation_intent.upper() != "FOR PROCESSING"
        return self.header.parameters.get("unprocessed") is False


def judge(
    header: ImageHeader,
    condition: Condition,
    fitness: Fitness,
    *,
    order: Order | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> Judgement:
    """What speaks against storing and against printing an image.

    Parameters
    ----------
    header
        ``header.parameters`` holds what `imgdash.process.calculate` found on the reduced image.
    condition
        Says what else is required, and the limits of the deviation index.
    order
        The order the image belongs to, where it is known.
    attributes
        DICOM keyword → value of the file, for required attributes that the header does not keep.
    """
    case = Case(header, condition, fitness, order, attributes)
    if findings := list(_unreadable(case)):
        # Nothing else can be said of pixels that nobody saw.
        return Judgement(*(tuple(found.finding for found in findings),) * 2)
    rules = QUALITY_RULES if condition.quality else RULES
    weighed = [found for rule in rules.values() for found in rule(case)]
    return Judgement(
        tuple(found.finding for found in weighed if found.storage),
        tuple(found.finding for found in weighed if found.film),
    )


def missing(
    header: ImageHeader, condition: Condition, fitness: Fitness, attributes: Mapping[str, Any] | None = None
) -> tuple[str, ...]:
    """Keywords that must not be empty and are (R4), for storage and film together."""
    wanted = dict.fromkeys((*fitness.required, *condition.required, *fitness.film_required))
    return tuple(keyword for keyword in wanted if value(header, keyword, attributes) == "")


def _information(case: Case) -> Iterator[Weighed]:
    both = {*case.fitness.required, *case.condition.required}
    for keyword in missing(case.header, case.condition, case.fitness, case.attributes):
        text = f"{label(keyword)} is missing."
        finding = Finding("information", INFORMATION_MISSING.value, text, correctable=keyword in EDITABLE)
        yield Weighed(finding, storage=keyword in both)


def _patient_mismatch(case: Case) -> Iterator[Weighed]:
    if case.order is None:
        return
    ours, theirs = case.header.patient.id, case.order.patient.id
    if ours and theirs and ours != theirs:
        text = f"The order {case.order.accession or case.order.order_id} is for another patient."
        yield Weighed(Finding("patient-mismatch", REJECTED_WORKLIST.value, text, correctable=True))


def _clipping(case: Case) -> Iterator[Weighed]:
    dark, light = case.number("clipped_low"), case.number("clipped_high")
    if dark is None and light is None:
        return
    dark, light = dark or 0.0, light or 0.0
    share = dark + light
    # Low signal is much dose: a detector saturates there, and starves at the other end.
    reason = INAPPROPRIATE_PROCESSING if case.processed else OVER_EXPOSED if dark >= light else UNDER_EXPOSED
    text = f"{share:.0%} of the irradiated field has no grey values left ({dark:.0%} black, {light:.0%} white)."
    storage, film = share > case.fitness.clipped_storage, share > case.fitness.clipped_film
    if storage or film:
        yield Weighed(Finding("clipping", reason, text), storage, film)


def _exposure(case: Case) -> Iterator[Weighed]:
    deviation = _deviation(case)
    if deviation is None:
        return
    low = case.condition.exposure.get("di_low", case.fitness.di_low)
    high = case.condition.exposure.get("di_high", case.fitness.di_high)
    if deviation < low:
        text = f"Under exposed: deviation index {deviation:+.1f}, limit {low:+.1f}."
        yield Weighed(Finding("exposure", UNDER_EXPOSED, text))
    elif deviation > high:
        text = f"Over exposed: deviation index {deviation:+.1f}, limit {high:+.1f}."
        yield Weighed(Finding("exposure", OVER_EXPOSED, text))


def _deviation(case: Case) -> float | None:
    """DI as calculated; else from the EI that the modality states, with our target before its own (IEC 62494-1)."""
    calculated, stated = case.number("di"), case.header.exposure
    if calculated is not None:
        return calculated
    index = stated.get("ei")
    target = case.condition.exposure.get("target_ei") or stated.get("target_ei")
    if index and target and index > 0 and target > 0:
        return 10 * math.log10(index / target)
    return stated.get("di")


def _field(case: Case) -> Iterator[Weighed]:
    fraction = case.number("field_fraction")
    if fraction is not None and fraction < SMALLEST_FIELD:
        yield Weighed(Finding("field", NO_IMAGE, f"Only {fraction:.1%} of the image was irradiated."))
        return
    confidences = case.header.parameters.get("confidence")
    confidence = confidences.get("field") if isinstance(confidences, Mapping) else None
    if isinstance(confidence, int | float) and confidence < LEAST_CONFIDENCE:
        text = f"The irradiated field is uncertain (confidence {confidence:.0%}); draw it, or confirm as it looks."
        yield Weighed(Finding("field", UNKNOWN, text, correctable=True))


def _size(case: Case) -> Iterator[Weighed]:
    shorter, least = min(case.header.rows, case.header.columns), case.fitness.film_minimum_pixels
    if shorter < least:
        text = f"Too small for film: {case.header.columns} × {case.header.rows} pixels, at least {least} are wanted."
        yield Weighed(Finding("size", OTHER, text), storage=False)


def _processing(case: Case) -> Iterator[Weighed]:
    if not case.processed or case.header.modality == "CT":
        return
    # Of pixels that are shown as sent, S/G is the whole range; what they use of it is measured apart.
    low, high = case.number("used_low"), case.number("used_high")
    if low is not None and high is not None and high - low < NARROWEST_RANGE:
        text = f"The modality's processing leaves {high - low:.0%} of the grey values in use."
        yield Weighed(Finding("processing", INAPPROPRIATE_PROCESSING, text))


def _quality(case: Case) -> Iterator[Weighed]:
    """What was measured on an image of quality control and lies outside the site's limits, or why nothing was."""
    measured = case.header.parameters.get("quality") or {}
    if measured.get("trouble"):
        yield Weighed(Finding("quality", UNKNOWN, f"Not measured: {measured['trouble']}"))
    for figure in measured.get("figures", ()):
        value, low, high = figure["value"], figure["low"], figure["high"]
        if not within(value, low, high):
            below = low is not None and value < low
            known = QUANTITIES[figure["quantity"]]
            name = f"{known.label}{' across ' + figure['axis'] if figure['axis'] else ''}"
            limit = f"{'at least' if below else 'at most'} {low if below else high:g} {known.unit}".strip()
            text = f"{name}: {value:.{known.digits}g} {known.unit}".strip() + f", {limit} is wanted."
            yield Weighed(Finding("quality", DETECTOR_ARTIFACT if known.kind == "flat" else OTHER, text))


def _unreadable(case: Case) -> Iterator[Weighed]:
    if case.header.state == "quarantined" or not (case.header.rows and case.header.columns):
        yield Weighed(Finding("unreadable", UNREADABLE.value, "The pixels cannot be read."))


RULES: Final[dict[str, Callable[[Case], Iterator[Weighed]]]] = {
    "unreadable": _unreadable,
    "information": _information,
    "patient-mismatch": _patient_mismatch,
    "exposure": _exposure,
    "clipping": _clipping,
    "processing": _processing,
    "field": _field,
    "size": _size,
}
# A test object has no patient's field, and no exposure that would suit one.
QUALITY_RULES: Final[dict[str, Callable[[Case], Iterator[Weighed]]]] = {
    "unreadable": _unreadable,
    "quality": _quality,
}
