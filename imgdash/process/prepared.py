"""What steps (2) and (3) need of one image before the pass over its pixels, kept while a slider moves."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from imgdash.process.aperture import Field
from imgdash.process.enhancement import Enhancement, enhancement
from imgdash.process.equalization import compression_of, no_compression
from imgdash.process.fused import Compression, Source
from imgdash.process.levels import Levels, Pitch
from imgdash.process.noise import Noise
from imgdash.process.parameters import Chain

_MOST: Final = 8


class Prepared:
    """Levels, frequency processing and equalization of one image, the last of each.

    Attributes
    ----------
    lock
        To be held while something is asked for, where several threads may.
    """

    def __init__(self, source: Source, pitch: Pitch, field: Field = ()) -> None:
        self.source = source
        self.lock = threading.Lock()
        self._levels = Levels(source, pitch, field)
        self._enhanced: tuple[Any, Enhancement | None] = (None, None)
        self._compression: tuple[Any, Compression] = (None, no_compression())

    def enhanced(self, chain: Chain, low: float, high: float, noise: Noise | None) -> Enhancement | None:
        """Frequency processing between signal limits; None where it changes nothing."""
        key = (chain.step("frequency"), low, high, noise)
        if self._enhanced[0] != key:
            self._enhanced = key, enhancement(self._levels, chain.frequency, low, high, noise)
        return self._enhanced[1]

    def compression(self, enhanced: Enhancement | None, chain: Chain, low: float, high: float) -> Compression:
        """Equalization between signal limits of what `enhanced` gave."""
        key = (enhanced, chain.step("equalization"), low, high)
        if self._compression[0] != key:
            self._compression = key, compression_of(self._levels, enhanced, chain.equalization, low, high)
        return self._compression[1]


class PreparedImages:
    """The images last prepared, by the array they are in; forgotten with it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, tuple[weakref.ref[Any], tuple[Pitch, Field], Prepared]] = OrderedDict()

    def of(
        self, pixels: npt.NDArray[np.uint16], table: npt.NDArray[np.float32], pitch: Pitch, field: Field = ()
    ) -> Prepared:
        """Of an array that nobody changes; `table` as `imgdash.process.fused.Source` has it."""
        with self._lock:
            for key in [key for key, (array, _, _) in self._kept.items() if array() is None]:
                del self._kept[key]
            found = self._kept.get(id(pixels))
            if found is not None and found[1] == (pitch, field):
                self._kept.move_to_end(id(pixels))
                return found[2]
            # A view of its own: what is prepared must not keep the array alive that it is forgotten with.
            made = Prepared(Source(pixels.copy(), table), pitch, field)
            self._kept[id(pixels)] = weakref.ref(pixels), (pitch, field), made
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)
            return made
