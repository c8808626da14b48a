"""MLLP against hl7apy's server, and the listener against peers that misbehave."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Iterator

import pytest
from hl7apy.mllp import AbstractHandler, MLLPServer
from hl7apy.parser import parse_message

from imgdash.model.errors import ImgdashError, PeerFailed
from imgdash.wire import hl7, mllp
from tests.helpers import wait_until


def _accept(message: bytes, host: str = "") -> bytes:
    return hl7.ack(hl7.parse(message), "AA")


@pytest.fixture
def server() -> Iterator[mllp.Server]:
    with mllp.Server("127.0.0.1", 0, _accept, max_bytes=20_000, idle_seconds=1, max_connections=3) as running:
        yield running


class _Order(AbstractHandler):
    def reply(self) -> str:
        message = parse_message(self.incoming_message)
        return f"\x0bMSH|^~\\&|||||20260101||ACK|1|P|2.5\rMSA|AA|{message.MSH.MSH_10.value}\r\x1c\r"


def test_hl7apy_server_acknowledges_our_message() -> None:
    with MLLPServer("127.0.0.1", 0, {"OMG^O19^OMG_O19": (_Order,)}) as peer:
        threading.Thread(target=peer.serve_forever, args=(0.01,), daemon=True).start()
        message = hl7.build("OMG", "O19", [["PID", "1", "", "42"]], control_id="C7")
        answer = mllp.send(*peer.server_address, message, timeout=5)
        peer.shutdown()
    assert hl7.check_ack("C7", answer) == ("AA", "")


def test_several_messages_on_one_connection_are_answered_in_order(server: mllp.Server) -> None:
    with socket.create_connection(server.address, timeout=5) as peer:
        peer.sendall(b"".join(b"\x0b" + hl7.build("ADT", "A08", control_id=f"M{n}") + b"\x1c\r" for n in range(20)))
        answers = b""
        while answers.count(b"\x1c\r") < 20:
            answers += peer.recv(65536)
    assert re.findall(rb"MSA\|AA\|(M\d+)", answers) == [f"M{n}".encode() for n in range(20)]


@pytest.mark.parametrize("junk", [b"GET / HTTP/1.0\r\n\r\n\x1c\r", b"\x0b" + b"A" * 100_000, b"\x0bMSH|^~"])
def test_no_frame_too_long_and_silent_are_cut_off(server: mllp.Server, junk: bytes) -> None:
    with socket.create_connection(server.address, timeout=5) as peer:
        peer.sendall(junk)
        with contextlib.suppress(ConnectionResetError):  # the same end, with bytes still unread
            assert peer.recv(100) == b""
    assert mllp.send(*server.address, hl7.build("ADT", "A08"))


def test_stalled_connections_do_not_lock_out_a_living_peer(server: mllp.Server) -> None:
    stalled = [socket.create_connection(server.address) for _ in range(12)]
    assert mllp.send(*server.address, hl7.build("ADT", "A08"), timeout=1)
    for connection in stalled:
        connection.close()


def test_failures_say_what_is_wrong(server: mllp.Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host, port = silent.getsockname()
        with pytest.raises(PeerFailed, match=r"No HL7 answer .* within 0\.2 s"):
            mllp.send(host, port, b"MSH", timeout=0.2)
    with pytest.raises(PeerFailed, match="refused"):
        mllp.send(host, port, b"MSH", timeout=1)
    with pytest.raises(ImgdashError, match=r"in use.*hl7_port"):
        mllp.Server(*server.address, _accept).start()


def test_a_handler_that_fails_closes_the_connection_and_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    def fail_once(message: bytes, host: str) -> bytes:
        if b"|BAD|" in message:
            raise KeyError("secret^name")
        return _accept(message)

    with mllp.Server("127.0.0.1", 0, fail_once) as server:
        with pytest.raises(PeerFailed, match="without an HL7 answer"):
            mllp.send(*server.address, hl7.build("ADT", "A08", control_id="BAD"))
        assert mllp.send(*server.address, hl7.build("ADT", "A08"))
    wait_until(lambda: not server.alive)
