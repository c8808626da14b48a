"""A change that is made while others are being written is written, too."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from bokeh.document import Document
from panel.io import document as panel_document

from imgdash.dashboard import outbound


class Socket:
    """Of a browser that takes its time."""


class Connection:
    """As Bokeh's, as far as Panel asks it."""

    def __init__(self) -> None:
        self._socket = Socket()
        self.protocol = self

    def create(self, _kind: str, events: list[Any]) -> Any:
        """A message is its events."""
        return events


def test_the_last_change_does_not_wait_for_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[Any] = []

    async def work() -> None:
        doc, connection, free = Document(), Connection(), asyncio.Event()

        def write(_connection: Any, events: Any = None, msg: Any = None) -> list[Any]:
            taken.extend(msg)
            return [asyncio.ensure_future(free.wait())]

        monkeypatch.setitem(panel_document.extra_socket_handlers, Socket, write)
        panel_document.schedule_write_events(doc, [connection], ["first"])
        while not taken:
            await asyncio.sleep(0)
        # The first is still being written, and its end comes before the task of the second.
        free.set()
        for _ in range(3):
            await asyncio.sleep(0)
            if not panel_document._WRITE_FUTURES.get(doc):
                break
        panel_document.schedule_write_events(doc, [connection], ["second"])
        panel_document._WRITE_BLOCK.pop(doc, None)
        for _ in range(10):
            await asyncio.sleep(0)
        panel_document._WRITE_MSGS.pop(doc, None)

    outbound.send_everything()
    # In this thread the loop of Playwright may run.
    with ThreadPoolExecutor(1) as elsewhere:
        elsewhere.submit(asyncio.run, work()).result()
    assert taken == ["first", "second"]
