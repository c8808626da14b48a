"""The relevant region by body part: the exposure index of the part it is meant for, against the phantom's truth."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from imgdash import process
from imgdash.process import Chain
from imgdash.process.automatic.relevant import relevant
from imgdash.reduce import reduce_image
from imgdash.store.condition_text import parse
from imgdash.store.conditions import shipped
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


@pytest.mark.parametrize("number", [23004, 23009, 23016])
def test_a_spine_from_the_side_is_followed_along_its_curve(number: int) -> None:
    """A straight band, right from the front, lies on liver or shoulder there."""
    made = case("TSPINE", "LAT", number)
    curved = _found(made, "spine-lateral")
    assert curved["ei"] == pytest.approx(made.ei_of["spine"], rel=0.08)
    assert curved["confidence"]["region"] > 0.5


def test_a_straight_band_is_unsure_where_both_sides_differ() -> None:
    straight = _found(case("TSPINE", "LAT", 23004), "spine")
    assert straight["confidence"]["ei"] <= straight["confidence"]["region"] <= 0.5
    assert any("not alike on both sides" in note for note in straight["notes"])


def test_a_spine_that_lies_across_is_followed_as_well() -> None:
    reduced = reduce_image(case("TSPINE", "LAT", 23004).stored)
    signal = reduced.processing
    direct = np.zeros(signal.shape, bool)
    anatomy = ~direct
    anatomy[:, : signal.shape[1] // 5] = False
    settings = Chain.of({}, {"automatic.region": "spine-lateral"}).automatic
    upright = relevant(signal, anatomy, direct, settings, reduced.pitch_mm)
    lying = relevant(*(np.ascontiguousarray(v.T) for v in (signal, anatomy, direct)), settings, reduced.pitch_mm)
    assert upright.confidence > 0.5
    assert np.array_equal(lying.mask.T, upright.mask)


@pytest.mark.parametrize("number", [20013, 20052, 24104])
def test_a_skull_over_the_spine_is_left_out_of_its_region(number: int) -> None:
    made = case("CSPINE", "AP", number)
    found = _found(made, "spine")
    assert made.shape == "open"
    assert found["ei"] == pytest.approx(made.ei_of["spine"], rel=0.08)
    assert min(y for outline in found["region"] for _, y in outline) > 40


def test_columns_that_do_not_read_change_neither_region_nor_limits() -> None:
    made = case("CSPINE", "AP", 21002)
    pixels = made.stored.values.copy()
    pixels[:, [150, 200, 201, 230]] = 0
    dead = replace(made, stored=made.stored.copy(data=pixels))
    whole, found = _found(made, "spine"), _found(dead, "spine")
    assert found["ei"] == pytest.approx(whole["ei"], rel=0.02)
    assert (found["s_low"], found["s_high"]) == pytest.approx((whole["s_low"], whole["s_high"]), abs=0.01)
    assert found["confidence"]["signal"] == pytest.approx(whole["confidence"]["signal"], abs=0.1)


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
    spines = {key for key in regions if "spine" in key}
    assert {key for key, region in regions.items() if region == "spine-lateral"} == {k for k in spines if "lat" in k}
    assert {key for key, region in regions.items() if region == "spine"} == {k for k in spines if "lat" not in k}


def test_lungs_that_run_into_thin_parts_are_taken_where_they_lie_deep_and_it_is_said() -> None:
    """A chest without collimation, breasts before the lungs: shoulders and flanks are as dark."""
    made = next(made for made in (case("CHEST", "AP", number) for number in range(4, 60)) if made.shape == "open")
    found = _found(made, "lungs")
    assert found["ei"] == pytest.approx(made.ei_of["lungs"], rel=0.12)
    assert found["confidence"]["region"] == found["confidence"]["ei"] == 0.5
    assert any("run into thin parts" in note for note in found["notes"])


def test_shoulders_that_run_into_the_lungs_are_no_part_of_them() -> None:
    made = case("CHEST", "AP", 22045)  # open on three sides
    found = _found(made, "lungs")
    assert found["ei"] == pytest.approx(made.ei_of["lungs"], rel=0.12)
    assert found["confidence"]["region"] == 0.5


def test_lungs_that_reach_into_the_skin_are_doubted() -> None:
    """Arms and flanks are one with them and as dark, to a centimetre from air: nothing but the place tells."""
    found = _found(case("CHEST", "AP", 73), "lungs")
    assert found["confidence"]["ei"] == 0.5
    assert any("counted as well" in note for note in found["notes"])


def test_an_index_is_no_surer_than_the_field_it_is_taken_from() -> None:
    found = _found(case("CHEST", "AP", 413), "lungs")  # one of its shutters is hardly seen
    assert found["confidence"]["field"] < 0.5
    assert found["confidence"]["ei"] <= found["confidence"]["field"]
