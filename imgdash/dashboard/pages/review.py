"""The Review page: one image after another, by keyboard; the next one is there at once, the rest happens behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import panel as pn
from panel.viewable import Viewable

from imgdash.dashboard import keys
from imgdash.dashboard.page import Page
from imgdash.dashboard.panels import ActionBar
from imgdash.dashboard.review import summary
from imgdash.dashboard.review.about import About, Presence
from imgdash.dashboard.review.beside import Beside
from imgdash.dashboard.review.deciding import ACTIONS, Deciding
from imgdash.dashboard.review.framed import Framed
from imgdash.dashboard.review.layout import Layout
from imgdash.dashboard.review.listing import Listing
from imgdash.dashboard.review.measured import Measured
from imgdash.dashboard.review.processing import Processing
from imgdash.dashboard.session import Session
from imgdash.dashboard.viewport import Viewport, geometry, source
from imgdash.model import IMAGE, Event, ImageHeader, ImgdashError

_AHEAD = 2
# Among so many the next image is chosen where others work at the same list.
_CHOICE = 24


class Review(Page):
    """Work through the images that await their reviewer (E1-E4)."""

    name, title, icon = "review", "Review", "review"
    keymap: Mapping[str, str] = keys.keymap(keys.chosen({}))
    words: Mapping[str, str] = {action: words for action, (_, words) in keys.DEFAULTS.items()}
    local: Sequence[str] = keys.LOCAL

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.listing = Listing(self)
        self.work, self.strip = self.listing.work, self.listing.strip
        self.current = self._request_key = ""
        self._wanted = ""
        self._on_screen = ""
        # Everything is decided: what comes next is opened by itself.
        self.idle = True
        self.viewport = Viewport(
            on_message=self._on_view, said="Reading what awaits you", reading=True, sizing_mode="stretch_both"
        )
        self.about = About(session, self.take_one, self.correct)
        self.bar = ActionBar(
            actions=ACTIONS,
            on_message=lambda m: self.key(str(m.get("action"))),
            height=48,
            sizing_mode="stretch_width",
        )
        self.processing = Processing(session, self.viewport, self.take_one)
        self.beside = Beside(session, self.viewport)
        self.measured = Measured(session)
        self.framed = Framed(session, self.viewport, self.take_one)
        self.deciding = Deciding(self)
        panels = {
            "judged": self.about.judged,
            "measured": self.measured.view,
            "condition": self.processing.condition,
            "histogram": self.processing.histogram.view,
            "parameters": self.processing.parameters,
            "outputs": self.framed.destinations,
            "facts": self.about.facts,
        }
        self.layout = Layout(session, self.strip, [self.viewport, self.framed.editor], self.bar, panels)
        self._presence = Presence(session)

    # -- the page -----------------------------------------------------------------------------------------

    def view(self) -> Viewable:
        """Strip, image with its actions, and what belongs to the image."""
        self.layout.read()
        apparatus, actor = self.session.apparatus, self.session.actor
        self.listing.begin()
        self.session.run(lambda: apparatus.preference(actor.name, "review", {}) or {}, self.preferred)
        return pn.Row(self.layout.view, self.deciding.dialog, self.layout.dialog, sizing_mode="stretch_both", margin=0)

    def badge(self) -> tuple[int, str] | None:
        """How many wait."""
        return int(self.session.apparatus.health()["images"]["awaiting"]), "accent"

    def preferred(self, mine: Mapping[str, Any]) -> None:
        """Work as this person set it up (H4)."""
        self.deciding.preferences = dict(mine)
        self._buttons()

    def rekeyed(self, in_force: Mapping[str, str]) -> None:
        """Keys in force are shown on the buttons."""
        self.bar.keys = dict(in_force)
        self.about.judged.key = keys.name(in_force["correct"]) if in_force["correct"] else ""
        self._request_key = keys.name(in_force["request"])
        self.viewport.offers = self._offers()

    def place(self) -> dict[str, str]:
        """The image that is open."""
        return {"image": self.current} if self.current else {}

    def rights(self) -> None:
        """Another role: what may be corrected, and what the bar allows."""
        self.about.rights()
        self.rekeyed(self.bar.keys)
        if self.current:
            self.refresh()
        else:
            self._buttons()

    def open(self, **query: Any) -> None:
        """``image=<image_id>``: show this image, also one that is finished."""
        image_id = str(query.get("image", ""))
        if not image_id or image_id == self.current:
            return
        if image_id in self.work:
            self.show(image_id)
            return
        self._wanted = image_id
        apparatus = self.session.apparatus
        self.session.run(lambda: apparatus.image(image_id), self._opened)

    def back(self, image_id: str) -> None:
        """Show an image that was passed already, whatever page is open."""
        self.session.go("review", image=image_id)
        self.strip.current = self.current

    def _opened(self, header: ImageHeader) -> None:
        self.work.take([header], header.image_id)
        self._wanted = ""
        self.relist()
        self.show(header.image_id)

    # -- which image --------------------------------------------------------------------------------------

    def show(self, image_id: str, by_itself: bool = False) -> None:
        """Open an image of the strip: its pixels first, everything else right behind.

        Parameters
        ----------
        by_itself
            It comes after another one and was not chosen: where somebody else was first, another one is shown.
        """
        if image_id not in self.work:
            return
        left, self.current, self.idle = self.current, image_id, False
        self._pixels()
        self.strip.current = image_id
        self.session.soon(self._details)
        apparatus = self.session.apparatus
        if left != image_id and by_itself:
            choice = [image_id, *self.work.following(image_id, _CHOICE)]
            self._presence.at_first(choice, lambda granted: self._granted(image_id, granted))
        elif left != image_id:
            self._presence.at(image_id)
        if self.work[image_id].parameters:
            self.session.run(
                lambda: apparatus.reduced(image_id),
                lambda found: self.processing.counts(image_id, found),
                _no_histogram,
            )
        self.listing.go_on()

    def _granted(self, asked: str, header: ImageHeader | None) -> None:
        """Two reviewers were sent to the same image at once: one of them goes on to what is his."""
        if asked != self.current:
            return
        if header is None:
            # Others have it, or have decided: what is free next is opened.
            self.idle = True
            return
        if header.image_id == self.current:
            return
        if self.deciding.dialog.open or header.image_id not in self.work:
            # What is begun here goes on, beside the other one.
            self._presence.at(self.current)
            return
        self.work.take([header], self.current)
        self.show(header.image_id)

    def seen(self, image_id: str) -> bool:
        """Whether an image is on this screen: nobody can confirm what he does not see."""
        return image_id == self._on_screen

    def _pixels(self) -> None:
        header = self.work[self.current]
        self.viewport.param.update(
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

    def _details(self) -> None:
        """Everything beside the pixels; after them, so that the next image is seen first."""
        if not self.current or self.current not in self.work:
            return
        header = self.work[self.current]
        with pn.io.hold():
            self.processing.show(header)
            self.framed.show(header, self.processing.condition_of(header), self.processing.chain)
            self.beside.show(header, self._rotation(header), self.processing.group(header))
            self.about.show(header, self.processing.condition_of(header))
            self._buttons()
        self.measured.show(header)
        self.session.address(image=self.current)

    def _buttons(self) -> None:
        header = self.work.get(self.current)
        self.bar.param.update(
            actions=self.deciding.actions(header),
            enabled=self.deciding.possible(header),
            pressed=[
                name
                for name, is_on in (
                    ("protect", header is not None and header.protected),
                    ("priority", header is not None and header.priority),
                    ("advance", self.deciding.advances),
                )
                if is_on
            ],
        )

    # -- what happens -------------------------------------------------------------------------------------

    def update(self, events: Sequence[Event]) -> None:
        """Images that changed are read again."""
        self.listing.happened(events)

    def changed(self, before: ImageHeader | None) -> None:
        """Show what has changed of the image that is open; open the first where none is."""
        self.viewport.param.update(said="Nothing awaits you. Images appear here as they arrive.", reading=False)
        if self.idle and not self._wanted and (first := self.work.following(self.current)):
            self.show(first[0], by_itself=True)
            return
        now = self.work.get(self.current)
        if now is not None and now != before:
            if before is not None and replace(before, held_by=now.held_by) == now:
                # Somebody came to look at it, or left: nothing of the image has changed.
                self.about.looked_at(now)
                if not now.held_by:
                    # Who held it has left; it is looked at here.
                    self._presence.at(now.image_id)
            else:
                self.refresh()
        else:
            self.viewport.following = self._following()
            self._buttons()

    def _following(self) -> list[dict[str, Any]]:
        following = self.work.following(self.current, _AHEAD)
        self.session.apparatus.ahead.expect(self.session, following[0] if following else "")
        return [
            source(self.work[other], self.work.version(other), self._rotation(self.work[other]))
            for other in following
            if not summary.unreadable(self.work[other])
        ]

    def take_one(self, header: ImageHeader) -> None:
        """The apparatus kept a change of this image."""
        self.work.take([header], self.current)
        self.relist()
        if header.image_id == self.current:
            self.refresh()

    def refresh(self) -> None:
        """Show the image that is open as it is known now."""
        self._pixels()
        self._details()

    def relist(self) -> None:
        """The strip as the list is now."""
        self.listing.draw()

    def _on_view(self, message: Mapping[str, Any]) -> None:
        if "shown" in message:
            self._on_screen = str(message["shown"])
            self.processing.histogram.there = True
            self._buttons()
        elif "beside" in message:
            self.beside.choose(str(message["beside"]))
        elif "action" in message:
            self.key(str(message["action"]))
        else:
            self.processing.window(float(message["contrast"]), float(message["shift"]))

    def correct(self) -> None:
        """Correct what is missing, in the panel that shows it."""
        if "facts" in self.layout.panels:
            self.about.correct()
        else:
            self.session.tell("The information is not shown.", "info", "Layout brings its panel back.")

    def key(self, action: str) -> None:
        """A key or a button."""
        if action.startswith("condition"):
            self.processing.choose(int(action.removeprefix("condition")))
        elif action == "range":
            self.framed.toggle()
        elif action == "correct":
            self.correct()
        elif action in ("next", "previous"):
            self.show(self.work.beside(self.current, 1 if action == "next" else -1))
        else:
            self.deciding.do(action)


def _no_histogram(_: ImgdashError) -> None:
    """The viewport says what is wrong with this image."""
