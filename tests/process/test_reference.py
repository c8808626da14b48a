"""The passes over strips of rows give what the plain statement of the chain gives."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from imgdash import process
from imgdash.process import Chain
from imgdash.reduce import reduce_image
from tests.process import reference
from tests.process.images import body, image

CHAINS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "bands": {"frequency": {"amount": 2.0, "power": 0.5, "fine": 0.0}, "equalization": {"dark": 0, "light": 0}},
    "one mask": {"frequency": {"method": "unsharp", "kernel": 2.5}, "equalization": {"dark": 0.5, "light": 0.5}},
    "plain mask": {"frequency": {"amount": 0}, "equalization": {"dark": 0.6, "light": 0.5, "edge": 0}},
    "masks of three widths": {"equalization": {"dark": 0.6, "light": 0.5, "bands": 3, "kernel": 30}},
    "kodak": {"equalization": {"method": "alpha-beta", "alpha": 0.6, "beta": 1.5}, "gradation": {"type": "chest"}},
    "kodak, small kernel": {"equalization": {"method": "alpha-beta", "alpha": 0.7, "beta": 1.2, "kernel": 1.5}},
}


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize(("shape", "pitch"), [((320, 256), 0.2), ((301, 247), 0.5)])
def test_every_pixel_as_the_plain_statement_says(name: str, shape: tuple[int, int], pitch: float) -> None:
    """Stated tolerance: one P-value of 4096, and on the average a tenth of one: the rounding of the tables."""
    stored = image(body(*shape, pitch=pitch), bits=12, pitch=pitch)
    chain = Chain.of(CHAINS[name])
    calculated = process.calculate(reduce_image(stored), chain, attrs=stored.attrs)
    ours = process.form(stored, chain, calculated, bits=12).values
    difference = np.abs(ours - reference.form(stored, chain, calculated, bits=12))
    assert difference.max() <= 1
    assert difference.mean() < 0.1


@settings(max_examples=25, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(
    shape=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    pitch=st.sampled_from([0.1, 0.2, 0.43, 1.0, 4.0]),
    chain=st.sampled_from(sorted(CHAINS)),
    seed=st.integers(0, 1000),
)
def test_every_shape_and_pitch(shape: tuple[int, int], pitch: float, chain: str, seed: int) -> None:
    """Noise over the whole range: nothing is smooth, everything saturates. Stated tolerance: 2 of 4096."""
    pixels = np.random.default_rng(seed).integers(0, 4096, shape, dtype=np.uint16)
    stored = image(pixels, bits=12, pitch=pitch)
    chosen = Chain.of(CHAINS[chain])
    calculated = {"s_low": 0.2, "s_high": 0.7}
    ours = process.form(stored, chosen, calculated, bits=12).values
    assert np.abs(ours - reference.form(stored, chosen, calculated, bits=12)).max() <= 2


@pytest.mark.parametrize(("rotation", "mirror"), [(90, False), (180, True), (270, True)])
def test_turned_and_scaled_at_16_bits(rotation: int, mirror: bool) -> None:
    """Stated tolerance: 8 of 65536, 1 on the average."""
    pixels = body(300, 244, pitch=0.2, bits=16)
    stored = image(pixels, bits=16, pitch=0.2)
    chain = Chain.of({"geometry": {"rotation": rotation, "mirror": mirror}})
    calculated = process.calculate(reduce_image(stored), chain, attrs=stored.attrs)
    ours = process.form(stored, chain, calculated, bits=16, scale=0.5).values
    difference = np.abs(ours - reference.form(stored, chain, calculated, bits=16, scale=0.5))
    assert difference.max() <= 8
    assert difference.mean() < 1


def test_strips_and_threads_leave_no_trace() -> None:
    """One thread or several, pixels are the same bit for bit."""
    stored = image(body(1000, 900, pitch=0.4), bits=12, pitch=0.4)
    chain = Chain.of({"geometry": {"rotation": 90}})
    calculated = process.calculate(reduce_image(stored), chain, attrs=stored.attrs)
    threads = cv2.getNumThreads()
    formed = []
    try:
        for count in (1, 2, 5):
            cv2.setNumThreads(count)
            formed.append(process.form(stored, chain, calculated).values)
    finally:
        cv2.setNumThreads(threads)
    assert np.array_equal(formed[0], formed[1])
    assert np.array_equal(formed[0], formed[2])


def test_read_only_and_foreign_memory() -> None:
    """A mapped file is read-only, columns may come reversed, bytes swapped: the pixels count, not how they lie."""
    pixels = body(200, 160)
    chain = Chain.of()
    plain = image(pixels, bits=12)
    calculated = process.calculate(reduce_image(plain), chain, attrs=plain.attrs)
    expected = process.form(plain, chain, calculated).values
    locked = pixels.copy()
    locked.flags.writeable = False
    for other in (locked, pixels[:, ::-1].copy()[:, ::-1], np.asfortranarray(pixels), pixels.astype(">u2")):
        assert np.array_equal(process.form(image(other, bits=12), chain, calculated).values, expected)
