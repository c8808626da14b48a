"""MLLP, the frame of HL7 v2 messages (HL7 v2.5.1 appendix C; IHE ITI TF-2 C.2.1).

The server stands on the `hl7` library's asyncio streams: one thread serves every connection, a message has a
size limit by the stream's own buffer limit, and each wait has a deadline. hl7apy's MLLP server takes a thread
for each connection, reads byte by byte and without limit; so hl7apy is the counterpart in the tests instead.
The client is a plain socket, because it is also called from threads in which an event loop already runs
(a notebook, the web server), where asyncio cannot block.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from hl7.mllp import InvalidBlockError, start_hl7_server
from hl7.mllp.streams import CARRIAGE_RETURN, END_BLOCK, START_BLOCK, MLLPStreamReader, MLLPStreamWriter

from imgdash.model.errors import ImgdashError, PeerFailed
from imgdash.model.security import Credentials
from imgdash.wire.tls import HANDSHAKE_SECONDS, secured, server, words

logger = logging.getLogger(__name__)
END = END_BLOCK + CARRIAGE_RETURN


class Server:
    """Listens for HL7 messages on a thread of its own.

    Parameters
    ----------
    host, port
        Where to listen; port 0 lets the system choose.
    handle
        Called with each message, frame removed, and the address that it comes from; returns the answer, or ``b""``
        for none. Calls come one at a time, in order of arrival, so `handle` needs no lock.
    max_bytes, idle_seconds, max_connections
        A longer message, a longer silence and a further connection are cut off.
    admit
        Called with the address of each connection: whether to read from it. Others are closed at once, before they
        take anybody's place. None: all.
    tls
        Speak TLS, with certificates on both sides; None: in the clear.
    """

    def __init__(
        self,
        host: str,
        port: int,
        handle: Callable[[bytes, str], bytes],
        *,
        admit: Callable[[str], bool] | None = None,
        max_bytes: int = 4 << 20,
        idle_seconds: float = 300.0,
        max_connections: int = 64,
        tls: Credentials | None = None,
    ) -> None:
        self._host, self._port, self._handle, self._admit = host, port, handle, admit
        self._max_bytes, self._idle_seconds, self._max_connections = max_bytes, idle_seconds, max_connections
        self._tls = tls
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stopping: asyncio.Event | None = None
        self._failure: OSError | None = None
        self._connections: dict[asyncio.Task[None], float] = {}
        self.address: tuple[str, int] = (host, port)

    def start(self) -> Self:
        """Listen; returns when connections are accepted.

        Raises
        ------
        ImgdashError
            If the port is taken or the host is not of this machine.
        """
        options: dict[str, Any] = {}
        if self._tls is not None:
            options = {"ssl": server(self._tls), "ssl_handshake_timeout": HANDSHAKE_SECONDS}
        ready = threading.Event()
        self._failure = None
        serving = self._serve(ready, options)
        self._thread = threading.Thread(target=asyncio.run, args=(serving,), name="mllp", daemon=True)
        self._thread.start()
        ready.wait()
        if self._failure is not None:
            self._thread.join()
            raise ImgdashError(
                f"Cannot listen for HL7 on {self._host}:{self._port}: {self._failure.strerror or self._failure}.",
                "Choose another hl7_port in the site file, or end the program that holds it.",
            )
        return self

    def stop(self) -> None:
        """Stop listening and close every connection; a message in hand is still handled, but perhaps not answered."""
        if self._thread is None or not self._thread.is_alive() or self._loop is None or self._stopping is None:
            return
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(timeout=10)

    @property
    def alive(self) -> bool:
        """Whether the listener runs."""
        return self._thread is not None and self._thread.is_alive()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    async def _serve(self, ready: threading.Event, options: dict[str, Any]) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        try:
            # asyncio's limit counts a half-read message; twice that is what it may buffer.
            listening = await start_hl7_server(self._accept, self._host, self._port, limit=self._max_bytes, **options)
        except OSError as error:
            self._failure = error
            ready.set()
            return
        self.address = listening.sockets[0].getsockname()[:2]
        # One worker: an order and its cancellation must not overtake each other.
        with ThreadPoolExecutor(1, thread_name_prefix="mllp-handle") as self._pool:
            ready.set()
            async with listening:
                await self._stopping.wait()
            for task in list(self._connections):
                task.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)

    async def _accept(self, reader: MLLPStreamReader, writer: MLLPStreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        # None where the peer was gone before it was looked at.
        host = (writer.get_extra_info("peername") or ("",))[0]
        if self._admit is not None and not self._admit(host):
            writer.close()
            return
        if len(self._connections) >= self._max_connections:
            # The one silent for longest makes room: stalled peers must not lock out a living one.
            min(self._connections, key=self._connections.__getitem__).cancel()
        self._connections[task] = time.monotonic()
        try:
            while True:
                async with asyncio.timeout(self._idle_seconds):
                    message = await reader.readblock()
                self._connections[task] = time.monotonic()
                asked = asyncio.get_running_loop().run_in_executor(self._pool, self._ask, message, host)
                answer = await asyncio.shield(asked)
                if not answer:
                    break
                writer.writeblock(answer)
                async with asyncio.timeout(self._idle_seconds):
                    await writer.drain()
        except (asyncio.IncompleteReadError, TimeoutError, ConnectionError) as error:
            logger.debug("HL7 connection ended: %s", type(error).__name__)
        except (InvalidBlockError, ValueError) as error:
            logger.warning("HL7 connection closed, not an MLLP frame or too long: %s", type(error).__name__)
        except asyncio.CancelledError:
            logger.info("HL7 connection closed: idle for longest, or stopping")
        finally:
            del self._connections[task]
            writer.close()

    def _ask(self, message: bytes, host: str) -> bytes:
        try:
            return self._handle(message, host)
        except Exception:
            # Boundary: without an answer the sender repeats, which is right for a failure of ours.
            logger.exception("an HL7 message could not be handled")
            return b""


def send(
    host: str,
    port: int,
    message: bytes,
    timeout: float = 10.0,
    *,
    max_bytes: int = 4 << 20,
    tls: Credentials | None = None,
) -> bytes:
    """Send one message on a connection of its own and return the answer, frame removed.

    A connection for each message, so that an answer that comes too late is never taken for the next one's.

    Raises
    ------
    PeerFailed
        If nothing listens, the connection breaks, the answer is no MLLP frame, too long, or not there within
        `timeout` seconds in all.
    """
    where = f"{host}:{port}"
    deadline = time.monotonic() + timeout
    with _connected(host, port, timeout, tls) as connection:
        connection.sendall(START_BLOCK + message + END)
        answer = bytearray()
        while not answer.endswith(END):
            connection.settimeout(max(deadline - time.monotonic(), 0.001))
            part = connection.recv(65536)
            if not part:
                remedy = (
                    "Look into its log." if tls is None else "Is our certificate accepted there? Look into its log."
                )
                raise PeerFailed(f"{where} closed the connection without an HL7 answer.", remedy, heard=True)
            answer += part
            if len(answer) > max_bytes:
                raise PeerFailed(f"The HL7 answer of {where} is longer than {max_bytes} bytes.", heard=True)
            if time.monotonic() > deadline:
                raise TimeoutError
    if not answer.startswith(START_BLOCK):
        raise PeerFailed(
            f"{where} answered something that is not an MLLP frame.", "Is hl7_port an HL7 listener?", heard=True
        )
    return bytes(answer[1:-2])


def reach(host: str, port: int, timeout: float = 5.0, *, tls: Credentials | None = None) -> None:
    """Connect, and close again: whether somebody listens there.

    Raises
    ------
    PeerFailed
        If not, or if TLS fails.
    """
    with _connected(host, port, timeout, tls):
        return


@contextmanager
def _connected(host: str, port: int, timeout: float, tls: Credentials | None) -> Iterator[socket.socket]:
    """A connection; what happens to it becomes words."""
    where = f"{host}:{port}"
    context = secured(tls)
    heard = False
    try:
        with socket.create_connection((host, port), timeout=timeout) as connection:
            if context is None:
                heard = True
                yield connection
            else:
                with context.wrap_socket(connection, server_hostname=host) as wrapped:
                    heard = True
                    yield wrapped
    except TimeoutError:
        raise PeerFailed(
            f"No HL7 answer from {where} within {timeout:g} s.",
            "Check that machine, or raise timeout_seconds.",
            silent=heard,
        ) from None
    except ssl.SSLError as error:
        raise PeerFailed(
            f"No HL7 connection with {where} over TLS: {words(error)}.",
            "Check the certificates on both sides, and whether this is its port for TLS.",
        ) from None
    except OSError as error:
        raise PeerFailed(
            f"No HL7 connection with {where}: {error.strerror or error}.",
            "Check host, hl7_port and that it runs.",
            heard=heard,
        ) from None
