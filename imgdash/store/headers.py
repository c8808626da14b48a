"""Image headers as they are now, read from the database once for everybody who asks, until they change.

Every page that is open asks for each image that changed, and every picture for the image it is of: without this,
eight reviewers read each row eight times and more.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from imgdash.model import Event, ImageHeader

_KEPT: Final = 2048
_NONE: Final[Mapping[str, ImageHeader | None]] = MappingProxyType({})


class Headers:
    """Headers that were asked for lately; also of whom it was heard that there is none.

    Parameters
    ----------
    read
        Reads headers of these ids from the database; those it does not know are left out.
    """

    def __init__(self, read: Callable[[Sequence[str]], list[ImageHeader]], kept: int = _KEPT) -> None:
        self._read = read
        self._most = kept
        self._kept: OrderedDict[str, ImageHeader | None] = OrderedDict()
        self._lock = threading.Lock()
        # One reads at a time: who asks for the same meanwhile finds it read.
        self._reading = threading.Lock()
        # What changed while somebody reads: he may have read what it was before.
        self._changed: set[str] = set()
        # About to be committed: who sees in the database what else was committed must not find the former here.
        self._changing: set[str] = set()

    def get(self, image_ids: Iterable[str]) -> dict[str, ImageHeader]:
        """image_id → header, of those that there are, in the order asked for."""
        wanted = list(dict.fromkeys(image_ids))
        found = self.known(wanted)
        if len(found) < len(wanted):
            with self._reading:
                # Whoever read before may have read these, too.
                found |= self.known([image_id for image_id in wanted if image_id not in found])
                if missing := [image_id for image_id in wanted if image_id not in found]:
                    found |= self._fetch(missing)
        return {image_id: header for image_id in wanted if (header := found[image_id]) is not None}

    def known(self, image_ids: Iterable[str]) -> dict[str, ImageHeader | None]:
        """image_id → header, None where there is none; of those that need not be read."""
        with self._lock:
            found = {image_id: self._kept[image_id] for image_id in image_ids if image_id in self._kept}
            for image_id in found:
                self._kept.move_to_end(image_id)
        return found

    def change(self, events: Sequence[Event]) -> None:
        """These events are about to be committed: until `forget` the database alone says what holds."""
        ids = _images(events)
        with self._lock:
            self._changing |= ids
            for image_id in ids:
                self._kept.pop(image_id, None)

    def forget(self, events: Sequence[Event], read: Mapping[str, ImageHeader | None] = _NONE) -> None:
        """These events were committed; called before anybody is told.

        Parameters
        ----------
        read
            What was read of images in the same transaction, after all that it did to them: need not be read again.
        """
        ids = _images(events)
        with self._lock:
            self._changed |= ids
            self._changing -= ids
            for image_id in ids:
                self._kept.pop(image_id, None)
            self._keep(read)

    def _fetch(self, missing: Sequence[str]) -> dict[str, ImageHeader | None]:
        with self._lock:
            self._changed = set()
        read: dict[str, ImageHeader | None] = dict.fromkeys(missing)
        read |= {header.image_id: header for header in self._read(missing)}
        with self._lock:
            old = self._changed | self._changing
            self._keep({image_id: header for image_id, header in read.items() if image_id not in old})
        return read

    def _keep(self, read: Mapping[str, ImageHeader | None]) -> None:
        self._kept.update(read)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)


def _images(events: Sequence[Event]) -> set[str]:
    return {event.id for event in events if event.subject == "image"}
