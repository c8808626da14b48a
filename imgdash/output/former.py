"""From a queue entry to its formed file: the work is done in the worker processes (F5)."""

from __future__ import annotations

import dataclasses
import threading
from concurrent.futures import Future
from importlib.metadata import version
from pathlib import Path

from pydicom.uid import ExplicitVRLittleEndian

from imgdash.config import OutputApparatus, Site
from imgdash.model import Condition, ImageHeader, QueueEntry
from imgdash.output import form
from imgdash.output.encoding import SYNTAXES
from imgdash.output.job import Job, profile
from imgdash.store.conditions import Conditions
from imgdash.store.files import Files
from imgdash.store.store import Store
from imgdash.workers import Workers

# Forming gives way to what is on the screen (5).
_PRIORITY = 8
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
        function = form.storage_file if job.apparatus.kind == "storage" else form.film_page
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

    def result(self, job: Job) -> Path:
        """The formed file.

        Raises
        ------
        Exception
            Whatever forming raised.
        """
        return self.start(job).result()

    def again_as(self, job: Job, syntax: str) -> Path:
        """The same image in another transfer syntax, for an apparatus that does not take the wanted one."""
        return self.result(dataclasses.replace(job, syntax=syntax))

    def clear(self) -> None:
        """Delete what a former run left: nothing of it is needed, all of it can be formed again."""
        for path in self.files.output.iterdir():
            if path.is_file():
                path.unlink(missing_ok=True)

    def _forget(self, path: Path, done: Future[Path]) -> None:
        with self._lock:
            if self._running.get(path) is done:
                del self._running[path]
