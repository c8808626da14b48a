"""The page of condition keys: what is tried is seen, nothing is kept until a manager releases it with a note."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from imgdash.apparatus.trial import OUTSIDE
from imgdash.dashboard.tuning import readout
from imgdash.process import Chain
from tests.dashboard.conftest import Station, log_in
from tests.dashboard.pages.bench import KEY, shown, try_out
from tests.dashboard.pages.desk import Desk


@pytest.fixture
def desk(hands: list[str], desk_of: Callable[..., Desk]) -> Desk:
    return desk_of("manager")


def test_the_key_in_use_is_open_on_its_latest_image(desk: Desk, hands: list[str]) -> None:
    page = shown(desk)
    assert page.keys.current == KEY
    assert [key["images"] for key in page.keys.keys if key["key"] == KEY] == [3]
    assert [image["id"] for image in page.bench.picker.images] == hands[::-1]
    assert page.bench.image_id == hands[-1]
    assert page.bench.tuner.values == page.bench.tuner.released
    assert [row["label"] for row in page.bench.board.readout.rows if not row["value"]] == ["EI · target · DI"]


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
    # The detail of this image itself: steeper tones gain at every size.
    steeper, was = (page.bench.board.curves.gains.columns(name)["gain"] for name in ("measured", "measured before"))
    assert len(steeper) > 10
    assert np.median(steeper / was) > 1.3
    assert page.bench.tuner.values["gradation.contrast"] == 2.5
    page.bench.tuner._handle_msg({"reset": ["gradation.contrast"]})
    desk.until(lambda: not page.bench.changed() and page.bench.reading.idle)


def test_calculated_limits_follow_their_parameters(desk: Desk) -> None:
    page = shown(desk)
    before = page.bench.tuner.calculated["automatic.s_low"]
    try_out(desk, page, automatic__low_percentile=30.0)
    assert page.bench.tuner.calculated["automatic.s_low"] > before
    try_out(desk, page, automatic__s_low=0.2)
    assert page.bench.tuner.calculated["automatic.s_low"] == pytest.approx(0.2)


def test_limits_are_moved_under_the_gradation(desk: Desk) -> None:
    page = shown(desk)
    handles = page.bench.board.curves.handles
    calculated = page.bench.tuner.calculated
    assert (handles.low, handles.high) == (calculated["automatic.s_low"], calculated["automatic.s_high"])
    assert handles.enabled
    high = handles.high
    handles._handle_msg({"low": 0.07})
    desk.until(lambda: handles.low == pytest.approx(0.07) and page.bench.reading.idle)
    assert page.bench.tuner.values["automatic.s_low"] == pytest.approx(0.07)
    # The other one is calculated as before.
    assert page.bench.tuner.values["automatic.s_high"] is None
    assert handles.high == pytest.approx(high)
    page.bench.tuner._handle_msg({"reset": ["automatic.s_low"]})
    desk.until(lambda: handles.low == calculated["automatic.s_low"] and page.bench.reading.idle)


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
    (line,) = page.bench.board.pictures._lines
    line.data = {"x": [10.0, 10.0], "y": [0.0, 200.0]}
    after = page.bench.board.curves.profile.columns("now")
    assert after["way"][-1] == pytest.approx(200, abs=1e-3)
    assert not np.array_equal(before["P"], after["P"])


def test_a_key_without_images_is_tuned_on_those_of_its_group(desk: Desk, hands: list[str]) -> None:
    page = shown(desk)
    page.keys._handle_msg({"key": "foot"})
    desk.until(lambda: page.bench.condition and page.bench.condition.key == "foot" and page.bench.board.tried)
    assert [image["id"] for image in page.bench.picker.images] == hands[::-1]
    desk.until(lambda: "lent by hand" in page.bench.board.modes.said)


def test_a_key_whose_group_has_no_images_says_so_on_every_view(desk: Desk) -> None:
    page = shown(desk)
    page.keys._handle_msg({"key": "chest-pa"})
    desk.until(lambda: page.bench.condition and page.bench.condition.key == "chest-pa")
    assert page.bench.picker.images == []
    assert page.bench.board.modes.said == "no image"
    assert page.bench.board.readout.rows == []
    page.head._handle_msg({"tab": "replay"})
    assert not page.replaying.view.possible
    assert not page.replaying.view.running


def test_a_general_user_tries_but_does_not_release(desk_of: Callable[..., Desk], hands: list[str]) -> None:
    desk = desk_of("user")
    page = shown(desk)
    assert not page.bench.tuner.may
    try_out(desk, page, gradation__contrast=1.5)
    page.bench.tuner._handle_msg({"save": "I may not"})
    desk.until(lambda: page.bench.tuner.error)
    assert "A manager may" in page.bench.tuner.error
    assert desk.apparatus.conditions.get(KEY).version == 1


def test_replay_begins_when_it_is_looked_at_and_says_when_it_is_old(desk: Desk, hands: list[str]) -> None:
    page = shown(desk)
    try_out(desk, page, gradation__contrast=1.6)
    page.head._handle_msg({"tab": "replay"})
    desk.until(lambda: page.replaying.view.said)
    replay = page.replaying
    assert replay.view.done == 3
    assert replay.view.said.startswith("3 images")
    assert not replay.view.running
    assert [one.image.image_id for one in replay.found] == hands[::-1]
    assert {one.before.chain.gradation.contrast for one in replay.found} == {page.bench.reference.gradation.contrast}
    assert {one.after.chain.gradation.contrast for one in replay.found} == {1.6}
    # The spread has a dot for each image, before and after.
    limits = replay.spread.figures[0]
    for part in ("former", "now"):
        assert sorted(limits.columns(part)["value"]) == pytest.approx(
            sorted(value for one in replay.found for value in (one.after.numbers.s_low, one.after.numbers.s_high))
        )
    assert not replay.view.stale
    try_out(desk, page, gradation__contrast=1.7)
    assert replay.view.stale
    replay.view._handle_msg({"replay": 6})
    desk.until(lambda: not replay.view.running)
    assert not replay.view.stale
    page.keys._handle_msg({"key": "foot"})
    desk.until(
        lambda: page.bench.condition.key == "foot" and {one.after.chain for one in replay.found} == {page.bench.chain}
    )


def test_regions_show_field_direct_exposure_and_what_counts(desk: Desk) -> None:
    page = shown(desk)
    board = page.bench.board
    board.modes._handle_msg({"mode": "regions"})
    marked = desk.until(lambda: board.tried.other is not None and [board.tried.other])[0]
    numbers = board.tried.now.numbers
    assert (marked < OUTSIDE).mean() == pytest.approx(numbers.field_fraction, abs=0.03)
    try_out(desk, page, automatic__field_polygon=[[50, 50], [150, 50], [150, 200], [50, 200]])
    inside = board.tried.other < OUTSIDE
    assert inside[60:190, 60:140].all()
    assert not inside[:40].any()
    # Another image range counts: its histogram is smaller than that of the whole image.
    whole, region = board.tried.now.histogram.sum(axis=1)
    assert whole == pytest.approx(1.0)
    assert region < 0.35


def test_a_film_of_another_size_than_the_object_is_warned_of(desk: Desk, hands: list[str]) -> None:
    apparatus = desk.apparatus
    image, condition = apparatus.image(hands[0]), apparatus.conditions.get(KEY)

    def warned(film_size: str, true_size: bool) -> list[str]:
        output = {"printer": {"film_size": film_size, "true_size": true_size}}
        tried = dataclasses.replace(condition, output=output)
        return readout.films(image, tried, Chain.of(tried.processing), apparatus.site)

    # The plate is 260 mm wide.
    assert warned("14INX17IN", true_size=True) == []
    assert warned("14INX17IN", true_size=False)[0].startswith("FILM: enlarged to 137%")
    assert "made smaller" in warned("8INX10IN", true_size=True)[0]


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
    page.keyboard.press("/")
    find = page.get_by_label("Find a condition key")
    expect(find).to_be_focused()
    page.keyboard.type("hand")
    expect(page.locator(".key:visible")).to_have_count(1)
    find.fill("")
    slider = page.locator("#gradation-contrast")
    slider.focus()
    slider.press("ArrowRight")
    page.wait_for_selector("text=1 parameter differs from version")
    # One word on the whole page for the version that images get.
    page.fill("[aria-label='Note to the version']", "a little steeper")
    page.click("button:has-text('Save as version')")
    page.wait_for_selector(
        "[aria-label='Compare with version'] >> option:text-matches('^vs v[0-9]+, in force$')", state="attached"
    )
    page.click("role=tab[name=Versions]")
    page.wait_for_selector("[data-version='1']")
    page.wait_for_selector(".tag:text-is('in force')")
    # Why a key is taken out of use stands beside the button for it, not beside those for files.
    why, out = (
        page.locator(f"{one}:visible").bounding_box() for one in ("[aria-label=Note]", "button:has-text('out of use')")
    )
    assert why is not None
    assert out is not None
    assert why["y"] < out["y"] + out["height"] / 2 < why["y"] + why["height"]
    page.click("role=tab[name=Replay]")
    page.click("role=button[name=Replay]")
    page.wait_for_selector("figure")
    assert tab.errors == []
    assert tab.elsewhere == []
    page.close()
