"""What the kernels are given: plain tuples of arrays, which compiled code can take apart."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

NO_TABLE: Final = np.zeros(0, np.float32)


class Source(NamedTuple):
    """An image as it lies in memory.

    Attributes
    ----------
    pixels
        Stored patterns, uint16; or signal, float32. 2-D.
    table
        The signal of each of the 65536 patterns; one entry: what they are multiplied with; none: they are signal.
    """

    pixels: npt.NDArray[Any]
    table: Floats = NO_TABLE


class Between(NamedTuple):
    """Linear interpolation: ``out[i] = in[first[i]] + weight[i]·(in[second[i]] − in[first[i]])``."""

    first: npt.NDArray[np.uint32]
    second: npt.NDArray[np.uint32]
    weight: npt.NDArray[np.float32]


class Taps(NamedTuple):
    """Weighted sums of three: ``out[i] = Σ weight[t, i]·in[place[t, i]]``."""

    place: npt.NDArray[np.uint32]
    weight: npt.NDArray[np.float32]


class Cover(NamedTuple):
    """Averages over areas: ``out[place[i]] += within[i]·in[i]``, ``out[place[i] + 1] += beyond[i]·in[i]``."""

    place: npt.NDArray[np.uint32]
    within: npt.NDArray[np.float32]
    beyond: npt.NDArray[np.float32]


class Map(NamedTuple):
    """Values on a coarser grid over the same area, and how they are interpolated."""

    values: Floats
    down: Between
    across: Between


class Curve(NamedTuple):
    """A function as a table: of value v the entry ``v·gain + offset``, cut off. Of no entries: not used."""

    table: npt.NDArray[Any]
    gain: np.float32
    offset: np.float32


class Noise(NamedTuple):
    """Of a band: its variance is ``square·shape``; of no values: nothing is taken for noise."""

    shape: Map
    square: np.float32


class Detail(NamedTuple):
    """Frequency processing: F of the finest band, its noise, the detail of the coarser ones, and β."""

    band: Curve
    noise: Noise
    coarser: Map
    added: Map
    beta: Map


class Compression(NamedTuple):
    """Equalization: ``scale·S + share·f(follow·S + offset) + constant``; f is `curve`, if that is used."""

    follow: Map
    offset: Map
    curve: Curve
    scale: np.float32
    share: np.float32
    constant: np.float32
