"""What leaves the apparatus, for people to look at: lanes of the output apparatus, and requests as chains of rounds
(F2-F4, H2, R1-R7). Filters, order and pages are the database's work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from imgdash.apparatus.narrowing import among
from imgdash.apparatus.search import Search
from imgdash.config import Site
from imgdash.model import ImageHeader, QueueEntry, Request
from imgdash.store import steps
from imgdash.store.store import Store

# View of a lane → SQL. What a person has to decide comes first, then what is on its way, then in the order of sending.
ENTRY_VIEWS: Final[dict[str, str]] = {
    "open": "state not in ('done', 'cancelled')",
    "person": "state in ('failed', 'uncertain')",
    "over": "state in ('done', 'cancelled')",
}
_ENTRY_ORDER: Final[dict[str, str]] = {
    "over": "finished_at desc nulls last, position desc",
    "": "case when state in ('failed', 'uncertain') then 0 when state in ('sending', 'committing') then 1 else 2 end, "
    "position",
}
_LIVE: Final = "('proposed', 'waiting', 'sent', 'accepted', 'answered', 'refused', 'failed')"
# `trouble` of a request that was sent says that its answer is overdue.
_PERSON: Final = (
    "state in ('proposed', 'refused', 'failed') or (state in ('sent', 'accepted') and coalesce(trouble, '') <> '')"
)
# One row for each history of rounds: its latest request, and what its rounds have in common.
_CHAINS: Final = (
    "(select *, coalesce(nullif(chain, ''), request_id) as history, "
    f"bool_or(state in {_LIVE}) over (partition by coalesce(nullif(chain, ''), request_id)) as live, "
    f"bool_or({_PERSON}) over (partition by coalesce(nullif(chain, ''), request_id)) as person "
    "from request qualify row_number() over (partition by coalesce(nullif(chain, ''), request_id) "
    "order by round desc, created_at desc, request_id) = 1)"
)
CHAIN_VIEWS: Final[dict[str, str]] = {"open": "live", "person": "person", "ended": "not live", "all": "true"}


@dataclass(frozen=True)
class Lane:
    """One output apparatus and how its queue gets on.

    Attributes
    ----------
    on
        False where somebody switched it off: its queue waits.
    counts
        State of entries → how many, whenever.
    last_hour, today
        Images that arrived there within 60 minutes, and since midnight.
    last_at
        When the latest one arrived.
    trouble, next_try_at
        Why what waits is not sent now, in the words of the latest try, and when it is tried again.
    """

    name: str
    kind: str
    ae_title: str
    address: str
    on: bool
    counts: Mapping[str, int] = field(default_factory=dict)
    last_hour: int = 0
    today: int = 0
    last_at: datetime | None = None
    trouble: str = ""
    next_try_at: datetime | None = None

    def count(self, *states: str) -> int:
        """Entries in any of these states."""
        return sum(self.counts.get(state, 0) for state in states)


@dataclass(frozen=True)
class FoundEntries:
    """A page of a queue, with the images of its entries."""

    entries: list[QueueEntry]
    total: int
    images: Mapping[str, ImageHeader] = field(default_factory=dict)


@dataclass(frozen=True)
class Chain:
    """The rounds of one history, first to last.

    Attributes
    ----------
    live
        Whether anything of it is open.
    person
        Whether a person has to decide: proposed, refused, not reached, or overdue.
    """

    chain: str
    requests: list[Request]
    live: bool
    person: bool

    @property
    def latest(self) -> Request:
        """The request that actions are about."""
        return self.requests[-1]


@dataclass(frozen=True)
class FoundChains:
    """A page of histories, with the images that occur in them."""

    chains: list[Chain]
    total: int
    images: Mapping[str, ImageHeader] = field(default_factory=dict)


class Traffic(Search):
    """What the pages Queues and Requests ask."""

    def __init__(self, store: Store, site: Site) -> None:
        super().__init__(store)
        self._site = site

    # -- queues -------------------------------------------------------------------------------------------

    def lanes(self, now: datetime | None = None) -> list[Lane]:
        """Every output apparatus, in the order of the site file.

        Parameters
        ----------
        now
            The end of the last hour; None: the clock.
        """
        now = now or datetime.now()
        hour, midnight = now - timedelta(hours=1), now.replace(hour=0, minute=0, second=0, microsecond=0)
        counts: dict[str, dict[str, int]] = {}
        done: dict[str, dict[str, Any]] = {}
        for row in self._store.query(
            "select apparatus, state, count(*) as n, max(finished_at) as last_at, "
            "count(*) filter (where finished_at > ?) as last_hour, count(*) filter (where finished_at >= ?) as today "
            "from queue group by apparatus, state",
            [hour, midnight],
        ):
            counts.setdefault(row["apparatus"], {})[row["state"]] = row["n"]
            if row["state"] == "done":
                done[row["apparatus"]] = {name: row[name] for name in ("last_hour", "today", "last_at")}
        troubles = {
            row["apparatus"]: {"trouble": row["trouble"], "next_try_at": row["next_try_at"]}
            for row in self._store.query(
                "select apparatus, trouble, next_try_at from queue "
                "where state in ('waiting', 'sending', 'committing') and coalesce(trouble, '') <> '' "
                "qualify row_number() over (partition by apparatus order by next_try_at desc nulls last, position) = 1"
            )
        }
        return [
            Lane(
                name=output.name,
                kind=output.kind,
                ae_title=output.ae_title,
                address=output.address,
                on=steps.switched_on(self._store, output.name),
                counts=counts.get(output.name, {}),
                **done.get(output.name, {}),
                **troubles.get(output.name, {}),
            )
            for output in self._site.apparatus
        ]

    def queue(
        self, apparatus: str, *, view: str = "open", text: str = "", state: str = "", offset: int = 0, limit: int = 200
    ) -> FoundEntries:
        """Entries of an output apparatus; `view` is a name in `ENTRY_VIEWS`, `text` words of their images."""
        where, params = ["apparatus = ?", ENTRY_VIEWS[view]], [apparatus]
        if state:
            where, params = [*where, "state = ?"], [*params, state]
        words, values = self.having(text)
        total, ids = self._page("queue", "entry_id", [*where, *words], [*params, *values],
                                _ENTRY_ORDER.get(view, _ENTRY_ORDER[""]), offset, limit)  # fmt: skip
        found = {entry.entry_id: entry for entry in self._store.queue(*among("entry_id", ids))}
        entries = [found[id] for id in ids if id in found]
        return FoundEntries(entries, total, self._headers(entry.image_id for entry in entries))

    # -- requests -----------------------------------------------------------------------------------------

    def chains(
        self,
        *,
        view: str = "open",
        text: str = "",
        peer: str = "",
        reason: str = "",
        offset: int = 0,
        limit: int = 200,
    ) -> FoundChains:
        """Histories of rounds, that of the latest request first; `view` is a name in `CHAIN_VIEWS`.

        `peer` and `reason` are those of the latest request; `text` words of any of its images, or a request's id.
        """
        where: list[str] = [CHAIN_VIEWS[view]]
        params: list[Any] = []
        for column, value in (("peer", peer), ("reason", reason)):
            if value:
                where, params = [*where, f"{column} = ?"], [*params, value]
        (asked, values), (answer, _) = self.having(text), self.having(text, "answer")
        if asked:
            same = "select coalesce(nullif(chain, ''), request_id) from request where request_id = ?"
            where = [*where, f"history in ({same} or {asked[0]} or {answer[0]})"]
            params = [*params, text.strip(), *values, *values]
        total, ids = self._page(_CHAINS, "history", where, params, "created_at desc nulls last", offset, limit)
        rounds: dict[str, list[Request]] = {}
        for request in self._store.requests(*among("coalesce(nullif(chain, ''), request_id)", ids)):
            rounds.setdefault(request.chain or request.request_id, []).insert(0, request)
        these, values = among("history", ids)
        marks = {
            row["history"]: row
            for row in self._store.query(f"select history, live, person from {_CHAINS} where {these}", values)
        }
        found = [
            Chain(id, sorted(rounds[id], key=lambda one: (one.round, str(one.created_at))), marks[id]["live"],
                  marks[id]["person"])
            for id in ids
            if id in rounds and id in marks
        ]  # fmt: skip
        known = {id for chain in found for one in chain.requests for id in (one.image_id, one.answer) if id}
        return FoundChains(found, total, self._headers(known))

    def chain_counts(self) -> dict[str, int]:
        """View of `CHAIN_VIEWS` → histories of rounds."""
        counted = ", ".join(f"count(*) filter (where {where}) as {name}" for name, where in CHAIN_VIEWS.items())
        return self._store.same(
            "request counts", ("request",), lambda: self._store.query(f"select {counted} from {_CHAINS}")[0]
        )

    def chains_known(self) -> dict[str, list[str]]:
        """What the filters offer: ``peer`` and ``reason`` of requests."""
        return {
            name: [row[name] for row in self._store.query(f"select distinct {name} from request order by 1")
                   if row[name]]
            for name in ("peer", "reason")
        }  # fmt: skip

    def _headers(self, image_ids: Any) -> dict[str, ImageHeader]:
        return self._store.headers(image_ids)


__all__ = ["CHAIN_VIEWS", "ENTRY_VIEWS", "Chain", "FoundChains", "FoundEntries", "Lane", "Traffic"]
