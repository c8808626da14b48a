"""Who looks at which image now.

It is known at once and to everybody, so that two people who go on in the same moment get different images; and it is
true only as long as the station runs. So it lives in memory: a record of each would make every next image wait for the
disk. What a decision needs is checked where it is recorded.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from imgdash.model import Event, ImageHeader

# Shown to others while the image is in one of these states; given out only while it is in one of the first two.
_TO_BE_REVIEWED: Final = ("awaiting", "quarantined")
_SHOWN: Final = (*_TO_BE_REVIEWED, "postponed")
# So many of what was decided are known here; lists have heard of it long before they are forgotten.
_KEPT: Final = 4096


class Holds:
    """Names by image.

    Parameters
    ----------
    tell
        Called, in the thread of who came or left, with an event of the subject ``holding`` whose id is the image's.
    """

    def __init__(self, tell: Callable[[Sequence[Event]], None]) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._names: dict[str, str] = {}
        # Decided lately: nobody is sent there whose list has not heard of it.
        self._decided: OrderedDict[str, None] = OrderedDict()

    def hold(self, image_id: str, name: str) -> str:
        """`name` looks at an image; the name of who looked first, which others are shown."""
        with self._lock:
            first = self._names.setdefault(image_id, name)
            new = first == name
        if new:
            self._tell([Event("holding", image_id, "hold", by=name)])
        return first

    def first(self, image_ids: Sequence[str], name: str, leaving: str = "") -> str:
        """The first of these that nobody else looks at and nobody has decided, held by `name` now; '' for none.

        Parameters
        ----------
        leaving
            What `name` has looked at until now; '' for nothing.
        """
        events = []
        with self._lock:
            found = next((one for one in image_ids if self._free(one, name)), "")
            if found and found not in self._names:
                self._names[found] = name
                events.append(Event("holding", found, "hold", by=name))
            if leaving and leaving != found and self._names.get(leaving) == name:
                del self._names[leaving]
                events.append(Event("holding", leaving, "leave", by=name))
        if events:
            self._tell(events)
        return found

    def leave(self, image_id: str, name: str) -> None:
        """`name` does not look at an image any more."""
        with self._lock:
            mine = self._names.get(image_id) == name
            if mine:
                del self._names[image_id]
        if mine:
            self._tell([Event("holding", image_id, "leave", by=name)])

    def seen(self, header: ImageHeader) -> ImageHeader:
        """The header with who looks at the image."""
        name = self._names.get(header.image_id, "") if header.state in _SHOWN else ""
        return header if name == header.held_by else replace(header, held_by=name)

    def heard(self, events: Sequence[Event]) -> None:
        """These events were committed; called before anybody is told. Who decided on an image is done with it."""
        with self._lock:
            for event in events:
                state = event.data.get("state") if event.subject == "image" else None
                if state in _TO_BE_REVIEWED:
                    self._decided.pop(event.id, None)
                elif state is not None:
                    self._names.pop(event.id, None)
                    self._decided[event.id] = None
            while len(self._decided) > _KEPT:
                self._decided.popitem(last=False)

    def _free(self, image_id: str, name: str) -> bool:
        return image_id not in self._decided and self._names.get(image_id, name) == name
