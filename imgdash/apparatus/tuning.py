"""Tuning condition keys (C1): trying parameters on real images, releasing versions, replaying a key over its images."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from imgdash.apparatus import trial
from imgdash.apparatus.figures import Before
from imgdash.apparatus.releasing import Releasing
from imgdash.apparatus.trial import Trial
from imgdash.config import Site
from imgdash.model import Actor, Condition, ImageHeader
from imgdash.process import Chain, calculate
from imgdash.reduce import Reduced
from imgdash.store.conditions import Conditions
from imgdash.store.store import Store

_CALCULATIONS_KEPT = 256
_ATTRIBUTES_KEPT = 256
_BEFORES_KEPT = 64
_Name = tuple[str, float | None, str]


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
class Replayed:
    """One image of a replay: as what it is compared with shows it, and as the tried parameters do."""

    image: ImageHeader
    before: Trial
    after: Trial


class Tuning(Releasing):
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
        super().__init__(conditions, release)
        self._site = site
        self._store = store
        self._reduced = reduced
        self._read_attributes = attributes
        self._lock = threading.Lock()
        self._attributes: OrderedDict[str, Mapping[str, Any]] = OrderedDict()
        self._befores: OrderedDict[_Name, Before] = OrderedDict()
        self._calculated: OrderedDict[_Name, dict[str, Any]] = OrderedDict()

    # -- looking ------------------------------------------------------------------------------------------

    def keys(self) -> list[KeyUse]:
        """Every key in force, by group and title."""
        counted = self._store.query(
            "select condition, count(*) as n, max(received_at) as last from image where condition <> '' group by all"
        )
        used = {row["condition"]: (row["n"], row["last"]) for row in counted}
        return [KeyUse(condition, *used.get(condition.key, (0, None))) for condition in self._conditions.all()]

    def images(self, key: str, limit: int = 24) -> list[ImageHeader]:
        """The latest images a key can be tuned on, latest first: its own; where it has none, its group's."""
        group = self._conditions.get(key).group
        kin = [other.key for other in self._conditions.all() if other.group == group and other.key != key]
        return self._latest([key], limit) or self._latest(kin, limit)

    def _latest(self, keys: list[str], limit: int) -> list[ImageHeader]:
        numbers = self._store.query(
            "select number from image where list_contains(?, condition) "
            "and state not in ('received', 'quarantined', 'deleted') order by number desc limit ?",
            [keys, limit],
        )
        if not numbers:
            return []
        wanted = [row["number"] for row in numbers]
        return sorted(self._store.images("list_contains(?, number)", [wanted]), key=lambda image: -image.number)

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
        reduced, calculated = self._reduced(image_id), self.calculated(image_id, key, chain)
        return trial.look(reduced, chain, calculated, self._before(image_id, key, chain, reduced, calculated))

    def _before(self, image_id: str, key: str, chain: Chain, reduced: Reduced, calculated: Mapping[str, Any]) -> Before:
        name = self._name(image_id, key, chain)
        with self._lock:
            if name in self._befores:
                return self._befores[name]
        found = trial.before(reduced, chain, calculated)
        with self._lock:
            _keep(self._befores, name, found, _BEFORES_KEPT)
        return found

    def _name(self, image_id: str, key: str, chain: Chain) -> _Name:
        """All that an image's own parameters depend on: another target in the key's file is another result."""
        target = self._conditions.get(key).exposure.get("target_ei")
        return image_id, target, json.dumps(chain.step("automatic"), sort_keys=True)

    def calculated(self, image_id: str, key: str, chain: Chain) -> dict[str, Any]:
        """Parameters of an image by a key's way of calculating them; the latest are kept."""
        name = self._name(image_id, key, chain)
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
            target_ei=name[1],
        )
        with self._lock:
            _keep(self._calculated, name, found, _CALCULATIONS_KEPT)
        return found

    def replay(self, image: ImageHeader, key: str, chain: Chain, reference: Chain | None = None) -> Replayed:
        """One image by the version in force, or by `reference`, and as tried, both in the tried geometry."""
        former = self.beside(reference or self.chain(key), chain)
        return Replayed(image, self.try_out(image.image_id, key, former), self.try_out(image.image_id, key, chain))

    @staticmethod
    def beside(former: Chain, tried: Chain) -> Chain:
        """A former chain turned as the tried one, so that both can be compared pixel by pixel."""
        turned = {f"geometry.{name}": value for name, value in tried.step("geometry").items() if name != "shutter"}
        before = former.flat()
        if all(before[name] == value for name, value in turned.items()):
            return former
        return former.with_(**turned)

    def _attributes_of(self, image_id: str) -> Mapping[str, Any]:
        with self._lock:
            if image_id in self._attributes:
                return self._attributes[image_id]
        found = self._read_attributes(image_id)
        with self._lock:
            _keep(self._attributes, image_id, found, _ATTRIBUTES_KEPT)
        return found


def _keep(kept: OrderedDict[Any, Any], name: Any, value: Any, most: int) -> None:
    kept[name] = value
    while len(kept) > most:
        kept.popitem(last=False)
