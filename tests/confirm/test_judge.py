"""Fitness for storage and for film, rule by rule (R4, R8)."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta

import pytest

from imgdash.config import Fitness
from imgdash.confirm import judge, missing
from imgdash.confirm.attributes import check_edit
from imgdash.model import ImgdashError, Order, Patient
from tests.confirm.making import condition, header

FITNESS = Fitness()


def rules(judged) -> tuple[set[str], set[str]]:
    return {f.rule for f in judged.storage}, {f.rule for f in judged.film}


def with_parameters(**changes):
    return header(parameters={**header().parameters, **changes})


def test_good_image_is_fit_for_both() -> None:
    assert judge(header(), condition(), FITNESS).fit


def test_missing_information_is_correctable_and_named() -> None:
    image = header(patient=Patient("", "Phantom^Chest"), body_part="")
    judged = judge(image, condition(required=("KVP",)), FITNESS)
    assert rules(judged) == ({"information"}, {"information"})
    assert {f.text: f.correctable for f in judged.storage} == {
        "Patient ID is missing.": True,
        "Body Part Examined is missing.": True,
        "KVP is missing.": False,
    }
    assert {f.reason for f in judged.findings} == {"INFO-MISSING"}
    assert missing(image, condition(required=("KVP",)), FITNESS) == ("PatientID", "BodyPartExamined", "KVP")


def test_a_correction_completes_the_information() -> None:
    image = header(patient=Patient("", "Phantom^Chest"), edits={"PatientID": "P7"})
    assert judge(image, condition(), FITNESS).fit


def test_required_attribute_that_only_the_file_has() -> None:
    wanted = condition(required=("PatientPosition",))
    assert not judge(header(), wanted, FITNESS).fit
    assert judge(header(), wanted, FITNESS, attributes={"PatientPosition": "ERECT"}).fit


def test_film_may_require_more_than_storage() -> None:
    judged = judge(header(laterality=""), condition(), Fitness(film_required=("ImageLaterality",)))
    assert rules(judged) == (set(), {"information"})


def test_small_image_is_fit_for_storage_only() -> None:
    assert rules(judge(header(rows=200), condition(), FITNESS)) == (set(), {"size"})


@pytest.mark.parametrize(
    ("low", "high", "intent", "reason", "uses"),
    [
        (0.20, 0.0, "FOR PROCESSING", "111212", ({"clipping"}, {"clipping"})),
        (0.01, 0.2, "FOR PROCESSING", "111211", ({"clipping"}, {"clipping"})),
        (0.20, 0.0, "FOR PRESENTATION", "111219", ({"clipping"}, {"clipping"})),
        (0.06, 0.0, "FOR PROCESSING", "111212", (set(), {"clipping"})),
        (0.01, 0.01, "FOR PROCESSING", None, (set(), set())),
    ],
)
def test_clipping_says_what_is_wrong_and_for_what(low, high, intent, reason, uses) -> None:
    image = dataclasses.replace(with_parameters(clipped_low=low, clipped_high=high), presentation_intent=intent)
    judged = judge(image, condition(), FITNESS)
    assert rules(judged) == uses
    assert {f.reason for f in judged.findings} == ({reason} if reason else set())


@pytest.mark.parametrize(("di", "reason"), [(-6.5, "111211"), (6.5, "111212"), (5.9, None), (None, None)])
def test_exposure_limits(di, reason) -> None:
    judged = judge(with_parameters(di=di), condition(), FITNESS)
    assert {f.reason for f in judged.findings} == ({reason} if reason else set())


def test_the_condition_key_has_its_own_exposure_limits() -> None:
    judged = judge(with_parameters(di=-3.5), condition(exposure={"di_low": -3.0}), FITNESS)
    assert judged.findings[0].text == "Under exposed: deviation index -3.5, limit -3.0."


@pytest.mark.parametrize(
    ("exposure", "reason"),
    [
        ({"ei": 47.6, "target_ei": 400.0, "di": -9.2}, "111211"),
        ({"ei": 600.0}, "111212"),
        ({"di": -8.0}, "111211"),
        ({"ei": 260.0, "target_ei": 10.0}, None),
        ({"ei": 0.0}, None),
        ({}, None),
    ],
)
def test_exposure_as_the_modality_states_it(exposure, reason) -> None:
    """Where we cannot calculate it; the condition key's target goes before the modality's own."""
    wanted = condition(exposure={"target_ei": 250, "di_low": -3.0, "di_high": 3.0})
    image = dataclasses.replace(with_parameters(di=None), exposure=exposure)
    assert {f.reason for f in judge(image, wanted, FITNESS).findings} == ({reason} if reason else set())


def test_unknown_is_neither_good_nor_bad() -> None:
    assert judge(header(parameters={}), condition(), FITNESS).fit


def test_poor_processing_of_the_modality() -> None:
    image = dataclasses.replace(with_parameters(used_low=0.49, used_high=0.51), presentation_intent="FOR PRESENTATION")
    judged = judge(image, condition(), FITNESS)
    assert [(f.rule, f.reason) for f in judged.findings] == [("processing", "111219")]
    assert judge(dataclasses.replace(image, presentation_intent="FOR PROCESSING"), condition(), FITNESS).fit


def test_field() -> None:
    assert judge(with_parameters(field_fraction=0.005), condition(), FITNESS).findings[0].reason == "111213"
    uncertain = judge(with_parameters(confidence={"field": 0.1}), condition(), FITNESS).findings[0]
    assert (uncertain.rule, uncertain.correctable) == ("field", True)


def test_unreadable_says_only_that() -> None:
    judged = judge(header(rows=0, body_part=""), condition(), FITNESS)
    assert rules(judged) == ({"unreadable"}, {"unreadable"})


def test_order_of_another_patient() -> None:
    judged = judge(header(), condition(), FITNESS, order=Order("o1", "A1", Patient("P2")))
    assert [(f.rule, f.reason) for f in judged.findings] == [("patient-mismatch", "113038")]


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        ("SOPInstanceUID", "1.2.3"),
        ("PatientSex", "X"),
        ("PatientBirthDate", "1970-01-01"),
        ("PatientBirthDate", "19701301"),
        ("PatientBirthDate", f"{datetime.now() + timedelta(days=1):%Y%m%d}"),
        ("BodyPartExamined", "A" * 17),
        ("PatientID", "a\\b"),
        ("AccessionNumber", "1" * 17),
    ],
)
def test_a_correction_that_does_not_fit_is_refused(keyword: str, text: str) -> None:
    with pytest.raises(ImgdashError):
        check_edit(keyword, text)


def test_corrections_are_normalised() -> None:
    assert check_edit("BodyPartExamined", " chest ") == "CHEST"
    assert check_edit("PatientBirthDate", today := f"{datetime.now():%Y%m%d}") == today, "a child born today"
    assert check_edit("PatientName", "Yamada^Tarou=山田^太郎") == "Yamada^Tarou=山田^太郎"
