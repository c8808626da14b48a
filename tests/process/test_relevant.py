"""The relevant region by body part: the exposure index of the part it is meant for, against the phantom's truth."""

from __future__ import annotations

from typing import Any

import pytest

from imgdash import process
from imgdash.process import Chain
from imgdash.reduce import reduce_image
from imgdash.store.conditions import parse, shipped
from tests.process.phantoms import Case, case


def _found(made: Case, region: str) -> dict[str, Any]:
    chain = Chain.of({}, {"automatic.region": region})
    return process.calculate(reduce_image(made.stored), chain, attrs=made.stored.attrs, calibration=made.calibration)


@pytest.mark.parametrize(("part", "region"), [(("CHEST", "PA"), "lungs"), (("ABDOMEN", "AP"), "spine")], ids=str)
def test_the_index_is_that_of_the_region(part: tuple[str, str], region: str) -> None:
    made = case(*part, 0)
    truth, found, all_ = made.ei_of[region], _found(made, region), _found(made, "anatomy")
    assert found["ei"] == pytest.approx(truth, rel=0.07)
    assert all_["ei"] == pytest.approx(made.ei_of[""], rel=0.07)
    assert abs(all_["ei"] / truth - 1) > 0.15  # it does matter
    assert found["confidence"]["region"] > 0.8
    # The tones of the image do not change: only what the exposure is judged by.
    assert (found["s_low"], found["s_high"]) == (all_["s_low"], all_["s_high"])
    height, width = found["extent_mm"]
    assert found["region"]
    assert all(0 <= x <= width and 0 <= y <= height for outline in found["region"] for x, y in outline)
    assert all_["region"] == []


@pytest.mark.parametrize("number", [4, 8, 12])
def test_a_spine_that_nothing_shows_from_the_side_is_unsure(number: int) -> None:
    """From the front both sides are alike and the band is right; from the side liver or shoulders are as light."""
    chain = Chain.of({}, {"automatic.region": "spine"})
    front, side = (
        process.calculate(reduce_image(made.stored), chain, attrs=made.stored.attrs, calibration=made.calibration)
        for made in (case("CSPINE", "AP", number), case("TSPINE", "LAT", number))
    )
    assert front["confidence"]["region"] > 0.7
    assert side["confidence"]["ei"] <= side["confidence"]["region"] <= 0.5
    assert any("not alike on both sides" in note for note in side["notes"])


def test_without_lungs_there_is_no_index_of_them() -> None:
    found = _found(case("KNEE", "AP", 0), "lungs")
    assert found["confidence"]["region"] == 0
    assert (found["ei"], found["di"], found["region_median"]) == (None, None, None)
    assert "Relevant region: no lungs found." in found["notes"]
    assert "No exposure index: its relevant region is not found." in found["notes"]


def test_keys_say_what_their_target_is_meant_for() -> None:
    regions = {
        path.stem: Chain.of(parse(path.stem, path.read_text(encoding="utf-8"), path.name).processing).automatic.region
        for path in shipped().glob("*.toml")
    }
    assert {key for key, region in regions.items() if region == "lungs"} == {
        key for key in regions if "chest" in key[:5]
    }
    assert {key for key, region in regions.items() if region == "spine"} == {key for key in regions if "spine" in key}


def test_lungs_that_run_into_thin_parts_are_taken_where_they_lie_deep_and_it_is_said() -> None:
    """A chest without collimation, breasts before the lungs: shoulders and flanks are as dark."""
    made = next(made for made in (case("CHEST", "AP", number) for number in range(4, 60)) if made.shape == "open")
    found = _found(made, "lungs")
    assert found["ei"] == pytest.approx(made.ei_of["lungs"], rel=0.12)
    assert found["confidence"]["region"] == found["confidence"]["ei"] == 0.5
    assert any("run into thin parts" in note for note in found["notes"])


def test_an_index_is_no_surer_than_the_field_it_is_taken_from() -> None:
    found = _found(case("CHEST", "AP", 48), "lungs")  # its shutters are hardly seen
    assert found["confidence"]["field"] < 0.5
    assert found["confidence"]["ei"] <= found["confidence"]["field"]
