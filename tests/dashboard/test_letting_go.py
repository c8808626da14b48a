"""What a closed tab leaves behind: nothing, however far its browser came."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Collection

import pytest
from playwright.sync_api import Browser

from imgdash.dashboard.app import SHELLS
from imgdash.dashboard.pages import all_pages
from imgdash.dashboard.shell import Shell
from tests.dashboard.conftest import Station, log_in
from tests.dashboard.visiting import Visitor
from tests.helpers import wait_until

NAMES = [page.name for page in all_pages()]


@pytest.fixture(scope="module")
def image(station: Station) -> str:
    return station.take()


def tabs(station: Station) -> list[weakref.ref[Shell]]:
    """Of this station, open or not let go."""
    return [weakref.ref(shell) for shell in SHELLS if shell.session.apparatus is station.apparatus]


def let_go(shells: Collection[weakref.ref[Shell]]) -> bool:
    # All of the memory is looked through, which takes long: not before the station has closed them.
    if any((shell := ref()) is not None and not shell.session.closed for ref in shells):
        return False
    shell = None
    gc.collect()
    return all(ref() is None for ref in shells)


def test_who_never_finishes_loading_leaves_nothing(station: Station, image: str) -> None:
    visitor = Visitor(station.dashboard.url, "mona")
    listeners = station.apparatus.store._writer.listeners
    before = list(listeners)
    # Some ask for a page alone, some greet and hang up.
    left: set[weakref.ref[Shell]] = set()
    for name in NAMES:
        visitor.page(f"?page={name}")
        left |= set(tabs(station))
    visitor.connect(visitor.page()).close()
    left |= set(tabs(station))
    assert len(left) == len(NAMES) + 1
    wait_until(lambda: let_go(left), within=60, every=0.5)
    assert list(listeners) == before


@pytest.mark.browser
def test_a_tab_that_was_everywhere_leaves_nothing(browser: Browser, station: Station, image: str) -> None:
    listeners = station.apparatus.store._writer.listeners
    before = list(listeners)
    tab = log_in(browser, station, "mona")
    try:
        wait_until(lambda: "preview" in tab.painted(image))
        for name in NAMES:
            tab.page.click(f"[data-page={name}]")
            tab.page.wait_for_selector(f"[data-page={name}][aria-current=page]")
        # Where the browser came so late that its page was forgotten, it has asked for another one.
        left = tabs(station)
        assert left
    finally:
        tab.page.close()
    wait_until(lambda: let_go(left), within=60, every=0.5)
    assert list(listeners) == before
