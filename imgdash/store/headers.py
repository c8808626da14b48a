"""Image headers as they are now, read from the database once for everybody who asks, until they change.

Every page that is open asks for each image that changed, and every picture for the image it is of: without this,
eight reviewers read each row eight times and more.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence

from imgdash.model import Event, ImageHeader

_KEPT = 2048


class Headers:
    """Headers that were asked for lately.

    Parameters
    ----------
    read
        Reads headers of these ids from the database; those it does not know are left out.
    """

    def __init__(self, read: Callable[[Sequence[str]], list[ImageHeader]], kept: int = _KEPT) -> None:
        self._read = read
        self._most = kept
        self._kept: OrderedDict[str, ImageHeader] = OrderedDict()
        self._lock = threading.Lock()
        # One reads at a time: who asks for the same meanwhile finds it read.
        self._reading = threading.Lock()
        # What changed while somebody reads: he may have read what it was before.
        self._changed: set[str] = set()

    def get(self, image_ids: Iterable[str]) -> dict[str, ImageHeader]:
        """image_id → header, of those that there are, in the order asked for."""
        wanted = list(dict.fromkeys(image_ids))
        found, missing = self._known(wanted)
        if missing:
            with self._reading:
                # Whoever read before may have read these, too.
                more, missing = self._known(missing)
                found |= more
                if missing:
                    found |= self._fetch(missing)
        return {image_id: found[image_id] for image_id in wanted if image_id in found}

    def forget(self, events: Sequence[Event]) -> None:
        """These events were committed; called before anybody is told."""
        ids = {event.id for event in events if event.subject == "image"}
        with self._lock:
            self._changed |= ids
            for image_id in ids:
                self._kept.pop(image_id, None)

    def _known(self, wanted: Sequence[str]) -> tuple[dict[str, ImageHeader], list[str]]:
        with self._lock:
            found = {image_id: self._kept[image_id] for image_id in wanted if image_id in self._kept}
            for image_id in found:
                self._kept.move_to_end(image_id)
        return found, [image_id for image_id in wanted if image_id not in found]

    def _fetch(self, missing: Sequence[str]) -> dict[str, ImageHeader]:
        with self._lock:
            self._changed = set()
        read = {header.image_id: header for header in self._read(missing)}
        with self._lock:
            for image_id, header in read.items():
                if image_id not in self._changed:
                    self._kept[image_id] = header
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return read
