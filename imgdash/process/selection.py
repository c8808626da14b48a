"""Which condition key an image or an order leads to (C1, D4): a pure function of what is known of it.

Every setting of a key's selection that does not fit excludes the key; of those left the most specific wins. In
descending weight: the key named in the order, its procedure code, the Patient ID (of test objects), patient
characteristics and other single attributes, body part and view, and last words found in descriptions. Equal keys:
the first by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from imgdash.model import Condition, ImgdashError, Order

_NAMED: Final = 1000.0
_PROCEDURE: Final = 300.0
_PATIENT: Final = 200.0
_WEIGHTS: Final = {
    "physician": 40.0,
    "disease": 40.0,
    "body_part": 30.0,
    "age": 14.0,
    "physique": 12.0,
    "posture": 11.0,
    "view": 10.0,
    "sex": 6.0,
    "modality": 4.0,
}
_WORD: Final = 12.0
_KEYWORDS: Final[dict[str, tuple[str, ...]]] = {
    "body_part": ("BodyPartExamined",),
    "view": ("ViewPosition",),
    "posture": ("Posture", "PatientPosition"),
    "modality": ("Modality",),
    "sex": ("PatientSex",),
    "physique": ("Physique",),
    "physician": ("ReferringPhysicianName", "RequestingPhysician"),
    "disease": ("AdmittingDiagnosesDescription", "Indication"),
}
# Attributes whose text may contain the accepted value among other words.
_WITHIN: Final = ("physician", "disease")
# What an ordered procedure or a description may stand in for; patient characteristics always have to fit.
_REPLACEABLE: Final = ("body_part", "view", "posture", "modality")
_DESCRIPTIONS: Final = (
    "RequestedProcedureDescription",
    "PerformedProcedureStepDescription",
    "ProtocolName",
    "SeriesDescription",
    "StudyDescription",
    "AcquisitionDeviceProcessingDescription",
)


def choose(
    conditions: Sequence[Condition], attributes: Mapping[str, Any], order: Order | None = None
) -> tuple[Condition, str]:
    """Choose the condition key.

    Parameters
    ----------
    conditions
        Keys in force; those not released are passed over.
    attributes
        DICOM keyword → value of the image, as corrected; empty for an order alone.
    order
        The order the image belongs to.

    Returns
    -------
    The condition, and why, in words.

    Raises
    ------
    ImgdashError
        If there is no condition at all.
    """
    released = sorted((c for c in conditions if c.released), key=lambda condition: condition.key)
    if not released:
        raise ImgdashError("No condition key is in force.", "'imgdash conditions' restores those that were shipped.")
    known = _known(attributes, order)
    scored = [(found[0], condition, found[1]) for condition in released if (found := _score(condition, known, order))]
    if not scored:
        fallback = next((c for c in released if c.key == "general"), released[0])
        return fallback, "nothing fits better"
    best, condition, reasons = max(scored, key=lambda item: item[0])
    return condition, ", ".join(reasons) if best > 0 else "nothing fits better"


def _score(condition: Condition, known: Mapping[str, Any], order: Order | None) -> tuple[float, list[str]] | None:
    """Weight and reasons of a key; None where something does not fit."""
    selection = condition.selection
    if order is not None and order.condition == condition.key:
        return _NAMED, ["named in the order"]
    score, reasons = 0.0, []
    for code in selection.procedure:
        if order is not None and order.procedure_code and _same(code, order.procedure_code):
            score += _PROCEDURE
            reasons.append(f"ordered procedure {order.procedure_code}")
            break
    ordered = score > 0
    if any(_begins(accepted, known["patient"]) for accepted in selection.patient):
        score += _PATIENT
        reasons.append(f"patient {known['patient']}")
    by_words = _words_found(selection.words, known["texts"])
    for name, weight in _WEIGHTS.items():
        accepted = getattr(selection, name)
        if not accepted:
            continue
        if name == "age":
            fits = known["age"] is not None and accepted[0] <= known["age"] <= accepted[1]
            value = "" if known["age"] is None else f"{known['age']:g} years"
        else:
            value = known[name]
            fits = _fits(name, accepted, value)
        if fits:
            # An empty accepted value means "also where it is not stated": half the weight.
            score += weight if value else weight / 2
            if value:
                reasons.append(f"{name.replace('_', ' ')} {value}")
        elif name not in _REPLACEABLE or not (score >= _PATIENT or (value == "" and by_words)):
            return None
    if by_words and not ordered:
        # More words say more: "lumbar spine lateral" before "spine".
        score += _WORD * len(by_words.split()) + 0.01 * min(len(by_words), 50)
        reasons.append(f"'{by_words}' in the description")
    if not reasons and not _is_general(condition):
        return None
    return score, reasons


def _is_general(condition: Condition) -> bool:
    selection = condition.selection
    return not any(getattr(selection, name) for name in (*_WEIGHTS, "procedure", "patient", "words"))


def _begins(accepted: str, patient: str) -> bool:
    """Whether a Patient ID is the accepted one, or begins with it where that ends with ``*``."""
    wanted, found = accepted.upper(), patient.upper()
    return found != "" and (found.startswith(wanted[:-1]) if wanted.endswith("*") else found == wanted)


def _fits(name: str, accepted: Sequence[str], value: str) -> bool:
    if name in _WITHIN:
        return any(_word_in(word, value) for word in accepted)
    return any(_same(word, value) or word == value == "" for word in accepted)


def _known(attributes: Mapping[str, Any], order: Order | None) -> dict[str, Any]:
    """What is known, by the names of a selection; the image's own word goes before the order's."""
    known: dict[str, Any] = {}
    for name, keywords in _KEYWORDS.items():
        values = (str(attributes.get(keyword) or "").strip() for keyword in keywords)
        known[name] = next((value for value in values if value), "")
    texts = [str(attributes.get(keyword) or "") for keyword in _DESCRIPTIONS]
    if order is not None:
        for name, value in (
            ("body_part", order.body_part),
            ("view", order.view),
            ("modality", order.modality),
            ("sex", order.patient.sex),
            ("physician", order.physician),
            ("disease", order.indication),
        ):
            known[name] = known[name] or value.strip()
        texts.insert(0, order.procedure_text)
    known["age"] = _age(attributes, order)
    known["patient"] = str(attributes.get("PatientID") or "").strip() or (order.patient.id if order else "")
    known["texts"] = [text for text in texts if text]
    return known


def _age(attributes: Mapping[str, Any], order: Order | None) -> float | None:
    """Years: from Patient's Age (0010,1010), else birth date and the day of the image or order."""
    text = str(attributes.get("PatientAge") or "").strip().upper()
    if match := re.fullmatch(r"(\d{1,3})([DWMY])", text):
        return int(match[1]) * {"D": 1 / 365.25, "W": 7 / 365.25, "M": 1 / 12, "Y": 1.0}[match[2]]
    born = _date(attributes.get("PatientBirthDate") or (order.patient.birth_date if order else ""))
    day = _date(attributes.get("AcquisitionDate") or attributes.get("StudyDate"))
    if day is None and order is not None and order.scheduled_at is not None:
        day = order.scheduled_at.date()
    if born is None:
        return None
    years = ((day or date.today()) - born).days / 365.25
    return years if years >= 0 else None


def _date(value: Any) -> date | None:
    digits = re.sub(r"\D", "", str(value or ""))[:8]
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])) if len(digits) == 8 else None
    except ValueError:
        return None


def _words_found(words: Sequence[str], texts: Sequence[str]) -> str:
    """The longest of the words that stands in one of the texts; several words must all stand there."""
    found = [word for word in words if any(all(_word_in(part, text) for part in word.split()) for text in texts)]
    return max(found, key=len, default="")


def _word_in(word: str, text: str) -> bool:
    return any(_plain(word) == part for part in _parts(text)) or (_plain(word) in _plain(text) and len(word) > 5)


def _parts(text: str) -> Iterator[str]:
    return (_plain(part) for part in re.split(r"[^\w]+|_", text) if part)


def _same(one: str, other: str) -> bool:
    return _plain(one) == _plain(other) != ""


def _plain(text: str) -> str:
    return re.sub(r"[\s_\-./]+", "", text).upper()
