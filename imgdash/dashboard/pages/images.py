"""Image list: every image in order of receipt, to look for, open and change (D5, H2)."""

from __future__ import annotations

from typing import Any, ClassVar

from imgdash.dashboard.listing import Listing, Row, columns, picture
from imgdash.model import IMAGE

_MOST = 5000
_VIEWS = {
    "all": "state <> 'deleted'",
    "work": "state in ('awaiting', 'postponed')",
    "out": "state in ('confirmed', 'delivered')",
    "asked": "state in ('requested', 'replaced')",
    "bad": "state in ('rejected', 'quarantined')",
}
_EVENTS = {"confirm": "confirm", "postpone": "postpone", "resume": "resume", "restore": "restore", "delete": "delete"}


class Images(Listing):
    """All images, latest first."""

    name, title, icon = "images", "Image list", "list"
    subjects: ClassVar = frozenset({"image"})
    nothing: ClassVar = "No image here."
    tabs: ClassVar = [
        {"name": "all", "title": "All"},
        {"name": "work", "title": "To review"},
        {"name": "out", "title": "Confirmed"},
        {"name": "asked", "title": "Asked again"},
        {"name": "bad", "title": "Rejected, unreadable"},
    ]
    columns: ClassVar = columns(
        ("number", "no.", "number"),
        ("state", "state", "state"),
        ("patient", "patient", "text", 24),
        ("id", "patient ID", "text"),
        ("image", "image", "text", 20),
        ("modality", "modality", "text"),
        ("sender", "from", "text"),
        ("condition", "condition key", "text"),
        ("fit", "not fit because", "text", 40),
        ("round", "round", "number"),
        ("received", "received", "time"),
        ("accession", "accession", "text"),
    )
    actions: ClassVar = [
        {"name": "open", "label": "Open in Review", "icon": "review", "style": "main", "title": "Look at it"},
        {"name": "confirm", "label": "Confirm", "icon": "check", "title": "Good: to the output apparatus"},
        {"name": "postpone", "label": "Postpone", "icon": "clock", "title": "Not now"},
        {"name": "resume", "label": "Resume", "icon": "arriving", "title": "Review it after all"},
        {"name": "priority", "label": "Priority", "icon": "bolt", "title": "To the top of every queue"},
        {"name": "protect", "label": "Protect", "icon": "lock", "title": "Keep after transmission"},
        {"name": "restore", "label": "Restore", "icon": "undo", "title": "The rejection was a mistake"},
        {"name": "delete", "label": "Delete", "icon": "trash", "style": "danger", "title": "Its records stay"},
    ]

    def read(self, tab: str) -> list[Row]:
        """Images of a view, latest first."""
        found = self.session.apparatus.latest_images(_VIEWS[tab], _MOST)
        rows = []
        for image in found:
            possible = {action for action, event in _EVENTS.items() if IMAGE.allows(image.state, event)}
            possible |= {"open", "protect", "priority"}
            rules = ", ".join(dict.fromkeys(finding.rule for finding in image.judgement.findings))
            cells = (
                image.number, image.state, image.patient.name, image.patient.id, image.title, image.modality,
                image.sender, image.condition, rules, image.round, image.received_at, image.accession,
            )  # fmt: skip
            rows.append(Row(image.image_id, cells, frozenset(possible), (image.image_id,)))
        return rows

    def act(self, action: str, row: Row) -> None:
        """One action on one image."""
        apparatus, actor = self.session.apparatus, self.session.actor
        if action in ("priority", "protect"):
            image = apparatus.image(row.key)
            if action == "priority":
                apparatus.prioritise(row.key, actor, not image.priority)
            else:
                apparatus.protect(row.key, actor, not image.protected)
            return
        {
            "confirm": apparatus.confirm,
            "postpone": apparatus.postpone,
            "resume": apparatus.resume,
            "restore": apparatus.restore,
            "delete": apparatus.delete,
        }[action](row.key, actor)

    def _action(self, message: dict[str, str]) -> None:  # type: ignore[override]
        if message.get("action") == "open" and self.chosen:
            self.session.go("review", image=self.chosen[-1].key)
        else:
            super()._action(message)

    def pictures(self, row: Row) -> list[dict[str, Any]]:
        """Every round of the image."""
        rounds = self.session.apparatus.history(row.key)
        return [picture(image, self.session, f"round {image.round}") for image in rounds]

    def said(self, row: Row) -> str:
        """Information of the image, and its journal."""
        image = self.session.apparatus.image(row.key)
        lines = [f"{finding.rule}: {finding.text}" for finding in image.judgement.findings]
        lines += ["", f"SOP Instance UID {image.sop_instance_uid}", f"Image {image.image_id}", ""]
        for line in reversed(self.session.apparatus.journal("image", row.key)):
            lines.append(f"{line['at']:%d.%m. %H:%M:%S}  {line['event']}  by {line['by']}  {line['why']}")
        return "\n".join(lines)
