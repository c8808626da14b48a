"""Raw exposures that a modality keeps, so that it can process an image again without another exposure (S15)."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from imgdash.simulate.phantom import Exposure, Truth


class Plates:
    """A folder of raw exposures, found by the SOP Instance UID of any image made from them.

    Parameters
    ----------
    keep
        So many exposures are kept; the oldest go first.
    """

    def __init__(self, folder: Path, keep: int = 100) -> None:
        self._folder = folder
        self._keep = keep
        folder.mkdir(parents=True, exist_ok=True)
        self._of_image: dict[str, str] = {}
        self._order: list[str] = []

    def put(self, exposure: Exposure) -> str:
        """Keep an exposure; returns its key."""
        key = f"{len(self._of_image)}-{len(self._order)}-{id(exposure):x}"
        np.save(self._folder / f"{key}.npy", exposure.pixels)
        facts = {
            "pitch_mm": exposure.pitch_mm, "body_part": exposure.body_part, "view": exposure.view,
            "distance_cm": exposure.distance_cm, "truth": dataclasses.asdict(exposure.truth),
        }  # fmt: skip
        (self._folder / f"{key}.json").write_text(json.dumps(facts))
        self._order.append(key)
        while len(self._order) > self._keep:
            oldest = self._order.pop(0)
            for suffix in (".npy", ".json"):
                (self._folder / f"{oldest}{suffix}").unlink(missing_ok=True)
        return key

    def name(self, key: str, uids: Iterable[str]) -> None:
        """Say which images were made from an exposure."""
        for uid in uids:
            self._of_image[uid] = key

    def key_of(self, sop_instance_uid: str) -> str | None:
        """The key of the exposure behind an image, or None if it is not (or no longer) here."""
        key = self._of_image.get(sop_instance_uid)
        return key if key in self._order else None

    def get(self, key: str) -> Exposure:
        """The exposure."""
        facts = json.loads((self._folder / f"{key}.json").read_text())
        told = facts["truth"]
        told["field_mm"] = tuple((float(x), float(y)) for x, y in told["field_mm"])
        told["fields_mm"] = tuple(tuple((float(x), float(y)) for x, y in one) for one in told["fields_mm"])
        told["faults"] = tuple(told["faults"])
        pixels = np.load(self._folder / f"{key}.npy")
        return Exposure(
            pixels, facts["pitch_mm"], facts["body_part"], facts["view"], facts["distance_cm"], Truth(**told)
        )  # fmt: skip


__all__ = ["Plates"]
