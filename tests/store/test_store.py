"""The store: transitions, changes that wait together, listeners, closing."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from imgdash.model import Actor, Event, ImgdashError, NotAllowed, NotFound
from imgdash.store.store import Change, Store
from tests.helpers import wait_until
from tests.store.domain import add, born


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path)
    yield store
    store.close()


class Gate:
    """Holds the writer, so that changes behind it are committed as one batch."""

    def __init__(self, store: Store) -> None:
        self._open = threading.Event()
        store.submit(lambda change: self._open.wait(20))
        self._store = store

    def together(self, *changes: Any) -> list[Future[Any]]:
        futures = [self._store.submit(change) for change in changes]
        self._open.set()
        return futures


def test_a_transition_is_journalled_with_who_and_why(store: Store) -> None:
    (id,) = add(store, 1)
    store.transition("image", id, "confirm", Actor("anna", "user"), "looks good", confirmed_by="anna")
    row = store.query("select * from journal order by seq desc limit 1")[0]
    assert (row["subject"], row["id"], row["event"], row["by"], row["why"]) == (
        "image",
        id,
        "confirm",
        "anna",
        "looks good",
    )
    assert store.image(id).state == "confirmed"
    assert store.image(id).confirmed_by == "anna"


def test_what_the_lifecycle_does_not_have_is_refused_and_leaves_no_trace(store: Store) -> None:
    (id,) = add(store, 1)
    before = store.journal.seq
    with pytest.raises(NotAllowed, match="'awaiting', which does not allow 'deliver'"):
        store.transition("image", id, "deliver")
    with pytest.raises(NotFound):
        store.transition("image", "0" * 32, "confirm")
    assert store.journal.seq == before
    assert store.image(id).state == "awaiting"


def test_two_reviewers_do_not_confirm_the_same_image(store: Store) -> None:
    (id,) = add(store, 1)
    futures = Gate(store).together(
        *(lambda change, name=name: change.transition("image", id, "confirm", name) for name in ("anna", "bert"))
    )
    assert futures[0].result(20).by == "anna"
    with pytest.raises(NotAllowed):
        futures[1].result(20)


def half(change: Change) -> None:
    """Emits, then fails."""
    change.set("image", f"{1:032x}", comment="must not stay")
    raise ValueError("second thoughts")


def unfit(change: Change) -> None:
    """A value that the column cannot take."""
    change.set("image", f"{1:032x}", comment="must not stay either", rows="many")


def wrong_sql(change: Change) -> None:
    """A mistake in our own SQL."""
    change.query("select no_such_column from image")


def twice(change: Change) -> None:
    """A row that lacks what its table demands."""
    change.emit(Event("queue", "new", "register", {"image_id": "x"}))


@pytest.mark.parametrize("failing", [half, unfit, wrong_sql, twice])
def test_one_failing_change_of_a_batch_keeps_the_others(store: Store, failing: Any) -> None:
    ids = add(store, 1, 2, 3)
    futures = Gate(store).together(
        lambda change: change.set("image", ids[1], comment="before"),
        failing,
        lambda change: change.set("image", ids[2], comment="after"),
    )
    futures[0].result(20)
    futures[2].result(20)
    assert isinstance(futures[1].exception(20), ValueError | ImgdashError)
    assert [image.comment for image in store.images()] == ["", "before", "after"]
    journalled = store.query("select data->>'comment' as comment from journal where event = 'set' order by seq")
    assert [row["comment"] for row in journalled] == ["before", "after"]


def test_a_change_alone_that_the_database_refuses_says_so_and_the_next_one_works(store: Store) -> None:
    (id,) = add(store, 1)
    with pytest.raises(ImgdashError, match="do not take this change"):
        store.set("image", id, rows="many")
    store.set("image", id, rows=100)
    assert store.image(id).rows == 100


def test_a_change_taken_back_in_time_is_left_out_and_the_writer_lives(store: Store) -> None:
    add(store, 1, 2)
    gate = Gate(store)
    taken_back = store.submit(lambda change: change.set("image", f"{1:032x}", comment="x"))
    assert taken_back.cancel()
    (kept,) = gate.together(lambda change: change.set("image", f"{2:032x}", comment="y"))
    kept.result(20)
    assert [image.comment for image in store.images()] == ["", "y"]


def test_text_that_no_encoding_knows_is_kept_readable(store: Store) -> None:
    """Half a surrogate pair comes out of broken character sets of peers."""
    (id,) = add(store, 1)
    store.set(
        "image", id, by="x\udc80", why="received from \udcff", comment="a\udc80b", overrides={"k\udc80": "\ud800"}
    )
    assert store.image(id).comment == "a\\udc80b"
    assert store.query("select why from journal order by seq desc limit 1") == [{"why": "received from \\udcff"}]


def test_values_that_json_has_no_word_for_are_unknown(store: Store) -> None:
    (id,) = add(store, 1)
    store.set("image", id, parameters={"ei": float("nan"), "di": float("-inf"), "n": 3})
    assert store.image(id).parameters == {"ei": None, "di": None, "n": 3}


def test_listeners_hear_of_what_is_durable_and_their_failures_harm_nobody(store: Store) -> None:
    heard: list[tuple[str, str]] = []
    seen_by_reader: list[str] = []

    def broken(events: Sequence[Event]) -> None:
        raise RuntimeError("listener")

    def listener(events: Sequence[Event]) -> None:
        heard.extend((event.id, event.event) for event in events)
        seen_by_reader.extend(store.image(event.id).state for event in events if event.event == "examine")

    store.subscribe(broken)
    unsubscribe = store.subscribe(listener)
    (id,) = add(store, 1)
    store.set("image", id, comment="x")
    # The caller has its answer before the listeners are told.
    wait_until(lambda: len(heard) == 3)
    assert heard == [(id, "register"), (id, "examine"), (id, "set")]
    assert seen_by_reader == ["awaiting"]
    unsubscribe()
    unsubscribe()
    store.set("image", id, comment="y")
    assert len(heard) == 3


def test_a_listener_that_would_wait_for_the_writer_is_told_instead_of_hanging(store: Store) -> None:
    answers: list[str] = []

    def listener(events: Sequence[Event]) -> None:
        try:
            store.set("image", events[0].id, comment="never")
        except AssertionError as error:
            answers.append(str(error))

    unsubscribe = store.subscribe(listener)
    (id,) = add(store, 1)
    store.set("image", id, comment="x")
    wait_until(lambda: answers)
    unsubscribe()
    assert all("listener" in answer for answer in answers)


def test_closing_finishes_what_waits_and_takes_nothing_more(tmp_path: Path) -> None:
    store = Store(tmp_path)
    ids = add(store, *range(1, 30))
    futures = [store.submit(lambda change, id=id: change.set("image", id, comment="done")) for id in ids]
    store.close()
    assert all(future.done() for future in futures)
    with pytest.raises(ImgdashError, match="closed"):
        store.set("image", ids[0], comment="late")
    again = Store(tmp_path)
    assert {image.comment for image in again.images()} == {"done"}
    again.close()


def test_what_begins_under_a_name_that_is_taken_is_refused_and_what_was_there_stays(store: Store) -> None:
    first = store.write(lambda change: change.emit(born(1, comment="first")))
    seq = store.journal.seq
    with pytest.raises(ImgdashError, match="Duplicate key"):
        store.write(lambda change: change.emit(born(1, comment="second")))
    assert store.journal.seq == seq
    assert [(image.image_id, image.comment) for image in store.images()] == [(first.id, "first")]
    assert store.image(first.id).comment == "first"


def test_orders_and_requests_are_latest_first_and_what_has_no_time_is_last(store: Store) -> None:
    early, late = datetime(2025, 3, 1), datetime(2025, 3, 2)

    def change_(change: Change) -> None:
        for name, at in (("d", None), ("c", early), ("b", late), ("a", early)):
            change.emit(Event("order", name, "new", {"state": "new", "accession": "", "received_at": at}))
        for name, at, turn in (("d", None, 1), ("c", early, 1), ("b", early, 2), ("a", late, 1)):
            data = {"image_id": "x", "state": "waiting", "created_at": at, "round": turn}
            change.emit(
                Event(
                    "request",
                    name,
                    "register",
                    {**data, "to": "ris", "peer": "r", "ask": "", "chain": "", "reason": ""},
                )
            )

    store.write(change_)
    assert [order.order_id for order in store.orders()] == ["b", "a", "c", "d"]
    assert [request.request_id for request in store.requests()] == ["a", "b", "c", "d"]


def test_a_setting_is_what_was_set_last(store: Store) -> None:
    key = "station/apparatus/FILM/off"
    assert store.preference(key, False) is False
    for value in (True, False, {"a": [1]}, None):
        store.set("preference", key, value=value)
        found = store.preference(key, "none")
        assert found == ("none" if value is None else value)
        if isinstance(found, dict):
            # Who asked may do with it what he likes.
            found.clear()
            assert store.preference(key) == value

    def change_(change: Change) -> list[Any]:
        before = change.preference(key)
        change.set("preference", key, value=5)
        return [before, change.preference(key)]

    assert store.write(change_) == [None, 5]
    assert store.preference(key) == 5


def test_many_threads_write_at_once(store: Store) -> None:
    ids = add(store, 1, 2, 3, 4)

    def work(id: str) -> None:
        for turn in range(10):
            store.set("image", id, comment=str(turn))

    threads = [threading.Thread(target=work, args=(id,)) for id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {image.comment for image in store.images()} == {"9"}
    assert [row["seq"] for row in store.query("select seq from journal order by seq")] == list(
        range(1, store.journal.seq + 1)
    )


def test_foreign_text_in_a_value_is_never_sql(store: Store) -> None:
    evil = "x'); drop table image; --"
    store.write(lambda change: change.emit(born(7, comment=evil, accession=evil)))
    assert store.images("accession = ?", [evil])[0].comment == evil
    assert store.preference("user/x'; drop table image; --/y", 5) == 5
