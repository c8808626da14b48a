"""Queues: one for each output apparatus, what waits in it, what went wrong, and what can be done (F2-F4, H2)."""

from __future__ import annotations

from typing import ClassVar

from imgdash.dashboard.listing import Listing, Row, columns
from imgdash.model import QUEUE

# Lifecycle event behind each action of the bar.
_EVENTS = {"hold": "hold", "release": "release", "again": "retry", "arrived": "finish", "cancel": "cancel"}


class Queues(Listing):
    """The queue registration table, a view for each apparatus."""

    name, title, icon = "queues", "Queues", "queue"
    subjects: ClassVar = frozenset({"queue", "preference"})
    nothing: ClassVar = "This queue is empty: everything confirmed for it was sent."
    columns: ClassVar = columns(
        ("place", "place", "number"),
        ("state", "state", "text"),
        ("image", "image", "text", 26),
        ("patient", "patient", "text", 24),
        ("priority", "priority", "text"),
        ("attempts", "tries", "number"),
        ("registered", "registered", "time"),
        ("next", "next try", "time"),
        ("trouble", "what is in the way", "text", 90),
    )
    actions: ClassVar = [
        {"name": "up", "label": "First", "icon": "arriving", "title": "Before all others of its kind"},
        {"name": "hold", "label": "Hold", "icon": "pause", "title": "Keep back"},
        {"name": "release", "label": "Release", "icon": "send", "title": "Let go"},
        {"name": "again", "label": "Send again", "icon": "swap", "title": "Try once more"},
        {"name": "arrived", "label": "It is there", "icon": "check", "title": "The film was printed after all"},
        {"name": "cancel", "label": "Cancel", "icon": "cross", "style": "danger", "title": "Take out of the queue"},
        {"name": ">"},
        {"name": "switch", "label": "Apparatus on/off", "icon": "system", "title": "Switched off, its queue waits"},
    ]

    def all_tabs(self) -> list[dict[str, str]]:
        """A view for each output apparatus."""
        return [
            {"name": apparatus.name, "title": apparatus.name} for apparatus in self.session.apparatus.site.apparatus
        ]

    def read(self, tab: str) -> list[Row]:
        """Entries in the order of sending."""
        queue = self.session.apparatus.queues().get(tab)
        if queue is None:
            return []
        ids = [entry.image_id for entry in queue.entries]
        images = {
            image.image_id: image
            for image in self.session.apparatus.images(where="list_contains(?, image_id)", params=[ids])
        }
        rows = []
        for place, entry in enumerate(queue.entries, 1):
            image = images[entry.image_id]
            possible = {action for action, event in _EVENTS.items() if QUEUE.allows(entry.state, event)}
            if entry.state in ("waiting", "held"):
                possible.add("up")
            cells = (
                place, entry.state, f"{image.number} · {image.title}", image.patient.name,
                "priority" if entry.priority else "", entry.attempts, entry.registered_at, entry.next_try_at,
                entry.trouble,
            )  # fmt: skip
            rows.append(Row(entry.entry_id, cells, frozenset(possible), (entry.image_id,)))
        return rows

    def summary(self, tab: str) -> str:
        """On or off, and how much was done."""
        queue = self.session.apparatus.queues().get(tab)
        if queue is None:
            return "The site file names no output apparatus."
        counted = ", ".join(f"{count} {state}" for state, count in sorted(queue.counts.items()))
        return f"{'on' if queue.on else 'SWITCHED OFF: nothing is sent'} · {counted or 'nothing yet'}"

    def act(self, action: str, row: Row) -> None:
        """One action on one entry."""
        apparatus, actor = self.session.apparatus, self.session.actor
        if action == "up":
            first = self._rows[0].key
            if first != row.key:
                apparatus.queue_move(row.key, first, actor)
            return
        {
            "hold": apparatus.queue_hold,
            "release": apparatus.queue_release,
            "again": apparatus.queue_retry,
            "arrived": apparatus.queue_finish,
            "cancel": apparatus.queue_cancel,
        }[action](row.key, actor)

    def _possible(self) -> None:
        super()._possible()
        self.bar.enabled = [*self.bar.enabled, "switch"]

    def _action(self, message: dict[str, str]) -> None:  # type: ignore[override]
        if message.get("action") != "switch":
            super()._action(message)
            return
        name, apparatus, actor = self.head.current, self.session.apparatus, self.session.actor
        self.session.run(lambda: apparatus.queue_switch(name, not apparatus.queues()[name].on, actor))

    def said(self, row: Row) -> str:
        """The history of the entry."""
        lines = [
            f"{line['at']:%H:%M:%S}  {line['event']}  {line['why']}"
            for line in reversed(self.session.apparatus.journal("queue", row.key))
        ]
        return "\n".join([row.key, "", *lines])

    def badge(self) -> tuple[int, str] | None:
        """What failed or is uncertain, else what waits."""
        queues = self.session.apparatus.queues().values()
        wrong = sum(queue.counts.get("failed", 0) + queue.counts.get("uncertain", 0) for queue in queues)
        if wrong:
            return wrong, "bad"
        return sum(queue.counts.get("waiting", 0) + queue.counts.get("held", 0) for queue in queues), "accent"
