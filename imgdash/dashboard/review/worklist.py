"""The strip's list: what awaits a reviewer, in the order of work, with what was finished lately behind it.

Where thousands await, the list has those that come first; what follows is counted, and read as work gets there.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from imgdash.apparatus.awaiting import OPEN, Awaiting, Place, place
from imgdash.model import ImageHeader

_FINISHED_KEPT = 12
# So many open images are listed ahead of the one that is shown, or more are read.
_AHEAD = 30
# So many are kept behind the one that is shown, where the list is cut.
_KEPT = 120


def look(header: ImageHeader) -> str:
    """A digest of what an image's pixels on the screen depend on: a new one means new pixels."""
    processing = [header.condition, header.condition_version, dict(header.overrides), dict(header.parameters)]
    parts = [*processing, header.marked, header.overlays]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def sent(header: ImageHeader) -> str:
    """A digest of what the pixels that output apparatus get depend on."""
    parts = [look(header), dict(header.ranges)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]


class WorkList:
    """Image headers of the strip.

    Parameters
    ----------
    me
        Name of the actor: what others hold is skipped and shown as theirs.
    expected
        image_ids that others go on with, and how many images come before each: those come after what nobody expects,
        the nearest of them last, emergencies excepted.

    Attributes
    ----------
    last
        Place in the order of work up to which open images are listed; None where all are.
    """

    def __init__(self, me: str, expected: Callable[[], Mapping[str, int]] = dict) -> None:
        self.me = me
        self._expected = expected
        self._headers: dict[str, ImageHeader] = {}
        self._looks: dict[str, tuple[ImageHeader, str]] = {}
        self._shown: dict[str, tuple[ImageHeader, dict[str, Any]]] = {}
        self._finished: list[str] = []
        self._decided: dict[str, ImageHeader] = {}
        self.last: Place | None = None
        self._beyond: Counter[str] = Counter()

    def __contains__(self, image_id: str) -> bool:
        return image_id in self._headers

    def __getitem__(self, image_id: str) -> ImageHeader:
        return self._headers[image_id]

    def get(self, image_id: str) -> ImageHeader | None:
        """The header of an image that is listed, or None."""
        return self._headers.get(image_id)

    def decide(self, header: ImageHeader) -> None:
        """Show `header` as decided; what was read before the decision reached the records does not undo that."""
        self._decided[header.image_id] = header
        self.take([header])

    def settled(self, image_id: str) -> None:
        """The apparatus has taken or refused the decision: what is read counts again."""
        self._decided.pop(image_id, None)

    def read(self, found: Awaiting, shown: str = "") -> None:
        """The first open images, or those that follow `last`."""
        self.last = place(found.headers[-1]) if found.beyond else None
        self._beyond = Counter(found.beyond)
        self.take(found.headers, shown)

    def counted(self, beyond: Mapping[str, int]) -> None:
        """How many there are after `last` by now."""
        self._beyond = Counter(beyond)

    @property
    def beyond(self) -> dict[str, int]:
        """State → how many open images are not listed."""
        if self.last is None:
            return {}
        # Listed out of their turn: what somebody opened, or has postponed just now.
        there = Counter(header.state for header in self._open() if place(header) > self.last)
        return dict(self._beyond - there)

    def trim(self, shown: str) -> None:
        """Where far more came than are needed, count the last ones and list them no more."""
        order = [header.image_id for header in sorted(self._open(), key=place)]
        keep = (order.index(shown) if shown in order else 0) + _KEPT
        if self.last is not None or len(order) <= 2 * keep:
            return
        self.last = place(self._headers[order[keep - 1]])
        self._beyond = Counter(self._headers[image_id].state for image_id in order[keep:])
        for image_id in order[keep:]:
            self._drop(image_id)

    def scarce(self, image_id: str) -> bool:
        """Whether work at this image comes near to the end of what is listed, and more can be read."""
        if self.last is None:
            return False
        header = self._headers.get(image_id)
        here = place(header) if header is not None and header.state in OPEN else (-1, 0, 0)
        # One that is listed out of its turn says nothing about how far work has come.
        if here > self.last:
            return False
        return sum(here < place(other) <= self.last for other in self._open()) < _AHEAD

    def take(self, headers: Iterable[ImageHeader], shown: str = "") -> None:
        """What is known now. Images that are finished stay a while, so that one can go back; `shown` stays anyway."""
        for header in headers:
            if (decided := self._decided.get(header.image_id)) is not None and decided.state != header.state:
                continue
            known = header.image_id in self._headers
            if header.state in OPEN:
                if not known and header.image_id != shown and self.last is not None and place(header) > self.last:
                    # Its turn has not come: it is counted.
                    continue
                self._headers[header.image_id] = header
                if header.image_id in self._finished:
                    self._finished.remove(header.image_id)
            elif known or header.image_id == shown:
                self._headers[header.image_id] = header
                if header.image_id not in self._finished:
                    self._finished.insert(0, header.image_id)
        for image_id in [i for i in self._finished[_FINISHED_KEPT:] if i != shown]:
            self._finished.remove(image_id)
            self._drop(image_id)

    def _drop(self, image_id: str) -> None:
        for known in (self._headers, self._looks, self._shown):
            known.pop(image_id, None)

    def _open(self) -> Iterator[ImageHeader]:
        return (header for header in self._headers.values() if header.state in OPEN)

    def version(self, image_id: str) -> str:
        """`look` of an image, calculated once for each header."""
        header = self._headers[image_id]
        kept = self._looks.get(image_id)
        if kept is None or kept[0] is not header:
            kept = self._looks[image_id] = (header, look(header))
        return kept[1]

    def order(self) -> list[str]:
        """Emergencies first, then by receipt; postponed ones after; what is finished last, latest first."""
        return [header.image_id for header in sorted(self._open(), key=place)] + [
            i for i in self._finished if i in self._headers
        ]

    def following(self, image_id: str, count: int = 1) -> list[str]:
        """The next images to work on after `image_id`: awaiting, not held by somebody else; from the top at the end."""
        order = self.order()
        start = order.index(image_id) + 1 if image_id in order else 0
        ring = order[start:] + order[:start]
        free = [
            other
            for other in ring
            if other != image_id
            and self._headers[other].state in ("awaiting", "quarantined")
            and self._headers[other].held_by in ("", self.me)
        ]
        expected = self._expected()

        def after(other: str) -> tuple[bool, int]:
            taken = other in expected and not self._headers[other].priority
            return taken, -expected[other] if taken else 0

        return sorted(free, key=after)[:count]

    def beside(self, image_id: str, step: int) -> str:
        """The neighbour in the strip, or the image itself at an end."""
        order = self.order()
        if image_id not in order:
            return order[0] if order else ""
        return order[min(max(order.index(image_id) + step, 0), len(order) - 1)]

    def items(self) -> list[dict[str, Any]]:
        """The strip's items; one that shows the same as before is the same object."""
        return [self._same(self._headers[image_id]) for image_id in self.order()]

    def _same(self, header: ImageHeader) -> dict[str, Any]:
        kept = self._shown.get(header.image_id)
        if kept is not None and kept[0] is header:
            return kept[1]
        item = self._item(header)
        if kept is not None and kept[1] == item:
            item = kept[1]
        self._shown[header.image_id] = (header, item)
        return item

    def _item(self, header: ImageHeader) -> dict[str, Any]:
        return {
            "id": header.image_id,
            "number": header.number,
            "title": header.title,
            "name": person(header.patient.name),
            "state": header.state,
            "version": self.version(header.image_id),
            "priority": header.priority,
            "protected": header.protected,
            "held": header.held_by if header.held_by not in ("", self.me) else "",
            "unfit": not header.judgement.fit,
            "round": header.round,
            "over": header.state not in OPEN,
        }


def person(name: str) -> str:
    """A DICOM person name for people: ``Doe^Jane^^Dr`` → ``Doe, Jane``."""
    family, _, rest = name.partition("=")[0].partition("^")
    given = " ".join(part for part in rest.split("^")[:2] if part)
    return f"{family}, {given}" if given else family
