"""The page of condition keys: what is tried is seen, nothing is kept until a manager releases it with a note."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Browser

from imgdash.dashboard.pages.conditions import Conditions
from tests.dashboard.conftest import Station, log_in
from tests.dashboard.pages.desk import Desk

KEY = "hand"


@pytest.fixture(scope="module")
def hands(station: Station) -> list[str]:
    """Three images of one key."""
    for number in range(3):
        station.take(AccessionNumber=f"A{number}", PatientID=f"P{number}")
    assert {header.condition for header in station.apparatus.images()} == {KEY}
    return station.images


@pytest.fixture
def desk(hands: list[str], desk_of: Callable[..., Desk]) -> Desk:
    return desk_of("manager")


def shown(desk: Desk, **query: str) -> Conditions:
    """The page with an image on it."""
    page = desk.show(Conditions, **query)
    desk.until(lambda: page.bench.board.tried)
    return page


def try_out(desk: Desk, page: Conditions, **values: float | str) -> None:
    """Move sliders, and wait until it is shown."""
    number = page.bench.tuner.seen + 1
    dotted = {name.replace("__", "."): value for name, value in values.items()}
    page.bench.tuner._handle_msg({"trial": dotted, "number": number})
    desk.until(lambda: page.bench.tuner.seen >= number)


def test_the_key_in_use_is_open_on_its_latest_image(desk: Desk, hands: list[str]) -> None:
    page = shown(desk)
    assert page.keys.current == KEY
    assert [key["images"] for key in page.keys.keys if key["key"] == KEY] == [3]
    assert [image["id"] for image in page.bench.picker.images] == hands[::-1]
    assert page.bench.image_id == hands[-1]
    assert page.bench.tuner.values == page.bench.tuner.released
    assert len(page.bench.board.readout.rows) == 8


def test_a_slider_moves_picture_curves_and_numbers(desk: Desk) -> None:
    page = shown(desk)
    before = {name: page.bench.board.curves.gradation.columns(name) for name in ("now", "former")}
    assert np.array_equal(before["now"]["P-value"], before["former"]["P-value"])
    try_out(desk, page, gradation__contrast=2.5)
    now, other = (
        drawn.columns("image")["image"][0] for drawn in (page.bench.board.pictures.now, page.bench.board.pictures.other)
    )
    assert now.shape == other.shape
    assert (now != other).mean() > 0.05
    curves = {name: page.bench.board.curves.gradation.columns(name)["P-value"] for name in ("now", "former")}
    assert np.abs(curves["now"] - curves["former"]).max() > 0.1
    assert any(row["was"] and row["was"] != row["value"] for row in page.bench.board.readout.rows)
    assert page.bench.tuner.values["gradation.contrast"] == 2.5
    page.bench.tuner._handle_msg({"reset": ["gradation.contrast"]})
    desk.until(lambda: not page.bench.changed() and not page.bench._busy)


def test_calculated_limits_follow_their_parameters(desk: Desk) -> None:
    page = shown(desk)
    before = page.bench.tuner.calculated["automatic.s_low"]
    try_out(desk, page, automatic__low_percentile=30.0)
    assert page.bench.tuner.calculated["automatic.s_low"] > before
    try_out(desk, page, automatic__s_low=0.2)
    assert page.bench.tuner.calculated["automatic.s_low"] == pytest.approx(0.2)


def test_what_cannot_be_is_said_and_the_next_trial_may_come(desk: Desk) -> None:
    page = shown(desk)
    try_out(desk, page, gradation__contrast=99.0)
    assert "out of bounds" in page.bench.tuner.error
    assert not page.bench.changed()


def test_difference_straight_curve_and_flip(desk: Desk) -> None:
    page = shown(desk)
    bench = page.bench
    try_out(desk, page, gradation__shift=0.2)
    bench.board.modes._handle_msg({"mode": "difference"})
    other = desk.until(
        lambda: (found := bench.board.pictures.other.columns("image")["image"][0]).dtype == np.int16 and [found]
    )[0]
    # Shifted towards dark: nothing is lighter than before.
    assert other.min() < 0
    assert other.max() <= 0
    tried = bench.board.pictures.now.columns("image")["image"][0]
    page.key("flip")
    assert bench.board.modes.flipped
    assert not np.array_equal(tried, bench.board.pictures.now.columns("image")["image"][0])
    page.key("flip")
    assert np.array_equal(tried, bench.board.pictures.now.columns("image")["image"][0])
    bench.board.modes._handle_msg({"mode": "straight"})
    desk.until(lambda: bench.board.pictures.other.columns("image")["image"][0].dtype == np.uint8)


def test_the_profile_follows_its_line(desk: Desk) -> None:
    page = shown(desk)
    before = page.bench.board.curves.profile.columns("now")
    page.bench.board.pictures._ends.data = {"x": [10.0, 10.0], "y": [0.0, 200.0]}
    after = page.bench.board.curves.profile.columns("now")
    assert after["way"][-1] == pytest.approx(200, abs=1e-3)
    assert not np.array_equal(before["P"], after["P"])


def test_a_key_without_images_says_so(desk: Desk) -> None:
    page = shown(desk)
    page.keys._handle_msg({"key": "foot"})
    desk.until(lambda: page.bench.condition and page.bench.condition.key == "foot")
    assert page.bench.picker.images == []
    assert page.bench.board.modes.said == "no image"
    assert page.bench.board.readout.rows == []


def test_a_general_user_tries_but_does_not_release(desk_of: Callable[..., Desk], hands: list[str]) -> None:
    desk = desk_of("user")
    page = shown(desk)
    assert not page.bench.tuner.may
    try_out(desk, page, gradation__contrast=1.5)
    page.bench.tuner._handle_msg({"save": "I may not"})
    desk.until(lambda: page.bench.tuner.error)
    assert "'manager'" in page.bench.tuner.error
    assert desk.apparatus.conditions.get(KEY).version == 1


def test_replay_shows_every_image_before_and_after(desk: Desk) -> None:
    page = shown(desk)
    try_out(desk, page, gradation__contrast=1.6)
    page.replaying.view._handle_msg({"replay": 6})
    desk.until(lambda: page.replaying.view.said)
    assert page.replaying.view.done == 3
    assert page.replaying.view.said.startswith("3 images")
    assert not page.replaying.view.running


def test_releasing_versions_and_the_way_back(desk: Desk, desk_of: Callable[..., Desk]) -> None:
    page, conditions = shown(desk), desk.apparatus.conditions
    colleague = desk_of("manager")
    others = shown(colleague)
    try_out(colleague, others, gradation__contrast=1.9)
    try_out(desk, page, gradation__contrast=1.4)

    page.bench.tuner._handle_msg({"save": "  "})
    desk.until(lambda: page.bench.tuner.error)
    assert conditions.get(KEY).version == 1
    page.bench.tuner._handle_msg({"save": "steeper"})
    desk.until(lambda: page.bench.tuner.saved)
    assert conditions.get(KEY).version == 2
    assert conditions.get(KEY).author == "mona"
    assert conditions.get(KEY).processing["gradation"]["contrast"] == 1.4

    # Both see the new version; what the colleague tried stays, and counts from the new version.
    desk.until(lambda: page.bench.tuner.version == 2 and len(page.history.view.versions) == 2)
    assert page.history.view.changes[-1]["later"] == "1.4"
    colleague.until(lambda: others.bench.tuner.version == 2)
    assert others.bench.tuner.values["gradation.contrast"] == 1.9
    assert others.bench.tuner.released["gradation.contrast"] == 1.4

    page.history.view._handle_msg({"back": 1, "note": "the ward did not like it"})
    desk.until(lambda: len(page.history.view.versions) == 3)
    assert conditions.get(KEY).processing == conditions.get(KEY, 1).processing
    page.history.view._handle_msg({"version": 2, "against": 1})
    desk.until(lambda: page.history.view.current == 2)
    assert "-contrast" in page.history.view.difference
    page.history.view._handle_msg({"load": 2})
    desk.until(lambda: page.bench.chain.gradation.contrast == 1.4)


def test_a_broken_condition_file_is_told(desk: Desk) -> None:
    conditions = desk.apparatus.conditions
    broken = conditions.folder / "broken.toml"
    broken.write_text("title = <script>", encoding="utf-8")
    conditions.refresh()
    page = shown(desk)
    assert page.badge() == (1, "bad")
    assert "broken.toml" in page.keys.problems[0]
    broken.unlink()
    conditions.refresh()


@pytest.mark.browser
def test_in_a_browser(browser: Browser, station: Station, hands: list[str]) -> None:
    tab = log_in(browser, station, "mona", f"?page=conditions&key={KEY}&image={hands[0]}")
    page = tab.page
    page.click("[data-page=conditions]")
    page.wait_for_selector("text=EI · target · DI")
    slider = page.locator("#gradation-contrast")
    slider.focus()
    slider.press("ArrowRight")
    page.wait_for_selector("text=1 parameter differs from version")
    page.click("text=Versions")
    page.wait_for_selector("[data-version='1']")
    page.click("role=tab[name=Replay]")
    page.click("role=button[name=Replay]")
    page.wait_for_selector("figure")
    assert tab.errors == []
    assert tab.elsewhere == []
    page.close()
