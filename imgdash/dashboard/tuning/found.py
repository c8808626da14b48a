"""What a bench reads of a key before it shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgdash.model import Condition, ImageHeader
from imgdash.process import Chain

if TYPE_CHECKING:
    from imgdash.apparatus import Apparatus


@dataclass(frozen=True)
class Found:
    """A key as it is in force, what it is compared with, and images to try it on.

    Attributes
    ----------
    versions
        Latest first.
    reference
        Parameters of the version that is compared with.
    """

    condition: Condition
    chain: Chain
    images: list[ImageHeader]
    versions: list[int]
    reference: Chain


def find(apparatus: Apparatus, key: str, against: int, limit: int) -> Found:
    """Read a key; runs in a thread.

    Parameters
    ----------
    against
        Version that is compared with; the one in force where there is none of this number.
    """
    tuning = apparatus.tuning
    condition = apparatus.conditions.get(key)
    versions = [old.version for old in tuning.history(key)]
    other = against if against in versions else condition.version
    return Found(condition, tuning.chain(key), tuning.images(key, limit), versions, tuning.chain(key, other))
