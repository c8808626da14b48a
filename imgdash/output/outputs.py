"""Output to every output apparatus of the site, each with a queue of its own (F1, F2)."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from imgdash.config import OutputApparatus, Site
from imgdash.model import Event, NotFound
from imgdash.output import commitment
from imgdash.output.film_queue import FilmQueue
from imgdash.output.folder import FolderQueue
from imgdash.output.former import Former
from imgdash.output.queue import Queue, QueueStatus
from imgdash.output.storage import StorageQueue
from imgdash.output.web import WebQueue
from imgdash.store.conditions import Conditions
from imgdash.store.files import Files
from imgdash.store.store import Store
from imgdash.workers import Workers

# What images on their way may take after the end was called, before their associations are aborted.
_STOP_SECONDS = 3.0


class Outputs:
    """The queues of a site.

    Parameters
    ----------
    store
        Holds the queue registration table; whoever registers an entry there need not tell anybody.
    workers
        Forms the images.

    Examples
    --------
    >>> outputs = Outputs(store, site, conditions, files, workers)
    >>> outputs.start()
    >>> outputs.status()["ARCHIVE"].trouble
    ''
    """

    def __init__(self, store: Store, site: Site, conditions: Conditions, files: Files, workers: Workers) -> None:
        self.store = store
        self.former = Former(store, site, conditions, files, workers)
        self.queues: dict[str, Queue] = {apparatus.name: self._queue(apparatus, site) for apparatus in site.apparatus}
        self._unsubscribe = lambda: None

    def _queue(self, apparatus: OutputApparatus, site: Site) -> Queue:
        where = apparatus, self.store, self.former
        if apparatus.kind == "folder":
            return FolderQueue(*where, site.folder)
        if apparatus.kind == "web":
            return WebQueue(*where, site)
        kind = StorageQueue if apparatus.kind == "storage" else FilmQueue
        return kind(*where, site.station.ae_title, tls=site.tls(apparatus))

    def start(self) -> None:
        """Go on where a former run stopped."""
        self.former.clear()
        self._unsubscribe = self.store.subscribe(self._changed)
        for queue in self.queues.values():
            queue.start()

    def stop(self) -> None:
        """Let the images on their way arrive, then end."""
        self._unsubscribe()
        for queue in self.queues.values():
            queue.call_off()
        deadline = time.monotonic() + _STOP_SECONDS
        for queue in self.queues.values():
            queue.stop(deadline)

    def wake(self) -> None:
        """Try now what is being waited for: a person asked, or a peer is known to be back."""
        for queue in self.queues.values():
            queue.wake(now=True)

    def status(self) -> dict[str, QueueStatus]:
        """How each queue gets on with its apparatus."""
        return {name: queue.status() for name, queue in self.queues.items()}

    def shown(self, image_id: str, name: str) -> Future[tuple[np.ndarray, int]]:
        """What the apparatus `name` would get of an image now: pixels and bits."""
        if name not in self.queues:
            raise NotFound(f"No output apparatus {name!r}.", f"There are {', '.join(self.queues)}.")
        return self.former.shown(image_id, self.queues[name].apparatus)

    def commitment_result(self, facts: Mapping[str, Any]) -> bool:
        """Take in the report of a storage that came on an association of its own.

        Parameters
        ----------
        facts
            As in the message file: ``calling_ae``, and ``dataset`` as DICOM JSON or `Dataset`.

        Returns
        -------
        Whether it was about anything that waits for it. A report about nothing we know is no error.
        """
        content = facts.get("dataset")
        ds = content if isinstance(content, Dataset) else Dataset.from_json(dict(content or {}))
        result = commitment.Result.of(str(facts.get("calling_ae") or ""), ds)
        storages = {
            name: (queue.apparatus.ae_title, queue.apparatus.attempts)
            for name, queue in self.queues.items()
            if isinstance(queue, StorageQueue)
        }
        return bool(commitment.settle(self.store, result, storages))

    def _changed(self, events: Sequence[Event]) -> None:
        """In the store's writer: hand over and return."""
        for event in events:
            if event.subject == "queue":
                name = event.id.rpartition("@")[2].rpartition("#")[0]
                if name in self.queues:
                    self.queues[name].acted(event)
            elif event.subject == "note":
                # A folder takes out again what was rejected.
                name = event.id.rstrip("!").rpartition("@")[2].rpartition("#")[0]
                if name in self.queues:
                    self.queues[name].wake()
            elif event.subject == "preference" and event.id.startswith("station/apparatus/"):
                for queue in self.queues.values():
                    queue.wake()
