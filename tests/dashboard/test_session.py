"""What other threads ask of a tab comes through whatever the tab is doing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest
from bokeh.document import Document

from imgdash import Apparatus
from imgdash.dashboard.session import Session
from imgdash.model import Actor
from tests.apparatus.sites import site


@pytest.fixture
def apparatus(tmp_path: Path) -> Iterator[Apparatus]:
    made = Apparatus(site(tmp_path / "site"))
    yield made
    made.stop()


def test_a_turn_that_is_asked_for_while_changes_are_held_back_comes(apparatus: Apparatus) -> None:
    """What a document holds back is taken over by its thread, which would forget what another one adds meanwhile."""
    document, asked, done = Document(), list[Callable[[], None]](), list[str]()
    session = Session(apparatus, Actor("max", "manager"), document, asked.append)
    document.hold()
    for later in (lambda: session.soon(lambda: done.append("soon")), lambda: session.after(1, lambda: None)):
        thread = Thread(target=later)
        thread.start()
        thread.join()
    assert not document.callbacks._held_events
    document.unhold()
    assert len(asked) == 2
    asked[0]()
    (turn,) = document.session_callbacks
    turn.callback()
    assert done == ["soon"]
    session.close()


def test_what_was_held_back_is_done_in_a_turn_of_its_own(apparatus: Apparatus) -> None:
    """What changes while Panel says that the browser is there, it takes for a change by the browser, and sets again."""
    document, done = Document(), list[str]()
    session = Session(apparatus, Actor("max", "manager"), document)
    session.hold_back()
    session.soon(lambda: done.append("held back"))
    take_turns(document)
    session.ready()
    assert not done
    session.soon(lambda: done.append("then"))
    take_turns(document)
    assert done == ["held back", "then"]
    session.close()


def take_turns(document: Document) -> None:
    while document.session_callbacks:
        for turn in sorted(document.session_callbacks, key=lambda turn: turn.id):
            turn.callback()
