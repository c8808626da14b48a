"""A receiver process: ``python -m imgdash.receive.receiver FD FD``, started by `imgdash.receive.Receivers`.

It accepts on the listening sockets that it inherits, the second one over TLS (``-`` for none), reads its settings
from the first line of standard input, and writes one line to standard output for each file of the journal. It ends,
after the messages in hand, when standard input closes: that is, also when its parent dies.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import socket
import ssl
import sys
import threading
import time
from collections.abc import Sequence
from typing import IO, Final

if __name__ == "__main__":
    # pydicom takes these along if they are there: 20 MB for each process, for decoding that never happens here.
    for _module in ("numpy", "requests", "tqdm", "PIL", "pylibjpeg", "openjpeg", "jpeg_ls", "gdcm"):
        sys.modules.setdefault(_module, None)  # type: ignore[arg-type]

import pydicom.config

from imgdash.receive.association import Association
from imgdash.receive.guard import Connections
from imgdash.receive.journal import Journal
from imgdash.receive.refusals import Refusals
from imgdash.receive.settings import Settings
from imgdash.receive.tasks import Caller
from imgdash.wire import tls
from imgdash.wire.admission import plain_address

logger = logging.getLogger("imgdash.receive.receiver")
STOP_SECONDS: Final = 10.0


class Receiver:
    """Accepts connections and gives each a thread.

    Parameters
    ----------
    listeners
        Listening sockets, with the TLS context of those that speak it.
    """

    def __init__(
        self, listeners: Sequence[tuple[socket.socket, ssl.SSLContext | None]], settings: Settings, out: IO[str]
    ) -> None:
        self._listeners = {listener.fileno(): (listener, context) for listener, context in listeners}
        self._settings, self._out = settings, out
        self._journal = Journal(settings.incoming, settings.minimum_free_bytes)
        self._connections = Connections(settings.max_connections)
        self._refusals = Refusals(self._journal)
        self._out_lock = threading.Lock()

    def serve(self, parent: IO[str]) -> None:
        """Accept until `parent` is closed, then let the messages in hand finish."""
        poll = select.poll()
        for listener, _ in self._listeners.values():
            listener.setblocking(False)
            poll.register(listener, select.POLLIN)
        poll.register(parent, select.POLLIN | select.POLLHUP)
        while True:
            ready = {descriptor for descriptor, _ in poll.poll()}
            if parent.fileno() in ready:
                break
            # All processes wake up for a new connection; the one with the least to do shall get it. Not longer, for
            # a flood of connections has to be taken in before those behind it.
            time.sleep(min(len(self._connections), 5) * 0.0004)
            for descriptor in ready:
                self._accept(*self._listeners[descriptor])
        if not self._connections.stop(STOP_SECONDS):
            logger.warning("stopping with connections that did not finish")

    def _accept(self, listener: socket.socket, context: ssl.SSLContext | None) -> None:
        try:
            connection, address = listener.accept()
        except BlockingIOError:
            return
        except OSError as error:
            # Out of file descriptors, or the peer is gone already.
            logger.warning("a connection could not be accepted: %s", error.strerror)
            time.sleep(0.05)
            return
        host = plain_address(address[0])
        association = Association(
            connection, host, self._settings, self._journal, self._announce, self._note_refusal, context
        )
        self._connections.add(association)
        threading.Thread(target=self._run, args=(association,), daemon=True).start()

    def _run(self, association: Association) -> None:
        try:
            association.run()
        except Exception:
            # Boundary: one association's failure is not the others'. Its traceback holds no data of patients.
            logger.exception("an association ended by a failure of ours")
        finally:
            self._connections.remove(association)

    def _announce(self, name: str) -> None:
        # A parent that is gone finds the file when it starts again.
        with self._out_lock, contextlib.suppress(OSError):
            self._out.write(name + "\n")
            self._out.flush()

    def _note_refusal(self, caller: Caller, reason: str) -> None:
        logger.warning("association from %s refused: %s", caller.host, reason)
        with contextlib.suppress(OSError):
            if name := self._refusals.note(caller.calling_ae, caller.called_ae, caller.host, reason):
                self._announce(name)


def main() -> None:
    """Run one receiver process."""
    # Ctrl-C reaches the whole group of processes: the parent says when to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s receiver %(process)d: %(message)s")
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)
    # What peers send wrongly is kept as it is and judged by the intake.
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    pydicom.config.settings.writing_validation_mode = pydicom.config.IGNORE
    settings = Settings.from_line(sys.stdin.readline())
    contexts = (None, tls.server(settings.tls) if settings.tls else None)
    listeners = [
        (socket.socket(fileno=int(descriptor)), context)
        for descriptor, context in zip(sys.argv[1:], contexts, strict=True)
        if descriptor != "-"
    ]
    Receiver(listeners, settings, sys.stdout).serve(sys.stdin)
    # Threads that did not finish must not keep the process; nothing of theirs was acknowledged.
    os._exit(0)


if __name__ == "__main__":
    main()
