"""What stands beside the image: as received, the former round, or itself under another condition key (R3, R6)."""

from __future__ import annotations

from typing import Final

from imgdash.dashboard.review.worklist import look
from imgdash.dashboard.session import Session
from imgdash.dashboard.viewport import Viewport, source
from imgdash.model import Condition, ImageHeader, ImgdashError

_RECEIVED: Final = "received"
_FORMER: Final = "former"


class Beside:
    """The second pane of the viewport; what a person chose stays chosen for the next images."""

    def __init__(self, session: Session, viewport: Viewport) -> None:
        self._session = session
        self._viewport = viewport
        self._header: ImageHeader | None = None
        self._rotation = 0
        self._keys: list[Condition] = []
        self.chosen = ""
        self._last = ""

    def choose(self, name: str) -> None:
        """Open, change or close it; ``last`` for what was open the last time."""
        if name == "last":
            former = self._header is not None and self._header.replaces
            name = self._last or (_FORMER if former else _RECEIVED)
        self._last = name or self.chosen
        self.chosen = name
        self._draw()

    def show(self, header: ImageHeader, rotation: int, group: list[Condition]) -> None:
        """Another image is open; `group` holds the condition keys it can be compared under."""
        self._header, self._rotation = header, rotation
        self._keys = [condition for condition in group if condition.key != header.condition]
        self._viewport.besides = [
            {"name": "", "label": "Nothing beside it"},
            {"name": _RECEIVED, "label": "As received, no processing"},
            {"name": _FORMER, "label": "Former round"},
            *({"name": f"key:{condition.key}", "label": condition.title} for condition in self._keys),
        ]
        self._draw()

    def _draw(self) -> None:
        header = self._header
        if not self.chosen or header is None:
            self._viewport.beside = {}
        elif self.chosen == _FORMER:
            self._former(header)
        elif self.chosen == _RECEIVED:
            self._put(header, "As received", plain=True, version=look(header))
        else:
            condition = next((c for c in self._keys if f"key:{c.key}" == self.chosen), None)
            if condition is None:
                self._none("Another condition key", "This image is shown under that key already, or cannot be.")
            else:
                version = f"{look(header)}-{condition.key}-{condition.version}"
                self._put(header, condition.title, version=version, condition=condition.key)

    def _former(self, header: ImageHeader) -> None:
        if not header.replaces:
            self._none("Former round", "This is the first image.")
            return
        apparatus = self._session.apparatus

        def found(former: ImageHeader) -> None:
            if self._header is header and self.chosen == _FORMER:
                processed = former.parameters.get("unprocessed") is False
                words = "the modality's own processing" if processed else former.condition
                rotation = self._turned(former)
                self._put(former, f"Round {former.round_number}", words, version=look(former), rotation=rotation)

        def lost(error: ImgdashError) -> None:
            self._none("Former round", error.cause)

        self._session.run(lambda: apparatus.image(header.replaces), found, lost)

    def _turned(self, former: ImageHeader) -> int:
        try:
            return int(self._session.apparatus.screen.chain(former).geometry.rotation)
        except ImgdashError:
            return 0

    def _put(self, header: ImageHeader, label: str, words: str = "", *, version: str, rotation: int | None = None,
             plain: bool = False, condition: str = "") -> None:  # fmt: skip
        placed = source(header, version, self._rotation if rotation is None else rotation)
        self._viewport.beside = {
            "name": self.chosen,
            "label": label,
            "lines": [words] if words else [],
            "plain": plain,
            "condition": condition,
            **placed,
        }

    def _none(self, label: str, why: str) -> None:
        self._viewport.beside = {"name": self.chosen, "label": label, "why": why}
