"""Starts and supervises the receiver processes, in the process of the apparatus."""

from __future__ import annotations

import contextlib
import logging
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Final, Self

from imgdash.config import Site
from imgdash.model.errors import ImgdashError
from imgdash.receive import steps
from imgdash.receive.journal import remove_partial
from imgdash.receive.settings import Settings
from imgdash.wire import tls
from imgdash.wire.admission import callers

logger = logging.getLogger(__name__)
# A burst of connections above it waits a second for TCP to try again.
BACKLOG: Final = 1024
STOP_SECONDS: Final = 12.0
# A process that lives shorter than this is restarted with a pause, so that a fault in it is no busy loop.
SHORT_LIFE_SECONDS: Final = 2.0
LONGEST_PAUSE_SECONDS: Final = 5.0


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
        # Of the DICOM port and of the one over TLS; None where there is none.
        self._listeners: list[socket.socket | None] = []
        self._processes: dict[int, subprocess.Popen[str]] = {}
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()
        self.addresses: dict[str, tuple[str, int]] = {}

    def start(self) -> Self:
        """Listen and start the processes; connections are taken from now on.

        Raises
        ------
        ImgdashError
            If the port is taken, or the host is not of this machine.
        """
        self._stopping.clear()
        self._incoming.mkdir(parents=True, exist_ok=True)
        steps.forget(self._incoming)
        if removed := remove_partial(self._incoming):
            logger.info("removed %d half-written file(s), none of which was acknowledged", removed)
        settings = settings_of(self._site)
        if settings.tls is not None:
            tls.server(settings.tls)
        self._listen()
        line = settings.to_line()
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
        self._close()

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens; in the clear, if it does."""
        return self.addresses.get("dicom") or self.addresses["dicom-tls"]

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

    def _listen(self) -> None:
        station = self._site.station
        ports = {
            "dicom": None if station.tls_required else station.dicom_port,
            "dicom-tls": station.dicom_tls_port,
        }
        if not any(port is not None for port in ports.values()):
            raise ImgdashError("tls_required, but no port for it.", "Set dicom_tls_port in the site file.")
        self.addresses = {}
        try:
            for name, port in ports.items():
                listener = None if port is None else _listen(station.host, port)
                self._listeners.append(listener)
                if listener is not None:
                    self.addresses[name] = listener.getsockname()[:2]
        except ImgdashError:
            self._close()
            raise

    def _close(self) -> None:
        for listener in self._listeners:
            if listener is not None:
                listener.close()
        self._listeners = []

    def _supervise(self, slot: int, line: str) -> None:
        pause = 0.0
        while not self._stopping.wait(pause):
            born = time.monotonic()
            try:
                self._run(slot, line)
            except Exception as error:
                # No memory or no descriptors, say: connections wait in the backlog until one can be started.
                if not self._stopping.is_set():
                    logger.warning("a receiver process could not be started, or be looked after: %s", error)
            short = time.monotonic() - born < SHORT_LIFE_SECONDS
            pause = min(max(0.1, pause * 2), LONGEST_PAUSE_SECONDS) if short else 0.0

    def _run(self, slot: int, line: str) -> None:
        """One process from its start to its end."""
        with _process(self._listeners) as process:
            self._processes[slot] = process
            self._feed(process, line)
            self._forward(process)
            code = process.wait()
        self._processes.pop(slot, None)
        if not self._stopping.is_set():
            logger.warning("receiver process %d ended (%s); starting another", process.pid, code)
            remove_partial(self._incoming, process.pid)

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
    return Settings(
        incoming=str(site.folder / "incoming"),
        ae_title=station.ae_title.strip(),
        called_ae_check=station.called_ae_check,
        open_to=station.open_to,
        secured_callers=site.secured_ae_titles(),
        tls=site.credentials if station.dicom_tls_port is not None else None,
        callers=callers((machine.ae_title, machine.host) for machine in site.machines),
        max_message_bytes=station.max_message_mb << 20,
        minimum_free_bytes=station.minimum_free_mb << 20,
    )


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


def _process(listeners: Sequence[socket.socket | None]) -> subprocess.Popen[str]:
    descriptors = [None if listener is None else listener.fileno() for listener in listeners]
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "imgdash.receive.receiver",
            *("-" if descriptor is None else str(descriptor) for descriptor in descriptors),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        pass_fds=[descriptor for descriptor in descriptors if descriptor is not None],
        text=True,
    )


def _close_input(process: subprocess.Popen[str]) -> None:
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
