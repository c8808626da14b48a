"""What a batch of changes knows without asking the database: never another thing than the database would say."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import duckdb
import pytest

from imgdash.model import ImageHeader, NotAllowed, NotFound, RecordsFailed
from imgdash.store.change import Reader
from imgdash.store.store import Change, Store
from tests.store.domain import WHEN, add, born, header

ID = f"{1:032x}"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Which image headers were read from the database."""
    found: list[list[str]] = []
    headers = Reader.headers_of

    def counted(reader: Reader, image_ids: Sequence[str]) -> list[ImageHeader]:
        found.append(list(image_ids))
        return headers(reader, image_ids)

    monkeypatch.setattr(Reader, "headers_of", counted)
    return found


@pytest.fixture
def store(tmp_path: Path, read: list[list[str]]) -> Iterator[Store]:
    store = Store(tmp_path)
    add(store, 1, 2)
    # In memory from the first.
    assert store.image(ID).comment == ""
    read.clear()
    yield store
    store.close()


def together(store: Store, *changes: Callable[[Change], Any]) -> list[Future[Any]]:
    """These changes as one batch."""
    go = threading.Event()
    store.submit(lambda change: go.wait(20))
    futures = [store.submit(change) for change in changes]
    go.set()
    return futures


def comment(text: str) -> Callable[[Change], tuple[str, str]]:
    """A change of the comment; the comment before and after it, as the change sees it."""

    def change_(change: Change) -> tuple[str, str]:
        before = change.image(ID).comment
        change.set("image", ID, comment=text)
        return before, change.image(ID).comment

    return change_


def fails(change: Change) -> None:
    """Changes the image, looks at it, and fails then."""
    assert comment("must not stay")(change)[1] == "must not stay"
    raise ValueError("second thoughts")


def test_each_change_of_a_batch_sees_what_those_before_it_did(store: Store) -> None:
    futures = together(store, comment("one"), comment("two"), lambda change: change.image(ID).comment)
    assert [future.result(20) for future in futures] == [("", "one"), ("one", "two"), "two"]
    assert store.image(ID).comment == "two"


def test_what_was_not_looked_at_again_after_its_last_change_is_read(store: Store) -> None:
    """The header that the first change saw is not what the second one left."""
    futures = together(store, comment("one"), lambda change: change.set("image", ID, comment="two"))
    assert futures[0].result(20) == ("", "one")
    futures[1].result(20)
    assert store.image(ID).comment == "two"


@pytest.mark.parametrize("alone", [True, False])
def test_what_a_change_saw_that_failed_half_way_is_forgotten(store: Store, alone: bool) -> None:
    others = () if alone else (comment("before"), fails, comment("after"))
    futures = together(store, *(others or (fails,)))
    with pytest.raises(ValueError, match="second thoughts"):
        futures[len(futures) // 2].result(20)
    if not alone:
        assert [futures[0].result(20), futures[2].result(20)] == [("", "before"), ("before", "after")]
    expected = "" if alone else "after"
    assert store.image(ID).comment == store.images()[0].comment == expected
    assert store.write(comment("last")) == (expected, "last")


def test_an_image_is_born_and_goes_on_in_one_batch(store: Store) -> None:
    born_id = f"{7:032x}"
    assert store.find(born_id) is None
    futures = together(
        store,
        lambda change: change.find(born_id),
        lambda change: change.emit(born(7)),
        lambda change: change.transition("image", born_id, "examine"),
        lambda change: change.find(born_id),
    )
    assert futures[0].result(20) is None
    seen = futures[3].result(20)
    assert seen.state == "awaiting"
    assert store.find(born_id) == seen


def test_a_birth_that_fails_leaves_no_image_in_memory(store: Store) -> None:
    def birth(change: Change) -> None:
        assert change.image(change.emit(born(7)).id).number == 7
        raise ValueError("not born")

    with pytest.raises(ValueError, match="not born"):
        store.write(birth)
    assert store.find(f"{7:032x}") is None
    with pytest.raises(NotFound):
        store.write(lambda change: change.image(f"{7:032x}"))


def test_what_a_change_left_is_known_without_reading_it(store: Store, read: list[list[str]]) -> None:
    store.write(comment("one"))
    assert store.image(ID) == store.images()[0]
    store.transition("image", ID, "confirm", confirmed_by="anna", confirmed_at=WHEN)
    with pytest.raises(NotAllowed):
        store.transition("image", ID, "confirm")
    assert store.image(ID) == store.images()[0]
    assert store.image(ID).confirmed_at == WHEN
    new = store.write(lambda change: change.emit(born(7))).id
    assert store.image(new) == store.images()[-1] == header(7)
    assert read == []


def test_what_the_database_makes_something_else_of_is_read(store: Store, read: list[list[str]]) -> None:
    assert store.write(lambda change: (change.set("image", ID, comment=5), change.image(ID).comment))[1] == "5"
    assert store.image(ID).comment == "5"
    assert read == [[ID]]


def test_who_reads_while_a_change_is_committed_does_not_bring_back_what_was(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """He has read the row before the commit, and comes to keep it after."""
    # A number is what the database makes a text of: so it is not in memory.
    store.set("image", ID, comment=1)
    headers, was_read, go_on = store._headers._read, threading.Event(), threading.Event()

    def slow(image_ids: Sequence[str]) -> list[ImageHeader]:
        found = headers(image_ids)
        was_read.set()
        assert go_on.wait(20)
        return found

    monkeypatch.setattr(store._headers, "_read", slow)
    early: list[str] = []
    reader = threading.Thread(target=lambda: early.append(store.image(ID).comment))
    reader.start()
    assert was_read.wait(20)
    assert store.write(comment("new")) == ("1", "new")
    # Whoever knows of the change finds it, whatever the other one is about to keep.
    assert store.image(ID).comment == "new"
    go_on.set()
    reader.join(20)
    assert early == ["1"]
    assert store.image(ID).comment == "new"


def test_what_the_disk_did_not_take_is_not_remembered(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: Any) -> None:
        raise RecordsFailed("The journal cannot be written.", "")

    with monkeypatch.context() as broken:
        broken.setattr(store.journal, "append", full)
        with pytest.raises(RecordsFailed):
            store.write(comment("lost"))
    assert store.image(ID).comment == ""
    assert store.write(comment("kept")) == ("", "kept")


def test_what_was_journalled_is_remembered_although_the_database_failed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Any) -> None:
        raise duckdb.IOException("no room")

    with monkeypatch.context() as broken:
        broken.setattr(store.database, "keep", full)
        assert store.write(comment("kept")) == ("", "kept")
    assert store.image(ID).comment == store.images()[0].comment == "kept"
    assert store.write(comment("next")) == ("kept", "next")


def test_what_was_journalled_is_heard_of_once_the_database_is_there_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can tell of it before; whoever goes by what he hears must not miss it until the next start."""

    def full(_: Any = None) -> None:
        raise duckdb.IOException("no room")

    heard: list[str] = []
    store.subscribe(lambda events: heard.extend(event.data["comment"] for event in events))
    with monkeypatch.context() as broken:
        broken.setattr(store.database, "keep", full)
        broken.setattr(store.database, "reopen", full)
        with pytest.raises(RecordsFailed):
            store.write(comment("kept"))
        # A reader whose cursor is still open keeps what was.
        assert store.image(ID).comment == ""
    assert heard == []
    assert store.write(lambda change: change.image(ID).comment) == "kept"
    assert heard == ["kept"]
    assert store.image(ID).comment == "kept"


def test_answers_are_of_now_inside_a_batch_too(store: Store) -> None:
    def states(reader: Reader) -> list[str]:
        sql = "select state from image order by number"
        return reader.same("states", ("image",), lambda: [row["state"] for row in reader.query(sql)])

    def confirms(change: Change) -> tuple[list[str], list[str]]:
        before = states(change)
        change.transition("image", ID, "confirm")
        return before, states(change)

    def fails(change: Change) -> None:
        assert confirms(change)[1] == ["confirmed", "awaiting"]
        raise ValueError("second thoughts")

    assert states(store) == ["awaiting", "awaiting"]
    with pytest.raises(ValueError, match="second thoughts"):
        store.write(fails)
    assert states(store) == ["awaiting", "awaiting"]
    done, seen = together(store, confirms, states)
    assert done.result(20) == (["awaiting", "awaiting"], ["confirmed", "awaiting"])
    assert seen.result(20) == states(store) == ["confirmed", "awaiting"]
