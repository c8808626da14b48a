"""Whose turn it is where a machine is there and does not answer."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from imgdash.apparatus.told import Told
from imgdash.config import Site
from imgdash.model import Event
from imgdash.request import Requests
from imgdash.request.notices.turns import Turns
from imgdash.store import rows
from imgdash.store.store import Store
from imgdash.wire import hl7, mllp
from tests.confirm import making
from tests.confirm.making import header, put
from tests.helpers import wait_until
from tests.request.conftest import QUICK
from tests.request.test_notices import ORDER


class Engine:
    """An interface engine that takes every connection, and says nothing to messages of some accession numbers."""

    def __init__(self) -> None:
        self.unknown: set[str] = set()
        self.asked: list[str] = []
        self.release = threading.Event()
        engine = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                data = b""
                while not data.endswith(mllp.END):
                    if not (part := self.request.recv(65536)):
                        return
                    data += part
                message = hl7.parse(data[1:-2])
                accession = message.get("OBR-18")
                engine.asked.append(accession)
                if accession in engine.unknown:
                    engine.release.wait(20)
                    return
                self.request.sendall(b"\x0b" + hl7.ack(message, "AA") + mllp.END)

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = int(self.server.server_address[1])
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine()
    yield made
    made.release.set()
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def arrive(store: Store, engine: Engine, requests_of: Callable[..., Requests], tmp_path: Any) -> Callable[..., None]:
    """Images, each of an order of its own, whose status the engine is told of, all at once."""
    peer = {"name": "ris", "kind": "ris", "hl7_port": engine.port, "hl7_status": "ORU^R01", "timeout_seconds": 1}
    site: Site = making.site(tmp_path, peer=[peer])
    requests_of(site)
    wait_until(lambda: store.query("select 1 from preference where id = 'station/notices-read'"))

    def make(*names: str) -> None:
        def change(tx: Any) -> None:
            for name in names:
                order = replace(ORDER, order_id=f"{name}/S1", accession=name)
                tx.emit(Event("order", order.order_id, "new", rows.order_columns(order)))
                tx.transition("image", images[name], "examine")

        images = {
            name: put(store, header(name, state="received", order_id=f"{name}/S1", accession=name)).image_id
            for name in names
        }
        store.write(change)

    return make


def test_what_is_never_answered_is_given_up_when_others_are(store: Store, engine: Engine, arrive: Any) -> None:
    engine.unknown = {"poison"}
    arrive("poison", "two", "three", "four")
    told = Told(store)
    wait_until(lambda: told.counts() == {"waiting": 0, "sent": 3, "failed": 1})
    assert engine.asked == [*["poison"] * QUICK.attempts, "two", "poison", "three", "poison", "four"]
    (failed,) = told.notices(state="failed")
    assert "No HL7 answer" in failed["trouble"]


def test_a_machine_that_hangs_is_waited_for_with_all(store: Store, engine: Engine, arrive: Any) -> None:
    names = ("one", "two", "three")
    engine.unknown = set(names)
    arrive(*names)
    wait_until(lambda: min(engine.asked.count(name) for name in names) > QUICK.attempts)
    told = Told(store)
    assert told.counts() == {"waiting": 3, "sent": 0, "failed": 0}
    engine.unknown = set()
    wait_until(lambda: told.counts() == {"waiting": 0, "sent": 3, "failed": 0})


def row(name: str, image: str, uid: str = "", kind: str = "availability", what: str = "") -> dict[str, Any]:
    return {
        "notice_id": name, "image_id": image, "kind": kind, "what": what,
        "content": json.dumps({"uid": uid or name, "message": {}}),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (row("a", "one"), row("b", "one")),
        (row("a", "", "1.2.8", "mpps-create"), row("b", "", "1.2.8", "mpps-set")),
        (row("a", "one", kind="hl7", what="order A1: x"), row("b", "two", kind="hl7", what="order A1: y")),
    ],
)
def test_what_is_about_the_same_does_not_overtake(first: dict[str, Any], second: dict[str, Any]) -> None:
    turns, other = Turns(1), row("c", "three")
    assert turns.next([first, second, other]) is first
    assert not turns.unanswered(first)
    assert turns.next([first, second, other]) is other
    assert turns.next([first, second]) is first
    turns.answered(other, [first, second])
    assert turns.next([first, second]) is first
