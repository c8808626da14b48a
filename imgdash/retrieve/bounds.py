"""A deadline and limits for what one peer sends.

pynetdicom waits without end for the rest of a PDU, believes any length, and keeps what comes in advance; stalled
connections would lock out living ones.
"""

from __future__ import annotations

import contextlib
import socket
import time
from typing import Final

from pynetdicom import evt
from pynetdicom.association import Association

# Identifiers and responses are small; a study of thousands of UIDs in one list still fits.
PDU_BYTES: Final = 1 << 20
MESSAGE_BYTES: Final = 4 << 20
WAITING_REQUESTS: Final = 16
PDU_SECONDS: Final = 5.0
SENDING_SECONDS: Final = 30.0


class Bounds:
    """Receiving with a deadline for each PDU, and limits for a PDU, a message, and requests in advance."""

    def __init__(self, assoc: Association) -> None:
        self._assoc, self._message, self._deadline = assoc, 0, 0.0
        self._connection: socket.socket = assoc.dul.socket.socket
        self._connection.settimeout(SENDING_SECONDS)
        assoc.dul.socket.recv = self.receive
        assoc.dul.socket._shutdown_socket = self.close
        assoc.bind(evt.EVT_DIMSE_RECV, self._received)

    def receive(self, size: int) -> bytearray:
        """Exactly `size` bytes, or fewer if the peer closed; an OSError ends the association."""
        header = size == 6
        if header:
            self._deadline = time.monotonic() + PDU_SECONDS
        self._message += size
        if size > PDU_BYTES or self._message > MESSAGE_BYTES:
            raise OSError("more than a query can need")
        if self._assoc.dimse.msg_queue.qsize() > WAITING_REQUESTS:
            raise OSError("too many requests in advance")
        got = bytearray()
        try:
            while len(got) < size:
                self._connection.settimeout(max(self._deadline - time.monotonic(), 0.001))
                part = self._connection.recv(min(65536, size - len(got)))
                if not part:
                    break
                got += part
                if time.monotonic() > self._deadline:
                    raise TimeoutError
        finally:
            with contextlib.suppress(OSError):
                self._connection.settimeout(SENDING_SECONDS)
        return got

    def close(self) -> None:
        """End the connection, also where the peer was first to do so: pynetdicom would leave it open then."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()

    def _received(self, event: evt.Event) -> None:
        self._message = 0


def cut_off(assoc: Association) -> None:
    """Close a connection under its threads, which then end."""
    connection = assoc.dul.socket.socket if assoc.dul.socket else None
    if connection is not None:
        with contextlib.suppress(OSError):
            # Not SSLSocket's own, which would drop the encryption under the thread that sends.
            socket.socket.shutdown(connection, socket.SHUT_RDWR)
