"""The bench: one image under parameters that are tried, all its views and controls moving together."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from imgdash.apparatus import trial
from imgdash.apparatus.trial import Trial
from imgdash.dashboard.session import Session
from imgdash.dashboard.tuning import readout
from imgdash.dashboard.tuning.controls import Modes, Picker, Readout, Tuner
from imgdash.dashboard.tuning.curves import Curves
from imgdash.dashboard.tuning.pictures import Pictures, Point
from imgdash.model import Condition, ImageHeader, ImgdashError
from imgdash.process import Chain, describe

_MODES: Final = [
    {"name": "before", "title": "Before", "text": "By the version in force"},
    {
        "name": "difference",
        "title": "Difference",
        "text": "Tried minus version in force: amber is lighter now, blue darker",
    },
    {"name": "straight", "title": "Straight curve", "text": "The same signal limits, nothing else"},
]
_IMAGES: Final = 24


@dataclass(frozen=True)
class Tried:
    """What one run of the chain gave: the tried parameters, the version in force, straight tones."""

    now: Trial
    former: Trial
    straight: Trial


class Bench:
    """Holds what is tried; nothing of it is kept until somebody saves it.

    Attributes
    ----------
    condition
        The key in force, or None before one is chosen.
    chain
        The parameters that are tried.
    image_id
        The image they are tried on; empty where the key has none.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.condition: Condition | None = None
        self.chain = Chain.of()
        self.images: list[ImageHeader] = []
        self.image_id = ""
        self.tried: Tried | None = None
        self._released = Chain.of()
        self._mode = "before"
        self._flipped = False
        self._shown_image = ""
        self._number = 0
        self._busy = self._again = False
        self._formers: dict[Any, Trial] = {}
        self.pictures = Pictures(self._line_moved)
        self.curves = Curves()
        self.picker = Picker(on_message=self._picked, sizing_mode="stretch_width")
        self.modes = Modes(on_message=self._chosen, modes=_MODES, current="before", sizing_mode="stretch_width")
        self.readout = Readout(sizing_mode="stretch_width")
        self.tuner = Tuner(
            sizing_mode="stretch_both",
            descriptions=[dataclasses.asdict(described) for described in describe()],
            may=session.actor.may("condition"),
        )

    # -- which key, which image ---------------------------------------------------------------------------

    def show_key(self, key: str, image_id: str = "", chain: Chain | None = None) -> None:
        """Another key: its parameters in force (or `chain`), its latest image (or `image_id`)."""
        tuning, conditions = self.session.apparatus.tuning, self.session.apparatus.conditions
        self.picker.waiting = True

        def read() -> tuple[Condition, Chain, list[ImageHeader]]:
            return conditions.get(key), tuning.chain(key), tuning.images(key, _IMAGES)

        def there(found: tuple[Condition, Chain, list[ImageHeader]]) -> None:
            self.condition, self._released, self.images = found
            self.chain = chain or self._released
            self._list_images()
            known = [image.image_id for image in self.images]
            self.image_id = image_id if image_id in known else known[0] if known else ""
            self.picker.current = self.image_id
            self._controls()
            self._run()

        self.session.run(read, there, self._failed)

    def refresh(self) -> None:
        """The key was released anew, or images of it came: what is tried stays."""
        if self.condition is not None:
            self.show_key(self.condition.key, self.image_id, self.chain if self.changed() else None)

    def show_image(self, image_id: str) -> None:
        """Try the same parameters on another image."""
        self.image_id = self.picker.current = image_id
        self._say()
        self._run()

    def _list_images(self) -> None:
        self.picker.param.update(
            waiting=False,
            images=[
                {
                    "id": image.image_id,
                    "number": image.number,
                    "title": image.title,
                    "text": " · ".join(part for part in (image.patient.name, image.sender, image.state) if part),
                    "unfit": not image.judgement.fit,
                }
                for image in self.images
            ],
        )

    # -- which parameters ---------------------------------------------------------------------------------

    def change(self, values: Mapping[str, Any], number: int = 0) -> None:
        """Try other values.

        Parameters
        ----------
        number
            Of the browser's trial; told back when it is shown.
        """
        self._number = max(self._number, number)
        try:
            self.chain = self.chain.with_(**values)
        except ImgdashError as error:
            self.tuner.error = f"{error.cause} {error.remedy}"
            self.tuner.seen = self._number
            return
        self._controls()
        self._run()

    def reset(self, names: Sequence[str]) -> None:
        """Take values back to the version in force."""
        released = self._released.flat()
        self.change({name: released[name] for name in names if name in released})

    def changed(self) -> bool:
        """Whether anything differs from the version in force."""
        return self.chain != self._released

    def _controls(self) -> None:
        condition = self.condition
        if condition is None:
            return
        self.tuner.param.update(
            values=self.chain.flat(),
            released=self._released.flat(),
            version=condition.version,
            next=condition.version + 1,
            error="",
        )
        self._say()

    def _say(self) -> None:
        image = next((image for image in self.images if image.image_id == self.image_id), None)
        coming = " · one moment …" if image and self._shown_image != self.image_id else ""
        self.modes.said = f"{image.number} {image.title} · {image.sender}{coming}" if image else "no image"

    # -- trying -------------------------------------------------------------------------------------------

    def _run(self) -> None:
        """Form the image in a thread; while one is formed, only the newest wish is remembered."""
        if not self.image_id or self.condition is None:
            self._blank()
            return
        if self._busy:
            self._again = True
            return
        self._busy = True
        key, version, image_id, chain, number = (
            self.condition.key,
            self.condition.version,
            self.image_id,
            self.chain,
            self._number,
        )
        released = self._released
        self.session.run(
            lambda: self._form(key, version, image_id, chain, released),
            lambda tried: self._formed(tried, image_id, number),
            lambda error: self._failed(error, number),
        )

    def _form(self, key: str, version: int, image_id: str, chain: Chain, released: Chain) -> Tried:
        """In a thread."""
        tuning = self.session.apparatus.tuning
        former = tuning.beside(released, chain)
        name = (image_id, key, version, former)
        if name not in self._formers:
            if len(self._formers) > 2 * _IMAGES:
                self._formers.clear()
            self._formers[name] = tuning.try_out(image_id, key, former)
        now = tuning.try_out(image_id, key, chain)
        straight = now
        if self._mode == "straight":
            straight = tuning.try_out(image_id, key, trial.plain(chain))
        return Tried(now, self._formers[name], straight)

    def _formed(self, tried: Tried, image_id: str, number: int) -> None:
        self._busy = False
        if image_id == self.image_id:
            another = self._shown_image != image_id
            self.tried, self._shown_image = tried, image_id
            self._paint(another)
            if another:
                self._say()
            # Last: when the browser has this, it has drawn the rest.
            self.tuner.seen = max(self.tuner.seen, number)
        self._once_more()

    def _once_more(self) -> None:
        if self._again:
            self._again = False
            self._run()

    def _failed(self, error: ImgdashError, number: int = 0) -> None:
        self._busy = False
        self.picker.waiting = False
        self.tuner.param.update(seen=max(self.tuner.seen, number), error=f"{error.cause} {error.remedy}")
        self.session.tell(error.cause, "error", error.remedy)
        self._once_more()

    # -- painting -----------------------------------------------------------------------------------------

    def _paint(self, another_image: bool) -> None:
        tried = self.tried
        if tried is None:
            return
        self.pictures.extent(tried.now.extent_mm)
        self._pictures(tried)
        if another_image:
            reduced = self.session.apparatus.tuning.reduced(self.image_id)
            self.curves.histogram(reduced.histogram, reduced.edges)
        self.curves.show(tried.now, tried.former)
        self._profile(tried)
        self.readout.param.update(
            rows=readout.rows(tried.now.numbers, tried.former.numbers), notes=readout.notes(tried.now)
        )
        self.tuner.calculated = {
            "automatic.s_low": tried.now.numbers.s_low,
            "automatic.s_high": tried.now.numbers.s_high,
        }

    def _pictures(self, tried: Tried) -> None:
        self.pictures.show(self.pictures.now, (tried.former if self._flipped else tried.now).pixels)
        if self._mode == "difference":
            difference = tried.now.pixels.astype(np.int16) - tried.former.pixels
            self.pictures.compare(difference, signed=True)
        else:
            other = tried.former if self._mode == "before" else tried.straight
            self.pictures.compare(other.pixels, signed=False)

    def _profile(self, tried: Tried) -> None:
        start, end = self.pictures.line()
        now, former = (trial.profile(one.pixels, tried.now.extent_mm, start, end) for one in (tried.now, tried.former))
        self.curves.along(now, former)

    def _blank(self) -> None:
        self.tried, self._shown_image = None, ""
        nothing = np.zeros((2, 2), np.uint8)
        self.pictures.show(self.pictures.now, nothing)
        self.pictures.compare(nothing, signed=False)
        self.readout.param.update(rows=[], notes=[])
        self._say()

    # -- what a person does -------------------------------------------------------------------------------

    def _picked(self, message: Mapping[str, Any]) -> None:
        if any(image.image_id == message.get("image") for image in self.images):
            self.show_image(str(message["image"]))

    def _chosen(self, message: Mapping[str, Any]) -> None:
        mode = message.get("mode")
        if mode in {known["name"] for known in _MODES}:
            self._mode = self.modes.current = str(mode)
            self._run()

    def flip(self) -> None:
        """Show the version in force in the left picture, or the tried parameters again."""
        self._flipped = self.modes.flipped = not self._flipped
        if self.tried is not None:
            self._pictures(self.tried)

    def step(self, by: int) -> None:
        """The next or the previous image."""
        known = [image.image_id for image in self.images]
        if self.image_id in known:
            self.show_image(known[max(0, min(len(known) - 1, known.index(self.image_id) + by))])

    def _line_moved(self, start: Point, end: Point) -> None:
        if self.tried is not None:
            self._profile(self.tried)
