"""The Review page: one image after another, by keyboard; the next one is there at once, the rest happens behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import panel as pn
from panel.viewable import Viewable

from imgdash.dashboard import keys
from imgdash.dashboard.pages import Page
from imgdash.dashboard.panels import ActionBar, Facts, Judged, Strip
from imgdash.dashboard.review import facts, summary
from imgdash.dashboard.review.deciding import ACTIONS, Deciding
from imgdash.dashboard.review.processing import Processing
from imgdash.dashboard.review.worklist import WHERE, WorkList
from imgdash.dashboard.session import Session
from imgdash.dashboard.viewport import Viewport, geometry
from imgdash.model import Event, ImageHeader, ImgdashError

_AHEAD = 2


class Review(Page):
    """Work through the images that await their reviewer (E1-E4)."""

    name, title, icon = "review", "Review", "review"
    local: Sequence[str] = keys.LOCAL

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.work = WorkList(session.actor.name)
        self.current = ""
        self._asked: set[str] = set()
        self._asking = False
        self._wanted = ""
        self.viewport = Viewport(on_message=self._on_drag, sizing_mode="stretch_both")
        self.strip = Strip(on_message=lambda m: self.show(str(m.get("image"))), width=148, sizing_mode="stretch_height")
        self.judged = Judged(sizing_mode="stretch_width")
        self.facts = Facts(editable=session.actor.may("edit"), on_message=self._on_fact, sizing_mode="stretch_width")
        self.bar = ActionBar(
            actions=ACTIONS,
            on_message=lambda m: self.key(str(m.get("action"))),
            height=48,
            sizing_mode="stretch_width",
        )
        self.processing = Processing(session, self.viewport, self.take_one)
        self.deciding = Deciding(self)
        session.at_close(self._leave)

    # -- the page -----------------------------------------------------------------------------------------

    def view(self) -> Viewable:
        """Strip, image with its actions, and what belongs to the image."""
        side = pn.Column(
            self.judged,
            self.processing.condition,
            self.processing.histogram.view,
            self.processing.parameters,
            self.processing.destinations,
            self.facts,
            width=376,
            sizing_mode="stretch_height",
            margin=0,
            scroll="y-auto",
            styles={"background": "var(--panel)", "border-left": "1px solid var(--line)"},
        )
        middle = pn.Column(self.viewport, self.bar, sizing_mode="stretch_both", margin=0)
        apparatus, actor = self.session.apparatus, self.session.actor
        self.session.run(lambda: apparatus.images(where=WHERE), self._listed)
        self.session.run(lambda: apparatus.preference(actor.name, "review", {}) or {}, self.preferred)
        return pn.Row(
            self.strip, middle, side, self.deciding.dialog, sizing_mode="stretch_both", margin=0,
            styles={"height": "100vh"},
        )  # fmt: skip

    def badge(self) -> tuple[int, str] | None:
        """How many wait."""
        return int(self.session.apparatus.health()["images"]["awaiting"]), "accent"

    def preferred(self, mine: Mapping[str, Any]) -> None:
        """Work as this person set it up (H4)."""
        self.deciding.preferences = dict(mine)
        self.bar.keys = keys.chosen(mine.get("keys", {}))
        self.keymap = keys.keymap(self.bar.keys)
        self.session.rekey()
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

    def _opened(self, header: ImageHeader) -> None:
        self.work.take([header], header.image_id)
        self._wanted = ""
        self.relist()
        self.show(header.image_id)

    # -- which image --------------------------------------------------------------------------------------

    def _listed(self, headers: list[ImageHeader]) -> None:
        self.work.take(headers, self.current)
        self.relist()
        if not self.current and not self._wanted and (first := self.work.following("")):
            self.show(first[0])

    def show(self, image_id: str) -> None:
        """Open an image of the strip: its pixels first, everything else right behind."""
        if image_id not in self.work:
            return
        left, self.current = self.current, image_id
        self._pixels()
        self.strip.current = image_id
        self.session.soon(self._details)
        apparatus = self.session.apparatus
        if left != image_id:
            self.session.run(lambda: self._look(left, image_id))
        if self.work[image_id].parameters:
            self.session.run(
                lambda: apparatus.reduced(image_id),
                lambda found: self.processing.counts(image_id, found),
                _no_histogram,
            )

    def _pixels(self) -> None:
        header = self.work[self.current]
        processing = self.processing
        rotation = header.overrides.get(
            "geometry.rotation", processing.condition_of(header).processing.get("geometry", {}).get("rotation", 0)
        )
        self.viewport.param.update(
            image=header.image_id,
            version=self.work.version(header.image_id),
            trial="",
            following=self._following(),
            adjustable=header.state in ("awaiting", "postponed") and self.session.actor.may("process"),
            corners=summary.corners(header),
            **geometry(header, int(rotation)),
        )

    def _details(self) -> None:
        """Everything beside the pixels; after them, so that the next image is seen first."""
        if not self.current or self.current not in self.work:
            return
        header = self.work[self.current]
        with pn.io.hold():
            self.processing.show(header)
            self.judged.param.update(
                storage=[summary.finding(f) for f in header.judgement.storage],
                film=[summary.finding(f) for f in header.judgement.film],
                notes=summary.notes(header, self.session.actor.name),
            )
            self.facts.sections = facts.sections(
                header, self.processing.condition_of(header), None, self.session.apparatus.site
            )
            self._buttons()
        self.session.address(image=self.current)
        if header.order_id:
            apparatus = self.session.apparatus
            self.session.run(
                lambda: [order for order in apparatus.orders() if order.order_id == header.order_id],
                lambda orders: self._ordered(header, orders),
            )

    def _ordered(self, header: ImageHeader, orders: list[Any]) -> None:
        if orders and self.current == header.image_id:
            self.facts.sections = facts.sections(
                header, self.processing.condition_of(header), orders[0], self.session.apparatus.site
            )

    def _buttons(self) -> None:
        header = self.work.get(self.current)
        self.bar.param.update(
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
        """Images that changed are read again, those of one moment together."""
        self._asked |= {event.id for event in events if event.subject == "image"}
        if self._asked and not self._asking:
            self._asking = True
            ids = sorted(self._asked)
            self._asked = set()
            apparatus = self.session.apparatus
            self.session.run(
                lambda: apparatus.images(where="list_contains(?, image_id)", params=[ids]), self._changed, self._unread
            )

    def _unread(self, error: ImgdashError) -> None:
        self._asking = False
        self.session.tell(error.cause, "error", error.remedy)

    def _changed(self, headers: list[ImageHeader]) -> None:
        self._asking = False
        self.deciding.heard(headers)
        before = self.work.get(self.current)
        self.work.take(headers, self.current)
        self.relist()
        if self.current in self.work and self.work[self.current] != before:
            self.refresh()
        elif not self.current and (first := self.work.following("")):
            self.show(first[0])
        else:
            self.viewport.following = self._following()
        self.update(())

    def _following(self) -> list[dict[str, Any]]:
        return [
            {"image": other, "version": self.work.version(other), **geometry(self.work[other], 0)}
            for other in self.work.following(self.current, _AHEAD)
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
        self.strip.items = self.work.items()

    def _on_drag(self, message: Mapping[str, Any]) -> None:
        self.processing.window(float(message["contrast"]), float(message["shift"]))

    def _on_fact(self, message: Mapping[str, Any]) -> None:
        image_id, keyword = self.current, str(message.get("edit", ""))
        apparatus, actor = self.session.apparatus, self.session.actor
        self.session.run(
            lambda: apparatus.edit(image_id, actor, **{keyword: str(message.get("value", ""))}), self.take_one
        )

    def key(self, action: str) -> None:
        """A key or a button."""
        if action.startswith("condition"):
            self.processing.choose(int(action.removeprefix("condition")))
        elif action in ("next", "previous"):
            self.show(self.work.beside(self.current, 1 if action == "next" else -1))
        else:
            self.deciding.do(action)

    # -- who looks ----------------------------------------------------------------------------------------

    def _look(self, left: str, image_id: str) -> None:
        """In a thread: others see who looks at what."""
        apparatus, actor = self.session.apparatus, self.session.actor
        if left:
            apparatus.leave(left, actor)
        apparatus.hold(image_id, actor)

    def _leave(self) -> None:
        if self.current:
            self.session.apparatus.leave(self.current, self.session.actor)


def _no_histogram(_: ImgdashError) -> None:
    """The viewport says what is wrong with this image."""
