"""Print jobs that are followed (PS3.4 H.4.5): that a film did not come out, a printer may know only minutes later."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pynetdicom.sop_class import PrintJob

from imgdash.config import OutputApparatus
from imgdash.model import QueueEntry
from imgdash.output import registry
from imgdash.output.printing import job_state
from imgdash.output.trouble import Doubtful, Lost
from imgdash.store.store import Store

# Execution Status (2100,0020).
FAILURE: Final = "FAILURE"
_OPEN: Final = frozenset({"PENDING", "PRINTING"})
# Execution Status Info (2100,0030) of a job that waits for nothing.
_WELL: Final = frozenset({"", "NORMAL"})
_FIRST_SECONDS, _LONGEST_SECONDS = 0.5, 15.0
_SEPARATOR: Final = "\\"
_MOST_TOLD: Final = 100

State = tuple[str, str]


@dataclass
class _Film:
    """Images that were printed together, and the jobs that do it."""

    entries: tuple[str, ...]
    jobs: tuple[str, ...]
    until: float
    due: float = 0.0
    looks: int = 0


class PrintJobs:
    """The jobs of one printer that are neither done nor failed.

    Their entries are ``committing``, with the jobs' UIDs as their transaction, so that a restart finds them again.
    """

    def __init__(self, apparatus: OutputApparatus, store: Store) -> None:
        self._apparatus = apparatus
        self._store = store
        self._films: list[_Film] = []
        # Print job → what was reported of it.
        self._told: dict[str, State] = {}

    def heard(self, job: str, state: str, info: str) -> None:
        """The printer reported the state of a job by itself; called on the association's thread."""
        self._told[job] = (state, info)
        while len(self._told) > _MOST_TOLD:
            del self._told[next(iter(self._told))]  # of a film that is decided on already
        for film in self._films:
            if job in film.jobs:
                film.due = 0.0

    def printed(self, assoc: Any, entries: Sequence[QueueEntry], jobs: Sequence[str], why: str) -> None:
        """Images were given to the printer: they are finished, or their jobs followed.

        Raises
        ------
        Doubtful
            If the printer says already that the film did not come out.
        """
        asked = tuple(jobs) if _offered(assoc) else ()
        states = [self._state(assoc, job) for job in asked]
        if bad := _failures(states):
            raise Doubtful(_did_not_come_out(self._apparatus.ae_title, bad))
        if self._apparatus.print_job_seconds and any(state is None or state[0] in _OPEN for state in states):
            registry.printing(self._store, entries, _SEPARATOR.join(asked), why)
            self._follow(tuple(entry.entry_id for entry in entries), asked)
            return
        registry.finish(self._store, entries, why)

    def recover(self) -> None:
        """Follow what a former run has left."""
        films: dict[str, list[str]] = {}
        for entry in registry.in_state(self._store, self._apparatus.name, "committing"):
            films.setdefault(entry.transaction_uid, []).append(entry.entry_id)
        known = {entry for film in self._films for entry in film.entries}
        for jobs, entries in films.items():
            if known.isdisjoint(entries):
                self._follow(tuple(entries), tuple(filter(None, jobs.split(_SEPARATOR))))

    def left(self, entry_id: str) -> None:
        """Somebody has decided on an entry."""
        entry = registry.by_entry(self._store, entry_id)
        if entry is not None and entry.state == "committing":
            return
        for film in self._films:
            film.entries = tuple(other for other in film.entries if other != entry_id)
        # The others of the film still wait for its jobs.
        self._films = [film for film in self._films if film.entries]

    def due(self) -> bool:
        """Whether a job should be looked at now."""
        return any(film.due <= time.monotonic() for film in self._films)

    def next_due(self) -> float | None:
        """Monotonic time of the next look, or None."""
        return min((film.due for film in self._films), default=None)

    def look(self, assoc: Any) -> None:
        """Ask for the jobs that are due, and decide on their films."""
        for film in [film for film in self._films if film.due <= time.monotonic()]:
            film.looks += 1
            film.due = time.monotonic() + min(_LONGEST_SECONDS, _FIRST_SECONDS * 2.0 ** min(film.looks, 10))
            states = [self._state(assoc, job) for job in film.jobs]
            if self._decided(film, states):
                self._films.remove(film)

    def _decided(self, film: _Film, states: Sequence[State | None]) -> bool:
        who = self._apparatus.ae_title
        entries = [
            entry
            for entry_id in film.entries
            if (entry := registry.by_entry(self._store, entry_id)) is not None and entry.state == "committing"
        ]
        if bad := _failures(states):
            registry.doubt(self._store, entries, _did_not_come_out(who, bad))
            return True
        left = [state for state in states if state is None or state[0] in _OPEN]
        if not left:
            # Printers forget what they have done, and what was done with it may be asked too late.
            unsaid = any(state is not None and not state[0] for state in states)
            came_of_it = "says nothing of the print job any more" if unsaid else "says that it is printed"
            registry.finish(self._store, entries, f"{who} {came_of_it}")
            return True
        if time.monotonic() < film.until:
            return False
        if doubtful := [_words(state) for state in left if not _prints(state)]:
            # What it does not say to have begun, nobody knows to be there, and nobody hears of it any more.
            text = f"{who} has not printed it within {self._apparatus.print_job_seconds:g} s: {doubtful[0]}."
            registry.doubt(
                self._store, entries, f"{text} Look at the printer: then finish the entry, or send it again."
            )
        else:
            silent = f"{who} prints it, does not say that it is done, and is not waited for any longer"
            registry.finish(self._store, entries, silent)
        return True

    def _follow(self, entries: tuple[str, ...], jobs: tuple[str, ...]) -> None:
        now = time.monotonic()
        self._films.append(_Film(entries, jobs, now + self._apparatus.print_job_seconds, now + _FIRST_SECONDS))

    def _state(self, assoc: Any, job: str) -> State | None:
        """Status of a job and why; None where nothing was answered, '' where the printer knows of it no more."""
        try:
            return self._told.pop(job, None) or job_state(assoc, job)
        except Lost:
            return None


def _prints(state: State | None) -> bool:
    return state is not None and state[0] == "PRINTING" and state[1] in _WELL


def _words(state: State | None) -> str:
    if state is None:
        return "no answer"
    status, info = state
    return status if info in _WELL else info


def _failures(states: Sequence[State | None]) -> list[str]:
    return [state[1] or "no reason given" for state in states if state is not None and state[0] == FAILURE]


def _did_not_come_out(who: str, reasons: Sequence[str]) -> str:
    said = "; ".join(dict.fromkeys(reasons))
    return (
        f"{who} says that the film did not come out: {said}. "
        "Look whether it is there: then finish the entry, or send it again."
    )


def _offered(assoc: Any) -> bool:
    return any(context.abstract_syntax == PrintJob for context in assoc.accepted_contexts)


__all__ = ["PrintJobs"]
