"""Who looked at which image is recorded, and nobody waits for it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from imgdash import Apparatus
from imgdash.apparatus.viewings import Viewings
from imgdash.model import RecordsFailed
from tests.apparatus.sites import site
from tests.confirm.making import header, put
from tests.helpers import wait_until


def looks(apparatus: Apparatus) -> list[tuple[str, str]]:
    found = apparatus.store.query('select id, "by" from journal where subject = ? order by seq', ["viewing"])
    return [(row["id"], row["by"]) for row in found]


def test_each_look_is_in_the_journal_with_its_time_after_a_stop(tmp_path: Path) -> None:
    path = site(tmp_path / "site")
    with Apparatus(path) as apparatus:
        images = [put(apparatus.store, header(name)).image_id for name in ("one", "two")]
        assert apparatus.hold_first(images, "anna") == images[0]
        assert apparatus.hold(images[1], "max") == "max"
        assert apparatus.hold_first(images, "anna", leaving=images[0]) == images[0]
        # Nobody is left to be sent there; so nothing was looked at.
        assert apparatus.hold_first(images[1:], "anna") == ""
        assert looks(apparatus) == []
    with Apparatus(path) as apparatus:
        assert looks(apparatus) == [(images[0], "anna"), (images[1], "max"), (images[0], "anna")]
        rows = apparatus.store.query('select data, "at" from journal where subject = ?', ["viewing"])
        assert all(datetime.fromisoformat(json.loads(row["data"])["opened_at"]) < row["at"] for row in rows)
        # Who looked when the former run ended is not there any more.
        assert [apparatus.image(image_id).held_by for image_id in images] == ["", ""]


def test_what_the_disk_does_not_take_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Apparatus(site(tmp_path / "site")) as apparatus:
        image = put(apparatus.store, header("one")).image_id
        apparatus.hold(image, "anna")

        def full(change: object) -> None:
            raise RecordsFailed("The records could not be written.", "Make room.")

        with monkeypatch.context() as patch:
            patch.setattr(apparatus.store, "write", full)
            with pytest.raises(RecordsFailed):
                apparatus.viewings.keep()
        apparatus.viewings.keep()
        apparatus.viewings.keep()
        assert looks(apparatus) == [(image, "anna")]


def test_who_writes_while_another_one_does_writes_only_what_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the apparatus that stops does, while its housekeeping waits for the disk."""
    turn, begun, written = threading.Event(), [], []

    class Change:
        def set(self, subject: str, image_id: str, name: str, **data: Any) -> None:
            written.append((image_id, name))

    class Disk:
        def write(self, work: Callable[[Change], None]) -> None:
            begun.append("writing")
            assert turn.wait(30)
            work(Change())

    class Lock:
        """Tells that somebody comes to it."""

        def __init__(self) -> None:
            self._lock = threading.Lock()

        def __enter__(self) -> None:
            begun.append("waiting")
            self._lock.acquire()

        def __exit__(self, *_: object) -> None:
            self._lock.release()

    viewings = Viewings(Disk())
    monkeypatch.setattr(viewings, "_keeping", Lock())
    viewings.looked("one", "anna")
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(viewings.keep)
        wait_until(lambda: "writing" in begun)
        before = len(begun)
        viewings.looked("two", "max")
        second = pool.submit(viewings.keep)
        # It waits for the first one; or, if it did not, it would write now.
        wait_until(lambda: len(begun) > before)
        turn.set()
        first.result(30)
        second.result(30)
    assert written == [("one", "anna"), ("two", "max")]
