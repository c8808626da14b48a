"""The queue registration table (F3): entries made at confirmation, and what a person does with them (H2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Final

from pydicom.uid import generate_uid

from imgdash.config import Site
from imgdash.model import Actor, Event, ImageHeader, NotAllowed, NotFound, QueueEntry
from imgdash.store import rows, steps
from imgdash.store.change import Change
from imgdash.store.store import Store

# Emergency images stand before all others, in order of registration among themselves (B2, F4).
_PRIORITY: Final = 1e9
# Closer neighbours than this are spread out again before another entry is put between them.
_CLOSEST: Final = 1e-4
_NOT_SENT: Final = ("waiting", "held", "failed", "cancelled")


def place(sequence: float, priority: bool) -> float:
    """Sort key of a new entry from its journal number."""
    return sequence - _PRIORITY if priority else sequence


def register(
    change: Change, header: ImageHeader, names: Iterable[str], by: str, sequence: int, grace_s: float = 0
) -> list[QueueEntry]:
    """One entry for each output apparatus; what is sent for it has its SOP Instance UID from now on.

    Parameters
    ----------
    grace_s
        Seconds before it may be sent; an emergency does not wait.
    """
    entries = []
    due_at = change.at + timedelta(seconds=grace_s) if grace_s and not header.priority else None
    former = Counter(
        row["apparatus"] for row in change.query("select apparatus from queue where image_id = ?", [header.image_id])
    )
    for offset, name in enumerate(names):
        former[name] += 1
        entry = QueueEntry(
            entry_id=f"{header.image_id}@{name}#{former[name]}",
            image_id=header.image_id,
            apparatus=name,
            state="waiting",
            position=place(sequence + offset / 1000, header.priority),
            priority=header.priority,
            output_uid=generate_uid(prefix=None),
            registered_at=change.at,
            due_at=due_at,
        )
        change.emit(Event("queue", entry.entry_id, "register", rows.entry_columns(entry), by))
        entries.append(entry)
    return entries


def sent_to(change: Change, image_id: str) -> list[str]:
    """Output apparatus that have, or may have, something of this image."""
    entries = change.queue("image_id = ?", [image_id])
    return sorted({entry.apparatus for entry in entries if entry.state not in _NOT_SENT})


class Queueing:
    """What a person may do with queues and their entries; each is one transaction."""

    store: Store
    site: Site

    def queue_hold(self, entry_id: str, actor: Actor) -> None:
        """Keep an entry back until it is released."""
        self._entry(entry_id, "hold", actor)

    def queue_release(self, entry_id: str, actor: Actor) -> None:
        """Let a held entry go."""
        self._entry(entry_id, "release", actor)

    def queue_retry(self, entry_id: str, actor: Actor) -> None:
        """Send again what failed or is uncertain, with a fresh count of attempts."""
        actor.require("queue")

        def change_(change: Change) -> None:
            state = self._find(change, entry_id).state
            if state not in ("failed", "uncertain"):
                # What is on its way would go out twice.
                raise NotAllowed(f"The entry is {state!r}.", "Only what failed or is uncertain can be sent again.")
            change.transition(
                "queue", entry_id, "retry", actor.name, "by hand", attempts=0, next_try_at=None, trouble=""
            )

        self.store.write(change_)

    def queue_finish(self, entry_id: str, actor: Actor) -> None:
        """Say of an uncertain entry that it did arrive: the film is there."""
        actor.require("queue")

        def change_(change: Change) -> None:
            if self._find(change, entry_id).state != "uncertain":
                raise NotAllowed("Only an uncertain entry can be said to have arrived.", "Send or cancel this one.")
            change.transition(
                "queue", entry_id, "finish", actor.name, "seen to have arrived", finished_at=change.at, trouble=""
            )
            steps.deliver_if_sent(change, self._find(change, entry_id).image_id, actor.name)

        self.store.write(change_)

    def queue_cancel(self, entry_id: str, actor: Actor) -> None:
        """Take an entry out of its queue."""
        actor.require("queue")

        def change_(change: Change) -> None:
            change.transition("queue", entry_id, "cancel", actor.name, "by hand", finished_at=change.at)
            steps.deliver_if_sent(change, self._find(change, entry_id).image_id, actor.name)

        self.store.write(change_)

    def queue_move(self, entry_id: str, before: str | None, actor: Actor, behind: str | None = None) -> None:
        """Put an entry before another one of the same queue, or behind one, or at the end (H2).

        Parameters
        ----------
        before, behind
            Another `entry_id`; None for both for the end. Priority entries stay in front of all others, so moving
            beyond that border changes nothing but the order on its own side.
        """

        def found(change: Change, group: list[QueueEntry], _: int) -> int:
            if behind is not None:
                # Whatever follows it in the queue by now: it need not be what somebody saw.
                index = self._index(change, group, behind)
                return index + (index < len(group) and group[index].entry_id == behind)
            return len(group) if before is None else self._index(change, group, before)

        self._move(entry_id, actor, found)

    def queue_step(self, entry_id: str, steps: int, actor: Actor) -> None:
        """Move an entry by so many places, towards the front where negative, among what waits with its priority."""
        self._move(entry_id, actor, lambda _, group, now: min(max(now + steps, 0), len(group)))

    def _move(self, entry_id: str, actor: Actor, found: Callable[[Change, list[QueueEntry], int], int]) -> None:
        """`found` tells the place among the others that wait with its priority, from these and the place it has."""
        actor.require("queue")

        def change_(change: Change) -> None:
            entry = self._find(change, entry_id)
            waiting = change.queue("apparatus = ? and state in ('waiting', 'held')", [entry.apparatus])
            same = [other for other in waiting if other.priority == entry.priority]
            group = [other for other in same if other.entry_id != entry_id]
            if entry.state not in ("waiting", "held"):
                raise NotAllowed(f"The entry is {entry.state!r}.", "Only what waits has a place in the order.")
            now = [other.entry_id for other in same].index(entry_id)
            if (index := found(change, group, now)) == now and group:
                return
            position = self._between(change, group, index, actor.name)
            change.set("queue", entry_id, actor.name, "moved in the queue", position=position)

        self.store.write(change_)

    def queue_switch(self, apparatus: str, on: bool, actor: Actor) -> None:
        """Switch an output apparatus on or off; off, its queue grows and nothing is sent."""
        actor.require("queue")
        name = self.site.output(apparatus).name
        why = f"{name} switched {'on' if on else 'off'}"
        self.store.set("preference", steps.switch(name), actor, why, value=not on)

    def _entry(self, entry_id: str, event: str, actor: Actor) -> None:
        actor.require("queue")
        self.store.transition("queue", entry_id, event, actor, "by hand")

    @staticmethod
    def _find(change: Change, entry_id: str) -> QueueEntry:
        found = change.queue("entry_id = ?", [entry_id])
        if not found:
            raise NotFound(f"No queue entry {entry_id!r}.", "The Queues page shows what is there.")
        return found[0]

    def _index(self, change: Change, group: list[QueueEntry], before: str) -> int:
        for index, other in enumerate(group):
            if other.entry_id == before:
                return index
        target = self._find(change, before)
        # A priority entry stands before every ordinary one, an ordinary one behind every priority one.
        return len(group) if not target.priority else 0

    @staticmethod
    def _between(change: Change, group: list[QueueEntry], index: int, by: str) -> float:
        if not group:
            raise NotAllowed("There is nothing else in this queue to move it around.")
        if index == 0:
            return group[0].position - 1
        if index == len(group):
            return group[-1].position + 1e-3
        low, high = group[index - 1].position, group[index].position
        if high - low > _CLOSEST:
            return (low + high) / 2
        # The ones behind make room; a position is only a sort key.
        for other in group[index:]:
            change.set("queue", other.entry_id, by, "made room in the queue", position=other.position + 1)
        return low + 0.5
