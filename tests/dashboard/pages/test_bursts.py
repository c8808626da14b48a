"""A list under a burst of events is read a few times, not once for each of them."""

from __future__ import annotations

from collections.abc import Callable

from imgdash.dashboard.pages.queues import Queues
from imgdash.model import Event
from tests.dashboard.pages.desk import Desk


def test_a_burst_of_events_is_one_reading(desk_of: Callable[..., Desk]) -> None:
    desk = desk_of("user")
    page = desk.show(Queues)
    read: list[str] = []
    look = page.look

    def counted(tab: str, wanted: dict[str, object]) -> object:
        read.append(tab)
        return look(tab, wanted)

    desk.until(lambda: not page.reading.busy)
    page.look = counted  # type: ignore[method-assign, assignment]
    for number in range(100):
        page.update([Event("queue", f"entry{number}", "finish")])
    assert read == []
    desk.until(lambda: read and not page.reading.busy)
    assert len(read) <= 2
    # What is none of its subjects reads nothing.
    before = len(read)
    page.update([Event("request", "r", "send"), Event("preference", "user/rita/x", "set")])
    desk.until(lambda: page.reading.idle)
    assert len(read) == before
