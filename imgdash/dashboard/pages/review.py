"""The Review page: one image after another, by keyboard; the next one is there at once, the rest happens behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import panel as pn
from panel.viewable import Viewable

from imgdash.dashboard import keys
from imgdash.dashboard.panels import ActionBar
from imgdash.dashboard.review.about import About
from imgdash.dashboard.review.bar import ACTIONS
from imgdash.dashboard.review.beside import Beside
from imgdash.dashboard.review.deciding import Deciding
from imgdash.dashboard.review.framed import Framed
from imgdash.dashboard.review.layout import Layout
from imgdash.dashboard.review.listing import Listing
from imgdash.dashboard.review.measured import Measured
from imgdash.dashboard.review.presence import Presence
from imgdash.dashboard.review.processing import Processing
from imgdash.dashboard.review.showing import Showing
from imgdash.dashboard.session import Session
from imgdash.dashboard.viewport import Viewport
from imgdash.model import Event, ImageHeader, ImgdashError

# What is done with no image, or whichever is open.
_OF_NO_IMAGE = ("undo", "next", "previous", "advance", "layout", "keys")


class Review(Showing):
    """Work through the images that await their reviewer (E1-E4)."""

    name, title, icon = "review", "Review", "review"
    keymap: Mapping[str, str] = keys.keymap(keys.chosen({}))
    words: Mapping[str, str] = {action: words for action, (_, words) in keys.DEFAULTS.items()}
    local: Sequence[str] = keys.LOCAL

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.listing = Listing(self)
        self.work, self.strip = self.listing.work, self.listing.strip
        self.viewport = Viewport(
            on_message=self._on_view, said="Reading what awaits you", reading=True, sizing_mode="stretch_both"
        )
        self.about = About(session, self.take_one, self.correct, self.ended)
        self.bar = ActionBar(actions=ACTIONS, on_message=self._on_bar, height=48, sizing_mode="stretch_width")
        self.processing = Processing(session, self.viewport, self.take_one)
        self.beside = Beside(session, self.viewport)
        self.measured = Measured(session)
        self.framed = Framed(session, self.viewport, self.take_one, self.ended)
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
        self.presence = Presence(session)

    # -- the page -----------------------------------------------------------------------------------------

    def view(self) -> Viewable:
        """Strip, image with its actions, and what belongs to the image."""
        self.layout.read()
        apparatus, actor = self.session.apparatus, self.session.actor
        self.listing.begin()
        self.session.run(lambda: apparatus.preference(actor.name, "review", {}) or {}, self.preferred)
        dialogs = self.deciding.asking.dialog, self.layout.dialog
        return pn.Row(self.layout.view, *dialogs, sizing_mode="stretch_both", margin=0)

    def badge(self) -> tuple[int, str] | None:
        """How many wait."""
        return self.session.apparatus.how_many("awaiting"), "accent"

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

    def in_sight(self) -> None:
        """What is open counts as looked at; where nothing is, what came meanwhile is opened."""
        self.presence.back()
        if self.idle and self.work.following(self.current):
            self.ended()

    def out_of_sight(self) -> None:
        """Others may have the image that is open."""
        self.presence.away()

    def rights(self) -> None:
        """Another role: what may be corrected, and what the bar allows."""
        self.about.rights()
        self.rekeyed(self.bar.keys)
        if self.current:
            self.refresh()
        else:
            self._buttons()

    def update(self, events: Sequence[Event]) -> None:
        """Images that changed are read again."""
        self.listing.happened(events)

    # -- the address --------------------------------------------------------------------------------------

    def place(self) -> dict[str, str]:
        """The image that is open."""
        return {"image": self.current} if self.current else {}

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
        self.session.run(lambda: apparatus.image(image_id), self._opened, self._not_there)

    def _opened(self, header: ImageHeader) -> None:
        self.work.take([header], header.image_id)
        self._wanted = ""
        self.relist()
        self.show(header.image_id)

    def _not_there(self, error: ImgdashError) -> None:
        """The address names no image of this station: what awaits is shown as without it."""
        self._wanted = ""
        self.session.tell(error.cause, "error", error.remedy)
        # Where the list is still being read, the first is opened then.
        if self.work.following(self.current):
            self.ended()

    def back(self, image_id: str) -> None:
        """Show an image that was passed already, whatever page is open."""
        self.session.go("review", image=image_id)
        self.strip.current = self.current

    # -- what a person does -------------------------------------------------------------------------------

    def _on_bar(self, message: Mapping[str, Any]) -> None:
        self.pressed(str(message.get("action", "")), str(message.get("image", "")))

    def _on_view(self, message: Mapping[str, Any]) -> None:
        if "shown" in message:
            self._on_screen = str(message["shown"])
            self.processing.histogram.there = True
            self._buttons()
        elif "beside" in message:
            if message.get("image") == self.current:
                self.beside.choose(str(message["beside"]))
        elif "action" in message:
            self._on_bar(message)
        elif self.processing.meant(message):
            self.processing.window(float(message["contrast"]), float(message["shift"]))

    def correct(self) -> None:
        """Correct what is missing, in the panel that shows it."""
        if "facts" in self.layout.panels:
            self.about.correct()
        else:
            self.session.tell("The information is not shown.", "info", "Layout brings its panel back.")

    def pressed(self, action: str, image: str) -> None:
        """A key or a button; of another image than the one that was in sight it is not meant."""
        if image == self.current or action in _OF_NO_IMAGE:
            self.key(action)

    def key(self, action: str) -> None:
        """A key or a button, for the image that is open."""
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
