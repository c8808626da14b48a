"""The station itself (H1): what runs, who may use it, what happened."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

import psutil
import tomli_w

from imgdash.model import ROLES, Actor, Event, ImgdashError, NotAllowed
from imgdash.receive import Receivers
from imgdash.records.publish import Publisher
from imgdash.store.journal import lines

if TYPE_CHECKING:
    from imgdash.apparatus.apparatus import Apparatus

_SEARCHED: Final = ("id", "event", '"by"', "why", "data::varchar")


@dataclass(frozen=True)
class Process:
    """A process of the station and its resident memory in bytes."""

    pid: int
    what: str
    memory: int


@dataclass(frozen=True)
class Running:
    """How the station is.

    Attributes
    ----------
    receivers, receivers_wanted
        Receiver processes that run, and that should.
    workers, workers_died
        Worker processes, and how many died since the start.
    disk_free, disk_total, disk_minimum
        Bytes; below the minimum images are refused.
    publishing_trouble
        Why the records could not be published, or ''.
    problems
        Condition file → what is wrong with it.
    ended
        Parts of the apparatus that a fault has ended.
    """

    version: str
    started_at: datetime | None
    addresses: dict[str, tuple[str, int]]
    folder: str
    receivers: int
    receivers_wanted: int
    workers: int
    workers_died: int
    arriving: int
    processes: tuple[Process, ...]
    disk_free: int
    disk_total: int
    disk_minimum: int
    journal_bytes: int
    publishing_trouble: str
    problems: dict[str, str]
    ended: tuple[str, ...]

    @property
    def memory(self) -> int:
        """Of all processes together, bytes."""
        return sum(process.memory for process in self.processes)


@dataclass(frozen=True)
class Verified:
    """Whether the journal is as it was written.

    Attributes
    ----------
    lines
        How many were checked.
    trouble
        Where it was changed, or ''.
    """

    lines: int
    trouble: str
    remedy: str = ""

    @property
    def whole(self) -> bool:
        """Every line fits the one before it."""
        return not self.trouble


class Station:
    """What the System page calls."""

    def __init__(self, apparatus: Apparatus, receivers: Receivers, publisher: Publisher) -> None:
        self._apparatus = apparatus
        self._receivers = receivers
        self._publisher = publisher

    def running(self) -> Running:
        """How the station is now."""
        apparatus = self._apparatus
        settings = apparatus.site.station
        disk = shutil.disk_usage(apparatus.folder)
        pids = self._receivers.pids()
        processes = tuple(_processes({"receiver": pids, "worker": apparatus.workers.pids()}))
        return Running(
            version=version("imgdash"),
            started_at=apparatus.started_at,
            addresses=apparatus.addresses,
            folder=str(apparatus.folder),
            receivers=len(pids),
            receivers_wanted=settings.receivers,
            workers=settings.workers,
            workers_died=apparatus.workers.died,
            arriving=apparatus.arriving,
            processes=processes,
            disk_free=disk.free,
            disk_total=disk.total,
            disk_minimum=settings.minimum_free_mb << 20,
            journal_bytes=apparatus.store.journal.path.stat().st_size,
            publishing_trouble=self._publisher.trouble,
            problems=dict(apparatus.conditions.problems),
            # Receivers start again by themselves, and are counted above.
            ended=tuple(part for part, alive in apparatus.alive.items() if not alive and part != "receivers"),
        )

    def site_text(self, by: Actor) -> str:
        """The site file as it was written, or the settings in force where there is none."""
        by.require("view")
        file = self._apparatus.site_file
        if file is not None and file.exists():
            return file.read_text(encoding="utf-8")
        settings = self._apparatus.site.model_dump(mode="json", exclude_none=True, exclude={"folder"})
        return tomli_w.dumps(settings)

    # -- audit --------------------------------------------------------------------------------------------

    def audit(
        self, *, subject: str = "", by: str = "", text: str = "", before: int | None = None, limit: int = 500
    ) -> list[dict[str, Any]]:
        """Lines of the journal, latest first: seq, at, subject, id, event, by, why, data, hash.

        Parameters
        ----------
        text
            Looked for in id, event, person, reason and what was set.
        before
            Only lines with a smaller number: the next page.
        """
        found = " or ".join(f"contains(lower({column}), lower(?))" for column in _SEARCHED)
        return self._apparatus.store.query(
            f"select * from journal where (? = '' or subject = ?) and (? = '' or \"by\" = ?) "
            f"and (? = '' or {found}) and (?::bigint is null or seq < ?::bigint) order by seq desc limit ?",
            [subject, subject, by, by, text, *[text] * len(_SEARCHED), before, before, limit],
        )

    def audited(self) -> dict[str, list[str]]:
        """The subjects and persons that the journal knows, for its filters."""
        query = self._apparatus.store.query
        return {
            "subjects": [row["v"] for row in query("select distinct subject as v from journal order by v")],
            "by": [row["v"] for row in query('select distinct "by" as v from journal order by v')],
        }

    def refused(self, limit: int = 50) -> list[dict[str, Any]]:
        """Who was turned away, latest first: at, what it calls itself (maybe ''), host, whom it called, why."""
        return self._apparatus.store.query(
            "select \"at\", id as caller, data->>'host' as host, data->>'called' as called, why from journal "
            "where subject = 'peer' and event = 'refused' order by seq desc limit ?",
            [limit],
        )

    def verify(self) -> Verified:
        """Check the chain of the whole journal; reads all of it."""
        count = 0
        try:
            for _ in lines(self._apparatus.store.journal.path):
                count += 1
        except ImgdashError as error:
            return Verified(count, error.cause, error.remedy)
        return Verified(count, "")

    # -- users --------------------------------------------------------------------------------------------

    def users(self) -> list[Actor]:
        """Everybody who may log in."""
        return self._apparatus.users.all()

    def set_user(self, name: str, role: str, password: str, by: Actor) -> Actor:
        """Add a user, or give one a new role and password; without a password who is known keeps his.

        Raises
        ------
        NotAllowed
            If `by` is no manager, or the role or the user is above his own.
        """
        by.require("users")
        known = {user.name: user for user in self.users()}
        former = known.get(name)
        _not_above(by, role, former)
        if former and former.role != role:
            self._somebody_left(name, known)
        user = self._apparatus.users.add(name, role, password)
        self._journal(name, "change" if former else "add", by, {"role": role})
        return user

    def remove_user(self, name: str, by: Actor) -> None:
        """Remove a user; what he did stays in the journal under his name."""
        by.require("users")
        known = {user.name: user for user in self.users()}
        if name == by.name:
            raise NotAllowed("You cannot remove yourself.", "Let another manager do it.")
        if name in known:
            _not_above(by, known[name].role, known[name])
            self._somebody_left(name, known)
        self._apparatus.users.remove(name)
        self._journal(name, "remove", by, {})

    def _somebody_left(self, name: str, known: dict[str, Actor]) -> None:
        others = [user for user in known.values() if user.name != name]
        if known[name].may("users") and not any(user.may("users") for user in others):
            raise NotAllowed(f"{name} is the last who may change users.", "Make somebody else a manager first.")

    def _journal(self, name: str, event: str, by: Actor, data: dict[str, Any]) -> None:
        self._apparatus.store.write(lambda change: change.emit(Event("user", name, event, data, by.name)))


def _not_above(by: Actor, role: str, former: Actor | None) -> None:
    if role not in ROLES:
        raise ImgdashError(f"{role!r} is no role.", f"Roles are {', '.join(ROLES)}.")
    roles = {role, former.role if former else role}
    if any(ROLES.index(found) > ROLES.index(by.role) for found in roles if found in ROLES):
        raise NotAllowed(f"The {by.role} {by.name!r} may not give or take a higher role.", "A maker can.")


def _processes(children: Mapping[str, Sequence[int]]) -> list[Process]:
    """This process and those it started, by what each is for."""
    own = [("apparatus and page", os.getpid())]
    found = []
    for what, pid in [*own, *((what, pid) for what, pids in children.items() for pid in pids)]:
        with contextlib.suppress(psutil.Error):  # it ended meanwhile
            found.append(Process(pid, what, psutil.Process(pid).memory_info().rss))
    return found
