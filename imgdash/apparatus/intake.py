"""Intake: from a file in ``incoming`` to an image that awaits its reviewer (E1, S3-S4).

The receivers answered Success when the file was safe; everything here may be repeated after a crash, because
the arrived name goes away last.
"""

from __future__ import annotations

import hashlib
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

import pydicom

from imgdash.model import ImgdashError, Unreadable
from imgdash.reduce import Reduced, reduce_image
from imgdash.store import files, header, pixels
from imgdash.workers import WorkerDied, Workers

_LOG = logging.getLogger(__name__)
_PATIENCE = 3.0
_RESCAN = 5.0


@dataclass(frozen=True)
class Examined:
    """What a worker found in an arrived file.

    Attributes
    ----------
    columns
        Columns of the image header that the file tells.
    attributes
        DICOM attributes by which condition keys are chosen and pixels understood.
    reduced
        None where the pixels cannot be read.
    trouble
        Why not, in words.
    readable_header
        False where nothing but the file meta information could be read.
    """

    image_id: str
    columns: dict[str, Any]
    attributes: dict[str, Any]
    pixel_attributes: dict[str, Any]
    reduced: Reduced | None
    trouble: str = ""
    readable_header: bool = True


def examine(path: Path, display_size: int, pitch_mm: float, raw_senders: dict[str, bool]) -> Examined:
    """Read, hash and reduce one arrived file; runs in a worker process."""
    try:
        record = header.read(path)
    except Unreadable as error:
        return _from_meta(path, str(error))
    image_id = files.content_id(path, record.offset)
    columns = header.columns(record)
    attributes = header.attributes(record.ds)
    try:
        image = pixels.open_image(path, unprocessed=raw_senders.get(columns["sender"]))
        reduced = reduce_image(image, display_size=display_size, pitch_mm=pitch_mm)
    except Exception as error:  # whatever broken pixels do, the image is then asked for again
        trouble = str(error) if isinstance(error, ImgdashError) else f"The pixels cannot be reduced: {error}."
        return Examined(image_id, columns, attributes, {}, None, trouble)
    return Examined(image_id, columns, attributes, dict(image.attrs), reduced)


def _from_meta(path: Path, trouble: str) -> Examined:
    """An image header from the file meta information alone, which the receiver wrote."""
    try:
        meta = pydicom.filereader.read_file_meta_info(path)
    except Exception:  # not even that: the file was put there by hand
        meta = pydicom.dataset.FileMetaDataset()
    image_id = hashlib.sha256(path.read_bytes()).hexdigest()[:32]
    columns = {
        "sop_class_uid": str(meta.get("MediaStorageSOPClassUID", "")),
        "sop_instance_uid": str(meta.get("MediaStorageSOPInstanceUID", "")),
        "transfer_syntax": str(meta.get("TransferSyntaxUID", "")),
        "sender": str(meta.get("SourceApplicationEntityTitle", "")).strip(),
        "sender_host": str(meta.get("SourcePresentationAddress", "")).strip(),
    }
    return Examined(image_id, columns, {}, {}, None, trouble, readable_header=False)


class Intake:
    """Takes arrived files through the workers and hands them on, in the order of their arrival.

    Parameters
    ----------
    incoming
        The journal of arrivals.
    register
        Called with the arrival's path, its time and what was found; makes the image known. Raises if it could
        not; the file is then tried again at the next scan.
    message
        Called with the path of a message file.
    """

    def __init__(
        self,
        incoming: Path,
        workers: Workers,
        *,
        display_size: int,
        pitch_mm: float,
        raw_senders: dict[str, bool],
        register: Callable[[Path, datetime, Examined], None],
        message: Callable[[Path], None],
    ) -> None:
        self._incoming = incoming
        self._workers = workers
        self._settings = (display_size, pitch_mm, raw_senders)
        self._register = register
        self._message = message
        self._names: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._known: set[str] = set()
        self._pending: list[tuple[Path, float, Future[Examined]]] = []
        self._stop = threading.Event()
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
        self._messages.shutdown(cancel_futures=True)

    @property
    def waiting(self) -> int:
        """Files on their way."""
        return len(self._known)

    def _run(self) -> None:
        scanned = -_RESCAN
        while not self._stop.is_set():
            # A notice can be lost with the receiver that was to give it; the folder cannot.
            if time.monotonic() - scanned >= _RESCAN:
                scanned = time.monotonic()
                for path in sorted(self._incoming.iterdir()):
                    self._take(path.name)
            try:
                name = self._names.get(timeout=0.02 if self._pending else 1.0)
                while name is not None:
                    self._take(name)
                    name = self._names.get_nowait()
            except queue.Empty:
                pass
            self._finish()

    def _take(self, name: str) -> None:
        path = self._incoming / Path(name).name
        if path.name in self._known or path.name.startswith(".") or not path.exists():
            return
        if path.name.endswith(".msg.json"):
            self._known.add(path.name)
            self._messages.submit(self._take_message, path)
        elif path.name.endswith(".dcm"):
            self._known.add(path.name)
            future = self._workers.run(examine, path, *self._settings, timeout=60.0, priority=3)
            self._pending.append((path, time.monotonic(), future))

    def _take_message(self, path: Path) -> None:
        try:
            if path.exists():
                self._message(path)
        except Exception:  # the message stays and is tried again at the next scan
            _LOG.exception("a message could not be processed: %s", path.name)
        self._known.discard(path.name)

    def _finish(self) -> None:
        """Hand on what is examined; one slow file lets the others pass after a while."""
        remaining = []
        blocked = False
        for path, since, future in self._pending:
            if not future.done() or blocked:
                remaining.append((path, since, future))
                blocked = blocked or time.monotonic() - since < _PATIENCE
                continue
            try:
                found = future.result()
            except WorkerDied as error:
                found = replace(_from_meta(path, str(error)), trouble=str(error))
            except Exception as error:
                found = _from_meta(path, f"The file could not be examined: {error}.")
            try:
                self._register(path, _arrival(path), found)
            except Exception:  # stays in incoming, tried again at the next scan
                _LOG.exception("an arrived file could not be registered: %s", path.name)
            self._known.discard(path.name)
        self._pending = remaining


def _arrival(path: Path) -> datetime:
    """When the receiver began the file: its name starts with nanoseconds."""
    try:
        return datetime.fromtimestamp(int(path.name.split("-")[0]) / 1e9)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(path.stat().st_mtime)
