"""What a reviewer decides: the next image is shown at once, the apparatus decides behind it whether that stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import panel as pn

from imgdash.dashboard.review.asking import Asking
from imgdash.dashboard.review.bar import ACTIONS, DECIDED
from imgdash.dashboard.review.telling import Telling
from imgdash.dashboard.review.undoing import Undoing
from imgdash.dashboard.review.worklist import OPEN
from imgdash.model import IMAGE, ImageHeader, ImgdashError

if TYPE_CHECKING:
    from imgdash.dashboard.pages.review import Review


class Deciding:
    """The actions of the bar.

    Parameters
    ----------
    page
        The Review page they belong to.
    """

    def __init__(self, page: Review) -> None:
        self._page, self._session = page, page.session
        self.telling = Telling(page)
        self.undoing = Undoing(page, self.telling)
        self.asking = Asking(page, self.telling)
        self.preferences: dict[str, Any] = {}

    @property
    def advances(self) -> bool:
        """Whether the next image opens after a decision."""
        return bool(self.preferences.get("advance", True))

    def _next(self, header: ImageHeader | None) -> str:
        """What awaits this person after an image that is decided; empty where it is not, or nothing does."""
        if header is None or header.state in OPEN or header.image_id != self._page.current:
            return ""
        if header.image_id in self.undoing:
            return ""
        return next(iter(self._page.work.following(self._page.current, 1)), "")

    def actions(self, header: ImageHeader | None) -> list[dict[str, Any]]:
        """The bar's buttons."""
        return DECIDED if self._next(header) else ACTIONS

    def possible(self, header: ImageHeader | None) -> list[str]:
        """Actions that make sense now: by the lifecycle and the role; the apparatus checks both again."""
        may = self._session.actor.may
        names = ["advance", "layout", "keys", *(["undo"] if self.undoing.possible else [])]
        if header is None:
            return names
        events = IMAGE.events(header.state)
        names += [action for action in ("confirm", "request", "reject") if action in events and may(action)]
        if not self._page.seen(header.image_id) and "confirm" in names:
            names.remove("confirm")
        if self._next(header):
            names.append("confirm")
        if {"postpone", "resume"} & events and may("postpone"):
            names.append("postpone")
        if header.state not in ("deleted", "replaced", "quarantined"):
            names += ["protect", "priority"]
        if header.state != "deleted":
            names.append("tags")
        return names

    def do(self, action: str) -> None:
        """Carry out an action of the bar."""
        page = self._page
        header = page.work.get(page.current)
        if action not in self.possible(header):
            return
        if action == "advance":
            self._prefer("advance", not self.advances)
        elif action == "layout":
            page.layout.ask()
        elif action == "keys":
            self._session.keys()
        elif action == "undo":
            self.undoing.undo()
        elif action == "confirm" and (following := self._next(header)):
            page.show(following, by_itself=True)
        elif action == "tags" and header is not None:
            self._session.tags(header.image_id)
        elif header is not None:
            self._of_image(action, header)

    def _of_image(self, action: str, header: ImageHeader) -> None:
        apparatus, actor, image_id = self._session.apparatus, self._session.actor, header.image_id
        if action == "confirm":
            self.undoing.confirmed(image_id)
            grace = apparatus.site.station.undo_s
            told = partial(self.telling.confirmed, undo=self.undoing.undo)
            self._decide(header, "confirmed", lambda: apparatus.confirm(image_id, actor, grace_s=grace), told)
        elif action == "postpone" and header.state == "postponed":
            self._session.run(lambda: apparatus.resume(image_id, actor), self._page.take_one)
        elif action == "postpone":
            self._decide(header, "postponed", lambda: apparatus.postpone(image_id, actor))
        elif action == "protect":
            # What is shown of it may be old: pressed twice, it is as before.
            self._session.edits.run(lambda: apparatus.protect(image_id, actor, None), self._page.take_one)
        elif action == "priority":
            self._session.edits.run(lambda: apparatus.prioritise(image_id, actor, None), self._page.take_one)
        elif action == "request":
            self.asking.request(header)
        elif action == "reject":
            self.asking.reject(header)

    def _decide(
        self,
        header: ImageHeader,
        state: str,
        work: Callable[[], Any],
        then: Callable[[ImageHeader], None] | None = None,
    ) -> None:
        """Optimistic: marked and passed at once, taken back with the reason if the apparatus refuses."""
        page, image_id = self._page, header.image_id
        page.processing.settle()
        self.telling.expect(image_id)
        self.undoing.begun(image_id)
        page.presence.decide(image_id)
        following = page.work.following(image_id)
        page.work.decide(replace(header, state=state, held_by=""))
        # In one message: each costs more than what is in it.
        with pn.io.hold():
            page.relist()
            if self.advances and following:
                page.show(following[0], by_itself=True)
            else:
                page.idle = self.advances
                page.refresh()

        def taken(after: ImageHeader) -> None:
            page.work.settled(image_id)
            page.presence.decided(image_id)
            page.take_one(after)
            if self.undoing.kept(image_id) and then is not None:
                then(after)

        def refused(error: ImgdashError) -> None:
            page.work.settled(image_id)
            page.presence.decided(image_id)
            self.undoing.refused(image_id)
            self.telling.refused(image_id, error)
            apparatus = self._session.apparatus
            self._session.run(lambda: apparatus.image(image_id), page.take_one)

        # What was changed just before is part of what was decided on.
        self._session.edits.after(lambda: self._session.run(work, taken, refused))

    def _prefer(self, part: str, value: Any) -> None:
        """Keep a person's way of working (H4)."""
        self._page.preferred({**self.preferences, part: value})
        apparatus, actor = self._session.apparatus, self._session.actor
        self._session.run(lambda: apparatus.prefer_part(actor.name, "review", part, value))
