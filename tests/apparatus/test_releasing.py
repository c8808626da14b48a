"""Files of condition keys to and from elsewhere, and who may release them."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from imgdash.apparatus.releasing import Releasing, file_name
from imgdash.model import Actor, Condition, ImgdashError, NotAllowed
from imgdash.process import Chain
from imgdash.store.conditions import Conditions
from tests.apparatus.sites import condition_files

MONA, RITA = Actor("mona", "manager"), Actor("rita", "user")


@pytest.fixture
def conditions(tmp_path: Path) -> Conditions:
    return Conditions(condition_files(tmp_path / "conditions"))


@pytest.fixture
def releasing(conditions: Conditions) -> Releasing:
    def release(condition: Condition, by: Actor, note: str) -> Condition:
        by.require("condition")
        return conditions.save(condition, by.name, note)

    return Releasing(conditions, release)


def test_what_is_tried_goes_out_as_a_file_and_comes_in_elsewhere(releasing: Releasing, tmp_path: Path) -> None:
    tried = releasing.chain("chest-pa").with_(**{"gradation.contrast": 1.34, "geometry.mirror": True})
    text = releasing.text("chest-pa", tried=tried)
    elsewhere = Conditions(tmp_path / "elsewhere")
    other = Releasing(elsewhere, lambda condition, by, note: elsewhere.save(condition, by.name, note))
    brought = other.read(text, file_name("chest-pa"), "hand")
    shipped = elsewhere.get("chest-pa").version
    assert (brought.condition.key, brought.based_on) == ("chest-pa", shipped)
    assert {change.name: change.later for change in brought.changes} == {
        "gradation.contrast": 1.34,
        "geometry.mirror": True,
    }
    assert brought.difference.splitlines()[:2] == [f"--- chest-pa version {shipped}", "+++ chest-pa.tried.toml"]
    assert "+processing.gradation.contrast = 1.34" in brought.difference
    # Reading keeps nothing.
    assert elsewhere.get("chest-pa").version == shipped
    taken = other.bring_in(brought, MONA, "from the university hospital")
    assert (taken.version, taken.author, taken.note) == (shipped + 1, "mona", "from the university hospital")
    assert Chain.of(taken.processing) == tried


def test_a_file_of_another_name_becomes_a_new_key(releasing: Releasing, conditions: Conditions) -> None:
    brought = releasing.read(releasing.text("chest-pa"), "chest-obese.v7.toml", "chest-pa")
    assert (brought.condition.key, brought.based_on) == ("chest-obese", 0)
    assert releasing.bring_in(brought, MONA, "for heavy patients").version == 1
    assert conditions.get("chest-obese").processing == conditions.get("chest-pa").processing


def test_a_name_that_is_no_key_means_the_key_that_is_looked_at(releasing: Releasing) -> None:
    text = releasing.text("hand", 1)
    for name in ("../../etc/Hand (2).toml", "Hand.TOML", "x" * 300 + ".toml"):
        assert releasing.read(text, name, "hand").condition.key == "hand"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "hand.toml"),
        ("title = <script>", "hand.toml"),
        ("[processing.gradation]\ncontrast = 99", "contrast"),
        ("[processing.sharpness]\namount = 1", "sharpness"),
        ("[surprise]\na = 1", "surprise"),
        ("#" * 300_000, "hand.toml"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_what_does_not(releasing: Releasing, text: str, named: str) -> None:
    with pytest.raises(ImgdashError, match=named):
        releasing.read(text, "hand.toml", "hand")


def test_only_a_manager_releases_and_only_with_a_note(releasing: Releasing, conditions: Conditions) -> None:
    brought = releasing.read(releasing.text("hand"), "hand.toml", "hand")
    with pytest.raises(NotAllowed):
        releasing.bring_in(brought, RITA, "please")
    with pytest.raises(ImgdashError, match="note"):
        releasing.bring_in(brought, MONA, " ")
    assert conditions.get("hand").version == 1


def test_of_two_who_release_at_once_one_is_told_of_the_other(releasing: Releasing, conditions: Conditions) -> None:
    chains = [releasing.chain("hand").with_(**{"gradation.contrast": value}) for value in (1.5, 1.6)]
    gate, outcomes = threading.Barrier(2), []

    def save(chain: Chain) -> None:
        gate.wait()
        try:
            outcomes.append(releasing.save("hand", chain, MONA, "mine", 1).version)
        except ImgdashError as error:
            outcomes.append(error.cause)

    threads = [threading.Thread(target=save, args=[chain]) for chain in chains]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert 2 in outcomes
    assert any("meanwhile" in str(outcome) for outcome in outcomes)
    assert conditions.get("hand").version == 2
