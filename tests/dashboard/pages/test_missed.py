"""What happens while a page is hidden, or while the records cannot be read, is seen afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import panel as pn
import pytest

from imgdash.apparatus.looking import Looking
from imgdash.dashboard.page import Page
from imgdash.dashboard.pages.review import Review
from imgdash.dashboard.shell import Shell
from imgdash.model import Event, ImgdashError
from tests.dashboard.conftest import Station
from tests.dashboard.pages.desk import Desk


class First(Page):
    """Keeps what it was told."""

    name, title, icon = "first", "First", "review"

    def view(self) -> Any:
        self.told: list[Event] = []
        return pn.Column()

    def update(self, events: Sequence[Event]) -> None:
        self.told += events


class Second(First):
    name, title = "second", "Second"


def test_a_night_behind_another_page_pushes_nothing_out(desk_of: Callable[..., Desk]) -> None:
    desk = desk_of("user")
    shell = Shell(desk.session, [First, Second])
    shell.go("first")
    shell.go("second")
    shell._events([Event("order", "A1", "cancel", {})])
    for number in range(4000):
        shell._events([Event("image", str(number), "register", {}), Event("image", str(number), "examine", {})])
    shell._events([Event("image", "7", "confirm", {}), Event("image", "7", "examine", {"number": 2})])
    shell.go("first")
    page = shell.pages["first"]
    assert isinstance(page, First)
    kinds = [(event.subject, event.id, event.event) for event in page.told]
    assert kinds[0] == ("order", "A1", "cancel")
    assert len(kinds) == len(set(kinds)) == 1 + 2 * 4000 + 1
    assert page.told[-1].data == {"number": 2}


def test_a_list_that_could_not_be_read_is_read_later(
    desk_of: Callable[..., Desk], station: Station, hands: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    read, failed = Looking.awaiting, []

    def once(self: Looking, *arguments: Any) -> Any:
        if not failed:
            failed.append(True)
            raise ImgdashError("The records are being opened again.", "Wait a moment.")
        return read(self, *arguments)

    monkeypatch.setattr(Looking, "awaiting", once)
    desk = desk_of("user")
    page = desk.show(Review)
    desk.until(lambda: ("error", "The records are being opened again.", "Wait a moment.") in desk.toasts)
    desk.until(lambda: {item["id"] for item in page.strip.items} == set(hands))
