"""Quality control of a modality: its series comes, is measured, is kept as a trend, and fails where it should."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from imgdash import Apparatus
from imgdash.model import ImageHeader
from imgdash.records import analyst
from imgdash.simulate import quality_control
from imgdash.simulate.image_header import Station
from imgdash.simulate.machine import Address
from imgdash.simulate.targets import Panel
from tests.apparatus.sites import site
from tests.helpers import wait_until

DR, OTHER = (Station(ae_title, "DX", "Phantom Hospital") for ae_title in ("DR60", "DR61"))
GOOD = Panel(size=(512, 512))
WORN = Panel(size=(512, 512), blur_mm=0.16, dead_pixels=4, dead_lines=1)
UNTIL = datetime(2026, 6, 30, 8, 0)
LIMITS = [
    {"quantity": "mtf50", "low": 1.5},
    {"quantity": "mtf50", "low": 0.5, "sender": "DR61"},
    {"quantity": "dead_lines", "high": 0},
    {"quantity": "cnr", "low": 3.0, "high": 200.0},
]


def send(apparatus: Apparatus, station: Station, datasets: list[Dataset]) -> list[ImageHeader]:
    """Send them, and wait until all are measured."""
    sent = quality_control.send(station, datasets, Address("IMGDASH", *apparatus.addresses["dicom"]))
    assert len(sent) == len(datasets)

    def measured() -> list[ImageHeader]:
        images = apparatus.images(where="list_contains(?, sop_instance_uid)", params=[sent])
        return images if len(images) == len(sent) and all("quality" in image.parameters for image in images) else []

    return wait_until(measured)


@pytest.fixture(scope="module")
def apparatus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apparatus]:
    with Apparatus(site(tmp_path_factory.mktemp("quality"), quality=LIMITS)) as running:
        yield running


@pytest.fixture(scope="module")
def good(apparatus: Apparatus) -> dict[str, ImageHeader]:
    images = send(apparatus, DR, quality_control.series(DR, GOOD, UNTIL))
    return {image.series_description.removeprefix("QC "): image for image in images}


def test_a_series_finds_its_keys_without_a_body_part(good: dict[str, ImageHeader]) -> None:
    keys = {name: image.condition for name, image in good.items()}
    assert keys == {"edge plate": "qc-edge", "flat field": "qc-flat", "step wedge": "qc-wedge"}
    assert {image.body_part for image in good.values()} == {""}
    assert all(image.state == "awaiting" and image.judgement.fit for image in good.values())


def test_the_numbers_are_those_of_the_panel(apparatus: Apparatus, good: dict[str, ImageHeader]) -> None:
    of_them = "select * from qc where sender = 'DR60' and list_contains(?, image_id)"
    rows = apparatus.store.query(of_them, [[image.image_id for image in good.values()]])
    found = {(row["quantity"], row["axis"]): row for row in rows}
    for axis in "xy":
        assert found["mtf50", axis]["value"] == pytest.approx(GOOD.falls_to(0.5), rel=0.04)
        assert found["mtf50", axis]["low"] == 1.5
        assert found["mtf50", axis]["within"] is True
    assert found["nnps_0_5", ""]["value"] == pytest.approx(float(GOOD.nnps(0.5, 2.5)), rel=0.12)
    assert found["steps", ""]["value"] == 11
    assert found["dead_lines", ""]["value"] == 0
    # Where the site has no limit, nothing is said.
    assert found["snr", ""]["within"] is None
    assert {row["detector"] for row in rows} == {"DR60-1"}
    assert {row["at"].date() for row in rows} == {UNTIL.date()}
    assert {row["image_id"] for row in rows} == {image.image_id for image in good.values()}


def test_test_objects_are_in_no_emission_record(apparatus: Apparatus, good: dict[str, ImageHeader]) -> None:
    objects = [image.image_id for image in good.values()]
    of_them = "select count(*) as n from exposure where list_contains(?, image_id)"
    assert apparatus.store.query(of_them, [objects])[0]["n"] == 0
    patients = apparatus.report("emission")["patient_id"].to_pylist()
    assert not {image.patient.id for image in good.values()} & set(patients)


def test_a_number_outside_its_limit_is_a_finding(apparatus: Apparatus, good: dict[str, ImageHeader]) -> None:
    images = send(apparatus, DR, quality_control.series(DR, WORN, UNTIL, seed=5, only=("edge", "flat")))
    texts = [finding.text for image in images for finding in image.judgement.findings]
    assert sorted(text.split(":")[0] for text in texts) == [
        "Defective lines", "MTF 50 % across x", "MTF 50 % across y",
    ]  # fmt: skip
    assert "Defective lines: 1, at most 0 is wanted." in texts
    reasons = {image.series_description: {f.reason for f in image.judgement.findings} for image in images}
    assert reasons["QC flat field"] == {"111214"}
    # A detector cannot be mended by asking for the image again.
    assert apparatus.requests() == []


def test_a_sender_may_have_limits_of_its_own(apparatus: Apparatus) -> None:
    images = send(apparatus, OTHER, quality_control.series(OTHER, WORN, UNTIL, only=("edge",)))
    assert images[0].judgement.fit
    assert {figure["low"] for figure in images[0].parameters["quality"]["figures"]} == {0.5, None}


def test_months_of_a_wearing_detector_is_a_trend(apparatus: Apparatus, good: dict[str, ImageHeader]) -> None:
    station = Station("DR77", "DX", "Phantom Hospital")
    images = quality_control.year(station, GOOD, until=UNTIL, months=6, wear=0.5, only=("edge",))
    send(apparatus, station, images)
    found = apparatus.report("qc_trend", sender="dr77", quantity="mtf50").to_pandas()
    assert len(found) == 12
    assert set(found["series"]) == {"DR77 · DR77-1 · MTF 50 %, x", "DR77 · DR77-1 · MTF 50 %, y"}
    worn = Panel(size=(512, 512), blur_mm=0.15)
    for _, one in found.groupby("series"):
        assert one["value"].iloc[0] == pytest.approx(GOOD.falls_to(0.5), rel=0.04)
        assert one["value"].iloc[-1] == pytest.approx(worn.falls_to(0.5), rel=0.04)
        assert one["change"].iloc[-1] == pytest.approx(100 * (worn.falls_to(0.5) / GOOD.falls_to(0.5) - 1), abs=5)
        assert one["drift"].iloc[0] < -3
        # It leaves its limit in the course of time, and for good.
        assert one["within"].iloc[0]
        assert not one["within"].iloc[-2:].any()
    # Beside the latest stand those before it, of the same detector and object, the latest first.
    made = sorted(apparatus.images(where="sender = 'DR77'"), key=lambda image: image.acquired_at, reverse=True)
    assert [image.image_id for image in apparatus.measured_before(made[0].image_id, 3)] == [
        image.image_id for image in made[1:4]
    ]
    assert apparatus.measured_before(made[-1].image_id) == []
    later = apparatus.report("qc_trend", sender="DR77", begin="2026-04-01")
    assert 0 < later.num_rows < apparatus.report("qc_trend", sender="DR77").num_rows


def test_an_analyst_reads_the_numbers_beside_the_station(apparatus: Apparatus, good: dict[str, ImageHeader]) -> None:
    apparatus.publish()
    output = apparatus.folder / "qc.csv"
    sql = "select quantity, round(value, 3) as value from qc where quantity = 'steps' and sender = 'DR60'"
    analyst.query(apparatus.folder, sql, format="csv", output=output)
    with open(output, encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [["quantity", "value"], ["steps", "11"]]


def test_processed_or_unknown_pixels_are_not_measured_but_said(apparatus: Apparatus) -> None:
    (ds,) = quality_control.series(OTHER, GOOD, UNTIL, only=("flat",))
    ds.PresentationIntentType = "FOR PRESENTATION"
    (bare,) = quality_control.series(OTHER, GOOD, UNTIL, seed=1, only=("flat",))
    del bare.ImagerPixelSpacing
    processed, unknown = send(apparatus, OTHER, [ds, bare])
    assert "has processed this image" in processed.judgement.findings[0].text
    assert "spacing is not known" in unknown.judgement.findings[0].text
    assert not apparatus.store.query("select 1 from qc where image_id = ?", [processed.image_id])


def test_another_key_measures_anew(apparatus: Apparatus) -> None:
    """An image that announced itself as nothing is measured once somebody says what it is."""
    (ds,) = quality_control.series(OTHER, GOOD, UNTIL, seed=2, only=("wedge",))
    ds.SeriesDescription = ds.ProtocolName = ds.PatientID = "X17"
    ds.StudyDescription = ""
    quality_control.send(OTHER, [ds], Address("IMGDASH", *apparatus.addresses["dicom"]))
    where, uid = "sop_instance_uid = ? and state = 'awaiting'", [str(ds.SOPInstanceUID)]
    (image,) = wait_until(lambda: apparatus.images(where=where, params=uid))
    assert not image.condition.startswith("qc-")
    apparatus.adjust(image.image_id, by="anna", condition="qc-wedge")
    image = wait_until(lambda: (now := apparatus.image(image.image_id)).parameters.get("quality") and now)
    assert image.parameters["quality"]["kind"] == "wedge"
    assert apparatus.store.query("select 1 from qc where image_id = ? and quantity = 'cnr'", [image.image_id])


def test_what_a_former_run_did_not_get_to_is_measured_at_the_next_start(tmp_path: Path) -> None:
    path = site(tmp_path)
    with Apparatus(path) as apparatus:
        series = [quality_control.series(DR, GOOD, UNTIL, seed=seed, only=("wedge",))[0] for seed in range(3)]
        waiting, died, hopeless = send(apparatus, DR, series)
        measured = died.parameters["quality"]
        # What it says of an image that a worker process died of.
        dead = {"kind": "wedge", "figures": [], "curves": {}, "notes": [], "trouble": "The worker died."}
        for image, quality in ((waiting, None), (died, {**dead, "died": 1}), (hopeless, {**dead, "died": 3})):
            kept = {name: value for name, value in image.parameters.items() if name != "quality"}
            apparatus.store.set(
                "image", image.image_id, parameters={**kept, **({"quality": quality} if quality else {})}
            )

    def now(image: ImageHeader) -> dict[str, Any]:
        return apparatus.image(image.image_id).parameters.get("quality") or {}

    with Apparatus(path) as apparatus:
        assert wait_until(lambda: now(waiting))["kind"] == "wedge"
        again = wait_until(lambda: now(died).get("figures") and now(died))
        assert json.dumps(again) == json.dumps(measured)
        assert now(hopeless)["died"] == 3
