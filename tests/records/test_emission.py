"""The emission record: one row for each irradiation event, never overwritten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from imgdash.model import Event, ImageHeader, ImgdashError, NotFound, Order, Patient
from imgdash.records import emission, reports
from imgdash.store.image_rows import image_columns
from imgdash.store.store import Change, Store
from tests.store.domain import WHEN, header

ORDER = Order("o1", "A1", Patient("42"), physician="Dr. Ö", indication="cough")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path)
    yield store
    store.close()


def chest(number: int, **fields: Any) -> ImageHeader:
    values = {"modality": "DX", "body_part": "CHEST", "view": "PA", "condition": "chest-pa", "station": "DR1"}
    return header(number, **{**values, **fields})


def register(
    store: Store, value: ImageHeader, facts: dict[str, Any] | None = None, order: Order | None = ORDER
) -> Event | None:
    def change(change: Change) -> Event | None:
        change.emit(Event("image", value.image_id, "register", image_columns(value)))
        return emission.record(change, value, order, facts or {})

    return store.write(change)


def record(store: Store, **parameters: Any) -> list[dict[str, Any]]:
    return reports.run(store, "emission", **parameters).to_pylist()


def dataset() -> Dataset:
    ds = Dataset()
    ds.KVP = "70"
    ds.ExposureInuAs = 12500
    ds.ExposureTime = 40
    ds.DistanceSourceToDetector = "1800"
    ds.ImageAndFluoroscopyAreaDoseProduct = "1.25"
    ds.EntranceDoseInmGy = "0.1"
    ds.ExposureIndex = "251"
    ds.TargetExposureIndex = "250"
    ds.DeviationIndex = "0.0"
    ds.Grid = ["FIXED", "FOCUSED"]
    ds.PatientAge = "006M"
    ds.IrradiationEventUID = "1.2.3.4"
    ds.ReferringPhysicianName = "Who^Knows"
    return ds


def test_what_the_data_set_says_of_its_exposure_is_kept_in_stated_units(store: Store) -> None:
    register(store, chest(1, exposure={}), emission.facts(dataset()))
    (row,) = record(store)
    assert row["event_uid"] == "1.2.3.4"
    assert (row["kvp"], row["mas"], row["exposure_ms"], row["distance_mm"]) == (70, 12.5, 40, 1800)
    assert (row["kap"], row["entrance_dose"]) == (1.25, 0.1)
    assert (row["ei"], row["target_ei"], row["di"]) == (251, 250, 0)
    assert row["grid"] == "FIXED\\FOCUSED"
    assert (row["patient_age"], row["age_band"]) == (0.5, "<1")
    assert (row["patient_id"], row["patient_name"], row["patient_sex"]) == ("42", "Müller^Jörg", "M")
    assert (row["physician"], row["indication"]) == ("Dr. Ö", "cough")
    assert row["at"] == WHEN


def test_what_nobody_says_is_unknown_and_not_zero(store: Store) -> None:
    register(store, chest(1, exposure={}, patient=Patient(), acquired_at=None), order=None)
    (row,) = record(store)
    for name in (
        "kvp",
        "mas",
        "kap",
        "ei",
        "di",
        "patient_age",
        "age_band",
        "physician",
        "patient_id",
        "grid",
        "signature",
    ):
        assert row[name] is None, name
    assert row["at"] == WHEN
    assert "time of receipt" in store.query("select why from journal where subject = 'exposure'")[0]["why"]


def test_the_exposure_index_calculated_here_stands_in_where_the_machine_gave_none(store: Store) -> None:
    calculated = {"ei": 300.0, "target_ei": 250.0, "di": 0.79}
    register(store, chest(1, exposure={}, parameters=calculated))
    register(store, chest(2, exposure={"ei": 240.0, "target_ei": None}, parameters=calculated), {"event_uid": "1.2"})
    first, second = sorted(record(store), key=lambda row: row["ei"], reverse=True)
    assert (first["ei"], first["di"]) == (300.0, 0.79)
    assert second["ei"] == 240.0


@pytest.mark.parametrize("modality", ["MR", "US", "OT", "SR", ""])
def test_no_radiation_no_record(store: Store, modality: str) -> None:
    assert register(store, chest(1, modality=modality)) is None
    assert record(store) == []


def test_one_exposure_that_comes_as_several_images_counts_once(store: Store) -> None:
    """For Processing and For Presentation, and again after re-generation: one dose."""
    facts = emission.facts(dataset())
    assert register(store, chest(1), facts) is not None
    assert register(store, chest(2, presentation_intent="FOR PROCESSING"), facts) is None
    assert register(store, chest(3, replaces=chest(1).image_id, round=1), facts) is None
    assert len(record(store)) == 1


def test_without_an_event_uid_the_time_of_acquisition_tells_exposures_apart(store: Store) -> None:
    facts = {"acquired": "20250301123015.25"}
    register(store, chest(1), facts)
    register(store, chest(2), facts)
    register(store, chest(3), {"acquired": "20250301123045"})
    register(store, chest(4, study_uid="1.9.9"), facts)
    register(store, chest(5), {})
    register(store, chest(6), {})
    assert len(record(store)) == 5


def test_slices_of_a_ct_acquisition_are_one_exposure(store: Store) -> None:
    for number in range(1, 6):
        register(
            store,
            chest(number, modality="CT", series_uid="1.5"),
            {"acquisition": "1", "acquired": f"2025030112{number}"},
        )
    register(store, chest(9, modality="CT", series_uid="1.5"), {"acquisition": "2"})
    assert len(record(store)) == 2


def test_a_peers_uid_that_is_none_is_not_used(store: Store) -> None:
    event = register(store, chest(1), {"event_uid": "1.2#3'; drop table exposure"})
    assert event is not None
    assert event.id.startswith("2.25.")
    assert len(event.id) <= 64


def test_an_amendment_is_a_new_row_and_the_old_one_stays(store: Store) -> None:
    event = register(store, chest(1), {"event_uid": "1.2.3"})
    assert event is not None
    store.write(lambda change: emission.sign(change, "1.2.3", "Dr. A"))
    before = store.query("select * from exposure where event_uid = '1.2.3'")
    store.write(lambda change: emission.amend(change, "1.2.3", "bert", "wrong tube setting read", kvp=75.0))
    store.write(lambda change: emission.amend(change, "1.2.3", "carla", "wrong patient", patient_id="43"))
    assert store.query("select * from exposure where event_uid = '1.2.3'") == before
    (row,) = record(store)
    assert (row["event_uid"], row["amends"], row["status"]) == ("1.2.3#3", "1.2.3#2", "current")
    assert (row["kvp"], row["patient_id"]) == (75.0, "43")
    assert row["amended_because"] == "wrong patient"
    assert row["signature"] is None, "what was changed after signing has to be signed anew"
    history = record(store, superseded=True)
    assert [
        (row["event_uid"], row["status"], row["signature"]) for row in sorted(history, key=lambda r: r["event_uid"])
    ] == [
        ("1.2.3", "amended", "Dr. A"),
        ("1.2.3#2", "amended", None),
        ("1.2.3#3", "current", None),
    ]
    # Statistics see the event once.
    assert [row["shots"] for row in reports.run(store, "shots").to_pylist()] == [1]


def test_signing(store: Store) -> None:
    register(store, chest(1), {"event_uid": "1.2.3"})
    register(store, chest(2), {"event_uid": "1.2.4"})
    store.write(lambda change: emission.sign(change, "1.2.3", "Dr. A"))
    assert [row["event_uid"] for row in record(store, unsigned=True)] == ["1.2.4"]
    signed = next(row for row in record(store) if row["event_uid"] == "1.2.3")
    assert signed["signature"] == "Dr. A"
    assert isinstance(signed["signed_at"], datetime)
    with pytest.raises(ImgdashError, match=r"signed already, by Dr\. A"):
        store.write(lambda change: emission.sign(change, "1.2.3", "Dr. B"))
    with pytest.raises(NotFound):
        store.write(lambda change: emission.sign(change, "9.9", "Dr. B"))


def test_amending_needs_a_reason_and_a_column_of_the_record(store: Store) -> None:
    register(store, chest(1), {"event_uid": "1.2.3"})
    with pytest.raises(ImgdashError, match="needs a reason"):
        store.write(lambda change: emission.amend(change, "1.2.3", "bert", "", kvp=75.0))
    for columns in ({"weight": 3}, {"signature": "me"}, {"amends": ""}):
        with pytest.raises(ImgdashError, match="cannot be amended"):
            store.write(lambda change, columns=columns: emission.amend(change, "1.2.3", "bert", "why", **columns))


def test_a_correction_at_the_screen_is_followed(store: Store) -> None:
    register(store, chest(1, patient=Patient("", "Mueller", "M", "")), {"event_uid": "1.2.3"})
    corrected = chest(1, patient=Patient("42", "Müller^Jörg", "M", "19700131"), laterality="L")
    store.write(lambda change: emission.follow(change, corrected, "anna", "corrected: PatientID, PatientName"))
    (row,) = record(store)
    assert (row["patient_id"], row["patient_name"], row["laterality"]) == ("42", "Müller^Jörg", "L")
    assert store.write(lambda change: emission.follow(change, corrected, "anna", "again")) is None
    assert store.write(lambda change: emission.follow(change, chest(2), "anna", "an image without exposure")) is None


def test_the_reason_for_a_dose_above_the_reference_level_stays_with_the_exposure(store: Store) -> None:
    level = [{"body_part": "CHEST", "view": "PA", "kap": 1.0, "source": "local"}]
    store.set("preference", "station/drl", value=level)
    register(store, chest(1), {"event_uid": "1.2.3", "dap": 1.5})
    register(store, chest(2), {"event_uid": "1.2.4", "dap": 0.5})
    (above,) = reports.run(store, "dose_exceedance", unexplained=True).to_pylist()
    assert (above["event_uid"], above["of_drl"]) == ("1.2.3", 150)
    with pytest.raises(ImgdashError, match="No reason"):
        store.write(lambda change: emission.justify(change, "1.2.3", "anna", ""))
    store.write(lambda change: emission.justify(change, "1.2.3", "anna", "patient of 140 kg"))
    store.write(lambda change: emission.amend(change, "1.2.3", "bert", "operator", operator="Bert"))
    assert reports.run(store, "dose_exceedance", unexplained=True).num_rows == 0
    (above,) = reports.run(store, "dose_exceedance").to_pylist()
    assert (above["reason"], above["explained_by"]) == ("patient of 140 kg", "anna")
    (row,) = [row for row in reports.run(store, "dose").to_pylist() if row["drl"]]
    assert (row["above"], row["explained"]) == (1, 1)


def test_a_reject_counts_for_the_exposure_also_where_a_regenerated_image_was_rejected(store: Store) -> None:
    """The re-generated image had no exposure of its own: its rejection is that of the first exposure."""
    first, again, other = chest(1), chest(2, replaces=chest(1).image_id, round=1), chest(3)
    register(store, first, {"event_uid": "1.1"})
    register(store, again, {"event_uid": "1.1"})
    register(store, other, {"event_uid": "1.3"})
    store.write(lambda change: change.transition("image", again.image_id, "examine"))
    store.transition("image", again.image_id, "reject", "anna", "positioning", reason="111209", kind="reject")
    (row,) = reports.run(store, "rejects", by="reason").to_pylist()
    assert (row["value"], row["shots"], row["rejects"], row["reject_rate"]) == ("Positioning", 2, 1, 50)


def test_what_was_missing_at_receipt_and_corrected_is_counted_apart(store: Store) -> None:
    register(store, chest(1, patient=Patient("", "X"), accession="A"))
    register(store, chest(2, patient=Patient("", "Y"), accession="B"))
    register(store, chest(3, patient=Patient("3", "Z"), accession="C"))
    for number in (1, 2, 3):
        store.transition("image", chest(number).image_id, "examine")
    store.transition("image", chest(1).image_id, "edit", "anna", "corrected: PatientID", patient_id="1")
    store.transition("image", chest(3).image_id, "edit", "anna", "corrected: PatientID", patient_id="33")
    found = {row["item"]: row for row in reports.run(store, "completeness", by="none").to_pylist()}
    row = found["patient_id"]
    assert (row["images"], row["missing_at_receipt"], row["corrected"], row["missing_now"]) == (3, 2, 1, 1)


@pytest.mark.parametrize(
    ("birth_date", "at", "years"),
    [
        ("20000229", datetime(2018, 2, 28), 17),
        ("20000229", datetime(2018, 3, 1), 18),
        ("20250101", datetime(2025, 1, 1), 0),
        ("20240101", datetime(2024, 7, 1), pytest.approx(0.498, abs=0.002)),
        ("20300101", datetime(2025, 1, 1), None),
        ("", datetime(2025, 1, 1), None),
        ("1970", datetime(2025, 1, 1), None),
    ],
)
def test_age(birth_date: str, at: datetime, years: float | None) -> None:
    assert emission.age(birth_date, at) == years


@pytest.mark.parametrize(
    ("told", "years"), [("018Y", 18.0), ("006M", 0.5), ("052W", pytest.approx(0.997, abs=0.001)), ("18", None)]
)
def test_age_strings(told: str, years: float | None) -> None:
    ds = Dataset()
    ds.PatientAge = told
    assert emission.facts(ds).get("patient_age") == years
