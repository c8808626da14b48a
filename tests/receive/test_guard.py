"""Peers that stall, drip, flood or lie about lengths: cut off, and nobody else notices (RELIABILITY.md)."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pynetdicom.sop_class import Verification

from imgdash.receive.association import COMMAND_BYTES, Association
from imgdash.receive.guard import Connections
from imgdash.receive.journal import Journal
from imgdash.receive.settings import Settings
from imgdash.wire.admission import Limiter
from imgdash.wire.dicom import associate
from tests.helpers import wait_until
from tests.receive.conftest import Station
from tests.receive.raw import Raw, associate_rq, c_store_rq, p_data, pdv


def echoes_at_once(port: int) -> None:
    """Answered before the first of those that stall is cut off: that is, beside them."""
    started = time.monotonic()
    with associate("CR51", "IMGDASH", "127.0.0.1", port, [Verification], 5) as assoc:
        assert assoc.send_c_echo().Status == 0
    assert time.monotonic() - started < Settings.opening_seconds - 1


def flood(port: int, beginning: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as peer, contextlib.suppress(ConnectionError):
        peer.sendall(beginning)
        for _ in range(200):
            peer.sendall(b"A" * 100_000)


def rss(station: Station) -> float:
    pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in station.receivers.pids()]
    return sum(pages) * 4096 / 1e6


@pytest.fixture
def ready(start: Callable[..., Station]) -> Station:
    """With every process up, so that what is measured is not their start."""
    station = start()
    for _ in range(4):
        echoes_at_once(station.port)
    return station


def test_stalled_connections_lock_nobody_out(ready: Station) -> None:
    for beginning in (b"", b"\1\0\0", b"\1\0\0\0\x10\0", associate_rq()):
        with contextlib.ExitStack() as stack:
            # More than both processes take together.
            for _ in range(140):
                stalled = stack.enter_context(socket.create_connection(("127.0.0.1", ready.port)))
                stalled.sendall(beginning)
            echoes_at_once(ready.port)


def test_a_length_of_four_gigabytes_is_aborted(ready: Station) -> None:
    before = rss(ready)
    for beginning in (b"\1\0\xff\xff\xff\xff", b"\4\0\xff\xff\xff\xff"):
        flood(ready.port, beginning)
    with Raw(ready.port) as peer:
        peer.send(b"\4\0\xff\xff\xff\xff")
        assert peer.pdu() == (7, b"\0\0\2\6")
    assert rss(ready) - before < 32
    echoes_at_once(ready.port)


def test_endless_fragments_are_aborted(start: Callable[..., Station]) -> None:
    station = start(max_message_mb=2)
    with Raw(station.port) as peer:
        with contextlib.suppress(ConnectionError):
            peer.send(p_data(pdv(c_store_rq(), 3)), *[p_data(pdv(b"\0" * 16_000, 0))] * 4_000)
        assert peer.pdu()[0] in (0, 7)
    with Raw(station.port) as peer:
        peer.send(*[p_data(pdv(b"", 1))] * COMMAND_BYTES)
        assert peer.pdu() == (7, b"\0\0\2\0")
    wait_until(lambda: not list(station.incoming.iterdir()))


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[socket.socket, threading.Thread, Path]]:
    """An association with short deadlines, in this process."""
    ours, theirs = socket.socketpair()
    settings = Settings(str(tmp_path), open_to="all", opening_seconds=0.2, idle_seconds=0.2, pdu_seconds=0.2)
    journal = Journal(tmp_path)
    association = Association(ours, "127.0.0.1", settings, journal, print, print)
    thread = threading.Thread(target=association.run)
    thread.start()
    theirs.settimeout(10)
    yield theirs, thread, tmp_path
    theirs.close()
    thread.join()
    journal.close()


def _drip(peer: socket.socket, data: bytes) -> None:
    with contextlib.suppress(OSError):
        for at in range(len(data)):
            peer.sendall(data[at : at + 1])
            time.sleep(0.05)


@pytest.mark.parametrize("phase", ["opening", "idle", "message", "fragment"])
def test_each_phase_has_its_deadline_that_dripping_does_not_extend(
    pair: tuple[socket.socket, threading.Thread, Path], phase: str
) -> None:
    peer, thread, folder = pair
    started = time.monotonic()
    if phase != "opening":
        peer.sendall(associate_rq())
        assert peer.recv(6, socket.MSG_WAITALL)[0] == 2
    if phase in ("message", "fragment"):
        peer.sendall(p_data(pdv(c_store_rq(), 3)) + p_data(pdv(b"\0" * 100, 0)))
    dripping = b"\1\0\0\0\1\0" + b"A" * 500 if phase == "opening" else b"\4\0\0\0\1\0" + pdv(b"A" * 250, 0)
    if phase == "fragment":
        peer.sendall(dripping[:12])
        dripping = dripping[12:]
    _drip(peer, dripping)
    thread.join(timeout=5)
    assert not thread.is_alive()
    assert time.monotonic() - started < 20
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("pdus", "reason"),
    [
        (p_data(pdv(c_store_rq(), 3, context_id=3)), 6),  # a context that was not accepted
        (p_data(pdv(b"data", 2)), 2),  # data without command
        (p_data(pdv(c_store_rq(), 3), pdv(c_store_rq(), 3)), 2),  # a command where data is due
        (p_data(pdv(c_store_rq()[:20], 1), pdv(c_store_rq()[20:], 3, context_id=5)), 6),  # interleaved
        (p_data(pdv(b"\x08\0" + c_store_rq(), 3)), 6),  # not a command set
        (p_data(struct.pack(">IBB", 90, 1, 3) + b"short"), 6),  # longer than its PDU
        (p_data(struct.pack(">IBB", 1, 1, 3)), 6),  # shorter than its own header
        (p_data(b"\0\0"), 6),
        (b"\x09\0\0\0\0\0", 1),  # no such PDU
        (associate_rq(), 2),  # associates twice
    ],
)
def test_broken_protocol_is_aborted_with_its_reason(shared: Station, pdus: bytes, reason: int) -> None:
    with Raw(shared.port) as peer:
        peer.send(pdus)
        assert peer.pdu() == (7, bytes([0, 0, 2, reason]))
    assert not shared.images


def test_any_legal_fragmentation_is_understood(station: Station) -> None:
    command, data = c_store_rq(), bytes(range(256)) * 4
    with Raw(station.port) as peer:
        # Command and data in one PDU; each byte of the command alone; an empty last fragment.
        peer.send(p_data(pdv(command, 3), pdv(data, 2)))
        assert peer.status() == 0
        pieces = [pdv(command[at : at + 1], 1) for at in range(len(command))]
        peer.send(p_data(*pieces, pdv(b"", 3)), p_data(pdv(data[:1], 0), pdv(data[1:], 0)), p_data(pdv(b"", 2)))
        assert peer.status() == 0
        assert peer.store(b"") == 0xC000
    assert [path.read_bytes()[-1024:] for path in station.images] == [data, data]


def test_a_cut_off_image_leaves_nothing(station: Station) -> None:
    for ending in (b"", b"\7\0\0\0\0\4\0\0\0\0"):
        with Raw(station.port) as peer:
            peer.send(p_data(pdv(c_store_rq(), 3)), p_data(pdv(b"A" * 5000, 0)))
            wait_until(lambda: list(station.incoming.iterdir()))
            peer.send(ending)
        wait_until(lambda: not list(station.incoming.iterdir()))


class _Connection:
    def __init__(self, phase: int, since: float) -> None:
        self.phase, self.since, self.evicted = phase, since, False

    def evict(self) -> None:
        self.evicted = True

    def stop(self) -> None:
        """Nothing to finish."""


def test_who_is_cut_off_first() -> None:
    opening, idle, busy, new = _Connection(0, 9.0), _Connection(1, 1.0), _Connection(2, 0.0), _Connection(0, 10.0)
    table = Connections(3)
    for connection in (busy, idle, opening, new):
        table.add(connection)
    assert [connection.evicted for connection in (busy, idle, opening, new)] == [False, False, True, False]
    assert len(table) == 3


def test_the_audit_of_refusals_cannot_be_flooded() -> None:
    limiter = Limiter(seconds=60, burst=3)
    assert [limiter.allows(what) for what in "aabbcd"] == [True, False, True, False, True, False]
