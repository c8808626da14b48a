"""The queue registration table (F3) as the output sees it: what is next, and each step of an entry.

Every function is one transaction. What is sent leaves the queue (F4); an image all of whose entries are done
is delivered (Fig. 4, S8).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from imgdash.model import NotAllowed, QueueEntry
from imgdash.store import rows, steps
from imgdash.store.change import Change
from imgdash.store.store import Reader, Store

_LONGEST_GRACE = timedelta(seconds=60)
# Images in these states may go out: what is postponed or was taken back does not (B2, E4).
_MAY_GO = ("confirmed", "delivered")


def waiting(store: Reader, apparatus: str, *, without: Collection[str] = (), limit: int = 1) -> list[QueueEntry]:
    """The next entries of a queue in the order of sending (F4), leaving out those in `without`.

    What was confirmed just now is not among them, as long as it may be taken back. A time further ahead than any
    grace was written by a clock that has been put back: it is not waited for.
    """
    now = datetime.now()
    found = store.query(
        "select * from queue where apparatus = ? and state = 'waiting' and not list_contains(?::varchar[], entry_id) "
        "and (priority or due_at is null or due_at <= ? or due_at > ?) order by position, entry_id limit ?",
        [apparatus, list(without), now, now + _LONGEST_GRACE, limit],
    )
    return [rows.entry(row) for row in found]


def grace_left(store: Reader, apparatus: str) -> float | None:
    """Seconds until the first entry that may still be taken back is due, or None."""
    now = datetime.now()
    found = store.query(
        "select min(due_at) as at from queue where apparatus = ? and state = 'waiting' and due_at > ? and due_at <= ?",
        [apparatus, now, now + _LONGEST_GRACE],
    )[0]["at"]
    return (found - now).total_seconds() if found else None


def in_state(store: Reader, apparatus: str, state: str) -> list[QueueEntry]:
    """Every entry of a queue in one state."""
    return store.queue("apparatus = ? and state = ?", [apparatus, state])


def by_entry(store: Reader, entry_id: str) -> QueueEntry | None:
    """One entry, or None."""
    found = store.queue("entry_id = ?", [entry_id])
    return found[0] if found else None


def take(store: Store, entries: Sequence[QueueEntry]) -> list[QueueEntry]:
    """Take entries for sending; those that were cancelled or held meanwhile are left out."""

    def change(change: Change) -> list[QueueEntry]:
        taken = []
        for entry in entries:
            state = _image_state(change, entry.image_id)
            try:
                # An entry may have been on its way when its image was rejected, and come back. Only a repeat is
                # archived as well (TG-305).
                if state not in _MAY_GO and not steps.rejected_as_repeat(change, entry.image_id):
                    change.transition("queue", entry.entry_id, "cancel", why=f"the image is {state}")
                    continue
                change.transition("queue", entry.entry_id, "take", trouble="", next_try_at=None)
            except NotAllowed:
                continue
            taken.append(entry)
        return taken

    return store.write(change)


def sent(store: Store, entry: QueueEntry, transaction_uid: str, **told: Any) -> None:
    """The storage has it; its commitment is asked for under `transaction_uid`.

    `told` is kept in the journal: as what it was sent, for rejection notes and later requests.
    """
    store.transition(
        "queue", entry.entry_id, "sent", why="stored", transaction_uid=transaction_uid, attempts=0, trouble="", **told
    )


def printing(store: Store, entries: Sequence[QueueEntry], jobs: str, why: str) -> None:
    """A printer has the images; it has not said yet that the film came out."""

    def change(change: Change) -> None:
        for entry in entries:
            change.transition("queue", entry.entry_id, "sent", why=why, transaction_uid=jobs, attempts=0, trouble="")

    store.write(change)


def sop_class_sent(store: Reader, entry: QueueEntry) -> str:
    """SOP Class UID under which an entry was sent, from the journal."""
    found = store.query(
        "select data ->> 'sop_class_uid' as uid from journal "
        "where subject = 'queue' and id = ? and event = 'sent' order by seq desc limit 1",
        [entry.entry_id],
    )
    return str(found[0]["uid"] or "") if found else ""


def asked(store: Store, entry: QueueEntry, transaction_uid: str, attempts: int) -> None:
    """Commitment is asked for once more, under a new Transaction UID."""
    store.set(
        "queue",
        entry.entry_id,
        why="asked again for commitment",
        transaction_uid=transaction_uid,
        attempts=attempts,
    )


def finish(store: Store, entries: Sequence[QueueEntry], why: str, **told: Any) -> None:
    """The apparatus has the image for good. `told` is kept in the journal, see `sent`."""

    def change(change: Change) -> None:
        for entry in entries:
            change.transition(
                "queue", entry.entry_id, "finish", why=why, trouble="", next_try_at=None, finished_at=change.at, **told
            )
        for image_id in dict.fromkeys(entry.image_id for entry in entries):
            steps.deliver_if_sent(change, image_id)

    store.write(change)


def again(store: Store, entry: QueueEntry, why: str, *, attempts: int, seconds: float = 0.0) -> None:
    """Back into the queue; `seconds` is what the page shows, the timer itself is monotonic."""
    store.transition(
        "queue",
        entry.entry_id,
        "retry",
        why=why,
        trouble=why,
        attempts=attempts,
        next_try_at=datetime.now() + timedelta(seconds=seconds) if seconds else None,
    )


def set_aside(store: Store, entry: QueueEntry, why: str, *, attempts: int) -> None:
    """Out of the way of the others, until a person retries or cancels it."""
    store.transition("queue", entry.entry_id, "fail", why=why, trouble=why, attempts=attempts, next_try_at=None)


def doubt(store: Store, entries: Sequence[QueueEntry], why: str) -> None:
    """Nobody knows whether the film came out."""

    def change(change: Change) -> None:
        for entry in entries:
            change.transition("queue", entry.entry_id, "doubt", why=why, trouble=why)

    store.write(change)


def note(store: Store, entry: QueueEntry, **columns: Any) -> None:
    """Set columns of an entry that stays where it is."""
    store.set("queue", entry.entry_id, **columns)


def settle(store: Store, image_id: str) -> None:
    """Deliver the image if nothing of it is left in any queue: after a person finished or cancelled an entry."""
    if steps.all_sent(store, image_id):
        store.write(lambda change: steps.deliver_if_sent(change, image_id))


def _image_state(store: Reader, image_id: str) -> str:
    found = store.find(image_id)
    return found.state if found else "missing"
