"""Counts for ``/healthz``, the badges and the Queues page: cheap, and without patient data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imgdash.model import IMAGE, QUEUE, QueueEntry
from imgdash.store import rows, steps

if TYPE_CHECKING:
    from imgdash.apparatus.apparatus import Apparatus
    from imgdash.apparatus.parts import Parts

_SHOWN = 500


@dataclass(frozen=True)
class QueueState:
    """One output apparatus and its queue.

    Attributes
    ----------
    on
        False where somebody switched it off: its queue waits.
    counts
        State of entries → how many.
    entries
        What is not done, in the order of sending; at most 500.
    """

    name: str
    kind: str
    on: bool
    counts: dict[str, int]
    entries: list[QueueEntry]

    def __getattr__(self, state: str) -> int:
        if state in QUEUE.states:
            return self.counts.get(state, 0)
        raise AttributeError(state)


def queues(apparatus: Parts) -> dict[str, QueueState]:
    """Each queue with its open entries."""
    store = apparatus.store
    counted: dict[str, dict[str, int]] = {}
    for row in store.query("select apparatus, state, count(*) as n from queue group by all"):
        counted.setdefault(row["apparatus"], {})[row["state"]] = row["n"]
    found = {}
    for output in apparatus.site.apparatus:
        entries = store.query(
            "select * from queue where apparatus = ? and state not in ('done', 'cancelled') order by position limit ?",
            [output.name, _SHOWN],
        )
        found[output.name] = QueueState(
            output.name,
            output.kind,
            steps.switched_on(store, output.name),
            counted.get(output.name, {}),
            [rows.entry(row) for row in entries],
        )
    return found


def health(apparatus: Apparatus) -> dict[str, Any]:
    """The answer of ``/healthz``."""
    store = apparatus.store
    images = dict.fromkeys(sorted(IMAGE.states), 0)
    images.update({row["state"]: row["n"] for row in store.query("select state, count(*) n from image group by all")})
    requests = {row["state"]: row["n"] for row in store.query("select state, count(*) n from request group by all")}
    lines: dict[str, dict[str, int]] = {
        output.name: dict.fromkeys(sorted(QUEUE.states), 0) for output in apparatus.site.apparatus
    }
    for row in store.query("select apparatus, state, count(*) n from queue group by all"):
        lines.setdefault(row["apparatus"], {})[row["state"]] = row["n"]
    once = store.query(
        "select count(*) filter (where sent_at is not null) sent, count(*) filter (where answer <> '') answered, "
        "count(*) filter (where state = 'satisfied') satisfied, count(*) filter (where state = 'refused') refused "
        "from request"
    )[0]
    return {
        "state": apparatus.state,
        "addresses": {name: list(address) for name, address in apparatus.addresses.items()},
        "images": images,
        "arriving": apparatus.arriving,
        "queues": lines,
        "requests": {**once, "states": requests},
        "notices": apparatus.told.counts(),
        "receivers": apparatus.receivers_alive,
        "alive": apparatus.alive,
        "workers_died": apparatus.workers.died,
    }
