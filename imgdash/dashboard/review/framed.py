"""The output ranges of the image that is open: shown small beside it, moved large in its place (D2, D3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from imgdash.dashboard.panels import Destinations, RangeEditor
from imgdash.dashboard.review.ranges import ranges
from imgdash.dashboard.review.worklist import look, sent
from imgdash.dashboard.session import Session
from imgdash.dashboard.viewport import Viewport
from imgdash.model import Actor, Condition, ImageHeader, ImgdashError
from imgdash.process import Chain

if TYPE_CHECKING:
    from imgdash.apparatus import Apparatus


class Framed:
    """Where the image goes and how it stands there.

    Parameters
    ----------
    changed
        Called with the new header after the apparatus has kept a change.
    ended
        Called when a person has closed the editor.
    """

    def __init__(
        self,
        session: Session,
        viewport: Viewport,
        changed: Callable[[ImageHeader], None],
        ended: Callable[[], None],
    ) -> None:
        self._session = session
        self._viewport = viewport
        self._changed, self._ended = changed, ended
        self._header: ImageHeader | None = None
        # What the editor is told once it is open: of most images nobody opens it.
        self._edited: dict[str, Any] = {}
        self.destinations = Destinations(on_message=self._on_route, sizing_mode="stretch_width")
        self.editor = RangeEditor(on_message=self._on_range, sizing_mode="stretch_both", visible=False)

    def show(self, header: ImageHeader, condition: Condition, chain: Chain | None = None) -> None:
        """Another image, or the same with something changed; `chain` where it is known already."""
        if self._header is not None and header.image_id != self._header.image_id:
            self.close()
        self._header = header
        enabled = header.state in ("awaiting", "postponed")
        may = self._session.actor.may
        entries = ranges(header, condition, self._session.apparatus.site, chain)
        found: dict[str, Any] = {
            "destinations": entries,
            "image": header.image_id if header.state != "quarantined" else "",
            "version": look(header),
        }
        self.destinations.set(**found, enabled=enabled and may("route"))
        self._edited = {**found, "sent": sent(header), "enabled": enabled and may("route") and may("process")}
        if self.editor.open:
            self._edit_this()

    def _edit_this(self) -> None:
        names = [str(entry["name"]) for entry in self._edited["destinations"]]
        current = self.editor.current if self.editor.current in names else (names[0] if names else "")
        self.editor.set(**self._edited, current=current)

    def toggle(self) -> None:
        """Open or close the editor."""
        if self.editor.open:
            self.close()
            self._ended()
        elif self._edited.get("destinations"):
            self._edit_this()
            self._viewport.visible, self.editor.visible = False, True
            self.editor.open = True

    def close(self) -> None:
        """Back to the image."""
        if self.editor.open:
            self.editor.open = False
            self._viewport.visible, self.editor.visible = True, False

    def _meant(self, message: Mapping[str, Any]) -> bool:
        """Whether a message is of the image that is open: what was begun for the one before it changes neither."""
        return self._header is not None and message.get("image") == self._header.image_id

    def _on_route(self, message: Mapping[str, Any]) -> None:
        if not self._meant(message):
            return
        if (wanted := message.get("edit")) is not None:
            self.editor.current = str(wanted)
            if not self.editor.open:
                self.toggle()
            return
        name, on = str(message.get("route", "")), bool(message.get("on"))
        self._edit(lambda apparatus, actor, image_id: apparatus.route(image_id, actor, name, on))

    def _on_range(self, message: Mapping[str, Any]) -> None:
        if message.get("close"):
            self.close()
            self._ended()
        elif "current" in message:
            self.editor.current = str(message["current"])
        elif not self._meant(message):
            return
        elif "range" in message:
            name, values = str(message["range"]), dict(message["values"])
            self._edit(lambda apparatus, actor, image_id: apparatus.place(image_id, actor, name, values))
        elif "reset" in message:
            name = str(message["reset"])
            self._edit(lambda apparatus, actor, image_id: apparatus.place(image_id, actor, name, None))
        elif "mark" in message:
            overlay = {name: value for name, value in dict(message["mark"]).items() if value is not None}
            index = _index(message.get("index"))
            self._edit(lambda apparatus, actor, image_id: apparatus.mark(image_id, actor, overlay, index))
        elif "unmark" in message:
            kind, text, index = str(message.get("kind")), str(message.get("text", "")), _index(message["unmark"])
            self._edit(lambda apparatus, actor, image_id: apparatus.unmark(image_id, actor, kind, text, index))

    def _edit(self, work: Callable[[Apparatus, Actor, str], ImageHeader]) -> None:
        """Change what is named of the image that is open; its rest stays as it is by then."""
        if self._header is None:
            return
        apparatus, actor, image_id = self._session.apparatus, self._session.actor, self._header.image_id
        self._session.edits.run(lambda: work(apparatus, actor, image_id), self._changed, self._refused)

    def _refused(self, error: ImgdashError) -> None:
        self._session.tell(error.cause, "error", error.remedy)
        if self._header is not None:
            self.editor.param.trigger("destinations")


def _index(told: Any) -> int | None:
    """Place of an overlay among those that people placed; None where it is the condition key's, or new."""
    return told if isinstance(told, int) and told >= 0 else None
