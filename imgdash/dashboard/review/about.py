"""What is known of the image that is open: its judgement, its information, corrections of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from imgdash.confirm.attributes import label
from imgdash.confirm.changing import OPEN_TO_CHANGE
from imgdash.dashboard.panels import Facts, Judged
from imgdash.dashboard.review import facts, summary
from imgdash.dashboard.session import Session
from imgdash.model import Condition, ImageHeader, ImgdashError, Order


class About:
    """Judgement and information beside the image.

    Parameters
    ----------
    corrected
        Called with the image header once the apparatus kept a correction.
    correct
        Called when a person wants to correct what is missing.
    typed
        Called when nothing is being typed any more.

    Attributes
    ----------
    typing
        image_id of what a correction is being typed for; empty for none.
    """

    def __init__(
        self,
        session: Session,
        corrected: Callable[[ImageHeader], None],
        correct: Callable[[], None],
        typed: Callable[[], None],
    ) -> None:
        self._session, self._corrected, self._typed = session, corrected, typed
        self._image_id = self._state = self.typing = ""
        self._order: Order | None = None
        # However far the panel is scrolled, it is seen that an image is not fit.
        stays = {"position": "sticky", "top": "0", "z-index": "2", "background": "var(--panel)"}
        self.judged = Judged(on_message=lambda _: correct(), sizing_mode="stretch_width", styles=stays)
        self.facts = Facts(on_message=self._said, sizing_mode="stretch_width")
        self.rights()

    def rights(self) -> None:
        """What this role may correct."""
        may = self._session.actor.may("edit") and self._state in OPEN_TO_CHANGE
        self.facts.editable = self.judged.may = may

    def correct(self) -> None:
        """Begin to correct what is missing; the rest is done where it is shown."""
        if not self._session.actor.may("edit"):
            self._session.tell("Information is corrected by a manager.", "info")
        elif self.facts.editable and not any(f["correctable"] for f in [*self.judged.storage, *self.judged.film]):
            # Nothing is opened: what was typed for the image before would be this patient's name.
            hint = "Click a value to correct it, or come to it with Tab and press Enter."
            self._session.tell("No information is missing.", "info", hint)
        elif self.facts.editable:
            self.facts.send(open=True)

    def show(self, header: ImageHeader, condition: Condition) -> None:
        """Another image is open, or this one has changed; its order follows when it is read."""
        if self._order is not None and (header.image_id, header.order_id) != (self._image_id, self._order.order_id):
            self._order = None
        self._image_id, self._state = header.image_id, header.state
        self.rights()
        self.judged.set(
            there=True,
            storage=[summary.finding(f) for f in header.judgement.storage],
            film=[summary.finding(f) for f in header.judgement.film],
        )
        self.looked_at(header)
        self._tell(header, condition, self._order)
        if header.order_id:
            apparatus = self._session.apparatus
            self._session.run(
                lambda: apparatus.order(header.order_id), lambda order: self._tell(header, condition, order)
            )

    def looked_at(self, header: ImageHeader) -> None:
        """Somebody came to look at the image, or left."""
        self.judged.notes = summary.notes(header, self._session.actor.name)

    def _tell(self, header: ImageHeader, condition: Condition, order: Order | None) -> None:
        if header.image_id != self._image_id:
            return
        # What is known of the order stands until it is read again: nothing blinks at each change of the image.
        self._order = order
        sections = facts.sections(header, condition, order, self._session.apparatus.site)
        self.facts.set(image=header.image_id, sections=sections)

    def _said(self, message: Mapping[str, Any]) -> None:
        if "typing" in message:
            self.typing = str(message["typing"])
            if not self.typing:
                self._typed()
            return
        image_id, keyword = str(message.get("image", "")), str(message.get("edit", ""))
        former = self._shown(keyword) if image_id == self._image_id else None
        self._edit(image_id, keyword, str(message.get("value", "")), former)

    def _shown(self, keyword: str) -> str | None:
        rows = (row for section in self.facts.sections for row in section["rows"])
        return next((row["value"] for row in rows if row.get("keyword") == keyword), None)

    def _edit(self, image_id: str, keyword: str, text: str, former: str | None = None) -> None:
        """Correct it; `former` is what it is taken back to."""
        apparatus, actor = self._session.apparatus, self._session.actor

        def corrected(header: ImageHeader) -> None:
            self._corrected(header)
            if former is None:
                self._session.tell(f"{label(keyword)} is as it was.", "success")
            else:
                does = {"Take back": lambda: self._edit(image_id, keyword, former)}
                was = f"It was {former}." if former else "It was empty."
                self._session.tell(f"{label(keyword)} corrected.", "success", was, does=does)

        def refused(error: ImgdashError) -> None:
            self._session.tell(error.cause, "error", error.remedy)
            why = f"{error.cause} {error.remedy}".strip()
            self.facts.send(refused={"image": image_id, "keyword": keyword, "value": text, "why": why})

        self._session.run(lambda: apparatus.edit(image_id, actor, **{keyword: text}), corrected, refused)
