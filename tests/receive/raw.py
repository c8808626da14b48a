"""A sender without manners: upper layer PDUs written by hand (PS3.8 9.3)."""

from __future__ import annotations

import socket
import struct
from types import TracebackType
from typing import Self

from imgdash.receive import command as dimse

CR = "1.2.840.10008.5.1.4.1.1.1"
EXPLICIT = "1.2.840.10008.1.2.1"


def _item(kind: int, content: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(content)) + content


def associate_rq(abstract: str = CR, syntax: str = EXPLICIT, called: str = "IMGDASH") -> bytes:
    """An association request for one context, id 1."""
    context = struct.pack(">B3x", 1) + _item(0x30, abstract.encode()) + _item(0x40, syntax.encode())
    user = _item(0x51, struct.pack(">I", 16384)) + _item(0x52, b"1.2.3.4")
    body = (
        struct.pack(">HH16s16s32x", 1, 0, called.encode().ljust(16), b"RAW".ljust(16))
        + _item(0x10, b"1.2.840.10008.3.1.1.1")
        + _item(0x20, context)
        + _item(0x50, user)
    )
    return struct.pack(">BxI", 1, len(body)) + body


def pdv(data: bytes, control: int, context_id: int = 1) -> bytes:
    """One presentation data value."""
    return struct.pack(">IBB", len(data) + 2, context_id, control) + data


def p_data(*values: bytes) -> bytes:
    """A P-DATA-TF PDU of presentation data values."""
    body = b"".join(values)
    return struct.pack(">BxI", 4, len(body)) + body


def c_store_rq(uid: str = "1.2.3", sop_class: str = CR) -> bytes:
    """The command set of a C-STORE request."""
    return dimse.encode({0x0002: sop_class, 0x0100: 1, 0x0110: 1, 0x0700: 0, 0x0800: 1, 0x1000: uid})


class Raw:
    """A connection with an accepted association."""

    def __init__(self, port: int, abstract: str = CR, syntax: str = EXPLICIT) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        try:
            self.socket.sendall(associate_rq(abstract, syntax))
            assert self.pdu()[0] == 2
        except BaseException:
            self.socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.socket.close()

    def pdu(self) -> tuple[int, bytes]:
        """Type and body of the next PDU; type 0 where the connection ended."""
        try:
            head = self.socket.recv(6, socket.MSG_WAITALL)
            if len(head) < 6:
                return 0, b""
            kind, length = struct.unpack(">BxI", head)
            return kind, self.socket.recv(length, socket.MSG_WAITALL)
        except ConnectionError:
            return 0, b""

    def status(self) -> int:
        """The status of the response that comes next."""
        kind, body = self.pdu()
        assert kind == 4, f"PDU type {kind}"
        return int(dimse.decode(body[6:])[dimse.STATUS])

    def send(self, *pdus: bytes) -> None:
        """Send PDUs."""
        self.socket.sendall(b"".join(pdus))

    def store(self, data: bytes, uid: str = "1.2.3") -> int:
        """One C-STORE."""
        self.send(p_data(pdv(c_store_rq(uid), 3)), p_data(pdv(data, 2)))
        return self.status()
