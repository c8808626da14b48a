"""Answers that are shared until something happens to their subjects."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from imgdash.model import Event
from imgdash.store.same import Same


def test_an_answer_is_read_again_after_an_event_of_its_subjects() -> None:
    same, read = Same(), []

    def count() -> int:
        read.append(len(read))
        return len(read)

    assert [same.get("images", ("image",), count) for _ in range(3)] == [1, 1, 1]
    same.forget([Event("queue", "e", "set")])
    assert same.get("images", ("image",), count) == 1
    same.forget([Event("queue", "e", "set"), Event("image", "a", "set")])
    assert same.get("images", ("image",), count) == 2
    # Another name is another answer.
    assert same.get("orders", ("image",), count) == 3


def test_what_happens_while_it_is_read_makes_it_old_and_many_who_ask_are_one() -> None:
    same, read = Same(), []
    reading, go_on = threading.Event(), threading.Event()

    def slow() -> int:
        read.append(1)
        reading.set()
        assert go_on.wait(20)
        return len(read)

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(same.get, "images", ("image",), slow) for _ in range(4)]
        assert reading.wait(20)
        go_on.set()
        assert [one.result(20) for one in asked] == [1, 1, 1, 1]
        same.forget([Event("image", "a", "set")])
        go_on.clear()
        reading.clear()
        early = pool.submit(same.get, "images", ("image",), slow)
        assert reading.wait(20)
        same.forget([Event("image", "a", "set")])
        go_on.set()
        assert early.result(20) == 2
    assert same.get("images", ("image",), slow) == 3
