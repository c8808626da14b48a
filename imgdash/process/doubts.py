"""Settings that are allowed and most likely not meant: said where condition files are read, never changed by itself."""

from __future__ import annotations

from typing import Final

from imgdash.process.parameters import Chain, Frequency

_LEAST_NOISE: Final = 0.1


def doubts(chain: Chain) -> list[str]:
    """What somebody should look at in these parameters, in words; each says what is usual instead."""
    found = []
    if 0 < chain.frequency.noise < _LEAST_NOISE:
        found.append(
            f"frequency.noise = {chain.frequency.noise:g} takes next to nothing for noise: it is a multiple of the "
            f"measured noise now, no part of the range any more; {Frequency.noise:g} is usual, 0 turns it off."
        )
    return found
