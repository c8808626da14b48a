"""What one process hands to another is there as it was, however large, and nothing of it stays open."""

from __future__ import annotations

import errno
import gc
import os
from collections.abc import Iterator

import numpy as np
import pytest

from imgdash.handover import Line, NoRoom
from imgdash.reduce import Reduced
from imgdash.workers import Workers
from tests.helpers import no_descriptors


@pytest.fixture
def ends() -> Iterator[tuple[Line, Line]]:
    one, other = Line.pair()
    yield one, other
    one.close()
    other.close()


def pattern(*shape: int) -> np.ndarray:
    return np.arange(np.prod(shape), dtype=np.uint16).reshape(shape)


@pytest.mark.parametrize(
    "array",
    [
        pattern(3, 4),
        pattern(1000, 1001),
        np.asfortranarray(pattern(1000, 1001)),
        pattern(1000, 1000)[::2, 1::3],
        pattern(70_000)[1:],
        np.zeros((0, 5), np.float32),
    ],
    ids=["small", "large", "columns first", "a part", "not aligned", "empty"],
)
def test_an_array_is_the_same_at_the_other_end(ends: tuple[Line, Line], array: np.ndarray) -> None:
    before = array.copy()
    ends[0].hand({"a": array, "name": "Ä", "twice": [array, array]})
    found = ends[1].take(5)
    assert found["name"] == "Ä"
    assert found["a"].dtype == array.dtype
    np.testing.assert_array_equal(found["a"], before)
    assert found["twice"][0] is found["twice"][1]
    # Whoever has it may write to it; nobody else sees that.
    found["a"][...] = 0
    np.testing.assert_array_equal(array, before)


def test_large_text_and_many_arrays_keep_their_places(ends: tuple[Line, Line]) -> None:
    arrays = [pattern(40_000 + number) for number in range(20)]
    ends[0].hand(("x" * 1_000_000, arrays))
    text, found = ends[1].take(5)
    assert text == "x" * 1_000_000
    for before, after in zip(arrays, found, strict=True):
        np.testing.assert_array_equal(after, before)


def test_messages_stay_apart_and_in_order(ends: tuple[Line, Line]) -> None:
    for number in range(5):
        ends[0].hand((number, pattern(50_000 * (number % 2) + 1)))
    assert [ends[1].take(5)[0] for _ in range(5)] == list(range(5))


def test_who_waits_is_told_that_nothing_comes(ends: tuple[Line, Line]) -> None:
    with pytest.raises(TimeoutError):
        ends[1].take(0.05)
    ends[0].hand(1)
    assert ends[1].take() == 1
    ends[0].close()
    with pytest.raises(EOFError):
        ends[1].take(5)
    for thing in (2, pattern(100_000)):
        with pytest.raises(EOFError):
            ends[1].hand(thing)


def test_who_does_not_wait_takes_what_is_there(ends: tuple[Line, Line]) -> None:
    for timeout in (0, 1e-9):
        with pytest.raises(TimeoutError):
            ends[1].take(timeout)
    ends[0].hand(1)
    assert ends[1].take(0) == 1


def test_without_a_descriptor_nothing_is_sent(ends: tuple[Line, Line]) -> None:
    with no_descriptors(), pytest.raises(NoRoom) as raised:
        ends[0].hand(pattern(100_000))
    assert raised.value.errno == errno.EMFILE
    ends[0].hand("next")
    assert ends[1].take(5) == "next"


def test_what_there_is_no_descriptor_for_is_lost_and_the_next_is_not(ends: tuple[Line, Line]) -> None:
    before = opened()
    ends[0].hand(pattern(100_000))
    ends[0].hand("next")
    with no_descriptors():
        with pytest.raises(NoRoom) as raised:
            ends[1].take(5)
        assert ends[1].take(5) == "next"
    assert raised.value.errno == errno.EMFILE
    assert opened() == before


@pytest.mark.parametrize("place", ["os.memfd_create", "mmap.mmap"])
def test_without_memory_nothing_stays_open(
    ends: tuple[Line, Line], place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    def both() -> None:
        ends[0].hand(pattern(4 << 20))
        ends[1].take(5)

    before = opened()
    with monkeypatch.context() as patched:
        patched.setattr(f"imgdash.handover.{place}", full)
        with pytest.raises(NoRoom):
            both()
    assert opened() == before
    ends[0].hand("next")
    assert ends[1].take(5) == "next"


def test_what_cannot_be_pickled_sends_nothing(ends: tuple[Line, Line]) -> None:
    with pytest.raises((AttributeError, TypeError)):
        ends[0].hand((pattern(100_000), lambda: None))
    ends[0].hand("next")
    assert ends[1].take(5) == "next"


def opened() -> int:
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


def test_what_is_kept_takes_few_descriptors_and_what_is_gone_none(ends: tuple[Line, Line]) -> None:
    def answers(count: int, size: int) -> list[np.ndarray]:
        found = []
        for number in range(count):
            ends[0].hand(np.full(size, number, np.uint16))
            found.append(ends[1].take(5))
        assert [int(one[-1]) for one in found] == list(range(count))
        return found

    before = opened()
    # A station keeps hundreds of CT images; of large ones it keeps a few.
    small = answers(100, 512 * 512)
    assert opened() == before
    large = answers(3, 4 << 20)
    assert opened() == before + 3
    del small, large
    assert opened() == before


def test_a_worker_gets_and_gives_a_reduced_image() -> None:
    small = pattern(1080, 800)
    reduced = Reduced(small, small.astype(np.float32), 1.0, small.astype(np.uint8), np.arange(1024), (0.0, 1.0))
    workers = Workers(1, 600)
    try:
        display = workers.run(getattr, reduced, "display").result(60)
    finally:
        workers.stop()
    np.testing.assert_array_equal(display, small)
