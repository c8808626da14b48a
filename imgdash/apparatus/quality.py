"""Quality control of the modalities: its images are measured, kept as a trend, and judged by the site's limits.

Whatever leads an image to a condition key of quality control, it is measured once, in a worker process; what a former
run of the station did not get to is measured at the next start.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Sequence
from concurrent.futures import wait
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from imgdash.config import Exposure, Site
from imgdash.confirm.judge import judge
from imgdash.model import Event, ImageHeader, ImgdashError
from imgdash.model.quality import QUALITY_KINDS, QUANTITIES, within
from imgdash.process.quality import Measurement, measure
from imgdash.store import header as headers
from imgdash.store.conditions import Conditions
from imgdash.store.files import Files
from imgdash.store.pixels import open_image
from imgdash.workers import WorkerDied, Workers

if TYPE_CHECKING:  # worker processes, which measure, need no database
    from imgdash.store.store import Change, Store

_LOG = logging.getLogger(__name__)
_SECONDS: Final = 120.0
# After images that somebody waits for.
_PRIORITY: Final = 6
# How often an image is tried, once in each run of the station, that a worker process died of: of its size, or of what
# else the machine had to do then.
_TRIES: Final = 3
_LOOK_S: Final = 0.2


def measure_file(
    path: Path, kind: str, calibration: Exposure | None, unprocessed: bool | None
) -> tuple[Measurement, str]:
    """Measure a record; runs in a worker process. Returns what was found, and which detector made it."""
    ds = headers.read(path).ds
    # A panel has an ID, a plate reader its plates; else the machine's serial number says which it is.
    names = (headers.text(ds, keyword) for keyword in ("DetectorID", "PlateID", "DeviceSerialNumber"))
    detector = next((name for name in names if name), "")
    try:
        image = open_image(path, unprocessed=unprocessed)
        return measure(kind, np.asarray(image.values), dict(image.attrs), calibration), detector
    except ImgdashError as error:
        return Measurement(kind, trouble=str(error)), detector


class Quality:
    """Measures the images of quality control, one after another, in a thread of its own."""

    def __init__(self, site: Site, store: Store, files: Files, conditions: Conditions, workers: Workers) -> None:
        self._site = site
        self._store = store
        self._files = files
        self._conditions = conditions
        self._workers = workers
        self._waiting: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._tried: set[str] = set()
        self._unsubscribe = store.subscribe(self._hear)
        self._thread = threading.Thread(target=self._run, name="quality", daemon=True)

    def start(self) -> None:
        """Measure what waits, then what comes."""
        keys = [condition.key for condition in self._conditions.all() if condition.quality in QUALITY_KINDS]
        for image in self._store.images("list_contains(?, condition) and state <> 'deleted'", [keys]):
            self._waiting.put(image.image_id)
        self._thread.start()

    def stop(self) -> None:
        """Stop; what is not measured is measured at the next start."""
        self._unsubscribe()
        self._stopping.set()
        self._waiting.put(None)
        if self._thread.ident is not None:
            self._thread.join(timeout=30)

    def _hear(self, events: Sequence[Event]) -> None:
        for event in events:
            # An image is known whole once it was examined; later another key may be chosen for it.
            if event.subject == "image" and (event.event == "examine" or "condition" in event.data):
                self._waiting.put(event.id)

    def _run(self) -> None:
        while not self._stopping.is_set():
            image_id = self._waiting.get()
            if image_id is None:
                return
            try:
                self._take(self._store.image(image_id))
            except Exception:  # the next one can be measured; this one is tried again at the next start
                _LOG.exception("an image of quality control was not measured: %s", image_id)

    def _take(self, image: ImageHeader) -> None:
        kind = self._kind(image)
        if image.state in ("received", "quarantined", "deleted") or not kind:
            return
        known, died = image.parameters.get("quality") or {}, 0
        if known.get("kind") == kind:
            died = int(known.get("died", 0))
            if not 0 < died < _TRIES or image.image_id in self._tried:
                return
        peer = self._site.peer_by_ae(image.sender)
        calibration = next((found for found in self._site.exposure if found.sender == image.sender), None)
        future = self._workers.run(
            measure_file, self._files.path(image.image_id), kind, calibration, peer.sends_raw if peer else None,
            timeout=_SECONDS, priority=_PRIORITY,
        )  # fmt: skip
        while not future.done() and not self._stopping.is_set():
            wait([future], timeout=_LOOK_S)
        if self._stopping.is_set():
            return
        try:
            measured, detector = future.result()
            died = 0
        except WorkerDied as error:
            measured, detector = Measurement(kind, trouble=str(error)), ""
            died += 1
            self._tried.add(image.image_id)
        self._store.write(lambda change: self._keep(change, image.image_id, measured, detector, died))

    def _kind(self, image: ImageHeader) -> str:
        if not image.condition:
            return ""
        quality = self._conditions.get(image.condition, image.condition_version).quality
        return quality if quality in QUALITY_KINDS else ""

    def _keep(self, change: Change, image_id: str, measured: Measurement, detector: str, died: int) -> None:
        """The numbers as rows of the trend, and with the image, which is judged by them."""
        image = change.image(image_id)
        if self._kind(image) != measured.kind:
            return
        figures: list[dict[str, Any]] = []
        for figure in measured.figures:
            low, high = self._site.limit(figure.quantity, image.sender)
            row = {**asdict(figure), "unit": QUANTITIES[figure.quantity].unit, "low": low, "high": high}
            figures.append(row)
            change.emit(
                Event(
                    "qc",
                    f"{image_id}/{figure.quantity}{'/' + figure.axis if figure.axis else ''}",
                    "measure",
                    {
                        **row,
                        "image_id": image_id,
                        "at": image.acquired_at or image.received_at,
                        "sender": image.sender,
                        "station": image.station,
                        "detector": detector,
                        "kind": measured.kind,
                        # Without a limit nothing can be said.
                        "within": None if low is None and high is None else within(figure.value, low, high),
                        "measured_at": change.at,
                    },
                )
            )
        quality = {
            "kind": measured.kind,
            "figures": figures,
            "curves": dict(measured.curves),
            "notes": measured.notes,
            "trouble": measured.trouble,
            **({"died": died} if died else {}),
        }
        condition = self._conditions.get(image.condition, image.condition_version)
        image = replace(image, parameters={**image.parameters, "quality": quality})
        judgement = judge(image, condition, self._site.fitness)
        why = measured.trouble or f"quality control: {len(figures)} numbers measured"
        change.set("image", image_id, why=why, parameters=image.parameters, judgement=judgement)
