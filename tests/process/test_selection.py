"""The condition key that fits best (C1, D4): the order's code first, then attributes, then words, else general."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from imgdash.model import Condition, ImgdashError, Order, Patient, Selection
from imgdash.process.selection import choose
from imgdash.store import conditions as store


@pytest.fixture(scope="module")
def shipped() -> list[Condition]:
    return [
        store.parse(path.stem, path.read_text(encoding="utf-8"), path.name) for path in store.shipped().glob("*.toml")
    ]


def _order(**fields: Any) -> Order:
    return Order(**{"order_id": "1", "accession": "A1", "patient": Patient("1", "Phantom^Chest"), **fields})


@pytest.mark.parametrize(
    ("attributes", "key"),
    [
        ({"BodyPartExamined": "CHEST", "ViewPosition": "PA", "Modality": "CR"}, "chest-pa"),
        ({"BodyPartExamined": "chest ", "ViewPosition": "ap", "Modality": "DX"}, "chest-ap"),
        ({"BodyPartExamined": "CHEST", "ViewPosition": "LL", "Modality": "DX"}, "chest-lat"),
        ({"BodyPartExamined": "CHEST", "Modality": "CR"}, "chest-pa"),
        ({"BodyPartExamined": "CHEST", "ViewPosition": "AP", "PatientAge": "004Y"}, "chest-paediatric"),
        ({"BodyPartExamined": "CHEST", "PatientAge": "018M"}, "chest-paediatric"),
        ({"BodyPartExamined": "CHEST", "ViewPosition": "PA", "PatientAge": "044Y"}, "chest-pa"),
        (
            {"BodyPartExamined": "CHEST", "PatientBirthDate": "20200101", "AcquisitionDate": "20240601"},
            "chest-paediatric",
        ),
        ({"BodyPartExamined": "ABDOMEN"}, "abdomen-supine"),
        ({"BodyPartExamined": "ABDOMEN", "StudyDescription": "Abdomen erect"}, "abdomen-erect"),
        ({"BodyPartExamined": "ABDOMEN", "Posture": "STANDING"}, "abdomen-erect"),
        ({"BodyPartExamined": "HIP", "Modality": "CR", "StudyDescription": "HIP JOINT"}, "hip"),
        ({"BodyPartExamined": "EXTREMITY", "ViewPosition": "AP"}, "extremity"),
        ({"BodyPartExamined": "SKULL"}, "skull-pa"),
        ({"BodyPartExamined": "SKULL", "ViewPosition": "LATERAL"}, "skull-lat"),
        ({"BodyPartExamined": "KNEE", "ViewPosition": "AP"}, "knee-ap"),
        ({"BodyPartExamined": "KNEE", "ViewPosition": "LAT"}, "knee-lat"),
        ({"BodyPartExamined": "LSPINE", "ViewPosition": "LL"}, "lspine-lat"),
        ({"StudyDescription": "Lumbar spine lateral"}, "lspine-lat"),
        ({"ProtocolName": "Hand PA"}, "hand"),
        ({"BodyPartExamined": "HAND", "ViewPosition": "PA", "StudyDescription": "Chest and hand"}, "hand"),
        ({"BodyPartExamined": "HEAD", "Modality": "CT"}, "ct-head"),
        ({"BodyPartExamined": "CHEST", "Modality": "CT"}, "ct-chest"),
        ({"Modality": "CT", "SeriesDescription": "HRCT"}, "ct-lung"),
        ({"Modality": "CT"}, "ct"),
        ({"Modality": "MR", "BodyPartExamined": "KNEE"}, "as-sent"),
        ({"Modality": "CR", "BodyPartExamined": "TAIL"}, "general"),
        ({}, "general"),
        ({"BodyPartExamined": "FLAT", "ViewPosition": "AP", "Modality": "DX"}, "qc-flat"),
        ({"SeriesDescription": "QC edge plate", "StudyDescription": "Quality control", "Modality": "DX"}, "qc-edge"),
        ({"PatientID": "QC-DR60", "SeriesDescription": "MTF, slanted edge", "Modality": "DX"}, "qc-edge"),
        ({"PatientID": "qc_2", "ProtocolName": "Flat field RQA5", "BodyPartExamined": "CHEST"}, "qc-flat"),
        ({"PatientID": "QA", "SeriesDescription": "Step wedge", "BodyPartExamined": "HAND"}, "qc-wedge"),
        ({"PatientID": "QC-1", "Modality": "DX", "BodyPartExamined": "CHEST", "ViewPosition": "PA"}, "qc-other"),
        ({"BodyPartExamined": "PHANTOM", "Modality": "CR"}, "qc-other"),
        # A patient whose ID only begins alike.
        ({"PatientID": "QC4711", "Modality": "DX", "BodyPartExamined": "CHEST", "ViewPosition": "PA"}, "chest-pa"),
        ({"PatientID": "4711", "ProtocolName": "Knee AP edge", "Modality": "DX"}, "knee-ap"),
    ],
)
def test_shipped_keys_by_attributes(shipped: list[Condition], attributes: Mapping[str, str], key: str) -> None:
    condition, why = choose(shipped, attributes, None)
    assert condition.key == key
    assert why


def test_the_ordered_procedure_goes_before_the_attributes(shipped: list[Condition]) -> None:
    condition, why = choose(shipped, {"BodyPartExamined": "HAND"}, _order(procedure_code="chestlat"))
    assert condition.key == "chest-lat"
    assert "chestlat" in why


def test_a_procedure_that_many_keys_share_is_decided_by_the_patient(shipped: list[Condition]) -> None:
    order = _order(procedure_code="CHESTPA")
    assert choose(shipped, {"PatientAge": "005Y"}, order)[0].key == "chest-paediatric"
    assert choose(shipped, {"PatientAge": "050Y"}, order)[0].key == "chest-pa"
    assert choose(shipped, {}, order)[0].key == "chest-pa"


def test_a_key_named_in_the_order_wins(shipped: list[Condition]) -> None:
    assert choose(shipped, {}, _order(condition="foot", procedure_code="CHESTPA"))[0].key == "foot"


def test_an_order_alone_leads_to_a_key(shipped: list[Condition]) -> None:
    assert choose(shipped, {}, _order(body_part="KNEE", view="LAT"))[0].key == "knee-lat"
    assert choose(shipped, {}, _order(procedure_text="Pelvis overview"))[0].key == "pelvis"


def _condition(key: str, **selection: Any) -> Condition:
    return Condition(key, key, "test", selection=Selection(**selection))


def test_more_specific_wins_and_order_of_the_list_does_not_matter() -> None:
    keys = [
        _condition("chest", body_part=("CHEST",)),
        _condition("chest-tb", body_part=("CHEST",), disease=("tuberculosis",)),
        _condition("chest-dr-lee", body_part=("CHEST",), physician=("Lee",)),
        _condition("chest-women", body_part=("CHEST",), sex=("F",)),
        _condition("general"),
    ]
    cases = [
        ({"BodyPartExamined": "CHEST"}, "chest"),
        ({"BodyPartExamined": "CHEST", "PatientSex": "F"}, "chest-women"),
        ({"BodyPartExamined": "CHEST", "ReferringPhysicianName": "Lee^Anna"}, "chest-dr-lee"),
        ({"BodyPartExamined": "CHEST", "AdmittingDiagnosesDescription": "Tuberculosis?"}, "chest-tb"),
        ({"PatientSex": "F"}, "general"),
    ]
    for attributes, key in cases:
        assert choose(keys, attributes, None)[0].key == key
        assert choose(keys[::-1], attributes, None)[0].key == key


def test_a_patient_id_is_whole_unless_it_ends_with_an_asterisk() -> None:
    keys = [
        _condition("all", patient=("QC-*",)),
        _condition("one", patient=("QC-7",), procedure=("QC",)),
        _condition("general"),
    ]
    for patient, key in (("QC-7", "all"), ("qc-71", "all"), ("QC7", "general"), ("", "general"), ("XQC-7", "general")):
        assert choose(keys, {"PatientID": patient}, None)[0].key == key
    assert choose(keys, {"PatientID": "QC-7"}, _order(procedure_code="QC"))[0].key == "one"
    assert choose(keys, {}, _order())[0].key == "general"


def test_equal_keys_are_decided_by_name() -> None:
    keys = [_condition("b", body_part=("CHEST",)), _condition("a", body_part=("CHEST",))]
    assert choose(keys, {"BodyPartExamined": "CHEST"}, None)[0].key == "a"


def test_keys_not_released_are_passed_over() -> None:
    draft = Condition("draft", "draft", "test", released=False, selection=Selection(body_part=("CHEST",)))
    assert choose([draft, _condition("general")], {"BodyPartExamined": "CHEST"}, None)[0].key == "general"
    with pytest.raises(ImgdashError, match="No condition key"):
        choose([draft], {}, None)
