"""The Review page as a person has it: panels and their order, place and size of the thumbnails (H4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import panel as pn
from panel.viewable import Viewable

from imgdash.dashboard.arranging import Arranging
from imgdash.dashboard.panels import Dialog
from imgdash.dashboard.session import Session
from imgdash.dashboard.strip import Strip

_PREFERENCE: Final = "layout/review"
_WIDTH: Final = 376
PANELS: Final[Mapping[str, str]] = {
    "judged": "Fit or not, and why",
    "measured": "Curves of quality control",
    "condition": "Condition key",
    "histogram": "Histogram and curve",
    "parameters": "Processing",
    "outputs": "Output",
    "facts": "Information",
}
_PLACES: Final = (("left", "Left of the image"), ("right", "At the right edge"), ("below", "Below the image"),
                  ("none", "Not shown"))  # fmt: skip
# Name → words, height of the picture.
_SIZES: Final[Mapping[str, tuple[str, int]]] = {
    "small": ("Small", 62),
    "medium": ("Medium", 92),
    "large": ("Large", 150),
}
# What the list has beside the height of a picture: in its width, and in its height where it runs across.
_BESIDE: Final = (56, 74)
# Place of the thumbnails → grid-template-areas, columns, rows; {} is their size. Parts are placed by styles and never
# put into another part: a component that is moved while the browser still loads it would stay empty.
_GRIDS: Final[Mapping[str, tuple[str, str, str]]] = {
    "left": ("'strip image edge side' 'strip bar edge side'", "{} minmax(0,1fr) auto auto", "minmax(0,1fr) auto"),
    "right": ("'image edge side strip' 'bar edge side strip'", "minmax(0,1fr) auto auto {}", "minmax(0,1fr) auto"),
    "below": ("'image edge side' 'strip edge side' 'bar edge side'", "minmax(0,1fr) auto auto",
              "minmax(0,1fr) {} auto"),
    "none": ("'image edge side' 'bar edge side'", "minmax(0,1fr) auto auto", "minmax(0,1fr) auto"),
}  # fmt: skip


class Layout:
    """Puts the parts of the page where a person wants them.

    Parameters
    ----------
    image
        What fills the middle: viewport and what stands in its place.
    bar
        Below them.
    panels
        Name as in `PANELS` → view.
    """

    def __init__(
        self, session: Session, strip: Strip, image: list[Viewable], bar: Viewable, panels: Mapping[str, Viewable]
    ) -> None:
        self._session = session
        self._strip, self._panels = strip, panels
        self._mine: dict[str, Any] = {}
        self.dialog = Dialog(on_message=self._answered)
        self.arranging = Arranging(session, "review", width=_WIDTH)
        self.side = self.arranging.details = pn.Column(
            width=_WIDTH,
            sizing_mode="stretch_height",
            margin=0,
            scroll="y-auto",
            styles={"background": "var(--panel)", "border-left": "1px solid var(--line)"},
        )
        strip.sizing_mode = "stretch_both"
        parts = {
            "strip": strip,
            "image": pn.Column(*image, sizing_mode="stretch_both", margin=0, styles={"min-height": "0"}),
            "bar": bar,
            "edge": self.arranging.splitter,
            "side": self.side,
        }
        for name, part in parts.items():
            part.styles = {**part.styles, "grid-area": name}
        self.view = pn.Row(*parts.values(), sizing_mode="stretch_both", margin=0)
        self._put()

    @property
    def panels(self) -> list[str]:
        """Names of the panels that are shown, from the top."""
        chosen = self._mine.get("panels")
        return list(PANELS) if chosen is None else [name for name in chosen if name in PANELS]

    @property
    def place(self) -> str:
        """Of the thumbnails."""
        place = str(self._mine.get("strip"))
        return place if place in _GRIDS else "left"

    @property
    def size(self) -> str:
        """Of the thumbnails."""
        size = str(self._mine.get("size"))
        return size if size in _SIZES else "medium"

    # -- as it is kept ------------------------------------------------------------------------------------

    def read(self) -> None:
        """Read what this person wants."""
        apparatus, name = self._session.apparatus, self._session.actor.name
        self._session.run(lambda: apparatus.preference(name, _PREFERENCE, {}) or {}, self._take)
        self.arranging.read()

    def _take(self, mine: Mapping[str, Any]) -> None:
        self._mine = dict(mine)
        with pn.io.hold():
            self._put()

    def _keep(self, **changes: Any) -> None:
        """Keep what was changed here, or as shipped (None); the rest may have been changed in another tab."""
        self._take({**self._mine, **changes})
        apparatus, name = self._session.apparatus, self._session.actor.name
        self._session.run(lambda: apparatus.prefer_parts(name, _PREFERENCE, changes))

    def _put(self) -> None:
        """Every part where it belongs."""
        picture, across = _SIZES[self.size][1], self.place == "below"
        self._strip.set(across=across, picture=picture, visible=self.place != "none")
        panels = [self._panels[name] for name in self.panels]
        if list(self.side.objects) != panels:
            self.side.objects = panels
        areas, columns, rows = _GRIDS[self.place]
        size = f"{picture + _BESIDE[across]}px"
        self.view.styles = {
            "display": "grid",
            "height": "100%",
            "grid-template-areas": areas,
            "grid-template-columns": columns.format(size),
            "grid-template-rows": rows.format(size),
        }

    # -- what a person does -------------------------------------------------------------------------------

    def ask(self) -> None:
        """Open the dialog."""
        shown = self.panels
        self.dialog.set(
            kind="layout", title="Layout of this page", submit="Keep", other="As shipped", error="",
            fields=[
                {"name": "panels", "kind": "order", "label": "Beside the image, from the top", "value": shown,
                 "options": [[name, PANELS[name]] for name in (*shown, *_set_aside(shown))]},
                {"name": "strip", "kind": "choice", "label": "Thumbnails", "value": self.place,
                 "options": [[name, words, ""] for name, words in _PLACES]},
                {"name": "size", "kind": "choice", "label": "Their size", "value": self.size,
                 "options": [[name, words, ""] for name, (words, _) in _SIZES.items()]},
            ],
        )  # fmt: skip
        self.dialog.open = True

    def _answered(self, message: Mapping[str, Any]) -> None:
        if "changed" in message:
            return
        if "submit" in message:
            values = message.get("values") or {}
            panels = [name for name in values.get("panels", ()) if name in PANELS]
            told = {"panels": panels, "strip": str(values.get("strip")), "size": str(values.get("size"))}
            before = {"panels": self.panels, "strip": self.place, "size": self.size}
            self._keep(**{part: value for part, value in told.items() if value != before[part]})
        elif "other" in message:
            self._keep(panels=None, strip=None, size=None)
            self.arranging.reset()
        self.dialog.open = False


def _set_aside(shown: list[str]) -> list[str]:
    """Panels that are not shown."""
    return [name for name in PANELS if name not in shown]
