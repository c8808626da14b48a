"""Tuning condition keys (C1): trying parameters on real images, releasing versions, replaying a key over its images."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from imgdash.apparatus import trial
from imgdash.apparatus.trial import Trial
from imgdash.config import Site
from imgdash.model import Actor, Condition, ImageHeader, ImgdashError
from imgdash.process import Chain, calculate, describe
from imgdash.reduce import Reduced
from imgdash.store.conditions import Conditions
from imgdash.store.store import Store

_CALCULATIONS_KEPT = 256
_ATTRIBUTES_KEPT = 256


@dataclass(frozen=True)
class KeyUse:
    """A condition key in force, and how much it is used.

    Attributes
    ----------
    images
        How many images it processed, in any version.
    last
        When the latest of them arrived, or None.
    """

    condition: Condition
    images: int
    last: datetime | None


@dataclass(frozen=True)
class Changed:
    """A parameter that differs between two versions of a key."""

    name: str
    unit: str
    former: Any
    later: Any


@dataclass(frozen=True)
class Replayed:
    """One image of a replay: as the version in force shows it, and as the tried parameters do."""

    image: ImageHeader
    before: Trial
    after: Trial


class Tuning:
    """What the page of condition keys calls.

    Parameters
    ----------
    reduced, attributes
        Image → its reduced images; image header → DICOM attributes of its pixels.
    release
        `imgdash.Apparatus.save_condition`: checks the role, keeps the version, journals it.
    """

    def __init__(
        self,
        site: Site,
        store: Store,
        conditions: Conditions,
        reduced: Callable[[str], Reduced],
        attributes: Callable[[str], Mapping[str, Any]],
        release: Callable[[Condition, Actor, str], Condition],
    ) -> None:
        self._site = site
        self._store = store
        self._conditions = conditions
        self._reduced = reduced
        self._read_attributes = attributes
        self._release = release
        self._lock = threading.Lock()
        self._releasing = threading.Lock()
        self._attributes: OrderedDict[str, Mapping[str, Any]] = OrderedDict()
        self._calculated: OrderedDict[tuple[str, str, str], dict[str, Any]] = OrderedDict()

    # -- looking ------------------------------------------------------------------------------------------

    def keys(self) -> list[KeyUse]:
        """Every key in force, by group and title."""
        counted = self._store.query(
            "select condition, count(*) as n, max(received_at) as last from image where condition <> '' group by all"
        )
        used = {row["condition"]: (row["n"], row["last"]) for row in counted}
        return [KeyUse(condition, *used.get(condition.key, (0, None))) for condition in self._conditions.all()]

    def images(self, key: str, limit: int = 24) -> list[ImageHeader]:
        """The latest images of a key that can be shown, latest first."""
        numbers = self._store.query(
            "select number from image where condition = ? and state not in ('received', 'quarantined', 'deleted') "
            "order by number desc limit ?",
            [key, limit],
        )
        if not numbers:
            return []
        wanted = [row["number"] for row in numbers]
        return sorted(self._store.images("list_contains(?, number)", [wanted]), key=lambda image: -image.number)

    def chain(self, key: str, version: int | None = None) -> Chain:
        """The processing parameters of a version of a key."""
        return Chain.of(self._conditions.get(key, version).processing)

    def reduced(self, image_id: str) -> Reduced:
        """The reduced images, for the histogram."""
        return self._reduced(image_id)

    def try_out(self, image_id: str, key: str, chain: Chain) -> Trial:
        """An image under parameters that are tried; its own parameters are calculated anew where they depend on them.

        Raises
        ------
        NotFound
            If there is no reduced image.
        """
        return trial.look(self._reduced(image_id), chain, self.calculated(image_id, key, chain))

    def calculated(self, image_id: str, key: str, chain: Chain) -> dict[str, Any]:
        """Parameters of an image by a key's way of calculating them; the latest are kept."""
        name = (image_id, key, json.dumps(chain.step("automatic"), sort_keys=True))
        with self._lock:
            if name in self._calculated:
                self._calculated.move_to_end(name)
                return self._calculated[name]
        sender = self._store.image(image_id).sender
        found = calculate(
            self._reduced(image_id),
            chain,
            attrs=self._attributes_of(image_id),
            calibration=next((known for known in self._site.exposure if known.sender == sender), None),
            target_ei=self._conditions.get(key).exposure.get("target_ei"),
        )
        with self._lock:
            _keep(self._calculated, name, found, _CALCULATIONS_KEPT)
        return found

    def replay(self, image: ImageHeader, key: str, chain: Chain) -> Replayed:
        """One image by the version in force and by the tried parameters, both in the tried geometry."""
        former = self.beside(self.chain(key), chain)
        return Replayed(image, self.try_out(image.image_id, key, former), self.try_out(image.image_id, key, chain))

    @staticmethod
    def beside(former: Chain, tried: Chain) -> Chain:
        """A former chain turned as the tried one, so that both can be compared pixel by pixel."""
        turned = {f"geometry.{name}": value for name, value in tried.step("geometry").items() if name != "shutter"}
        return former.with_(**turned)

    def _attributes_of(self, image_id: str) -> Mapping[str, Any]:
        with self._lock:
            if image_id in self._attributes:
                return self._attributes[image_id]
        found = self._read_attributes(image_id)
        with self._lock:
            _keep(self._attributes, image_id, found, _ATTRIBUTES_KEPT)
        return found

    # -- versions -----------------------------------------------------------------------------------------

    def history(self, key: str) -> list[Condition]:
        """Every version of a key, latest first."""
        return self._conditions.history(key)

    def compare(self, key: str, former: int, later: int) -> list[Changed]:
        """Parameters that differ between two versions, in the order of the steps."""
        return compare(self.chain(key, former), self.chain(key, later))

    def difference(self, key: str, former: int, later: int) -> str:
        """Everything that differs between the files of two versions, as a unified diff."""
        return self._conditions.diff(key, former, later)

    def save(self, key: str, chain: Chain, by: Actor, note: str, based_on: int) -> Condition:
        """Release tried parameters as the next version.

        Parameters
        ----------
        based_on
            The version that was looked at; if another was released meanwhile, nothing is saved.

        Raises
        ------
        NotAllowed
            If `by` is no manager.
        ImgdashError
            Without a note, without a change, or if somebody else was faster.
        """
        by.require("condition")
        with self._releasing:
            current = self._conditions.get(key)
            if current.version != based_on:
                raise ImgdashError(
                    f"{current.author} released version {current.version} of {key} meanwhile.",
                    "Look at it under Versions, then save again.",
                )
            if not compare(Chain.of(current.processing), chain):
                raise ImgdashError("No parameter differs from the version in force.", "Change one, then save.")
            return self._next(dataclasses.replace(current, processing=processing(chain, current)), by, note)

    def back(self, key: str, version: int, by: Actor, note: str) -> Condition:
        """Release a former version again, as the next one: what happened in between stays known."""
        by.require("condition")
        with self._releasing:
            if self._conditions.get(key).version == version:
                raise ImgdashError(f"Version {version} is in force.", "Choose an earlier one.")
            return self._next(self._conditions.get(key, version), by, note)

    def put_in_use(self, key: str, on: bool, by: Actor, note: str) -> Condition:
        """Let a key be chosen for images that arrive, or not any more."""
        by.require("condition")
        with self._releasing:
            current = self._conditions.get(key)
            if current.released == on:
                raise ImgdashError(f"{key} is {'in use' if on else 'out of use'} already.")
            return self._next(dataclasses.replace(current, released=on), by, note)

    def _next(self, condition: Condition, by: Actor, note: str) -> Condition:
        if not note.strip():
            raise ImgdashError("A version needs a note.", "Say in a few words what changed and why.")
        return self._release(condition, by, note.strip())


def compare(former: Chain, later: Chain) -> list[Changed]:
    """Parameters that differ between two chains."""
    before, after, units = former.flat(), later.flat(), former.units()
    return [
        Changed(name, units.get(name, ""), before[name], after[name]) for name in before if before[name] != after[name]
    ]


def processing(chain: Chain, former: Condition) -> dict[str, dict[str, Any]]:
    """A condition file's tables: what differs from the declared default, and what the file named before."""
    values = chain.flat()
    tables: dict[str, dict[str, Any]] = {}
    for described in describe():
        key = described.name.partition(".")[2]
        named = key in former.processing.get(described.step_name, {})
        value = values[described.name]
        if value is not None and (named or value != described.default):
            tables.setdefault(described.step_name, {})[key] = value
    return tables


def _keep(kept: OrderedDict[Any, Any], name: Any, value: Any, most: int) -> None:
    kept[name] = value
    while len(kept) > most:
        kept.popitem(last=False)
