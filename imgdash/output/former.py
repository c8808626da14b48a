"""From a queue entry to its formed file: the work is done in the worker processes (F5)."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from importlib.metadata import version
from pathlib import Path

import numpy as np
from pydicom.uid import ExplicitVRLittleEndian

from imgdash.config import OutputApparatus, Site
from imgdash.model import Condition, ImageHeader, ImgdashError, QueueEntry
from imgdash.output import form
from imgdash.output.encoding import SYNTAXES
from imgdash.output.framing import Framing
from imgdash.output.job import Job, derived_uid, profile
from imgdash.store.conditions import Conditions
from imgdash.store.files import Files
from imgdash.store.store import Store
from imgdash.workers import Workers

# Forming gives way to what is on the screen (5).
_PRIORITY = 8
_SHOWN_PRIORITY = 2
_SECONDS = 120.0


class Former:
    """Forms the image of a queue entry, once, and finds it again at the next try."""

    def __init__(self, store: Store, site: Site, conditions: Conditions, files: Files, workers: Workers) -> None:
        self.store = store
        self.site = site
        self.conditions = conditions
        self.files = files
        self.workers = workers
        self._version = version("imgdash")
        self._running: dict[Path, Future[Path]] = {}
        self._lock = threading.Lock()

    def job(self, entry: QueueEntry, apparatus: OutputApparatus, syntax: str | None = None) -> Job:
        """What has to be formed for an entry.

        Raises
        ------
        ImgdashError
            If the image, its record or its condition key is not there any more.
        """
        header = self.store.image(entry.image_id)
        condition = self.condition(header)
        apparatus = profile(apparatus, condition)
        wanted = Framing.of(header.ranges.get(apparatus.name)).scale
        if apparatus.kind != "printer" and wanted is not None:
            apparatus = apparatus.model_copy(update={"scale": wanted})
        peer = self.site.peer_by_ae(header.sender)
        return Job(
            header=header,
            condition=condition,
            apparatus=apparatus,
            station=self.site.station,
            record=self.files.path(header.image_id),
            folder=self.files.output,
            output_uid=entry.output_uid,
            unprocessed=peer.sends_raw if peer else None,
            syntax=syntax or SYNTAXES.get(apparatus.transfer_syntax, ExplicitVRLittleEndian),
            version=self._version,
        )

    def condition(self, header: ImageHeader) -> Condition:
        """The condition key in the version that the reviewer saw; an image without one has the defaults."""
        if not header.condition:
            return Condition(key="", title="", group="")
        return self.conditions.get(header.condition, header.condition_version or None)

    def start(self, job: Job) -> Future[Path]:
        """Form it in a worker, unless it is there already or under way."""
        function = form.film_pages if job.apparatus.kind == "printer" else form.storage_file
        with self._lock:
            running = self._running.get(job.path)
            if running is not None and not running.done():
                return running
            if job.path.exists():
                there: Future[Path] = Future()
                there.set_result(job.path)
                return there
            future = self.workers.run(function, job, timeout=_SECONDS, priority=_PRIORITY)
            self._running[job.path] = future
        future.add_done_callback(lambda done: self._forget(job.path, done))
        return future

    def begin(self, entry: QueueEntry, apparatus: OutputApparatus) -> None:
        """Form what comes next while something else is on its way; what is wrong is said when it is its turn."""
        with contextlib.suppress(ImgdashError):
            self.start(self.job(entry, apparatus))

    def result(self, job: Job) -> Path:
        """The formed file.

        Raises
        ------
        Exception
            Whatever forming raised.
        """
        return self.start(job).result()

    def shown(self, image_id: str, apparatus: OutputApparatus) -> Future[tuple[np.ndarray, int]]:
        """The pixels that would be sent now, without a file of them."""
        entry = QueueEntry(f"{image_id}@{apparatus.name}#0", image_id, apparatus.name, "waiting", 0.0)
        uid = derived_uid("shown", image_id, apparatus.name)
        job = self.job(dataclasses.replace(entry, output_uid=uid), apparatus)
        return self.workers.run(form.shown, job, timeout=_SECONDS, priority=_SHOWN_PRIORITY)

    @contextlib.contextmanager
    def again_as(self, job: Job, syntax: str) -> Iterator[Path]:
        """The same image in another transfer syntax, for an apparatus that does not take the wanted one.

        Deleted after the block: what is uncompressed is large, and nobody would look for it again.
        """
        path = self.result(dataclasses.replace(job, syntax=syntax))
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def clear(self) -> None:
        """Delete what a former run left: nothing of it is needed, all of it can be formed again."""
        for path in self.files.output.iterdir():
            if path.is_file():
                path.unlink(missing_ok=True)

    def _forget(self, path: Path, done: Future[Path]) -> None:
        with self._lock:
            if self._running.get(path) is done:
                del self._running[path]
