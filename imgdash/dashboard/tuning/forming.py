"""Forming what a bench shows; runs in a thread."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from imgdash.apparatus.trial import Trial, plain, regions
from imgdash.apparatus.tuning import Tuning
from imgdash.process import Chain

_KEPT: Final = 48


@dataclass(frozen=True)
class Tried:
    """What one run of the chain gave.

    Attributes
    ----------
    now, former
        The tried parameters, and the version they are compared with.
    other
        What the right picture shows beside before and difference: straight tones, or the regions; formed where shown.
    """

    image_id: str
    now: Trial
    former: Trial
    other: np.ndarray | None


class Forming:
    """Tries parameters out; what they are compared with is formed once."""

    def __init__(self, tuning: Tuning) -> None:
        self._tuning = tuning
        self._formers: OrderedDict[Any, Trial] = OrderedDict()

    def form(self, image_id: str, key: str, chain: Chain, reference: Chain, mode: str) -> Tried:
        """Form one image.

        Parameters
        ----------
        reference
            The parameters it is compared with; turned as `chain` is.
        mode
            Of the right picture.
        """
        now = self._tuning.try_out(image_id, key, chain)
        return Tried(
            image_id,
            now,
            self._former(image_id, key, self._tuning.beside(reference, chain)),
            self._other(now, image_id, key, mode),
        )

    def _former(self, image_id: str, key: str, chain: Chain) -> Trial:
        name = (image_id, key, chain)
        if name not in self._formers:
            self._formers[name] = self._tuning.try_out(image_id, key, chain)
            while len(self._formers) > _KEPT:
                self._formers.popitem(last=False)
        return self._formers[name]

    def _other(self, now: Trial, image_id: str, key: str, mode: str) -> np.ndarray | None:
        if mode == "straight":
            return self._tuning.try_out(image_id, key, plain(now.chain)).pixels
        if mode == "regions":
            return regions(self._tuning.reduced(image_id), now.chain, now.calculated)
        return None
