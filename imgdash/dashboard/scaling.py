"""How large text and controls are for who sits here: by the screen, or as he chose; kept in the records (H4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import param

from imgdash.dashboard import theme
from imgdash.dashboard.component import Component, script
from imgdash.dashboard.panels import Dialog
from imgdash.dashboard.session import Session

_PREFERENCE: Final = "scale"
# By the width of the screen.
AUTOMATIC: Final = 0.0
SCALES: Final = (AUTOMATIC, 1.0, 1.1, 1.25, 1.5)


class Scale(Component):
    """Draws the whole document at a scale."""

    scale = param.Number(default=AUTOMATIC, doc="0: by the width of the screen.")
    width = param.Integer(default=0)

    _esm = script("scale.js")


class Scaling:
    """The scale that who sits here wants.

    Attributes
    ----------
    drawn
        Into the layout: what makes it so.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._kept = AUTOMATIC
        self.drawn = Scale()
        self.dialog = Dialog(on_message=self._answered)

    def read(self) -> None:
        """Read what this person wants."""
        apparatus, name = self._session.apparatus, self._session.actor.name
        self._session.run(lambda: apparatus.preference(name, _PREFERENCE, AUTOMATIC), self._take)

    def _take(self, scale: Any) -> None:
        self._kept = self.drawn.scale = next((one for one in SCALES if one == scale), AUTOMATIC)

    def show(self) -> None:
        """Ask."""
        automatic = ", ".join(f"{_percent(scale)} from {width} px" for width, scale in theme.LARGE)
        self.dialog.set(
            kind="scale", title="Size of text and controls", subtitle="Yours alone, on every page.", submit="Keep",
            error="",
            fields=[
                {"name": "scale", "kind": "choice", "label": "Size", "value": str(self._kept), "options": [
                    [str(scale), _percent(scale) if scale else "Automatic",
                     "" if scale else f"by the width of the window: {automatic}"]
                    for scale in SCALES
                ]},
            ],
        )  # fmt: skip
        self.dialog.open = True

    def _answered(self, message: Mapping[str, Any]) -> None:
        told = str((message.get("values") or {}).get("scale"))
        scale = next((scale for scale in SCALES if str(scale) == told), self._kept)
        if "changed" in message:
            # Seen before it is kept.
            self.drawn.scale = scale
            return
        if "submit" in message and scale != self._kept:
            self._take(scale)
            apparatus, name = self._session.apparatus, self._session.actor.name
            self._session.run(lambda: apparatus.prefer(name, _PREFERENCE, scale))
        self.drawn.scale = self._kept
        self.dialog.open = False


def _percent(scale: float) -> str:
    return f"{100 * scale:.0f} %"
