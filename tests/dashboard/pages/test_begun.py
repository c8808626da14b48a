"""Who has decided everything is led to what arrives; what is begun there stays until it is ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from imgdash.dashboard.pages.review import Review
from tests.dashboard.conftest import Station
from tests.dashboard.pages.desk import Desk


def rejecting(page: Review) -> Callable[[], Any]:
    page.key("reject")
    return lambda: page.deciding.asking._answered({"closed": True})


def requesting(page: Review) -> Callable[[], Any]:
    page.key("request")
    return lambda: page.deciding.asking._answered({"closed": True})


def framing(page: Review) -> Callable[[], Any]:
    page.key("range")
    return lambda: page.key("range")


def typing(page: Review) -> Callable[[], Any]:
    page.about._said({"typing": page.current})
    return lambda: page.about._said({"typing": ""})


@pytest.mark.parametrize("begin", [rejecting, requesting, framing, typing])
def test_what_is_begun_stays(
    desk_of: Callable[..., Desk], station: Station, hands: list[str], begin: Callable[[Review], Callable[[], Any]]
) -> None:
    for header in station.apparatus.images(state="awaiting"):
        station.apparatus.postpone(header.image_id, "rita")
    station.take(PatientID="B0")
    desk = desk_of("manager")
    page = desk.show(Review)
    desk.until(lambda: page.current and page.work[page.current].state == "awaiting")
    page._on_view({"shown": page.current})
    page.key("confirm")
    desk.until(lambda: page.idle and page.work[page.current].state != "awaiting")
    decided = page.current
    end = begin(page)
    assert page.begun
    arrived = station.take(PatientID="B1")
    desk.until(lambda: arrived in page.work)
    desk.until(lambda: page.deciding.asking.dialog.open or begin is not requesting)
    assert page.current == decided
    end()
    desk.until(lambda: page.current == arrived)
    assert station.apparatus.image(arrived).held_by == "mona"
