"""What the strip lists: read as images arrive and change, and as work comes near to the end of what is listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import panel as pn

from imgdash.apparatus.awaiting import Awaiting
from imgdash.dashboard.reading import Reading, Step
from imgdash.dashboard.review.worklist import WorkList
from imgdash.dashboard.strip import Strip
from imgdash.model import Event, ImageHeader, ImgdashError

if TYPE_CHECKING:
    from imgdash.dashboard.pages.review import Review

# So many open images are read at a time.
_READ = 120
# How long to wait where the records could not be read.
_AGAIN_MS = 3000
# Part of what awaits, or how many there are beyond what is listed, or None where all are listed; images that changed.
_Found = tuple["Awaiting | Mapping[str, int] | None", list[ImageHeader]]


class Listing:
    """The list of work and the strip that shows it.

    Parameters
    ----------
    page
        The Review page they belong to.
    """

    def __init__(self, page: Review) -> None:
        self._page = page
        session = page.session
        ahead = session.apparatus.ahead
        self.work = WorkList(session.actor.name, lambda: ahead.others(session))
        session.at_close(lambda: ahead.expect(session, ()))
        self.strip = Strip(on_message=self._on_strip)
        self._changed: set[str] = set()
        self._more = False
        self._asked: tuple[list[str], bool] = ([], False)
        self._reading = Reading(page.session, self._ask, self._failed, pause_ms=_AGAIN_MS)

    def begin(self) -> None:
        """Read what comes first."""
        self._more = True
        self._reading.now()

    def happened(self, events: Sequence[Event]) -> None:
        """Images that changed are read again, those of one moment together."""
        self._changed |= {event.id for event in events if event.subject in ("image", "holding")}
        if self._changed:
            self._reading.now()

    def go_on(self) -> None:
        """Read more of what awaits, where work comes near to the end of what is listed."""
        if self.work.scarce(self._page.current):
            self.begin()

    def draw(self) -> None:
        """The strip as the list is now."""
        self.strip.items = self.work.items()
        self.strip.beyond = self.work.beyond

    def _ask(self) -> Step | None:
        ids, self._changed = sorted(self._changed), set()
        more, self._more = self._more, False
        if not ids and not more:
            return None
        self._asked = (ids, more)
        apparatus, last = self._page.session.apparatus, self.work.last

        def read() -> _Found:
            part: Awaiting | Mapping[str, int] | None = None
            if more:
                part = apparatus.awaiting(_READ, last)
            elif last is not None:
                part = apparatus.beyond(last)
            return part, list(apparatus.headers(ids).values())

        return read, self._found

    def _failed(self, error: ImgdashError) -> None:
        """What could not be read is read later."""
        ids, more = self._asked
        self._changed |= set(ids)
        self._more = self._more or more
        self._page.session.tell(error.cause, "error", error.remedy, about="list")
        self._reading.soon()

    def _found(self, found: _Found) -> None:
        part, headers = found
        page = self._page
        page.deciding.telling.heard(headers)
        before = self.work.get(page.current)
        if isinstance(part, Awaiting):
            self.work.read(part, page.current)
        elif part is not None:
            self.work.counted(part)
        self.work.take(headers, page.current)
        self.work.trim(page.current)
        # Each message to the browser costs about as much as all that is in it.
        with pn.io.hold():
            self.draw()
            page.changed(before)
        self.go_on()

    def _on_strip(self, message: Mapping[str, Any]) -> None:
        if not message.get("more"):
            self._page.show(str(message.get("image")))
        elif self.work.last is not None:
            self.begin()
