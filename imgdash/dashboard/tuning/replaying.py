"""Replay: the tried parameters over the latest images of a key, one after another, before anybody releases them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from imgdash.apparatus.tuning import Replayed
from imgdash.dashboard.place import Place
from imgdash.dashboard.tuning.bench import Bench
from imgdash.dashboard.tuning.cells import cell_of, summary
from imgdash.dashboard.tuning.controls import Replay
from imgdash.dashboard.tuning.spread import Spread
from imgdash.model import ImageHeader, ImgdashError
from imgdash.process import Chain

_FIRST: Final = 6


class Replaying:
    """Drives the replay view.

    Parameters
    ----------
    bench
        Whose key and parameters are replayed.
    on_image
        Called with the image_id of a cell that was clicked.
    pushed
        Called when something was drawn; a notebook sends it to the browser then.

    Attributes
    ----------
    found
        The images that were replayed, in the order in which they came.
    """

    def __init__(
        self,
        session: Place,
        bench: Bench,
        on_image: Callable[[str], None],
        pushed: Callable[[], None] = lambda: None,
    ) -> None:
        self._session = session
        self._bench = bench
        self._on_image = on_image
        self._run = 0
        self._left: list[ImageHeader] = []
        self._replayed: tuple[str, Chain, Chain] | None = None
        self._pushed = pushed
        self.found: list[Replayed] = []
        self.spread = Spread()
        self.view = Replay(on_message=self._said, sizing_mode="stretch_both")

    def clear(self) -> None:
        """Another key: what was replayed is of no use."""
        self._run += 1
        self._replayed = None
        self.found = []
        self.view.set(running=False, possible=bool(self._bench.images), said="", stale=False)
        self.view.send(clear=True)
        self.spread.show(self.found)

    def opened(self) -> None:
        """The view is looked at: what is set now is replayed over a few images, if nothing was yet."""
        self.view.possible = bool(self._bench.images)
        if self._replayed is None and self._bench.images and not self.view.running:
            self.start(_FIRST)
        else:
            self.compare_age()

    def compare_age(self) -> None:
        """Say whether what is shown was made with other parameters than those that are set now."""
        self.view.stale = self._replayed is not None and self._replayed != self._wanted()

    def _wanted(self) -> tuple[str, Chain, Chain]:
        key = self._bench.condition.key if self._bench.condition else ""
        return key, self._bench.chain, self._bench.reference

    def _said(self, message: Mapping[str, Any]) -> None:
        if "replay" in message:
            self.start(int(message["replay"]))
        elif "stop" in message:
            self._end()
        elif "image" in message:
            self._on_image(str(message["image"]))

    def start(self, count: int) -> None:
        """Replay over the latest `count` images."""
        condition = self._bench.condition
        if condition is None:
            return
        self._run += 1
        run, key = self._run, condition.key
        self._replayed = self._wanted()
        self.found = []
        self.view.set(running=True, done=0, wanted=0, said="", stale=False)
        self.view.send(clear=True)

        def there(images: list[ImageHeader]) -> None:
            if run == self._run:
                self._left = images
                self.view.set(wanted=len(images), possible=bool(images))
                self._next(run)

        self._session.run(lambda: self._session.apparatus.tuning.images(key, count), there, self._stopped)

    def _next(self, run: int) -> None:
        if run != self._run or self._replayed is None:
            return
        if not self._left:
            self._end()
            return
        image = self._left.pop(0)
        key, chain, reference = self._replayed
        tuning = self._session.apparatus.tuning

        def work() -> tuple[Replayed, dict[str, Any]]:
            found = tuning.replay(image, key, chain, reference)
            return found, cell_of(found)

        def done(result: tuple[Replayed, dict[str, Any]]) -> None:
            if run == self._run:
                self.found.append(result[0])
                self.spread.show(self.found)
                shown(result[1])

        def shown(cell: dict[str, Any]) -> None:
            if run == self._run:
                self.view.send(cell=cell)
                self.view.done += 1
                self._pushed()
                self._next(run)

        def failed(error: ImgdashError) -> None:
            # One image that cannot be shown does not end the replay of the others.
            shown({"id": image.image_id, "title": f"{image.number} {image.title}", "trouble": error.cause})

        self._session.run(work, done, failed)

    def _stopped(self, error: ImgdashError) -> None:
        self._end()
        self._session.tell(error.cause, "error", error.remedy)

    def _end(self) -> None:
        self._run += 1
        self.view.set(running=False, said=summary(self.found))
        self.compare_age()
