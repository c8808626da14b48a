"""The line of the profile is moved without a mouse, and who does not see it hears where it lies."""

from __future__ import annotations

import numpy as np
import pytest

from imgdash.dashboard.pages.conditions import Conditions
from tests.dashboard.conftest import Station, Tab
from tests.dashboard.test_by_keyboard import reach
from tests.dashboard.test_shell import shell_of
from tests.helpers import wait_until

pytestmark = pytest.mark.browser
IMAGES = [{"PatientID": "L0"}]


def test_the_line_is_moved_by_the_arrows(tab: Tab, station: Station, images: list[str]) -> None:
    page = tab.page
    page.keyboard.press("j")
    page.keyboard.press("4")
    line = page.get_by_role("slider", name="Profile line")
    line.wait_for()
    conditions = shell_of(station, "mona").pages["conditions"]
    assert isinstance(conditions, Conditions)
    board = wait_until(lambda: conditions.bench.board if conditions.bench.board.tried else None)
    height, width = board.tried.now.extent_mm
    wait_until(lambda: line.get_attribute("aria-valuemax") == f"{height:.1f}")
    reach(page, "Profile line")

    def told(across: float, down: float) -> bool:
        """It is said that the line begins there, and it lies there."""
        (x, y), (_, other) = board.pictures.line()
        words = f"{y:.1f} mm down, from {x:.1f} to "
        there = abs(x - across) < 1e-6 and abs(y - down) < 1e-6 and abs(other - down) < 1e-6
        said = str(line.get_attribute("aria-valuetext"))
        return there and said.startswith(words) and line.get_attribute("aria-valuenow") == f"{y:.1f}"

    wait_until(lambda: told(0.15 * width, 0.5 * height))
    before = np.array(board.curves.profile.columns("now")["P"])
    for key, across, down in (
        ("ArrowDown", 0.15, 0.51), ("Shift+ArrowDown", 0.15, 0.61), ("ArrowUp", 0.15, 0.6),
        ("Shift+ArrowRight", 0.25, 0.6), ("ArrowLeft", 0.24, 0.6),
    ):  # fmt: skip
        page.keyboard.press(key)
        wait_until(lambda across=across, down=down: told(across * width, down * height))
    now = np.array(board.curves.profile.columns("now")["P"])
    assert now.shape != before.shape or (now != before).any()
    # It stays on the image, and keeps its length there.
    for _ in range(8):
        page.keyboard.press("Shift+ArrowUp")
        page.keyboard.press("Shift+ArrowRight")
    wait_until(lambda: told(0.3 * width, 0.0))
    # One end by itself: what tilts the line. It stays on the image, too.
    page.keyboard.press("Enter")
    assert str(line.get_attribute("aria-valuetext")).startswith("First end: ")
    page.keyboard.press("Shift+ArrowDown")
    wait_until(lambda: np.allclose(board.pictures.line(), [(0.3 * width, 0.1 * height), (width, 0.0)]))
    page.keyboard.press("Enter")
    for key in ("ArrowLeft", "Shift+ArrowRight", "Shift+ArrowDown", "ArrowUp"):
        page.keyboard.press(key)
    wait_until(lambda: np.allclose(board.pictures.line(), [(0.3 * width, 0.1 * height), (width, 0.09 * height)]))
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+ArrowDown")
    wait_until(lambda: np.allclose(board.pictures.line(), [(0.3 * width, 0.2 * height), (width, 0.19 * height)]))
    assert tab.errors == []
