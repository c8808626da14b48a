"""The bench: one image under parameters that are tried, all its views and controls moving together."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from imgdash.dashboard.place import Place
from imgdash.dashboard.reading import Reading, Step
from imgdash.dashboard.review.worklist import look
from imgdash.dashboard.tuning import readout
from imgdash.dashboard.tuning.board import Board
from imgdash.dashboard.tuning.controls import Picker, Tuner
from imgdash.dashboard.tuning.effect import without_effect
from imgdash.dashboard.tuning.forming import Forming, Tried
from imgdash.dashboard.tuning.found import Found, find
from imgdash.model import Condition, ImageHeader, ImgdashError
from imgdash.process import Chain, describe

_IMAGES: Final = 24


class Bench:
    """Holds what is tried; nothing of it is kept until somebody saves it.

    Parameters
    ----------
    on_save
        Called with the note when a person wants to release what is tried.
    on_export
        Called when a person wants what is tried as a file.
    pushed
        Called when everything of a result is painted; a notebook sends it to the browser then.

    Attributes
    ----------
    condition
        The key in force, or None before one is chosen.
    chain
        The parameters that are tried.
    image_id
        The image they are tried on; empty where the key has none.
    reference
        The parameters they are compared with: of the version in force, or of another one (A/B).
    """

    def __init__(
        self,
        session: Place,
        on_save: Callable[[str], None],
        on_export: Callable[[], None],
        pushed: Callable[[], None] = lambda: None,
    ) -> None:
        self.session = session
        self._on_save = on_save
        self._on_export = on_export
        self.condition: Condition | None = None
        self.chain = Chain.of()
        self.images: list[ImageHeader] = []
        self.image_id = ""
        self.reference = self._released = Chain.of()
        self._against = 0
        self._number = self._asked = 0
        self._chosen = False
        self._trial = 0
        self._forming = Forming(session.apparatus.tuning)
        self.reading = Reading(session, self._form, lambda error: self._failed(error, self._trial))
        self.board = Board(self._run, self.compare_with, pushed, self._limited)
        self.picker = Picker(on_message=self._picked, sizing_mode="stretch_width")
        self.tuner = Tuner(
            on_message=self._tuned,
            sizing_mode="stretch_both",
            descriptions=[dataclasses.asdict(described) for described in describe()],
            may=session.actor.may("condition"),
        )

    # -- which key, which image ---------------------------------------------------------------------------

    def show_key(self, key: str, image_id: str = "", keep: bool = False) -> None:
        """Another key: its parameters in force and its latest image, or `image_id`.

        Parameters
        ----------
        keep
            It is the same key: what is tried, and on which image, stays.
        """
        self.picker.waiting = True
        self._asked += 1
        asked = self._asked

        against = self._against if keep else 0

        def there(found: Found) -> None:
            if asked != self._asked:
                return
            if keep and self._against != against:
                # Another version was chosen to compare with meanwhile.
                self.show_key(key, image_id, keep)
                return
            self._chosen = self._chosen and keep
            tried = self.chain if keep and (self._chosen or self.changed()) else None
            wanted = self.image_id if keep else image_id
            self._against = against if against in found.versions else 0
            self.condition, self._released, self.images = found.condition, found.chain, found.images
            self.reference = found.reference
            self.chain = tried or self._released
            self._list_images()
            known = [image.image_id for image in self.images]
            self.image_id = wanted if wanted in known else known[0] if known else ""
            self.picker.current = self.image_id
            self._list_versions(found.versions)
            self._controls()
            self._run()

        self.session.run(lambda: find(self.session.apparatus, key, against, _IMAGES), there, self._failed)

    def compare_with(self, version: int) -> None:
        """Compare with another version (A/B): dashed curves, right picture, difference, numbers, replay."""
        if self.condition is None:
            return
        key = self.condition.key

        def there(chain: Chain) -> None:
            # The key may have been released anew meanwhile.
            if self.condition is not None and self.condition.key == key:
                self.reference = chain
                self._against = 0 if version == self.condition.version else version
                self.board.modes.reference = version
                self._run()

        self.session.run(lambda: self.session.apparatus.tuning.chain(key, version), there)

    def _list_versions(self, versions: Sequence[int]) -> None:
        if self.condition is not None:
            self.board.modes.set(
                versions=list(versions),
                in_force=self.condition.version,
                reference=self._against or self.condition.version,
            )

    def refresh(self) -> None:
        """The key was released anew, or images of it came."""
        if self.condition is not None:
            self.show_key(self.condition.key, keep=True)

    def show_image(self, image_id: str) -> None:
        """Try the same parameters on another image."""
        self.image_id = self.picker.current = image_id
        self._say()
        self._run()

    def _list_images(self) -> None:
        self.picker.set(
            waiting=False,
            images=[
                {
                    "id": image.image_id,
                    "number": image.number,
                    "title": image.title,
                    "sender": image.sender,
                    "text": " · ".join(part for part in (image.patient.name, image.sender, image.state) if part),
                    "unfit": not image.judgement.fit,
                    "src": self._thumbnail(image),
                }
                for image in self.images
            ],
        )

    def _thumbnail(self, image: ImageHeader) -> str:
        """Where the picker finds a thumbnail."""
        return f"image/{image.image_id}/thumbnail?v={look(image)}"

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

    def load(self, chain: Chain) -> None:
        """Try a whole set of parameters; they stay, whatever is released meanwhile, until `kept` or `reset`."""
        self._chosen = True
        self.change(chain.flat())

    def kept(self) -> None:
        """What is tried was released: from here it follows what is in force."""
        self._chosen = False

    def reset(self, names: Sequence[str]) -> None:
        """Take values back to the version in force."""
        self._chosen = False
        released = self._released.flat()
        self.change({name: released[name] for name in names if name in released})

    def changed(self) -> bool:
        """Whether anything differs from the version in force."""
        return self.chain != self._released

    def _controls(self) -> None:
        condition = self.condition
        if condition is None:
            return
        self.tuner.set(
            values=self.chain.flat(),
            released=self._released.flat(),
            version=condition.version,
            next=condition.version + 1,
            idle=without_effect(self.chain),
            error="",
        )
        self._say()

    def _say(self) -> None:
        image = next((image for image in self.images if image.image_id == self.image_id), None)
        shown = self.board.tried is not None and self.board.tried.image_id == self.image_id
        coming = "" if shown else " · one moment …"
        if image is None or self.condition is None:
            self.board.modes.said = "no image"
            return
        lent = "" if image.condition == self.condition.key else f" · lent by {image.condition}"
        self.board.modes.said = f"{image.number} {image.title} · {image.sender}{lent}{coming}"

    # -- trying -------------------------------------------------------------------------------------------

    def _run(self) -> None:
        self.reading.now()

    def _form(self) -> Step | None:
        """Form the image in a thread, as everything is wished now."""
        if not self.image_id or self.condition is None:
            self.board.blank()
            self._say()
            return None
        key, image_id, chain, reference = self.condition.key, self.image_id, self.chain, self.reference
        number, mode = self._number, self.board.mode
        self._trial = number
        return (
            lambda: self._forming.form(image_id, key, chain, reference, mode),
            lambda tried: self._formed(tried, number),
        )

    def _formed(self, tried: Tried, number: int) -> None:
        if tried.image_id != self.image_id:
            return
        self.board.paint(tried, self._films(tried))
        self._say()
        limits = tried.now.numbers
        self.tuner.calculated = {"automatic.s_low": limits.s_low, "automatic.s_high": limits.s_high}
        # Last: when the browser has this, it has drawn the rest.
        self.tuner.seen = max(self.tuner.seen, number)

    def _films(self, tried: Tried) -> list[str]:
        image = next((image for image in self.images if image.image_id == tried.image_id), None)
        if image is None or self.condition is None:
            return []
        return readout.films(image, self.condition, tried.now.chain, self.session.apparatus.site)

    def _failed(self, error: ImgdashError, number: int = 0) -> None:
        self.picker.waiting = False
        self.tuner.set(seen=max(self.tuner.seen, number), error=f"{error.cause} {error.remedy}")
        self.session.tell(error.cause, "error", error.remedy)

    # -- what a person does -------------------------------------------------------------------------------

    def _picked(self, message: Mapping[str, Any]) -> None:
        if any(image.image_id == message.get("image") for image in self.images):
            self.show_image(str(message["image"]))

    def _tuned(self, message: Mapping[str, Any]) -> None:
        if "trial" in message:
            self.change(message["trial"], int(message.get("number", 0)))
        elif "reset" in message:
            self.reset([str(name) for name in message["reset"]])
        elif "save" in message:
            self._on_save(str(message["save"]))
        elif "export" in message:
            self._on_export()

    def _limited(self, message: Mapping[str, Any]) -> None:
        """A signal limit was moved under the gradation."""
        self.change({f"automatic.s_{end}": float(value) for end, value in message.items() if end in ("low", "high")})

    def step(self, by: int) -> None:
        """The next or the previous image."""
        known = [image.image_id for image in self.images]
        if self.image_id in known:
            self.show_image(known[max(0, min(len(known) - 1, known.index(self.image_id) + by))])
