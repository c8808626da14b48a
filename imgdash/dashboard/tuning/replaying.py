"""Replay: the tried parameters over the latest images of a key, one after another, before anybody releases them."""

from __future__ import annotations

import base64
import statistics
from collections.abc import Mapping
from typing import Any, Final

import cv2

from imgdash.apparatus.trial import Numbers, Trial, small
from imgdash.apparatus.tuning import Replayed
from imgdash.dashboard.session import Session
from imgdash.dashboard.tuning.bench import Bench
from imgdash.dashboard.tuning.controls import Replay
from imgdash.model import ImageHeader, ImgdashError
from imgdash.process import Chain

_SIDE: Final = 320
_LOST: Final = 0.05


class Replaying:
    """Drives the replay view.

    Parameters
    ----------
    bench
        Whose key and parameters are replayed.
    on_image
        Called with the image_id of a cell that was clicked.
    """

    def __init__(self, session: Session, bench: Bench, on_image: Any) -> None:
        self._session = session
        self._bench = bench
        self._on_image = on_image
        self._run = 0
        self._left: list[ImageHeader] = []
        self._found: list[Replayed] = []
        self.view = Replay(on_message=self._said, sizing_mode="stretch_both")

    def clear(self, possible: bool) -> None:
        """Another key: what was replayed is of no use."""
        self._run += 1
        self.view.param.update(running=False, possible=possible, said="")
        self.view.send(clear=True)

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
        run, key, chain = self._run, condition.key, self._bench.chain
        self._found = []
        self.view.send(clear=True)
        self.view.param.update(running=True, done=0, wanted=0, said="")

        def there(images: list[ImageHeader]) -> None:
            if run == self._run:
                self._left = images
                self.view.param.update(wanted=len(images), possible=bool(images))
                self._next(run, key, chain)

        self._session.run(lambda: self._session.apparatus.tuning.images(key, count), there, self._stopped)

    def _next(self, run: int, key: str, chain: Chain) -> None:
        if run != self._run:
            return
        if not self._left:
            self._end()
            return
        image = self._left.pop(0)
        tuning = self._session.apparatus.tuning

        def done(cell: dict[str, Any]) -> None:
            if run == self._run:
                self.view.send(cell=cell)
                self.view.done += 1
                self._next(run, key, chain)

        def work() -> dict[str, Any]:
            found = tuning.replay(image, key, chain)
            self._found.append(found)
            return _cell(found)

        def failed(error: ImgdashError) -> None:
            # One image that cannot be shown does not end the replay of the others.
            done({"id": image.image_id, "title": f"{image.number} {image.title}", "trouble": error.cause})

        self._session.run(work, done, failed)

    def _stopped(self, error: ImgdashError) -> None:
        self._end()
        self._session.tell(error.cause, "error", error.remedy)

    def _end(self) -> None:
        self._run += 1
        self.view.param.update(running=False, said=_summary(self._found))


def _cell(found: Replayed) -> dict[str, Any]:
    before, after = found.before.numbers, found.after.numbers
    lost = max(after.black or 0, after.white or 0)
    return {
        "id": found.image.image_id,
        "title": f"{found.image.number} {found.image.title} · {found.image.sender}",
        "before": _address(found.before),
        "after": _address(found.after),
        "far": lost > _LOST and lost > max(before.black or 0, before.white or 0),
        "numbers": _numbers(before, after),
    }


def _numbers(before: Numbers, after: Numbers) -> list[dict[str, str]]:
    def line(label: str, name: str, form: str, text: str, alarming: float | None = None) -> dict[str, str]:
        was, now = getattr(before, name), getattr(after, name)
        shown = [("–" if value is None else form.format(value)) for value in (was, now)]
        level = "warn" if alarming is not None and now is not None and now > alarming else ""
        return {
            "label": label,
            "value": shown[1] if shown[0] == shown[1] else f"{shown[0]} → {shown[1]}",
            "text": text,
            "level": level,
        }

    return [
        line("black", "black", "{:.1%}", "of the relevant region", _LOST),
        line("white", "white", "{:.1%}", "of the relevant region", _LOST),
        line("S", "s_low", "{:.3f}", "lower signal limit"),
        line("…", "s_high", "{:.3f}", "upper signal limit"),
        line("detail ×", "detail_gain", "{:.2f}", "contrast between neighbours against a straight curve", 4.0),
        line("DI", "di", "{:+.1f}", "deviation index; processing does not change it"),
    ]


def _summary(found: list[Replayed]) -> str:
    """The spread over the images, in one line."""
    if not found:
        return ""
    parts = [f"{len(found)} image{'' if len(found) == 1 else 's'}"]
    for label, name, form in (("s_low", "s_low", "{:.3f}"), ("s_high", "s_high", "{:.3f}"), ("EI", "ei", "{:.0f}")):
        values = [value for one in found if (value := getattr(one.after.numbers, name)) is not None]
        if len(values) > 1:
            spread = statistics.stdev(values)
            parts.append(f"{label} {form.format(statistics.mean(values))} ± {form.format(spread)}")
    worse = sum(
        max(one.after.numbers.black or 0, one.after.numbers.white or 0)
        > max(one.before.numbers.black or 0, one.before.numbers.white or 0) + 0.01
        for one in found
    )
    if sent := sum(one.after.calculated.get("unprocessed") is False for one in found):
        parts.append(f"{sent} processed by their sender")
    parts.append(f"{worse} lose more in black or white than before" if worse else "none loses more in black or white")
    return " · ".join(parts)


def _address(trial: Trial) -> str:
    """The picture as a data address."""
    _, jpeg = cv2.imencode(".jpg", small(trial.pixels, _SIDE), [cv2.IMWRITE_JPEG_QUALITY, 90])
    return "data:image/jpeg;base64," + base64.b64encode(jpeg.tobytes()).decode("ascii")
