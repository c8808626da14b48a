"""What other machines are told of images and steps (D4, R5, R9), and what they would not hear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from imgdash.model import Actor, ImageHeader
from imgdash.store.store import Store

# Notices, and rejection notes beside them: who is told does not care which of our tables it stands in.
_ALL: Final = """
(select key, subject, kind, machine, coalesce(what, '') as what, coalesce(image_id, '') as image_id, state,
    coalesce(attempts, 0) as attempts, coalesce(trouble, '') as trouble, created_at, place, sent_at
 from (select notice_id as key, 'notice' as subject, kind, machine, what, image_id, state, attempts, trouble,
        created_at, place, sent_at from notice
    union all
    select note_id, 'note', 'rejection', apparatus, reason, image_id, state, attempts, trouble,
        created_at, 0, sent_at from note)) told
"""
VIEWS: Final[Mapping[str, str]] = {
    "open": "told.state = 'waiting'",
    "person": "told.state = 'failed'",
    "over": "told.state = 'sent'",
    "all": "true",
}
SORTS: Final[Mapping[str, str]] = {
    name: name for name in ("state", "machine", "kind", "attempts", "created_at", "sent_at")
}
_TEXT: Final = """
contains(lower(concat_ws(' ', told.machine, told.what, told.trouble, image.patient_name, image.patient_id,
    image.accession, told.image_id)), lower(?))
"""


@dataclass(frozen=True)
class Message:
    """One thing that one machine is told.

    Attributes
    ----------
    subject
        ``notice`` or ``note``: in the journal.
    kind
        ``hl7``, ``availability``, ``study``, ``mpps-create``, ``mpps-set`` or ``rejection``.
    what
        In words; of a rejection the code value of its reason.
    """

    key: str
    subject: str
    kind: str
    machine: str
    what: str
    image_id: str
    state: str
    attempts: int
    trouble: str
    created_at: datetime | None
    sent_at: datetime | None


@dataclass(frozen=True)
class Messages:
    """A page of messages, how many there are in all, and the images they are about."""

    messages: list[Message]
    total: int
    images: Mapping[str, ImageHeader]


class Told:
    """Notices, as `imgdash.request.notices` keeps and sends them, and rejection notes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def notices(
        self, *, state: str | None = None, image_id: str | None = None, limit: int = 500
    ) -> list[dict[str, Any]]:
        """Latest first: notice_id, kind, machine, what, image_id, state, attempts, trouble, created_at, sent_at.

        Parameters
        ----------
        state
            ``waiting``, ``sent``, or ``failed``: those need a person.
        """
        columns = "notice_id, kind, machine, what, image_id, state, attempts, trouble, created_at, sent_at"
        where = "(? is null or state = ?) and (? is null or image_id = ?)"
        return self._store.query(
            f"select {columns} from notice where {where} order by created_at desc, place desc limit ?",
            [state, state, image_id, image_id, limit],
        )

    def counts(self) -> dict[str, int]:
        """State → how many notices."""
        found = {
            row["state"]: row["n"] for row in self._store.query("select state, count(*) n from notice group by all")
        }
        return {state: found.get(state, 0) for state in ("waiting", "sent", "failed")}

    def views(self) -> dict[str, int]:
        """Name of each view of `look` → how many messages it has."""
        counted = ", ".join(f'count(*) filter ({where}) as "{name}"' for name, where in VIEWS.items())
        (found,) = self._store.query(f"select {counted} from {_ALL}")
        return {name: int(found[name]) for name in VIEWS}

    def known(self) -> dict[str, list[str]]:
        """Machines and kinds that occur."""
        return {
            name: [row["value"] for row in self._store.query(f"select distinct {name} as value from {_ALL} order by 1")]
            for name in ("machine", "kind")
        }

    def look(
        self,
        *,
        view: str = "all",
        text: str = "",
        machine: str = "",
        kind: str = "",
        sort: str = "created_at",
        down: bool = True,
        offset: int = 0,
        limit: int = 200,
    ) -> Messages:
        """Messages of a view (`VIEWS`) that fit, in the order of a column (`SORTS`)."""
        where = f"{VIEWS[view]} and (? = '' or told.machine = ?) and (? = '' or told.kind = ?) and (? = '' or {_TEXT})"
        joined = f"{_ALL} left join image using (image_id) where {where}"
        values = [machine, machine, kind, kind, text, text]
        total = self._store.query(f"select count(*) as n from {joined}", values)[0]["n"]
        direction = "desc" if down else "asc"
        columns = ", ".join(f"told.{field.name}" for field in fields(Message))
        found = self._store.query(
            f"select {columns} from {joined} order by told.{SORTS[sort]} {direction} nulls last, "
            f"told.created_at {direction}, told.place {direction}, told.key limit ? offset ?",
            [*values, limit, offset],
        )
        messages = [Message(**row) for row in found]
        ids = list({message.image_id for message in messages if message.image_id})
        images = self._store.images("list_contains(?::varchar[], image_id)", [ids]) if ids else []
        return Messages(messages, int(total), {image.image_id: image for image in images})

    def again(self, key: str, by: Actor) -> None:
        """Tell again what a machine had refused to hear: a notice, or a rejection note.

        Raises
        ------
        NotAllowed
            If `by` has not the right, or it was not refused.
        """
        by.require("queue")
        subject = "note" if self._store.query("select 1 from note where note_id = ?", [key]) else "notice"
        self._store.transition(subject, key, "resume", by, "by hand", attempts=0, answers=0, trouble="")


__all__ = ["SORTS", "VIEWS", "Message", "Messages", "Told"]
