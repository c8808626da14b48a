"""Processing of the image that is open: condition key, sliders, histogram, gradation curve, all linked."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, Final

from imgdash.dashboard.charts import Histogram
from imgdash.dashboard.panels import ConditionKey, Parameters
from imgdash.dashboard.session import Session
from imgdash.dashboard.viewport import Viewport
from imgdash.model import Condition, ImageHeader, ImgdashError, NotFound
from imgdash.process import Chain, describe

# The parameters that are changed most, in words that fit beside a slider; every other one is on Condition keys.
_MOST_USED: Final[dict[str, str]] = {
    "gradation.contrast": "Contrast",
    "gradation.shift": "Density",
    "frequency.amount": "Detail",
    "frequency.fine": "Fine detail",
    "equalization.light": "Even light",
    "equalization.dark": "Even dark",
}
_NONE: Final = Condition("", "", "")


def shown_as_sent(header: ImageHeader, chain: Chain) -> bool:
    """Whether the sender has processed the image, and it is shown as it was sent."""
    return header.parameters.get("unprocessed") is False and chain.automatic.processed == "as-sent"


def inert_of(header: ImageHeader, chain: Chain) -> set[str]:
    """Processing parameters that do nothing to an image: what comes before gradation, where it is shown as sent."""
    if not shown_as_sent(header, chain):
        return set()
    return {name for name in chain.flat() if name.startswith(("frequency.", "equalization."))}


class Processing:
    """Linked both ways: whatever is moved, the others, the curve and the image follow.

    Parameters
    ----------
    changed
        Called with the new header after the apparatus has kept a change.
    """

    def __init__(self, session: Session, viewport: Viewport, changed: Callable[[ImageHeader], None]) -> None:
        self._session = session
        self._viewport = viewport
        self._changed = changed
        self._header: ImageHeader | None = None
        self._chain: Chain | None = None
        self._overrides: dict[str, Any] = {}
        self.condition = ConditionKey(on_message=self._on_condition, sizing_mode="stretch_width")
        self.parameters = Parameters(
            title="Processing",
            descriptions=[_described(name, words) for name, words in _MOST_USED.items()],
            on_message=self._on_parameters,
            sizing_mode="stretch_width",
        )
        self.histogram = Histogram(self._on_range)

    # -- showing ------------------------------------------------------------------------------------------

    def condition_of(self, header: ImageHeader) -> Condition:
        """The condition key an image is processed with."""
        conditions = self._session.apparatus.conditions
        try:
            return conditions.get(header.condition, header.condition_version or None) if header.condition else _NONE
        except NotFound:
            return _NONE

    def chain_of(self, header: ImageHeader) -> Chain:
        """The processing chain of an image."""
        return Chain.of(self.condition_of(header).processing, header.overrides)

    @property
    def chain(self) -> Chain | None:
        """The processing chain of the image that is open."""
        return self._chain

    def group(self, header: ImageHeader) -> list[Condition]:
        """The condition keys of the image's group: those under the digits."""
        group = self.condition_of(header).group
        return [c for c in self._session.apparatus.conditions.all() if c.group == group][:9]

    @property
    def editable(self) -> bool:
        """Whether the image that is open may be changed by who is logged in."""
        header = self._header
        return bool(
            header
            and header.state in ("awaiting", "postponed")
            and "s_low" in header.parameters
            and self._session.actor.may("process")
        )

    def show(self, header: ImageHeader) -> None:
        """Show everything of `header`; the histogram's counts come with `counts`."""
        same = self._header is not None and self._header.image_id == header.image_id
        self._header = header
        self.histogram.of(header.image_id)
        if not (same and self._session.edits.busy):
            # What was read before an edit on its way moves no slider back.
            self._overrides = dict(header.overrides)
        condition = self.condition_of(header)
        try:
            self._chain = Chain.of(condition.processing, self._overrides)
        except ImgdashError:
            # What was tried is refused in words in a moment.
            self._overrides = dict(header.overrides)
            self._chain = self.chain_of(header)
        everything = [_option(c) for c in self._session.apparatus.conditions.all()]
        self.condition.set(
            image=header.image_id,
            options=everything,
            digits=[option for option in everything if option["group"] == condition.group][:9],
            current=header.condition,
            version=header.condition_version,
            enabled=self.editable,
        )
        self._follow()

    def settle(self) -> None:
        """The image is left, or decided on: what was moved a moment ago is kept for it."""
        self.histogram.settle()

    def counts(self, image_id: str, reduced: Any) -> None:
        """The histogram of the image, once it is read."""
        if self._header is not None and self._header.image_id == image_id:
            self.histogram.show(reduced.histogram, reduced.edges, self.editable)

    def _follow(self) -> None:
        """Sliders and curve as the chain is now."""
        if self._chain is None or self._header is None:
            return
        flat = self._chain.flat()
        self.parameters.set(
            image=self._header.image_id, values={name: flat[name] for name in _MOST_USED},
            overrides=dict(self._overrides), enabled=self.editable, inert=sorted(inert_of(self._header, self._chain)),
        )  # fmt: skip
        known = "s_low" in self._header.parameters
        self.histogram.enable(known and self.editable)
        if known:
            self.histogram.process(self._chain, self._header.parameters)
        else:
            self.histogram.clear()

    # -- changing -----------------------------------------------------------------------------------------

    def choose(self, number: int) -> None:
        """The condition key under a digit."""
        if self.editable and number <= len(self.condition.digits):
            self._choose(self.condition.digits[number - 1]["key"])

    def window(self, contrast: float, shift: float) -> None:
        """A window/level drag over the image becomes contrast and density of the processing."""
        if self._chain is None or not self.editable:
            return
        gradation = self._chain.gradation
        wanted = {"gradation.contrast": gradation.contrast * contrast, "gradation.shift": gradation.shift + shift}
        self._set({name: _bounded(name, value) for name, value in wanted.items()})

    def meant(self, message: Mapping[str, Any]) -> bool:
        """Whether a message is of the image that is open: what was begun for the one before it changes neither."""
        image = message.get("image")
        return self._header is not None and image == self._header.image_id and image == self._viewport.image

    def _on_condition(self, message: Mapping[str, Any]) -> None:
        if self.meant(message):
            self._choose(str(message.get("condition", "")))

    def _choose(self, key: str) -> None:
        header = self._header
        if header is None or not self.editable or key == header.condition:
            return
        self.condition.current = key
        apparatus, actor = self._session.apparatus, self._session.actor
        self._session.edits.run(
            lambda: apparatus.adjust(header.image_id, actor, condition=key), self._kept, self._refused
        )

    def _on_parameters(self, message: Mapping[str, Any]) -> None:
        if not self.meant(message):
            return
        if trial := message.get("trial"):
            self._try(trial)
        elif change := message.get("set"):
            self._set(change)
        elif names := message.get("reset"):
            self.histogram.let_go()
            # What was set a moment ago may not be on the screen yet; all is all.
            self._keep(dict.fromkeys(self._overrides if names == "all" else names))

    def _on_range(self, ends: Mapping[str, float], rests: bool) -> None:
        if self._header is None or self._header.image_id != self._viewport.image:
            # Another image comes, and this one is left.
            return
        named = {f"automatic.s_{end}": value for end, value in ends.items()}
        change = {name: round(_bounded(name, value), 4) for name, value in named.items()}
        (self._set if rests else self._try)(change)

    def _try(self, change: Mapping[str, Any]) -> None:
        """Show what a change would look like, keep nothing."""
        if not self.editable or self._header is None:
            return
        tried = {**self._overrides, **change}
        try:
            chain = Chain.of(self.condition_of(self._header).processing, tried)
        except ImgdashError:
            # Between two valid positions of a slider; its last one is refused in words.
            return
        self._chain = chain
        self._viewport.trial = json.dumps(tried)
        moving = any(name.startswith("automatic.") for name in change)
        if "s_low" in self._header.parameters and not moving:
            self.histogram.process(chain, self._header.parameters)

    def _set(self, change: Mapping[str, Any]) -> None:
        self._try(change)
        self._keep(change)

    def _keep(self, change: Mapping[str, Any]) -> None:
        """Keep what is named; None gives it back to the condition key."""
        header = self._header
        if header is None or not self.editable:
            return
        both = {**self._overrides, **change}
        self._overrides = {name: value for name, value in both.items() if value is not None}
        apparatus, actor = self._session.apparatus, self._session.actor
        self._session.edits.run(lambda: apparatus.tune(header.image_id, actor, change), self._kept, self._refused)

    def _kept(self, header: ImageHeader) -> None:
        self._changed(header)

    def _refused(self, error: ImgdashError) -> None:
        self._session.tell(error.cause, "error", error.remedy)
        if self._header is not None:
            self._viewport.trial = ""
            self.show(self._header)


def _option(condition: Condition) -> dict[str, str]:
    return {"key": condition.key, "title": condition.title, "group": condition.group}


def _described(name: str, words: str) -> dict[str, Any]:
    return {**asdict(_DESCRIPTIONS[name]), "label": words}


def _bounded(name: str, value: float) -> float:
    low, high = _DESCRIPTIONS[name].bounds or (None, None)
    return min(max(value, value if low is None else low), value if high is None else high)


_DESCRIPTIONS: Final = {item.name: item for item in describe()}
