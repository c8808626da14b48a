"""Taking confirmations back, also those that are still on their way to the apparatus."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from imgdash.model import ImageHeader, ImgdashError

if TYPE_CHECKING:
    from imgdash.dashboard.pages.review import Review
    from imgdash.dashboard.review.telling import Telling

_KEPT = 50


class Undoing:
    """What was confirmed here lately, and what of it is being taken back.

    Parameters
    ----------
    page
        The Review page, which shows what is taken back.
    """

    def __init__(self, page: Review, telling: Telling) -> None:
        self._page, self._session, self._telling = page, page.session, telling
        self._confirmed: list[str] = []
        # Decisions on their way to the apparatus, and what is done once one is kept.
        self._deciding: dict[str, list[Callable[[], None]]] = {}
        # Until it is taken back an image is still decided, and no key goes on from it.
        self._undoing: set[str] = set()

    def __contains__(self, image_id: str) -> bool:
        return image_id in self._undoing

    @property
    def possible(self) -> bool:
        """Whether there is anything to take back."""
        return bool(self._confirmed)

    def confirmed(self, image_id: str) -> None:
        """It is the next one to be taken back."""
        self._confirmed = [*self._confirmed, image_id][-_KEPT:]

    def begun(self, image_id: str) -> None:
        """A decision is on its way."""
        self._deciding[image_id] = []

    def kept(self, image_id: str) -> bool:
        """The apparatus has taken a decision: whether it stands, or is taken back again by now."""
        waiting = self._deciding.pop(image_id, [])
        for function in waiting:
            function()
        return not waiting

    def refused(self, image_id: str) -> None:
        """The apparatus has refused a decision: there is nothing to be taken back."""
        self._deciding.pop(image_id, None)
        # Nor is anything to be waited for, where that was asked for already.
        self._undoing.discard(image_id)
        self._forget(image_id)

    def _forget(self, image_id: str) -> None:
        self._confirmed = [other for other in self._confirmed if other != image_id]

    def undo(self, image_id: str = "") -> None:
        """Take a confirmation back: this one, or the last; one that is on its way is kept first."""
        image_id = image_id or self._confirmed[-1]
        self._forget(image_id)
        apparatus, actor = self._session.apparatus, self._session.actor

        def undone(header: ImageHeader) -> None:
            self._undoing.discard(image_id)
            self._telling.taken_back(image_id)
            self._page.take_one(header)
            if self._page.current == image_id:
                self._page.presence.at(image_id)

        def refused(error: ImgdashError) -> None:
            self._undoing.discard(image_id)
            self._telling.not_taken_back(image_id, error)
            self._page.refresh()

        def take_back() -> None:
            self._session.run(lambda: apparatus.undo(image_id, actor), undone, refused)

        self._undoing.add(image_id)
        # It is shown at once: the next key must not decide on the image that came after it.
        self._page.back(image_id)
        if image_id in self._deciding:
            self._deciding[image_id].append(take_back)
        else:
            take_back()
