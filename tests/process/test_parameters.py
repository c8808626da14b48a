"""Parameters are declared once, checked where they come in, and carried as one unchangeable value."""

from __future__ import annotations

import json
import pickle

import pytest

from imgdash.model import ImgdashError
from imgdash.process.parameters import Chain, describe


def test_every_parameter_says_what_it_is() -> None:
    for described in describe():
        assert described.doc.endswith("."), described.name
        if described.kind != "number":
            continue
        assert described.unit, described.name
        assert described.step, described.name
        low, high = described.bounds or (None, None)
        assert low is not None, described.name
        assert high is not None, described.name
        assert described.default is None or low <= described.default <= high


def test_condition_then_overrides() -> None:
    chain = Chain.of({"gradation": {"contrast": 1.2, "shift": 0.1}}, {"gradation.contrast": 1.5})
    assert (chain.gradation.contrast, chain.gradation.shift) == (1.5, 0.1)
    assert chain.changed() == {"gradation.contrast": 1.5, "gradation.shift": 0.1}


def test_flat_is_json_and_comes_back() -> None:
    chain = Chain.of({"automatic": {"field_polygon": [[0, 0], [10, 0], [10, 10]]}, "geometry": {"rotation": 90}})
    flat = json.loads(json.dumps(chain.flat()))
    assert Chain.of({}, flat) == chain
    assert pickle.loads(pickle.dumps(chain)) == chain
    assert hash(Chain.of({}, flat)) == hash(chain)


def test_with_makes_another_chain() -> None:
    chain = Chain.of()
    other = chain.with_(**{"gradation.contrast": 1.3})
    assert other.gradation.contrast == 1.3
    assert chain.gradation.contrast == 1.0
    with pytest.raises(TypeError):
        chain.gradation.contrast = 2
    with pytest.raises(AttributeError):
        chain.gradation = other.gradation


def test_what_was_asked_for_before_is_the_same_chain_and_is_checked_as_if_it_had_not_been() -> None:
    chain = Chain.of({"gradation": {"contrast": 1.2}}, {"automatic.direct": True})
    assert Chain.of({"gradation": {"contrast": 1.2}}, {"automatic.direct": True}) is chain
    assert Chain.of({}, {"gradation.contrast": 1.2, "automatic.direct": True}) is chain
    assert Chain.of({"gradation": {"contrast": 1.3}}, {"automatic.direct": True}) != chain
    assert Chain.of(overrides={"gradation.contrast": 1}).gradation.contrast == 1.0
    # Equal to 1 in Python, but no number.
    with pytest.raises(ImgdashError, match="not a number"):
        Chain.of(overrides={"gradation.contrast": [1]})


def test_units_are_ucum() -> None:
    units = Chain.of().units()
    assert units["frequency.kernel"] == "mm"
    assert units["geometry.angle"] == "deg"
    assert units["gradation.contrast"] == "1"
    assert "gradation.type" not in units


@pytest.mark.parametrize(
    ("processing", "words"),
    [
        ({"gradation": {"contrast": 9}}, ["gradation.contrast", "9", "0.2", "5"]),
        ({"gradation": {"contrast": "steep"}}, ["gradation.contrast", "steep", "number"]),
        ({"gradation": {"contrast": float("nan")}}, ["out of bounds"]),
        ({"gradation": {"contrsat": 1}}, ["contrsat", "contrast"]),
        ({"gradient": {"contrast": 1}}, ["gradient", "gradation"]),
        ({"gradation": {"type": "steep"}}, ["steep", "linear"]),
        ({"gradation": 3}, ["gradation", "table"]),
        ({"geometry": {"mirror": "perhaps"}}, ["geometry.mirror", "perhaps"]),
        ({"automatic": {"field_polygon": [[0, 0], [1, 1]]}}, ["2 corners"]),
        ({"automatic": {"field_polygon": 7}}, ["corners"]),
    ],
)
def test_what_does_not_fit_is_refused_by_name(processing: dict[str, object], words: list[str]) -> None:
    with pytest.raises(ImgdashError) as refused:
        Chain.of(processing)  # type: ignore[arg-type]
    for word in words:
        assert word in str(refused.value)
    assert refused.value.remedy


def test_values_may_come_as_text() -> None:
    chain = Chain.of({}, {"gradation.contrast": "1.25", "geometry.rotation": "90", "geometry.mirror": "true"})
    assert chain.gradation.contrast == 1.25
    assert chain.geometry.rotation == 90
    assert chain.geometry.mirror is True
