"""The order of the tests themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.order import LONG, place

ROOT = Path(__file__).resolve().parent.parent


def test_what_is_named_as_long_is_there() -> None:
    assert [name for name in LONG if not (ROOT / name).exists()] == []


def test_long_files_come_first_in_their_order(request: pytest.FixtureRequest) -> None:
    places = [place(item.nodeid) for item in request.session.items]
    assert places == sorted(places)
    assert place(f"{LONG[1]}::test_of_it[a::b]") == 1


def test_workers_are_given_the_files_in_this_order(request: pytest.FixtureRequest) -> None:
    assert request.config.option.loadscopereorder is False
