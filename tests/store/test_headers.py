"""Image headers in memory: read once for everybody, never older than what was answered."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from imgdash.model import Event, ImageHeader, NotFound
from imgdash.store.headers import Headers
from imgdash.store.store import Store
from tests.store import domain


class Rows:
    """A database that counts its readings, and lets a test in between them."""

    def __init__(self) -> None:
        self.comments = dict.fromkeys("abc", "first")
        self.read: list[list[str]] = []
        self.reading = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()

    def __call__(self, ids: Sequence[str]) -> list[ImageHeader]:
        self.read.append(list(ids))
        found = [domain.header(1, image_id=one, comment=self.comments[one]) for one in ids if one in self.comments]
        self.reading.set()
        assert self.go_on.wait(20)
        return found


def test_what_was_read_is_not_read_again_until_it_changes() -> None:
    database = Rows()
    headers = Headers(database)
    assert list(headers.get(["b", "a", "b", "x"])) == ["b", "a"]
    assert headers.get(["a", "b"])["a"].comment == "first"
    assert database.read == [["b", "a", "x"]]
    database.comments["a"] = "second"
    headers.forget([Event("image", "a", "set"), Event("queue", "b", "set")])
    found = headers.get(["a", "b", "c"])
    assert (found["a"].comment, found["b"].comment) == ("second", "first")
    assert database.read[1:] == [["a", "c"]]


def test_a_row_read_before_the_change_is_not_kept_after_it() -> None:
    database = Rows()
    headers = Headers(database)
    database.go_on.clear()
    with ThreadPoolExecutor(1) as pool:
        early = pool.submit(headers.get, ["a"])
        assert database.reading.wait(20)
        # It has been read, but is not kept yet.
        database.comments["a"] = "second"
        headers.forget([Event("image", "a", "set")])
        database.go_on.set()
        assert early.result(20)["a"].comment == "first"
    assert headers.get(["a"])["a"].comment == "second"


def test_a_row_is_never_older_than_what_else_was_committed_with_it() -> None:
    database = Rows()
    headers = Headers(database)
    headers.get(["a"])
    event = Event("image", "a", "set")
    headers.change([event])
    # Not committed yet, and read meanwhile: not kept.
    assert headers.get(["a"])["a"].comment == "first"
    database.comments["a"] = "second"
    assert headers.get(["a"])["a"].comment == "second"
    headers.forget([event])
    read = len(database.read)
    assert [headers.get(["a"])["a"].comment for _ in range(2)] == ["second", "second"]
    assert len(database.read) == read + 1


def test_many_who_ask_at_once_are_one_reading() -> None:
    database = Rows()
    headers = Headers(database)
    database.go_on.clear()
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(headers.get, ["a", "b"]) for _ in range(8)]
        assert database.reading.wait(20)
        database.go_on.set()
        found = [one.result(20) for one in asked]
    assert all(one == found[0] for one in found)
    assert len(database.read) == 1


def test_no_more_are_kept_than_may_be() -> None:
    database = Rows()
    headers = Headers(database, kept=2)
    for one in "abcb":
        headers.get([one])
    # `a` was not asked for the longest.
    assert database.read == [["a"], ["b"], ["c"]]
    headers.get(["a"])
    assert database.read[3:] == [["a"]]


def test_the_store_answers_with_what_was_written_last(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(lambda change: change.emit(domain.born(1, image_id="a")))
    for number in range(20):
        assert store.image("a").comment == (str(number - 1) if number else "")
        store.set("image", "a", comment=str(number))
    assert store.headers(["a", "b"]) == {"a": store.images()[0]}
    # Inside a change, what the change itself did counts.
    assert store.write(lambda change: (change.set("image", "a", comment="in"), change.image("a"))[1]).comment == "in"
    with pytest.raises(NotFound):
        store.image("b")
    store.close()


def test_who_sees_one_change_of_a_commit_in_the_database_sees_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path)
    store.write(lambda change: change.emit(domain.born(1, image_id="a")))
    assert store.image("a").comment == ""
    seen = []
    keep = Headers.forget

    def committed(headers: Headers, *args: object) -> None:
        # In the database by now, and nobody was told.
        seen.append((store.images()[0].comment, store.image("a").comment))
        keep(headers, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Headers, "forget", committed)
    store.set("image", "a", comment="new")
    store.close()
    assert seen == [("new", "new")]
