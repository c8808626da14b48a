"""Requests: asking for a better image, round by round, with pictures (R1-R7)."""

from __future__ import annotations

from typing import Any, ClassVar

from imgdash.dashboard.listing import Listing, Row, columns, picture
from imgdash.model import ASKS, REQUEST, NotFound, Request
from imgdash.model.codes import REASONS

_OPEN = ("proposed", "waiting", "sent", "accepted", "answered", "refused", "failed")
_EVENTS = {"accept": "accept", "again": "redirect", "modality": "redirect", "ris": "redirect", "withdraw": "withdraw"}


class Requests(Listing):
    """Every round of asking, open and ended."""

    name, title, icon = "requests", "Requests", "request"
    subjects: ClassVar = frozenset({"request", "image"})
    picks: ClassVar = "one"
    nothing: ClassVar = "No request. Ask for a better image with R in Review."
    tabs: ClassVar = [
        {"name": "open", "title": "Open"},
        {"name": "ended", "title": "Ended"},
        {"name": "all", "title": "All"},
    ]
    columns: ClassVar = columns(
        ("state", "state", "text"),
        ("round", "round", "number"),
        ("image", "image", "text", 22),
        ("patient", "patient", "text", 20),
        ("reason", "reason", "text", 34),
        ("asked", "asked for", "text", 40),
        ("peer", "of", "text"),
        ("by", "by", "text"),
        ("created", "made", "time"),
        ("answered", "answered", "time"),
        ("trouble", "trouble", "text", 60),
    )
    actions: ClassVar = [
        {"name": "accept", "label": "Send", "icon": "send", "style": "main", "title": "Send what was proposed"},
        {"name": "again", "label": "Ask again", "icon": "swap", "title": "To the same addressee"},
        {"name": "modality", "label": "Ask the modality", "icon": "request", "title": "Send it there instead"},
        {"name": "ris", "label": "Ask HIS/RIS", "icon": "orders", "title": "Send it there instead"},
        {"name": "withdraw", "label": "Withdraw", "icon": "cross", "style": "danger", "title": "Take it back"},
    ]

    def read(self, tab: str) -> list[Row]:
        """Requests of a view, latest first."""
        rows = []
        for request in self.session.apparatus.requests():
            if tab != "all" and (request.state in _OPEN) != (tab == "open"):
                continue
            image = self.session.apparatus.image(request.image_id)
            possible = frozenset(
                action
                for action, event in _EVENTS.items()
                if REQUEST.allows(request.state, event) and action != request.to
            )
            cells = (
                request.state, request.round, f"{image.number} · {image.title}", image.patient.name,
                _reason(request), ASKS[request.ask], request.peer, request.by, request.created_at,
                request.answered_at, request.trouble,
            )  # fmt: skip
            rows.append(Row(request.request_id, cells, possible, (request.image_id,)))
        return rows

    def act(self, action: str, row: Row) -> None:
        """One action on one request."""
        apparatus, actor = self.session.apparatus, self.session.actor
        if action == "accept":
            apparatus.accept_request(row.key, actor)
        elif action == "withdraw":
            apparatus.withdraw_request(row.key, actor)
        else:
            apparatus.redirect_request(row.key, actor, None if action == "again" else action)

    def pictures(self, row: Row) -> list[dict[str, Any]]:
        """Every round of the image, first to last, with what was asked about it."""
        asked = {request.image_id: request for request in self.session.apparatus.requests()}
        found = []
        for image in self.session.apparatus.history(row.images[0]):
            request = asked.get(image.image_id)
            lines = [f"round {image.round}"]
            if request is not None:
                lines.append(f"→ {request.peer}: {_reason(request)}")
            found.append(picture(image, self.session, *lines))
        return found

    def said(self, row: Row) -> str:
        """What was wanted, what the modality says it did, and what happened when."""
        request = next((one for one in self.session.apparatus.requests() if one.request_id == row.key), None)
        if request is None:
            raise NotFound("The request is no longer there.", "Choose another one.")
        lines = [f"{request.peer} was asked: {ASKS[request.ask]}", f"Reason: {_reason(request)}"]
        if request.comment:
            lines.append(f"Comment: {request.comment}")
        for title, values in (("Parameters wanted", request.parameters), ("Contents of processing", request.contents)):
            if values:
                lines += ["", title, *(f"  {name}: {value}" for name, value in values.items())]
        lines += ["", "What happened"]
        for line in reversed(self.session.apparatus.journal("request", row.key)):
            lines.append(f"  {line['at']:%H:%M:%S}  {line['event']}  by {line['by']}  {line['why']}")
        return "\n".join(lines)

    def badge(self) -> tuple[int, str] | None:
        """Open requests; those that need a person stand out."""
        states = [request.state for request in self.session.apparatus.requests()]
        need = sum(state in ("proposed", "refused", "failed") for state in states)
        return (need, "warn") if need else (sum(state in _OPEN for state in states), "accent")


def _reason(request: Request) -> str:
    code = REASONS.get(request.reason)
    return code.meaning if code else request.reason
