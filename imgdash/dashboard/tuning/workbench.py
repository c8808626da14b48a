"""The bench in a notebook: the components of the page, one key, its images, everything also from code."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

import cv2
import holoviews as hv
import panel as pn
from panel.viewable import Viewable, Viewer

from imgdash.apparatus import Apparatus
from imgdash.apparatus.parts import By
from imgdash.apparatus.releasing import Changed, compare
from imgdash.apparatus.tuning import Replayed
from imgdash.dashboard.place import Here
from imgdash.dashboard.theme import FONT, PALETTE
from imgdash.dashboard.tuning.bench import Bench
from imgdash.dashboard.tuning.cells import cell_of, summary
from imgdash.dashboard.tuning.forming import Tried
from imgdash.dashboard.tuning.replaying import Replaying
from imgdash.dashboard.tuning.sending import Sending
from imgdash.model import Condition, ImageHeader, ImgdashError, NotFound
from imgdash.process import Chain

_STYLES: Final = {f"--{name}": value for name, value in PALETTE.items()} | {
    "--font": FONT,
    "background": PALETTE["ground"],
    "color": PALETTE["text"],
    "font": f"13px/1.35 {FONT}",
}
_HEIGHT: Final = 720
_SIDE_WIDTH: Final = 322


class Workbench(Viewer):
    """Tune a condition key in a notebook; what a slider can do, a line of code can.

    Parameters
    ----------
    apparatus
        Started.
    key
        Condition key.
    by
        Who tunes, a user of the station or an actor; releasing a version needs a manager.
    image_id
        The image it begins with; without it the latest of the key.

    Raises
    ------
    NotFound
        If there is no such key, or it has no such image.
    ImgdashError
        If nothing draws in this session.

    Examples
    --------
    >>> bench = Workbench(apparatus, "chest-pa", by=Actor("anna", "manager"))
    >>> bench                                             # pictures, curves, sliders
    >>> bench.change(**{"gradation.contrast": 1.2})       # the same as moving the slider
    >>> bench.replay(8)                                   # before and after over a cohort
    >>> bench.save("steeper for thin patients")
    """

    def __init__(self, apparatus: Apparatus, key: str, *, by: By, image_id: str = "", **params: Any) -> None:
        if "bokeh" not in hv.Store.renderers:
            raise ImgdashError(
                "Nothing in this session draws yet.",
                "Run pn.extension(inline=True) and hv.extension('bokeh', inline=True) first.",
            )
        super().__init__(**params)
        self._here = Here(apparatus, apparatus.actor(by))
        self._sending = Sending()
        self.bench = _Bench(self._here, self._save, self._exported, self._sending.push)
        self.replaying = Replaying(self._here, self.bench, self.bench.show_image, self._sending.push)
        self.exported = ""
        board = self.bench.board
        self._curves = pn.Row(*board.curves.views, height=206, **_WIDE)
        self._pictures = pn.Row(board.pictures.now.view, board.pictures.other.view, **_FULL)
        self._spread = pn.Row(*(figure.view for figure in self.replaying.spread.figures), height=206, **_WIDE)
        self._line = pn.widgets.FloatSlider(
            label="Height of the profile line, of the image",
            start=0.0,
            end=1.0,
            step=0.01,
            value=0.5,
            width=300,
            stylesheets=[f":host, :host * {{color: {PALETTE['dim']} !important}}"],
        )
        self._line.param.watch(lambda event: self.line(event.new), "value")
        self._sending.views += [self._pictures, self._spread]
        apparatus.conditions.get(key)
        self.bench.show_key(key, image_id)
        if image_id:
            self._known(image_id)

    # -- what is seen -------------------------------------------------------------------------------------

    def __panel__(self) -> Viewable:
        bench, board = self.bench, self.bench.board
        left = pn.Column(
            bench.picker, board.modes, self._pictures, self._curves, self._line, self._sending.hail(), **_FULL
        )
        right = pn.Column(board.readout, bench.tuner, width=_SIDE_WIDTH, sizing_mode="stretch_height", margin=0)
        return pn.Row(left, right, height=_HEIGHT, sizing_mode="stretch_width", margin=0, styles=_STYLES)

    def replay(self, count: int = 12) -> Viewable:
        """The parameters as they are over the latest `count` images: grid, and spread of S, EI and what is lost."""
        if count < 1:
            raise ImgdashError(f"{count} images cannot be replayed.", "Say 1 or more.")
        with self._sending:
            self.replaying.clear()
            self.replaying.start(count)
        # The view is not in the browser yet: it gets all at once.
        self.replaying.view.cells = [cell_of(one) for one in self.replaying.found]
        return pn.Column(
            self.replaying.view, self._spread, self._sending.hail(),
            height=_HEIGHT, sizing_mode="stretch_width", margin=0, styles=_STYLES,
        )  # fmt: skip

    # -- what is known ------------------------------------------------------------------------------------

    @property
    def condition(self) -> Condition:
        """The key in force."""
        if self.bench.condition is None:
            raise ImgdashError("No key is on the bench.", "Name one that apparatus.conditions has.")
        return self.bench.condition

    @property
    def chain(self) -> Chain:
        """The parameters that are tried."""
        return self.bench.chain

    @property
    def tried(self) -> Tried:
        """Pictures and numbers of what is tried, and of what it is compared with."""
        if self.bench.board.tried is None:
            raise ImgdashError("There is no image to try this key on.", "Send one first.")
        return self.bench.board.tried

    @property
    def changes(self) -> list[Changed]:
        """What differs from what is compared with."""
        return compare(self.bench.reference, self.bench.chain)

    @property
    def replayed(self) -> list[Replayed]:
        """The images of the last replay."""
        return self.replaying.found

    @property
    def summary(self) -> str:
        """The last replay in one line."""
        return summary(self.replaying.found)

    # -- what is done -------------------------------------------------------------------------------------

    def change(self, **values: Any) -> None:
        """Move sliders: ``change(**{"frequency.amount": 1.2})``.

        Raises
        ------
        ImgdashError
            If a name is not known or a value is out of bounds.
        """
        Chain.of(overrides=values)
        with self._sending:
            self.bench.change(values)

    def reset(self, *names: str) -> None:
        """Take parameters back to the version in force: those named, or all.

        Raises
        ------
        ImgdashError
            If a name is not known.
        """
        every = self.chain.flat()
        if strange := [name for name in names if name not in every]:
            raise ImgdashError(f"There is no parameter {', '.join(strange)}.", f"There are: {', '.join(every)}.")
        with self._sending:
            self.bench.reset(names or list(every))

    def compare_with(self, version: int) -> None:
        """Compare with another version (A/B)."""
        with self._sending:
            self.bench.compare_with(version)

    def look(self, mode: str) -> None:
        """What the right picture shows: before, difference, straight or regions."""
        with self._sending:
            self.bench.board.look(mode)

    def line(self, height: float) -> None:
        """Put the line of the profile at a height, of the image: 0 above, 1 below."""
        if not 0 <= height <= 1:
            raise ImgdashError(f"The image has no height {height:g}.", "It lies between 0 (above) and 1 (below).")
        with self._sending:
            self.bench.board.pictures.across(height)

    def image(self, image_id: str) -> None:
        """Try on another image of the key.

        Raises
        ------
        NotFound
            If it is none of the latest ones of this key.
        """
        self._known(image_id)
        with self._sending:
            self.bench.show_image(image_id)

    def _known(self, image_id: str) -> None:
        known = {image.image_id: image.number for image in self.bench.images}
        if image_id not in known:
            there = ", ".join(f"{name} (number {number})" for name, number in known.items()) or "none"
            raise NotFound(f"The bench has no image {image_id!r} of this key.", f"It has: {there}.")

    def save(self, note: str) -> Condition:
        """Release what is tried as the next version.

        Raises
        ------
        NotAllowed
            If it is no manager who tunes.
        """
        current = self.condition
        saved = self._here.apparatus.tuning.save(current.key, self.chain, self._here.actor, note, current.version)
        with self._sending:
            self.bench.refresh()
        return saved

    def text(self) -> str:
        """What is tried as a condition file (TOML)."""
        return self._here.apparatus.tuning.text(self.condition.key, tried=self.chain)

    def _save(self, note: str) -> None:
        """The button."""
        try:
            saved = self.save(note)
        except ImgdashError as error:
            self.bench.tuner.error = f"{error.cause} {error.remedy}"
        else:
            self.bench.tuner.saved += 1
            self._here.tell(f"Version {saved.version} is in force.", "success")

    def _exported(self) -> None:
        self.exported = self.text()


_WIDE: Final[Mapping[str, Any]] = {"sizing_mode": "stretch_width", "margin": 0}
_FULL: Final[Mapping[str, Any]] = {"sizing_mode": "stretch_both", "margin": 0}


class _Bench(Bench):
    """Nothing is served in a notebook: thumbnails go along."""

    def _thumbnail(self, image: ImageHeader) -> str:
        _, jpeg = cv2.imencode(".jpg", self.session.apparatus.thumbnail(image.image_id))
        return "data:image/jpeg;base64," + base64.b64encode(jpeg.tobytes()).decode("ascii")
