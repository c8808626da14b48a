"""Bytes from a peer, with a deadline kept by the kernel and memory that does not grow."""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from typing import Final

BUFFER_BYTES: Final = 262_144


class PeerGone(Exception):
    """The connection was closed or reset."""


class TooSlow(Exception):
    """The peer did not send, or take, what was due within the deadline."""


class NotSecured(Exception):
    """The TLS handshake failed; the words say why."""


class Stream:
    """Reads exact amounts from a socket into one reused buffer.

    A receive call waits for the whole amount (``MSG_WAITALL``) at most as long as ``SO_RCVTIMEO`` says, so a
    peer that drips one byte a second gains nothing, and no clock is looked at for each piece.
    """

    def __init__(self, connection: socket.socket, seconds: float) -> None:
        self._socket = connection
        self._buffer = memoryview(bytearray(BUFFER_BYTES))
        self._seconds = 0.0
        connection.setblocking(True)
        if connection.family in (socket.AF_INET, socket.AF_INET6):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._set(socket.SO_SNDTIMEO, seconds)
        self.within(seconds)

    def secure(self) -> None:
        """Before anything is read; in the clear there is nothing to do."""

    def within(self, seconds: float) -> None:
        """The deadline of each read from now on."""
        if seconds != self._seconds:
            self._seconds = seconds
            self._set(socket.SO_RCVTIMEO, seconds)

    def read(self, size: int) -> memoryview:
        """Exactly `size` bytes, at most `BUFFER_BYTES`; valid until the next read.

        Raises
        ------
        PeerGone, TooSlow
        """
        part = self._buffer[:size]
        try:
            got = self._socket.recv_into(part, size, socket.MSG_WAITALL)
            if got < size:
                # Cut short by the end of the stream, or by the deadline?
                ended = got == 0 or self._socket.recv_into(part, 1, socket.MSG_DONTWAIT) == 0
                raise PeerGone if ended else TooSlow
        except BlockingIOError:
            raise TooSlow from None
        except OSError:
            raise PeerGone from None
        return part

    def send(self, data: bytes) -> None:
        """Send all of `data`.

        Raises
        ------
        PeerGone, TooSlow
        """
        try:
            self._socket.sendall(data)
        except BlockingIOError:
            raise TooSlow from None
        except OSError:
            raise PeerGone from None

    def hang_up(self, last: bytes = b"", *, patience: float = 1.0) -> None:
        """Send `last`, then close so that the peer can still read it.

        Closing with unread bytes makes the kernel send a reset that overtakes `last`; so what still comes is
        read and dropped, for `patience` seconds or a few megabytes.
        """
        with contextlib.suppress(PeerGone, TooSlow, OSError):
            self.send(last)
            self._socket.shutdown(socket.SHUT_WR)
            self.within(patience)
            deadline, most = time.monotonic() + patience, 64
            while most and time.monotonic() < deadline and self._socket.recv_into(self._buffer):
                most -= 1
        self.close()

    def interrupt(self) -> None:
        """Make the thread that reads find the connection closed; may be called by another thread."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def end_of_input(self) -> None:
        """The same for reading only: an answer in preparation can still be sent."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RD)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _set(self, option: int, seconds: float) -> None:
        whole = int(seconds)
        # Zero would mean "no deadline".
        micro = max(int((seconds - whole) * 1_000_000), 0 if whole else 1000)
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", whole, micro))
