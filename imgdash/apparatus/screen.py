"""What is put on the screen: thumbnails, previews, full frames, each by image and processing chain."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from imgdash.apparatus.ready import Ready
from imgdash.model import ImageHeader
from imgdash.process import Chain, preview
from imgdash.process.whole import whole
from imgdash.reduce import Reduced
from imgdash.store import pixels
from imgdash.store.conditions import Conditions
from imgdash.store.files import Files
from imgdash.workers import Workers

if TYPE_CHECKING:  # worker processes, which form frames, need none of it
    from imgdash.store.reduced import ReducedImages

_REDUCED_KEPT = 64
_PREVIEW_BYTES = 64 << 20
_FRAME_BYTES = 128 << 20


def form_frame(
    path: Path,
    parameters: Mapping[str, Any],
    calculated: Mapping[str, Any],
    marked: Mapping[str, str],
    raw: bool | None,
    overlays: Sequence[Mapping[str, Any]] = (),
) -> np.ndarray:
    """One full-resolution processed image, uint16 P-values of 12 bits; runs in a worker process."""
    image = pixels.open_image(path, unprocessed=raw).assign_attrs(marked)
    return whole(image, Chain.of({}, parameters), calculated, overlays=overlays)


class Screen:
    """Forms images for viewing and keeps the recent ones.

    Reduced images are kept by number, previews and full frames by bytes; all forget what was longest not looked at.
    """

    def __init__(
        self, files: Files, reduced: ReducedImages, conditions: Conditions, workers: Workers, raw: Any
    ) -> None:
        self._files = files
        self._stored = reduced
        self._conditions = conditions
        self._workers = workers
        self._raw = raw
        self._lock = threading.Lock()
        self._reduced: OrderedDict[str, Reduced] = OrderedDict()
        self._previews: OrderedDict[str, Future[np.ndarray]] = OrderedDict()
        self._frames: OrderedDict[str, Future[np.ndarray]] = OrderedDict()
        self.kernels = Ready()

    def chain(
        self, header: ImageHeader, condition: str | None = None, overrides: Mapping[str, Any] | None = None
    ) -> Chain:
        """The processing chain of an image: condition key, then what was set by hand."""
        key, version = (header.condition, header.condition_version) if condition is None else (condition, None)
        chosen = self._conditions.get(key, version) if key else None
        hand = header.overrides if overrides is None else overrides
        return Chain.of(chosen.processing if chosen else {}, hand)

    def reduced(self, image_id: str) -> Reduced:
        """The reduced images, from memory where they were used lately."""
        with self._lock:
            if image_id in self._reduced:
                self._reduced.move_to_end(image_id)
                return self._reduced[image_id]
        found = self._stored.get(image_id)
        with self._lock:
            self._reduced[image_id] = found
            while len(self._reduced) > _REDUCED_KEPT:
                self._reduced.popitem(last=False)
        return found

    def preview(self, header: ImageHeader, chain: Chain | None = None) -> np.ndarray:
        """The processed display image, in milliseconds; not to be changed.

        As the image itself is to look it is formed once: each reviewer at the same list asks for the images that come
        next, and so does the thumbnail. With a `chain` that is tried it is formed anew.
        """
        if chain is not None:
            return self._preview(header, chain)
        chain = self.chain(header)
        key = f"{header.image_id}/{digest(chain, header)}"
        with self._lock:
            kept = self._previews.get(key)
            if mine := kept is None:
                kept = self._previews[key] = Future()
            else:
                self._previews.move_to_end(key)
        if mine:
            try:
                found = self._preview(header, chain)
            except BaseException as error:
                with self._lock:
                    self._previews.pop(key, None)
                kept.set_exception(error)
                raise
            found.setflags(write=False)
            kept.set_result(found)
            self._trim(self._previews, key, _PREVIEW_BYTES)
        return kept.result()

    def _preview(self, header: ImageHeader, chain: Chain) -> np.ndarray:
        small = self.reduced(header.image_id)
        self.kernels.wait()
        result: np.ndarray = preview(small.display, small.display_pitch_mm[0], chain, header.parameters)
        return result

    def frame(self, header: ImageHeader, chain: Chain | None = None) -> Future[np.ndarray]:
        """The processed image in full resolution, uint16; formed in a worker, kept for the next look."""
        chain = chain or self.chain(header)
        key = f"{header.image_id}/{digest(chain, header)}"
        with self._lock:
            if key in self._frames:
                self._frames.move_to_end(key)
                return self._frames[key]
            future = self._workers.run(
                form_frame,
                self._files.path(header.image_id),
                chain.flat(),
                dict(header.parameters),
                header.marked,
                self._raw(header.sender),
                header.overlays,
                priority=1,
            )
            self._frames[key] = future
        future.add_done_callback(lambda done: self._formed(key, done))
        return future

    def _formed(self, key: str, done: Future[np.ndarray]) -> None:
        if done.cancelled() or done.exception() is not None:
            with self._lock:
                self._frames.pop(key, None)
        else:
            self._trim(self._frames, key, _FRAME_BYTES)

    def _trim(self, kept: OrderedDict[str, Future[np.ndarray]], newest: str, most: int) -> None:
        """Let go of what was longest not asked for, but not of the newest."""
        with self._lock:
            total = 0
            for old in reversed(list(kept)):
                future = kept[old]
                if future.done() and not future.cancelled() and future.exception() is None:
                    total += future.result().nbytes
                    if total > most and old != newest:
                        del kept[old]

    def forget(self, image_id: str) -> None:
        """An image was deleted."""
        with self._lock:
            self._reduced.pop(image_id, None)
            for kept in (self._previews, self._frames):
                for key in [key for key in kept if key.startswith(image_id)]:
                    del kept[key]


def digest(chain: Chain, header: ImageHeader) -> str:
    """A short name for a look of an image: changes with any parameter set or calculated, and with each overlay."""
    text = json.dumps(
        [chain.flat(), dict(header.parameters), header.marked, header.overlays], sort_keys=True, default=str
    )
    return hashlib.sha256(text.encode()).hexdigest()[:16]
