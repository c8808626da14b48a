"""Desks for tests of pages: each closes at the end of its test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from imgdash.model import Actor, Role
from tests.dashboard.conftest import Station
from tests.dashboard.pages.bench import KEY
from tests.dashboard.pages.desk import Desk


@pytest.fixture
def desk_of(station: Station) -> Iterator[Callable[..., Desk]]:
    """``desk_of("manager")``: the desk of a user with that role."""
    desks: list[Desk] = []
    names = {"user": "rita", "manager": "mona", "maker": "max"}

    def make(role: Role = "manager") -> Desk:
        desks.append(Desk(station.apparatus, Actor(names[role], role)))
        return desks[-1]

    yield make
    for desk in desks:
        desk.close()


@pytest.fixture(scope="module")
def hands(station: Station) -> list[str]:
    """Three images of one key."""
    for number in range(3):
        station.take(AccessionNumber=f"A{number}", PatientID=f"P{number}")
    assert {header.condition for header in station.apparatus.images()} == {KEY}
    return station.images
