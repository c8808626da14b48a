"""What the viewport of the Review page is told of the image that is open, and of those that come next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imgdash.dashboard.page import Page
from imgdash.dashboard.review import summary
from imgdash.dashboard.review.processing import Processing
from imgdash.dashboard.review.worklist import WorkList
from imgdash.dashboard.viewport import Viewport, geometry, source
from imgdash.model import IMAGE, ImageHeader

_AHEAD = 2


class Picturing(Page):
    """Base of `imgdash.dashboard.review.showing.Showing`.

    Attributes
    ----------
    current
        image_id of the image that is open.
    """

    current = ""
    work: WorkList
    viewport: Viewport
    processing: Processing
    _on_screen = _request_key = ""

    def seen(self, image_id: str) -> bool:
        """Whether an image is on this screen: nobody can confirm what he does not see."""
        return image_id == self._on_screen

    def _pixels(self) -> None:
        header = self.work[self.current]
        self.viewport.set(
            image=header.image_id,
            version=self.work.version(header.image_id),
            trial="",
            following=self._following(),
            adjustable=header.state in ("awaiting", "postponed") and self.session.actor.may("process"),
            corners=summary.corners(header),
            why=summary.unreadable(header),
            offers=self._offers(),
            **geometry(header, self._rotation(header)),
        )

    def _offers(self) -> str:
        """The key with which an image that cannot be shown is asked for again; empty where it cannot be, or was."""
        header = self.work.get(self.current)
        may = self.session.actor.may("request") and (header is None or IMAGE.allows(header.state, "request"))
        return self._request_key if may else ""

    def _rotation(self, header: ImageHeader) -> int:
        kept = self.processing.condition_of(header).processing.get("geometry", {}).get("rotation", 0)
        return int(header.overrides.get("geometry.rotation", kept))

    def _following(self) -> list[Mapping[str, Any]]:
        following = self.work.following(self.current, _AHEAD)
        self.session.apparatus.ahead.expect(self.session, following)
        return [
            source(self.work[other], self.work.version(other), self._rotation(self.work[other]))
            for other in following
            if not summary.unreadable(self.work[other])
        ]
