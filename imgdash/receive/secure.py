"""The stream of a TLS connection, with the same deadlines; the kernel cannot keep them here."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import time
from typing import Any

from imgdash.receive.stream import NotSecured, PeerGone, Stream, TooSlow
from imgdash.wire.tls import HANDSHAKE_SECONDS, words


class SecureStream(Stream):
    """Reads exact amounts from a TLS connection into one reused buffer.

    The handshake is made by `secure`, on the thread that reads.
    """

    def __init__(self, connection: socket.socket, seconds: float, context: ssl.SSLContext) -> None:
        self._sending_seconds = seconds
        super().__init__(connection, seconds)
        self._context = context

    def secure(self) -> None:
        """Make the handshake.

        Raises
        ------
        NotSecured
            If the peer shows no certificate, or one that is not accepted, or does not speak TLS, or is too slow.
        """
        deadline = time.monotonic() + HANDSHAKE_SECONDS
        try:
            secured = self._context.wrap_socket(self._socket, server_side=True, do_handshake_on_connect=False)
        except OSError:
            raise NotSecured("closed before the TLS handshake") from None
        self._socket = secured
        secured.setblocking(False)
        while True:
            try:
                secured.do_handshake()
                return
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
                if not self._wait(deadline, write=isinstance(error, ssl.SSLWantWriteError)):
                    raise NotSecured("TLS handshake too slow") from None
            except OSError as error:
                raise NotSecured(f"TLS handshake failed: {words(error)}") from None

    def within(self, seconds: float) -> None:
        """The deadline of each read from now on."""
        self._seconds = seconds

    def read(self, size: int) -> memoryview:
        """Exactly `size` bytes, at most `BUFFER_BYTES`; valid until the next read.

        Raises
        ------
        PeerGone, TooSlow
        """
        part, deadline, got = self._buffer[:size], time.monotonic() + self._seconds, 0
        while got < size:
            received = self._attempt(deadline, self._socket.recv_into, part[got:])
            if received == 0:
                raise PeerGone
            got += received
        return part

    def send(self, data: bytes) -> None:
        """Send all of `data`.

        Raises
        ------
        PeerGone, TooSlow
        """
        view, deadline = memoryview(data), time.monotonic() + self._sending_seconds
        while view:
            view = view[self._attempt(deadline, self._socket.send, view) :]

    def interrupt(self) -> None:
        """Make the thread that reads find the connection closed; may be called by another thread."""
        # SSLSocket's own shutdown would drop the encryption under that thread.
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def end_of_input(self) -> None:
        """The same for reading only: an answer in preparation can still be sent."""
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._socket, socket.SHUT_RD)

    def hang_up(self, last: bytes = b"", *, patience: float = 1.0) -> None:
        """Send `last`, then close so that the peer can still read it, and knows that nothing was cut off."""
        deadline = time.monotonic() + patience
        with contextlib.suppress(PeerGone, TooSlow, ValueError):
            self.send(last)
            # TLS's own end, which is answered by the peer's.
            self._attempt(deadline, self._socket.unwrap)  # type: ignore[attr-defined]
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._socket, socket.SHUT_WR)
            while self._wait(deadline, write=False) and socket.socket.recv_into(self._socket, self._buffer):
                continue
        self.close()

    def _attempt(self, deadline: float, act: Any, *arguments: Any) -> Any:
        while True:
            try:
                return act(*arguments)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
                if not self._wait(deadline, write=isinstance(error, ssl.SSLWantWriteError)):
                    raise TooSlow from None
            except OSError:
                raise PeerGone from None

    def _wait(self, deadline: float, *, write: bool) -> bool:
        """Until the connection can go on; False if it could not by the deadline."""
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        poll = select.poll()
        poll.register(self._socket, select.POLLOUT if write else select.POLLIN)
        return bool(poll.poll(left * 1000))
