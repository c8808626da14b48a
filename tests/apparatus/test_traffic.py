"""Lanes and queues as the database counts them: pace, trouble, places."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from imgdash.apparatus.traffic import Traffic
from imgdash.config import OutputApparatus, Site
from imgdash.model import Event, QueueEntry
from imgdash.store import rows
from imgdash.store.store import Store

_NOW = datetime(2026, 3, 2, 12, 0)


def _entry(n: int, state: str, **more: Any) -> QueueEntry:
    return QueueEntry(f"i{n}@STORE#1", f"i{n}", "STORE", state, float(n), **more)


@pytest.fixture(scope="module")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traffic]:
    store = Store(tmp_path_factory.mktemp("traffic"))
    site = Site(
        apparatus=(
            OutputApparatus(name="STORE", kind="storage", ae_title="S"),
            OutputApparatus(name="FILM", kind="printer", ae_title="F"),
        )
    )
    entries = [
        _entry(1, "done", finished_at=_NOW - timedelta(minutes=59)),
        _entry(2, "done", finished_at=_NOW - timedelta(minutes=61)),
        _entry(3, "done", finished_at=_NOW - timedelta(hours=13)),
        _entry(4, "waiting", trouble="older", next_try_at=_NOW),
        _entry(5, "waiting", trouble="refused", next_try_at=_NOW + timedelta(minutes=1)),
        _entry(6, "held"),
        _entry(7, "failed", trouble="its own"),
        _entry(8, "waiting", priority=True),
    ]

    def fill(change: Any) -> None:
        for entry in entries:
            change.emit(Event("queue", entry.entry_id, "register", rows.entry_columns(entry)))

    store.write(fill)
    yield Traffic(store, site)
    store.close()


def test_a_lane_tells_its_pace_and_its_trouble(traffic: Traffic) -> None:
    store, film = traffic.lanes(_NOW)
    assert (store.last_hour, store.today, store.last_at) == (1, 2, _NOW - timedelta(minutes=59))
    # The trouble of one entry that failed is not the apparatus's.
    assert (store.trouble, store.next_try_at) == ("refused", _NOW + timedelta(minutes=1))
    assert (store.count("waiting", "held"), store.count("failed")) == (4, 1)
    assert (film.counts, film.last_at, film.trouble, film.on) == ({}, None, "", True)


def test_a_page_of_a_queue(traffic: Traffic) -> None:
    found = traffic.queue("STORE", offset=1, limit=2)
    assert [entry.image_id for entry in found.entries] == ["i4", "i5"]
    assert found.total == 5
    assert [entry.image_id for entry in traffic.queue("STORE", view="over").entries] == ["i1", "i2", "i3"]
    assert traffic.queue("STORE", text="nobody").total == 0
