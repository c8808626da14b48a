"""What was confirmed a moment ago is not sent yet, so that it can be taken back (E2, station.undo_s)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import wait_until
from tests.output.bench import Bench, radiograph
from tests.output.test_queue import archive, names, storescp


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    folder.mkdir()
    return folder


@pytest.mark.peer
def test_what_may_be_taken_back_waits_its_time_and_lets_the_others_pass(
    bench: Callable[..., Bench], program: Callable[..., Any], free_port: int, inbox: Path
) -> None:
    storescp(program, free_port, inbox)
    site = bench(archive(free_port))
    late, second, third, emergency, after = (site.add(radiograph(number)) for number in (1, 2, 3, 4, 5))
    ahead = datetime.now() + timedelta(seconds=50)
    site.register(second, "ARCHIVE")
    # A clock that was put back by an hour makes nothing wait for an hour.
    site.register(third, "ARCHIVE", due_at=ahead + timedelta(hours=1))
    site.register(emergency, "ARCHIVE", due_at=ahead, position=-1e9, priority=True)
    with site.running():
        wait_until(lambda: site.states().count("done") == 3)
        due = datetime.now() + timedelta(seconds=1.5)
        entry = site.register(late, "ARCHIVE", due_at=due)
        site.register(after, "ARCHIVE")
        wait_until(lambda: site.states().count("done") == 5)
    assert names(inbox) == ["4", "2", "3", "5", "1"]
    assert site.entry(entry).finished_at >= due


@pytest.mark.peer
def test_taken_back_in_time_nothing_was_sent(
    bench: Callable[..., Bench], program: Callable[..., Any], free_port: int, inbox: Path
) -> None:
    storescp(program, free_port, inbox)
    site = bench(archive(free_port))
    first, second = (site.add(radiograph(number)) for number in (1, 2))
    entry = site.register(first, "ARCHIVE", due_at=datetime.now() + timedelta(seconds=30))
    site.register(second, "ARCHIVE")
    with site.running():
        wait_until(lambda: "done" in site.states())
        site.store.transition("queue", entry, "cancel", why="taken back")
    assert names(inbox) == ["2"]
