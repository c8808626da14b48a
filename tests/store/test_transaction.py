"""What events set is written late and together, and nobody can tell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from imgdash.model import Event, ImgdashError, RecordsFailed
from imgdash.store.store import Change, Store
from imgdash.store.transaction import Transaction
from tests.store.domain import add, born


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path)
    add(store, 1, 2, 3)
    yield store
    store.close()


@pytest.fixture
def statements(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the writer's transactions said to the database."""
    said: list[str] = []
    opened = Transaction._open

    class Heard:
        def __init__(self, connection: Any) -> None:
            self._connection = connection

        def execute(self, sql: str, *values: Any) -> Any:
            said.append(sql.split()[0])
            return self._connection.execute(sql, *values)

    monkeypatch.setattr(Transaction, "_open", lambda transaction: Heard(opened(transaction)))
    return said


def test_a_query_sees_what_the_change_did_before(store: Store) -> None:
    def change_(change: Change) -> list[tuple[str, str]]:
        change.set("image", f"{1:032x}", comment="a")
        change.set("image", f"{1:032x}", comment="b", reason="r")
        change.emit(born(4, comment="new"))
        change.transition("image", f"{4:032x}", "examine")
        return [(row["comment"], row["state"]) for row in change.query("select * from image order by number")]

    seen = store.write(change_)
    assert (seen[0], seen[3]) == (("b", "awaiting"), ("new", "awaiting"))
    assert seen == [(image.comment, image.state) for image in store.images()]
    assert store.images()[0].reason == "r"


def test_what_a_change_sets_in_one_row_and_in_rows_of_one_kind_is_one_statement(
    store: Store, statements: list[str]
) -> None:
    def change_(change: Change) -> None:
        for number in (4, 5):
            change.emit(born(number))
            change.transition("image", f"{number:032x}", "examine")
        change.set("image", f"{1:032x}", comment="a")
        change.set("image", f"{1:032x}", reason="b")

    store.write(change_)
    assert statements == ["insert", "update", "commit"]
    assert len(store.images()) == 5


def test_what_is_asked_of_another_table_does_not_part_it(store: Store, statements: list[str]) -> None:
    def change_(change: Change) -> None:
        change.emit(born(4))
        assert change.query("select image_id from queue where image_id = ?", [f"{4:032x}"]) == []
        change.transition("image", f"{4:032x}", "examine")

    store.write(change_)
    assert statements == ["select", "insert", "commit"]


def test_a_change_that_asks_and_changes_nothing_is_no_transaction(store: Store, statements: list[str]) -> None:
    assert store.write(lambda change: change.image(f"{1:032x}").number) == 1
    assert statements == []


def test_what_is_set_of_something_unknown_makes_its_row(store: Store) -> None:
    store.write(lambda change: change.emit(Event("preference", "user/anna/x", "set", {"value": 1})))
    store.set("preference", "user/anna/x", value=2)
    assert store.preference("user/anna/x") == 2


def test_what_the_database_refuses_is_the_fault_of_who_set_it(store: Store) -> None:
    """The next change of the same batch asks, and with that would have the row written."""
    wrong = store.submit(lambda change: change.set("image", f"{1:032x}", rows="many"))
    right = store.submit(lambda change: (change.query("select 1"), change.set("image", f"{2:032x}", rows=7)))
    right.result(20)
    with pytest.raises(ImgdashError, match="do not take this change"):
        wrong.result(20)
    assert [image.rows for image in store.images()] == [0, 7, 0]


@pytest.mark.parametrize(
    "change",
    [
        lambda change: change.set("image", f"{1:032x}", comment="a"),
        lambda change: change.query("select 1 from image"),
    ],
    ids=["sets", "asks"],
)
def test_a_database_that_lets_nothing_begin_is_opened_anew(store: Store, change: Any) -> None:
    store.database.connection.close()
    with pytest.raises(RecordsFailed):
        store.write(change)
    store.write(change)
    store.set("image", f"{2:032x}", comment="b")
    assert store.images()[1].comment == "b"
