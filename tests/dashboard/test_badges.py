"""Badges are counted once for all tabs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, cast

import pytest

from imgdash.apparatus import Apparatus
from imgdash.dashboard.badges import Badges
from imgdash.model import Event, ImgdashError
from tests.helpers import wait_until


class Page:
    """A page whose badge is counted, and how often."""

    def __init__(self) -> None:
        self.number = 1
        self.counted = 0
        self.fails = False
        self.error: Exception = ImgdashError("The records are being opened again.")

    def badge(self) -> tuple[int, str]:
        self.counted += 1
        if self.fails:
            self.fails = False
            raise self.error
        return self.number, "accent"


class Station:
    """What badges need of an apparatus: its events."""

    def __init__(self) -> None:
        self.listeners: list[Callable[[list[Event]], None]] = []

    def subscribe(self, listener: Callable[[list[Event]], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def happen(self) -> None:
        for listener in list(self.listeners):
            listener([])


def test_eight_tabs_are_one_count_and_hear_of_each_change() -> None:
    # Other tests of this process may have tabs that are open still.
    others = set(threading.enumerate())
    station, page = Station(), Page()
    badges = Badges(cast(Apparatus, station))
    heard: list[list[Any]] = [[] for _ in range(8)]
    leave = [badges.join({"review": cast(Any, page)}, told.append) for told in heard]
    wait_until(lambda: all({"review": [1, "accent"]} in told for told in heard))
    before, page.number = page.counted, 2
    for _ in range(200):
        station.happen()
    wait_until(lambda: all(told[-1] == {"review": [2, "accent"]} for told in heard))
    assert page.counted - before <= 3
    # Nothing that changed: nobody is told.
    told = [len(one) for one in heard]
    before = page.counted
    station.happen()
    wait_until(lambda: page.counted > before)
    assert [len(one) for one in heard] == told
    # Who left is told nothing; with the last one the counting ends.
    for ended in leave[1:]:
        ended()
    page.number, page.fails = 3, True
    station.happen()
    wait_until(lambda: not page.fails)
    station.happen()
    wait_until(lambda: heard[0][-1] == {"review": [3, "accent"]})
    assert heard[1][-1] == {"review": [2, "accent"]}
    leave[0]()
    assert station.listeners == []
    wait_until(lambda: "badges" not in {thread.name for thread in set(threading.enumerate()) - others})


def test_a_tab_that_comes_while_something_changes_ends_with_the_latest_counts() -> None:
    station, page = Station(), Page()
    badges = Badges(cast(Apparatus, station))
    first: list[Any] = []
    leave = [badges.join({"review": cast(Any, page)}, first.append)]
    wait_until(lambda: first)
    heard: list[Any] = []
    again = threading.Event()

    def slow(counts: dict[str, list[Any]]) -> None:
        if threading.current_thread() is threading.main_thread():
            page.number = 2
            station.happen()
            # Long enough for the next count, if it were not made to wait.
            again.wait(1.0)
        heard.append(counts)
        again.set()

    leave.append(badges.join({"review": cast(Any, page)}, slow))
    wait_until(lambda: len(heard) == 2)
    assert heard == [{"review": [1, "accent"]}, {"review": [2, "accent"]}]
    for ended in leave:
        ended()


def test_a_page_that_fails_does_not_end_the_counting(caplog: pytest.LogCaptureFixture) -> None:
    station, page = Station(), Page()
    heard: list[Any] = []
    page.error, page.fails = ValueError("an error of ours"), True
    leave = Badges(cast(Apparatus, station)).join({"review": cast(Any, page)}, heard.append)
    wait_until(lambda: not page.fails)
    station.happen()
    wait_until(lambda: heard)
    assert "an error of ours" in caplog.text
    leave()
