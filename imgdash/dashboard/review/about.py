"""What is known of the image that is open: its judgement, its information, corrections of it, who looks at it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from imgdash.dashboard.panels import Facts, Judged
from imgdash.dashboard.review import facts, summary
from imgdash.dashboard.session import Session
from imgdash.dashboard.turns import Turns
from imgdash.model import Condition, ImageHeader, Order


class About:
    """Judgement and information beside the image.

    Parameters
    ----------
    corrected
        Called with the image header once the apparatus kept a correction.
    """

    def __init__(self, session: Session, corrected: Callable[[ImageHeader], None]) -> None:
        self._session, self._corrected = session, corrected
        self._image_id = ""
        self.judged = Judged(sizing_mode="stretch_width")
        self.facts = Facts(on_message=self._correct, sizing_mode="stretch_width")
        self.rights()

    def rights(self) -> None:
        """What this role may correct."""
        self.facts.editable = self._session.actor.may("edit")

    def show(self, header: ImageHeader, condition: Condition) -> None:
        """Another image is open, or this one has changed; its order follows when it is read."""
        self._image_id = header.image_id
        self.judged.param.update(
            storage=[summary.finding(f) for f in header.judgement.storage],
            film=[summary.finding(f) for f in header.judgement.film],
        )
        self.looked_at(header)
        self._tell(header, condition, None)
        if header.order_id:
            apparatus = self._session.apparatus
            self._session.run(
                lambda: apparatus.order(header.order_id), lambda order: self._tell(header, condition, order)
            )

    def looked_at(self, header: ImageHeader) -> None:
        """Somebody came to look at the image, or left."""
        self.judged.notes = summary.notes(header, self._session.actor.name)

    def _tell(self, header: ImageHeader, condition: Condition, order: Order | None) -> None:
        if header.image_id == self._image_id:
            self.facts.sections = facts.sections(header, condition, order, self._session.apparatus.site)

    def _correct(self, message: Mapping[str, Any]) -> None:
        image_id, keyword = self._image_id, str(message.get("edit", ""))
        apparatus, actor = self._session.apparatus, self._session.actor
        self._session.run(
            lambda: apparatus.edit(image_id, actor, **{keyword: str(message.get("value", ""))}), self._corrected
        )


class Presence:
    """Others see which image is looked at here."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._image_id = ""
        # One after another: an image that was left must not be held by a thread that comes late.
        self._turns = Turns(session)
        session.at_close(self._leave)

    def at(self, image_id: str, then: Callable[[ImageHeader], None] = lambda header: None) -> None:
        """Look at this image, and no longer at the one before.

        Parameters
        ----------
        then
            Told the header with who looked at it first; not told where this tab has gone on meanwhile.
        """
        left, self._image_id = self._image_id, image_id
        apparatus, actor = self._session.apparatus, self._session.actor

        def work() -> ImageHeader:
            if left and left != image_id:
                apparatus.leave(left, actor)
            return apparatus.hold(image_id, actor)

        self._turns.run(work, then, lambda error: None)

    def _leave(self) -> None:
        if self._image_id:
            self._session.apparatus.leave(self._image_id, self._session.actor)


__all__ = ["About", "Presence"]
