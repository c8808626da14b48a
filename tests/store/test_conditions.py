"""Condition files of a site: versions, histories, and mistakes that harm nothing (C1)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from imgdash.model import Condition, ImgdashError, NotFound, Selection
from imgdash.store.condition_text import parse, render
from imgdash.store.conditions import Conditions, shipped


@pytest.fixture
def conditions(tmp_path: Path) -> Conditions:
    return Conditions(tmp_path / "conditions")


def test_a_new_site_has_all_that_is_shipped(conditions: Conditions) -> None:
    assert {condition.key for condition in conditions.all()} == {path.stem for path in shipped().glob("*.toml")}
    assert conditions.problems == {}


def test_what_came_with_a_later_release_is_added_and_what_was_removed_stays_away(tmp_path: Path) -> None:
    folder = tmp_path / "conditions"
    folder.mkdir()
    for path in shipped().glob("chest-*.toml"):
        (folder / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    conditions = Conditions(folder)
    (folder / "chest-lat.toml").unlink()
    conditions.refresh()
    conditions.save(replace(conditions.get("chest-pa"), description="ours"), by="anna")
    new = conditions.never_had()
    assert "qc-edge" in new
    assert not [key for key in new if key.startswith("chest-")]
    with pytest.raises(NotFound, match="chest-lat"):
        conditions.add_shipped(["qc-edge", "chest-lat"])
    assert conditions.never_had() == new
    assert conditions.add_shipped(["qc-edge"]) == ["qc-edge"]
    assert conditions.get("qc-edge").quality == "edge"
    assert conditions.get("chest-pa").description == "ours"
    assert conditions.never_had() == [key for key in new if key != "qc-edge"]


def test_a_saved_change_is_the_next_version_and_the_former_stays(conditions: Conditions) -> None:
    first = conditions.get("chest-pa")
    changed = replace(first, processing={**first.processing, "gradation": {"contrast": 1.25}})
    second = conditions.save(changed, by="anna", note="flatter lungs")
    assert second.version == first.version + 1
    assert (second.author, second.note) == ("anna", "flatter lungs")
    assert second.changed_at
    assert conditions.get("chest-pa") == second
    assert conditions.get("chest-pa", first.version) == first
    assert [old.version for old in conditions.history("chest-pa")] == [second.version, first.version]
    assert "+processing.gradation.contrast = 1.25" in conditions.diff("chest-pa", first.version, second.version)
    assert Conditions(conditions.folder).get("chest-pa", first.version) == first


def test_noise_in_its_old_unit_is_said_and_not_changed(
    conditions: Conditions, caplog: pytest.LogCaptureFixture
) -> None:
    assert conditions.doubts() == {}
    path = conditions.folder / "hand.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("noise = 3.0", "noise = 0.003"), encoding="utf-8")
    conditions.refresh()
    assert list(conditions.doubts()) == ["hand"]
    assert "multiple of the measured noise now" in conditions.doubts()["hand"]
    assert "3 is usual" in caplog.text
    assert conditions.get("hand").processing["frequency"]["noise"] == 0.003
    off = replace(conditions.get("hand"), processing={"frequency": {"noise": 0.0}})
    conditions.save(off, by="anna")
    assert conditions.doubts() == {}


@pytest.mark.parametrize("key", [path.stem for path in sorted(shipped().glob("*.toml"))])
def test_a_diff_shows_what_was_changed_and_nothing_else(conditions: Conditions, key: str) -> None:
    first = conditions.get(key)
    # As a page saves it: the same values, tables and names in another order.
    mixed = {step: dict(reversed(values.items())) for step, values in reversed(first.processing.items())}
    mixed["gradation"] = {**mixed.get("gradation", {}), "contrast": 1.77}
    conditions.save(replace(first, processing=mixed), by="anna", note="steeper")
    lines = conditions.diff(key, first.version, first.version + 1).splitlines()
    assert lines[:2] == [f"--- {key} version {first.version}", f"+++ {key} version {first.version + 1}"]
    assert {line[1:].partition(" = ")[0] for line in lines[2:]} == {"processing.gradation.contrast"}
    # The note says what changed; what the key is for stays.
    assert conditions.get(key).description == first.description != ""


def test_the_note_of_an_old_file_describes_the_key() -> None:
    old = parse("x", 'title = "X"\nnote = "For thin patients."', "x.toml")
    assert old.description == "For thin patients."
    assert parse("x", render(replace(old, version=2, note="softer")), "x.toml").description == "For thin patients."


def test_a_version_is_never_given_twice(conditions: Conditions) -> None:
    first = conditions.get("hand")
    conditions.save(first, by="anna")
    third = conditions.save(first, by="bert")
    assert third.version == first.version + 2


def test_a_file_changed_by_hand_is_read_again(conditions: Conditions) -> None:
    path = conditions.folder / "hand.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('title = "', 'title = "Our '), encoding="utf-8")
    conditions.refresh()
    assert conditions.get("hand").title.startswith("Our ")
    path.unlink()
    conditions.refresh()
    with pytest.raises(NotFound, match="No condition key 'hand'"):
        conditions.get("hand")


def test_a_file_that_is_gone_in_this_moment_keeps_the_others_from_nothing(conditions: Conditions) -> None:
    before = conditions.get("ankle")
    # As an editor leaves it between taking the old one away and putting the new one there.
    (conditions.folder / "ankle.toml").unlink()
    (conditions.folder / "ankle.toml").symlink_to(conditions.folder / "nowhere")
    path = conditions.folder / "hand.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('title = "', 'title = "Our '), encoding="utf-8")
    conditions.refresh()
    assert conditions.get("ankle") == before
    assert conditions.get("hand").title.startswith("Our ")


def test_a_broken_file_is_named_and_its_last_good_version_stays_in_force(conditions: Conditions) -> None:
    before = conditions.get("hand")
    path = conditions.folder / "hand.toml"
    path.write_text("[processing.gradation]\ncontrast = 1e9\n", encoding="utf-8")
    (conditions.folder / "Not A Key.toml").write_text("", encoding="utf-8")
    conditions.refresh()
    assert conditions.get("hand") == before
    assert "contrast" in conditions.problems["hand.toml"]
    assert "is not a condition key" in conditions.problems["Not A Key.toml"]
    path.write_text(render(before), encoding="utf-8")
    conditions.refresh()
    assert "hand.toml" not in conditions.problems


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[processing\n", "not valid TOML"),
        ("colour = 1\n", "unknown settings: colour"),
        ("version = 'two'\n", 'version = "two".*a whole number from 1 on'),
        ("version = true\n", "version = true"),
        ("version = 0\n", "version = 0"),
        ("released = 'no'\n", "released.*true or false"),
        ("outputs = 'FILM55'\n", 'outputs = "FILM55".*a list'),
        ("processing = 3\n", "processing = 3.*a table"),
        ("[selection]\ncolour = 'x'\n", r"\[selection\].*unknown settings: colour"),
        ("[processing.blur]\nx = 1\n", "blur"),
        ("[processing.gradation]\nno_such = 1\n", "no_such"),
        ("[processing.gradation]\ncontrast = 'high'\n", "contrast"),
        ("[processing.gradation]\ncontrast = 1000\n", "contrast"),
    ],
)
def test_a_mistake_is_named_with_its_file_and_place(text: str, said: str) -> None:
    with pytest.raises(ImgdashError, match=said) as caught:
        parse("x", text, "x.toml")
    assert "x.toml" in str(caught.value)


def test_what_cannot_be_saved_changes_nothing(conditions: Conditions) -> None:
    before = conditions.get("hand")
    with pytest.raises(ImgdashError):
        conditions.save(replace(before, processing={"gradation": {"contrast": 1000}}), by="anna")
    for key in ("../evil", "A", "", "a/b"):
        with pytest.raises(ImgdashError, match="is not a condition key"):
            conditions.save(replace(before, key=key), by="anna")
    assert conditions.get("hand") == before
    assert len(conditions.history("hand")) == 1


@pytest.mark.parametrize("key", ["../../etc/passwd", "hand/../hand", "nothing"])
def test_a_key_is_no_path(conditions: Conditions, key: str) -> None:
    for version in (None, 1):
        with pytest.raises(NotFound):
            conditions.get(key, version)
    assert conditions.history(key) == []


def test_every_field_survives_its_file() -> None:
    whole = Condition(
        key="x",
        title="Thorax „p.a.“",
        group="chest",
        description="what for",
        version=3,
        author="anna",
        changed_at="2025-03-01T12:00:00",
        note="why",
        released=False,
        selection=Selection(body_part=("CHEST", "THORAX"), age=(0.0, 16.0), words=("lunge",)),
        processing={"gradation": {"contrast": 1.2}},
        outputs=("STORAGE",),
        output={"printer": {"film_size": "14INX17IN"}},
        required=("AccessionNumber",),
        exposure={"target_ei": 250.0, "di_low": -3.0, "di_high": 3.0},
    )
    assert parse("x", render(whole), "x.toml") == whole
