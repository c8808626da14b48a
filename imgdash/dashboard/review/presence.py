"""Others see which image is looked at here, and nobody is sent to it."""

from __future__ import annotations

from collections.abc import Sequence

from imgdash.dashboard.session import Session
from imgdash.model import ImgdashError


class Presence:
    """What one tab looks at."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._held = ""
        # Another page is shown: what is open here is not looked at.
        self._away = False
        # Left with a decision that is under way: until it is recorded, nobody else is sent there.
        self._deciding: set[str] = set()
        session.at_close(self._end)

    def at(self, image_id: str) -> None:
        """Look at this image, and no longer at the one before."""
        self._leave(image_id)
        self._held = image_id
        if self._away:
            return
        try:
            self._session.apparatus.hold(image_id, self._session.actor)
        except ImgdashError as error:
            self._session.tell(error.cause, "error", error.remedy)

    def first(self, image_ids: Sequence[str]) -> str:
        """Look at the first of these that nobody else looks at; '' where there is none, or another page is shown."""
        if self._away:
            return ""
        leaving = "" if self._held in self._deciding else self._held
        try:
            found = self._session.apparatus.hold_first(image_ids, self._session.actor, leaving)
        except ImgdashError as error:
            self._session.tell(error.cause, "error", error.remedy)
            return ""
        self._held = found
        return found

    def away(self) -> None:
        """Another page is shown: others may have what is open here."""
        self._away = True
        self._leave()

    def back(self) -> None:
        """This page is shown again: what is open is looked at, unless somebody else does by now."""
        self._away = False
        if self._held and self._held not in self._deciding:
            self.at(self._held)

    def decide(self, image_id: str) -> None:
        """A decision on this image is under way."""
        self._deciding.add(image_id)

    def decided(self, image_id: str) -> None:
        """It was recorded, or refused: then others may have the image, where this tab has gone on."""
        self._deciding.discard(image_id)
        if self._away or image_id != self._held:
            self._session.apparatus.leave(image_id, self._session.actor)

    def _leave(self, other: str = "") -> None:
        """What was looked at until now, if that was not `other`."""
        if self._held and self._held != other and self._held not in self._deciding:
            self._session.apparatus.leave(self._held, self._session.actor)

    def _end(self) -> None:
        for image_id in {self._held, *self._deciding} - {""}:
            self._session.apparatus.leave(image_id, self._session.actor)
