"""Which image the Review page shows: its pixels first, everything else right behind."""

from __future__ import annotations

from dataclasses import replace

import panel as pn

from imgdash.dashboard.panels import ActionBar
from imgdash.dashboard.review.about import About
from imgdash.dashboard.review.beside import Beside
from imgdash.dashboard.review.deciding import Deciding
from imgdash.dashboard.review.framed import Framed
from imgdash.dashboard.review.listing import Listing
from imgdash.dashboard.review.measured import Measured
from imgdash.dashboard.review.picturing import Picturing
from imgdash.dashboard.review.presence import Presence
from imgdash.dashboard.strip import Strip
from imgdash.model import ImageHeader, ImgdashError

_NOTHING = "Nothing awaits you. Images appear here as they arrive."
_PREPARING = "The first start on this machine prepares the processing: a minute or two. Images then appear here"
_LOOK_MS = 1000
# Among so many the next image is chosen where others work at the same list.
_CHOICE = 24


class Showing(Picturing):
    """Base of `imgdash.dashboard.pages.review.Review`, which makes the parts.

    Attributes
    ----------
    idle
        Everything is decided: what comes next is opened by itself.
    """

    idle = True
    strip: Strip
    listing: Listing
    about: About
    bar: ActionBar
    beside: Beside
    measured: Measured
    framed: Framed
    deciding: Deciding
    presence: Presence
    _wanted = ""
    _looks = False

    def show(self, image_id: str, by_itself: bool = False) -> None:
        """Open an image of the strip.

        Parameters
        ----------
        by_itself
            It comes after another one and was not chosen: where somebody else was first, another one is shown.
        """
        if image_id not in self.work:
            return
        if not by_itself:
            if self._turn_to(image_id):
                self.presence.at(image_id)
            return
        if not self._go_on(image_id) and not self.idle:
            # Others have it, or have decided: what is free next is opened.
            self.idle = True
            if self.current in self.work:
                self.refresh()

    def _go_on(self, image_id: str) -> bool:
        """Show this image, or the next one that is nobody's; whether there is one."""
        first = self.presence.first([image_id, *self.work.following(image_id, _CHOICE)])
        if first:
            self._turn_to(first)
        return bool(first)

    def _turn_to(self, image_id: str) -> bool:
        """Show an image; whether that is another one than before."""
        self.processing.settle()
        left, self.current, self.idle = self.current, image_id, False
        apparatus = self.session.apparatus
        with pn.io.hold():
            self._pixels()
            self.strip.current = image_id
        self.session.soon(self._details)
        if self.work[image_id].parameters:
            self.session.run(
                lambda: apparatus.reduced(image_id),
                lambda found: self.processing.counts(image_id, found),
                _no_histogram,
            )
        self.listing.go_on()
        return left != image_id

    # -- what is shown of it ------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show the image that is open as it is known now."""
        self._pixels()
        self._details()

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
        marks = {
            "protect": header is not None and header.protected,
            "priority": header is not None and header.priority,
            "advance": self.deciding.advances,
        }
        self.bar.set(
            actions=self.deciding.actions(header),
            enabled=self.deciding.possible(header),
            pressed=[name for name, on in marks.items() if on],
        )

    # -- what happens -------------------------------------------------------------------------------------

    def changed(self, before: ImageHeader | None) -> None:
        """Show what has changed of the image that is open; open the first where none is."""
        self._nothing()
        led = self.idle and not self._wanted and not self.begun
        if led and (first := self.work.following(self.current)) and self._go_on(first[0]):
            return
        now = self.work.get(self.current)
        if now is not None and now != before:
            if before is None or replace(before, held_by=now.held_by) != now:
                self.refresh()
                return
            # Somebody came to look at it, or left: nothing of the image has changed.
            self.about.looked_at(now)
            if not now.held_by:
                # Who held it has left; it is looked at here.
                self.presence.at(now.image_id)
        # With it something of the others may have been heard, too.
        self.viewport.following = self._following()
        self._buttons()

    def _nothing(self) -> None:
        """What is said where no image is open."""
        prepared = self.session.apparatus.prepared
        self.viewport.set(said=_NOTHING if prepared else _PREPARING, reading=not prepared)
        if not prepared and not self._looks:
            self._looks = True
            self.session.after(_LOOK_MS, self._look_again)

    def _look_again(self) -> None:
        self._looks = False
        self._nothing()

    @property
    def begun(self) -> bool:
        """Whether something is begun on the image that is open: a question, its frames, a correction."""
        return self.deciding.asking.begun or self.framed.editor.open or bool(self.about.typing)

    def ended(self) -> None:
        """It is done or given up: what came meanwhile may be opened."""
        self.changed(self.work.get(self.current))

    def take_one(self, header: ImageHeader) -> None:
        """The apparatus kept a change of this image."""
        self.work.take([header], self.current)
        self.relist()
        if header.image_id == self.current:
            self.refresh()

    def relist(self) -> None:
        """The strip as the list is now."""
        self.listing.draw()


def _no_histogram(_: ImgdashError) -> None:
    """The viewport says what is wrong with this image."""
