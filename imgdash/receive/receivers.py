"""Starts and supervises the receiver processes, in the process of the apparatus."""

from __future__ import annotations

import contextlib
import logging
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from imgdash.config import Site
from imgdash.model.errors import ImgdashError
from imgdash.receive.journal import remove_partial
from imgdash.receive.settings import Settings, plain_address

logger = logging.getLogger(__name__)
# A burst of connections above it waits a second for TCP to try again.
BACKLOG: Final = 1024
STOP_SECONDS: Final = 12.0
# A process that lives shorter than this is restarted with a pause, so that a fault in it is no busy loop.
SHORT_LIFE_SECONDS: Final = 2.0


class Receivers:
    """The receiver processes of a site, ``station.receivers`` of them on one port.

    The listening socket belongs to this process and is inherited: connections made while a process is being
    restarted wait in its backlog instead of being refused, and whichever process is free takes the next.

    Parameters
    ----------
    on_file
        Called with the name of each new file in ``incoming/``, from threads of this object; must be quick.
        What was written while nobody listened is not announced again: scan the folder at start.
    """

    def __init__(self, site: Site, *, on_file: Callable[[str], None]) -> None:
        self._site, self._on_file = site, on_file
        self._incoming = site.folder / "incoming"
        self._listener: socket.socket | None = None
        self._processes: dict[int, subprocess.Popen[str]] = {}
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()
        self.address: tuple[str, int] = (site.station.host, site.station.dicom_port)

    def start(self) -> Self:
        """Listen and start the processes; connections are taken from now on.

        Raises
        ------
        ImgdashError
            If the port is taken, or the host is not of this machine.
        """
        self._stopping.clear()
        self._incoming.mkdir(parents=True, exist_ok=True)
        if removed := remove_partial(self._incoming):
            logger.info("removed %d half-written file(s), none of which was acknowledged", removed)
        self._listener = _listen(*self.address)
        self.address = self._listener.getsockname()[:2]
        line = settings_of(self._site).to_line()
        self._threads = [
            threading.Thread(target=self._supervise, args=(slot, line), name=f"receiver-{slot}", daemon=True)
            for slot in range(self._site.station.receivers)
        ]
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        """Let the messages in hand finish, end the processes, stop listening."""
        self._stopping.set()
        for process in list(self._processes.values()):
            _close_input(process)
        for thread in self._threads:
            thread.join(STOP_SECONDS)
        for process in list(self._processes.values()):
            process.kill()
        for thread in self._threads:
            thread.join(STOP_SECONDS)
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def alive(self) -> bool:
        """Whether every process runs."""
        return len(self.pids()) == self._site.station.receivers

    def pids(self) -> list[int]:
        """The processes that run."""
        return [process.pid for process in list(self._processes.values()) if process.poll() is None]

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    def _supervise(self, slot: int, line: str) -> None:
        assert self._listener is not None
        pause = 0.0
        while not self._stopping.wait(pause):
            born = time.monotonic()
            with _process(self._listener.fileno()) as process:
                self._processes[slot] = process
                self._feed(process, line)
                self._forward(process)
                code = process.wait()
            self._processes.pop(slot, None)
            if not self._stopping.is_set():
                remove_partial(self._incoming, process.pid)
                logger.warning("receiver process %d ended (%s); starting another", process.pid, code)
                short = time.monotonic() - born < SHORT_LIFE_SECONDS
                pause = min(max(0.1, pause * 2), 5.0) if short else 0.0

    def _feed(self, process: subprocess.Popen[str], line: str) -> None:
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.write(line)
            process.stdin.flush()
        if self._stopping.is_set():
            _close_input(process)

    def _forward(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for name in process.stdout:
            try:
                self._on_file(name.rstrip("\n"))
            except Exception:
                # Boundary: the file is in the journal; the next scan takes it up.
                logger.exception("a received file could not be handed on")


def settings_of(site: Site) -> Settings:
    """What the receiver processes of `site` are told; host names are looked up here."""
    station = site.station
    callers: dict[str, set[str]] = {}
    machines = [(peer.ae_title, peer.host) for peer in site.peers]
    machines += [(apparatus.ae_title, apparatus.host) for apparatus in site.apparatus]
    for ae_title, host in machines:
        if ae_title:
            callers.setdefault(ae_title.strip(), set()).update(_addresses(host))
    return Settings(
        incoming=str(site.folder / "incoming"),
        ae_title=station.ae_title.strip(),
        called_ae_check=station.called_ae_check,
        open_to=station.open_to,
        callers={ae_title: tuple(sorted(hosts)) for ae_title, hosts in callers.items()},
        max_message_bytes=station.max_message_mb << 20,
        minimum_free_bytes=station.minimum_free_mb << 20,
    )


def _addresses(host: str) -> set[str]:
    try:
        return {plain_address(str(info[4][0])) for info in socket.getaddrinfo(host, None)}
    except OSError as error:
        logger.warning("the host %r of the site file is not found (%s): it may not send", host, error.strerror)
        return set()


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), backlog=BACKLOG, family=_family(host))
    except OSError as error:
        raise ImgdashError(
            f"Cannot listen for DICOM on {host}:{port}: {error.strerror or error}.",
            "Choose another dicom_port in the site file, or end the program that holds it.",
        ) from None


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _process(descriptor: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "imgdash.receive.receiver", str(descriptor)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        pass_fds=[descriptor],
        text=True,
    )


def _close_input(process: subprocess.Popen[str]) -> None:
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
