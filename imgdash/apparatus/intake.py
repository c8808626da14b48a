"""Intake: from a file in ``incoming`` to an image that awaits its reviewer (E1, S3-S4).

The receivers answered Success when the file was safe; everything here may be repeated after a crash, because
the arrived name goes away last.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from imgdash.apparatus.examining import Examined, examine, from_meta
from imgdash.model import ImgdashError, RecordsFailed
from imgdash.workers import StationFull, WorkerDied, Workers

_LOG = logging.getLogger(__name__)
_PATIENCE = 3.0
_RESCAN = 5.0
# So often a file may fail to be registered, where it is the file that fails.
_TRIES = 3
# So many files are looked at and calculated at a time beyond what the workers can do: one is ready when they are.
_BEYOND = 1


@dataclass(frozen=True)
class _Looked:
    """What is known of an arrived file once it may be registered; `failed` where that could not be prepared.

    `found` is None where it could not even be looked at, by no fault of its own.
    """

    found: Examined | None
    prepared: Any
    failed: Exception | None = None


class Intake:
    """Takes arrived files through the workers, several at a time, and hands them on, in the order of their arrival.

    Parameters
    ----------
    incoming
        The journal of arrivals.
    prepare
        Called with the arrival's path, its time and what was found, in a thread beside others: does what takes time
        of registering it and makes nothing known.
    register
        Called with the same and what `prepare` gave; makes the image known. Raises if it could not; the file is then
        tried again at the next scan.
    give_up
        Called with the first three, and why, where that has failed too often: makes known that there is an image which
        cannot be registered.
    message
        Called with the path of a message file.
    ready
        Returns once images can be examined without delay.
    """

    def __init__(
        self,
        incoming: Path,
        workers: Workers,
        *,
        display_size: int,
        pitch_mm: float,
        raw_senders: dict[str, bool],
        prepare: Callable[[Path, datetime, Examined], Any],
        register: Callable[[Path, datetime, Examined, Any], None],
        give_up: Callable[[Path, datetime, Examined, str], None],
        message: Callable[[Path], None],
        ready: Callable[[], object],
    ) -> None:
        self._incoming = incoming
        self._workers = workers
        self._settings = (display_size, pitch_mm, raw_senders)
        self._prepare = prepare
        self._register = register
        self._give_up = give_up
        self._message = message
        self._ready = ready
        self._names: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._known: set[str] = set()
        self._pending: list[tuple[Path, float, Future[_Looked]]] = []
        # Name of a file → how often it could not be registered; and what was logged of it last.
        self._failures: dict[str, int] = {}
        self._said: dict[str, str] = {}
        self._stop = threading.Event()
        self._looking = ThreadPoolExecutor(workers.count + _BEYOND, thread_name_prefix="arrivals")
        # One after another, but beside the images: an answer to a peer that is away takes its time.
        self._messages = ThreadPoolExecutor(1, thread_name_prefix="messages")
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)

    def start(self) -> None:
        """Take what waits, then what comes."""
        self._thread.start()

    def arrived(self, name: str) -> None:
        """A receiver says that a file is there; called from its thread."""
        self._names.put(name)

    def stop(self) -> None:
        """Stop; what is not finished stays in ``incoming``."""
        self._stop.set()
        self._names.put(None)
        if self._thread.ident is not None:
            self._thread.join(timeout=30)
        self._looking.shutdown(wait=False, cancel_futures=True)
        self._messages.shutdown(cancel_futures=True)

    @property
    def waiting(self) -> int:
        """Files on their way."""
        return len(self._known)

    @property
    def alive(self) -> bool:
        """Whether it takes what arrives."""
        return self._thread.is_alive()

    def _run(self) -> None:
        scanned = -_RESCAN
        while not self._stop.is_set():
            try:
                # A notice can be lost with the receiver that was to give it; the folder cannot.
                if time.monotonic() - scanned >= _RESCAN:
                    scanned = time.monotonic()
                    self._scan()
                self._listen()
                self._finish()
            except Exception:  # of the folder, or of the machine: what is acknowledged waits in it meanwhile
                _LOG.exception("nothing could be taken from %s for a moment", self._incoming.name)
                self._stop.wait(1.0)

    def _scan(self) -> None:
        names = sorted(path.name for path in self._incoming.iterdir())
        for told in (self._failures, self._said):
            for name in told.keys() - set(names):
                del told[name]
        for name in names:
            self._take(name)

    def _listen(self) -> None:
        try:
            name = self._names.get(timeout=0.02 if self._pending else 1.0)
            while name is not None:
                self._take(name)
                name = self._names.get_nowait()
        except queue.Empty:
            pass

    def _take(self, name: str) -> None:
        path = self._incoming / Path(name).name
        if path.name in self._known or path.name.startswith(".") or not path.exists():
            return
        if path.name.endswith(".msg.json"):
            self._known.add(path.name)
            self._messages.submit(self._take_message, path)
        elif path.name.endswith(".dcm"):
            self._known.add(path.name)
            self._pending.append((path, time.monotonic(), self._looking.submit(self._look, path)))

    def _look(self, path: Path) -> _Looked:
        """What is in a file, and what takes time of registering it."""
        self._ready()
        try:
            found = self._workers.run(examine, path, *self._settings, timeout=60.0, priority=3).result()
        except WorkerDied as error:
            found = replace(from_meta(path, str(error)), trouble=str(error))
        except Exception as error:
            if _is_ours(error):
                return _Looked(None, None, error)
            found = from_meta(path, f"The file could not be examined: {error}.")
        try:
            return _Looked(found, self._prepare(path, _arrival(path), found))
        except Exception as error:
            return _Looked(found, None, error)

    def _take_message(self, path: Path) -> None:
        try:
            if path.exists():
                self._message(path)
        except Exception:  # the message stays and is tried again at the next scan
            _LOG.exception("a message could not be processed: %s", path.name)
        self._known.discard(path.name)

    def _finish(self) -> None:
        """Hand on what is examined; one slow file lets the others pass after a while."""
        pending, self._pending = self._pending, []
        blocked = False
        for path, since, future in pending:
            if not future.done() or blocked:
                self._pending.append((path, since, future))
                blocked = blocked or time.monotonic() - since < _PATIENCE
                continue
            try:
                self._hand_on(path, future)
            except Exception as error:  # stays in incoming, tried again at the next scan
                if self._said.get(path.name) != str(error):
                    self._said[path.name] = str(error)
                    _LOG.exception("an arrived file could not be registered: %s", path.name)
            self._known.discard(path.name)

    def _hand_on(self, path: Path, future: Future[_Looked]) -> None:
        """Register what was found, or what can be said where nothing was."""
        if not path.exists():
            _LOG.warning("an arrived file is gone before it was registered: %s", path.name)
            return
        arrived_at = _arrival(path)
        looked = future.result()
        found = looked.found
        if found is None:
            raise looked.failed or ImgdashError("The file could not be looked at.")
        try:
            if looked.failed is not None:
                raise looked.failed
            self._register(path, arrived_at, found, looked.prepared)
        except Exception as error:
            if _is_ours(error):
                raise
            self._failures[path.name] = self._failures.get(path.name, 0) + 1
            if self._failures[path.name] < _TRIES:
                raise
            _LOG.warning("an arrived file is given up: %s", path.name)
            self._give_up(path, arrived_at, found, f"The image was received, but could not be registered: {error}.")


def _is_ours(error: BaseException | None) -> bool:
    """Whether the machine, its disk or the records failed, not this file: it waits until they are in order again."""
    while error is not None:
        if isinstance(error, OSError | RecordsFailed | StationFull):
            return True
        error = error.__cause__
    return False


def _arrival(path: Path) -> datetime:
    """When the receiver began the file: its name starts with nanoseconds."""
    try:
        return datetime.fromtimestamp(int(path.name.split("-")[0]) / 1e9)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(path.stat().st_mtime)
