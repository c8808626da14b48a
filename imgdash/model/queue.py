"""A row of the queue registration table (F3) and of the journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class QueueEntry:
    """One image on its way to one output apparatus.

    Attributes
    ----------
    entry_id
        ``"<image_id>@<apparatus>#<n>"``: also the idempotency key of the output.
    position
        Sort key inside the queue: priority first, then order of registration (F4).
    output_uid
        SOP Instance UID of what is sent, fixed at registration so that a repeat is the same object.
    transaction_uid
        Of the latest storage commitment request; a new one at each try.
    due_at
        Not sent before: until then its confirmation can be taken back. None: at once.
    """

    entry_id: str
    image_id: str
    apparatus: str
    state: str
    position: float
    priority: bool = False
    output_uid: str = ""
    transaction_uid: str = ""
    attempts: int = 0
    next_try_at: datetime | None = None
    trouble: str = ""
    registered_at: datetime | None = None
    finished_at: datetime | None = None
    due_at: datetime | None = None


@dataclass(frozen=True)
class Event:
    """One line of the journal: what happened to what, by whom, and the columns it set.

    Attributes
    ----------
    subject, id
        ``image``/``order``/``queue``/``request``/``exposure``/``user``/``station`` and its key.
    event
        The lifecycle event, or ``set`` for a change without transition.
    data
        Column → new value of the subject's row.
    """

    subject: str
    id: str
    event: str
    data: Mapping[str, Any] = field(default_factory=dict)
    by: str = "imgdash"
    why: str = ""
    seq: int = 0
    at: datetime | None = None
