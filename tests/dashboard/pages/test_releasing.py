"""Versions of a condition key: released with a note, taken back, compared, exported and imported (C1)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.dashboard.pages.bench import KEY, shown, try_out
from tests.dashboard.pages.desk import Desk


@pytest.fixture
def desk(hands: list[str], desk_of: Callable[..., Desk]) -> Desk:
    return desk_of("manager")


def test_releasing_versions_and_the_way_back(desk: Desk, desk_of: Callable[..., Desk]) -> None:
    page, conditions = shown(desk), desk.apparatus.conditions
    before = conditions.get(KEY)
    first, second, third = (before.version + step for step in range(3))
    colleague = desk_of("manager")
    others = shown(colleague)
    try_out(colleague, others, gradation__contrast=1.9)
    try_out(desk, page, gradation__contrast=1.4)

    page.bench.tuner._handle_msg({"save": "  "})
    desk.until(lambda: page.bench.tuner.error)
    assert conditions.get(KEY).version == first
    page.bench.tuner._handle_msg({"save": "steeper"})
    desk.until(lambda: page.bench.tuner.saved)
    assert conditions.get(KEY).version == second
    assert conditions.get(KEY).author == "mona"
    assert conditions.get(KEY).processing["gradation"]["contrast"] == 1.4

    # Both see the new version; what the colleague tried stays, and counts from the new version.
    desk.until(lambda: page.bench.tuner.version == second and len(page.history.view.versions) == second)
    assert page.history.view.changes[-1]["later"] == "1.4"
    colleague.until(lambda: others.bench.tuner.version == second)
    assert others.bench.tuner.values["gradation.contrast"] == 1.9
    assert others.bench.tuner.released["gradation.contrast"] == 1.4

    page.history.view._handle_msg({"back": first, "note": "the ward did not like it"})
    desk.until(lambda: len(page.history.view.versions) == third)
    assert conditions.get(KEY).processing == before.processing
    page.history.view._handle_msg({"version": second, "against": first})
    desk.until(lambda: page.history.view.current == second)
    assert page.history.view.difference.splitlines()[2:] == [
        f"-processing.gradation.contrast = {before.processing['gradation']['contrast']}",
        "+processing.gradation.contrast = 1.4",
    ]
    page.history.view._handle_msg({"load": second})
    desk.until(lambda: page.bench.chain.gradation.contrast == 1.4)

    # A/B of two versions: picture, curves, numbers and replay against the other one.
    page.history.view._handle_msg({"load": second, "against": first})
    bench = page.bench
    desk.until(
        lambda: (
            bench.board.modes.reference == first
            and bench.board.modes.versions == [*range(third, 0, -1)]
            and bench.reading.idle
            and bench.board.tried.former.chain == bench.reference
            and bench.board.tried.now.chain == bench.chain
        )
    )
    assert bench.board.tried.now.chain.gradation.contrast == 1.4
    assert bench.reference == desk.apparatus.tuning.chain(KEY, first)
    bench.board.modes._handle_msg({"version": second})
    desk.until(lambda: bench.board.modes.reference == second and bench.reading.idle)
    assert np.array_equal(bench.board.tried.now.pixels, bench.board.tried.former.pixels)


def test_a_file_goes_out_and_comes_in_again(desk: Desk) -> None:
    page, conditions = shown(desk), desk.apparatus.conditions
    version = conditions.get(KEY).version
    try_out(desk, page, gradation__contrast=1.77)
    page.bench.tuner._handle_msg({"export": True})
    download = page.history._download
    desk.until(lambda: download.serial == 1)
    assert download.file == "hand.tried.toml"
    text = download.content.decode("utf-8")
    assert "contrast = 1.77" in text
    page.bench.tuner._handle_msg({"reset": ["gradation.contrast"]})

    history = page.history.view
    history._handle_msg({"file": "broken.toml", "text": "contrast = = 2"})
    desk.until(lambda: "broken.toml" in history.error)
    history._handle_msg({"file": download.file, "text": text})
    desk.until(lambda: history.brought.get("key") == KEY)
    assert [change["later"] for change in history.brought["changes"]] == ["1.77"]
    history._handle_msg({"tryFile": True})
    desk.until(lambda: page.bench.chain.gradation.contrast == 1.77)
    assert conditions.get(KEY).version == version
    history._handle_msg({"bring": "from the other site"})
    desk.until(lambda: conditions.get(KEY).version == version + 1 and not history.brought)
    assert conditions.get(KEY).note == "from the other site"


def test_what_was_loaded_stays_when_a_release_is_heard_of_late(desk: Desk) -> None:
    page, tuning = shown(desk), desk.apparatus.tuning
    bench, in_force = page.bench, page.bench.chain
    version = bench.condition.version
    # Somebody releases; before this tab has heard of it, a person loads what it still takes for the version in force.
    tuning.save(KEY, in_force.with_(**{"gradation.contrast": 2.2}), desk.actor, "too steep", version)
    bench.load(in_force)
    desk.until(lambda: bench.tuner.version == version + 1)
    assert bench.chain == in_force
    assert bench.changed()
    # Released in its turn, it follows what is in force again.
    bench.tuner._handle_msg({"save": "as it was"})
    desk.until(lambda: bench.tuner.version == version + 2 and bench.tuner.saved)
    tuning.save(KEY, in_force.with_(**{"gradation.contrast": 1.3}), desk.actor, "a little steeper", version + 2)
    desk.until(lambda: bench.tuner.version == version + 3)
    assert not bench.changed()
