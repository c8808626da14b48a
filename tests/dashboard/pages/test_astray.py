"""What a page shows whose address, or whose key, leads to nothing, and where nothing is there yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from imgdash.dashboard.pages.conditions import Conditions
from imgdash.dashboard.pages.review import Review
from tests.dashboard.conftest import Station
from tests.dashboard.pages.desk import Desk


def test_an_address_of_no_image_shows_what_awaits(
    desk_of: Callable[..., Desk], station: Station, hands: list[str]
) -> None:
    desk = desk_of("manager")
    page = desk.show(Review, image="nonsense")
    assert not page.about.judged.there
    desk.until(lambda: page.about.judged.there)
    assert page.current in hands
    assert any("nonsense" in text for _, text, _ in desk.toasts)


def test_who_waits_at_the_first_start_is_told_what_for(
    desk_of: Callable[..., Desk], station: Station, hands: list[str]
) -> None:
    kernels = station.apparatus.screen.kernels
    kernels._compiled.clear()
    try:
        desk = desk_of("manager")
        page = desk.show(Review)
        desk.until(lambda: "first start" in page.viewport.said)
    finally:
        kernels.stop()
    desk.until(lambda: page.viewport.said.startswith("Nothing awaits you") and not page.viewport.reading)


def test_an_address_of_no_key_shows_the_key_in_use(desk_of: Callable[..., Desk], hands: list[str]) -> None:
    desk = desk_of("manager")
    page = desk.show(Conditions, key="nonsense")
    desk.until(lambda: page.bench.board.tried)
    assert page.keys.current == "hand"
    assert any("nonsense" in text for _, text, _ in desk.toasts)


def test_where_no_information_is_missing_none_is_opened(
    desk_of: Callable[..., Desk], station: Station, hands: list[str]
) -> None:
    bare = station.take(PatientID="")
    desk = desk_of("manager")
    page = desk.show(Review, image=bare)
    sent: list[Any] = []
    page.about.facts.send = lambda **message: sent.append(message)  # type: ignore[method-assign]
    desk.until(lambda: page.current == bare and page.about.judged.storage)
    page.key("correct")
    assert sent == [{"open": True}]
    page.show(hands[0])
    desk.until(lambda: not any(finding["correctable"] for finding in page.about.judged.storage))
    page.key("correct")
    assert sent == [{"open": True}]
    assert desk.toasts[-1][1] == "No information is missing."


def test_who_may_not_correct_is_told_who_may(desk_of: Callable[..., Desk], hands: list[str]) -> None:
    desk = desk_of("user")
    page = desk.show(Review)
    desk.until(lambda: page.about.judged.there)
    page.key("correct")
    assert desk.toasts[-1][1] == "Information is corrected by a manager."
