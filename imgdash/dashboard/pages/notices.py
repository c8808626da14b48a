"""Notices: what other machines are told of images, steps and rejections; what they refused can be told again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from imgdash.apparatus.told import SORTS, Message
from imgdash.dashboard.browsing import Browsing
from imgdash.dashboard.lists import Row, columns, fact, happened
from imgdash.dashboard.review.worklist import person
from imgdash.dashboard.theme import STATES
from imgdash.model import ImageHeader
from imgdash.model.codes import REASONS

KINDS: Final[Mapping[str, str]] = {
    "hl7": "state of an order (HL7)",
    "availability": "where it can be had (IAN)",
    "study": "state of a study",
    "mpps-create": "step begun (MPPS)",
    "mpps-set": "step changed (MPPS)",
    "rejection": "rejection (KOS)",
}
_REMEDIES: Final = {
    "waiting": "It is told as soon as the machine is there; what comes after it waits too.",
    "failed": "The machine would not hear it. Mend what it names, then tell it again.",
    "sent": "The machine was told.",
}


class Notices(Browsing):
    """Every message to every machine, the latest first."""

    name, title, icon = "notices", "Notices", "bell"
    subjects: ClassVar = frozenset({"notice", "note"})
    keyed: ClassVar = "notice"
    sorts: ClassVar = ("created_at", True)
    nothing: ClassVar = "Nobody was told anything yet. Who is told what, the site file says for each machine."
    keymap: Mapping[str, str] = {"/": "search", "s": "again"}
    tabs: ClassVar = [
        {"name": "open", "title": "To be told"},
        {"name": "person", "title": "Needs a person", "colour": "bad"},
        {"name": "over", "title": "Told"},
        {"name": "all", "title": "All"},
    ]
    fields: ClassVar = [
        {"name": "text", "kind": "search", "label": "Search", "text": "patient, ID, accession, machine, words …"},
        {"name": "machine", "kind": "select", "label": "Machine", "text": "every machine"},
        {"name": "kind", "kind": "select", "label": "Kind", "text": "everything"},
    ]
    columns: ClassVar = [
        {**column, "sort": column["name"] in SORTS}
        for column in columns(
            ("state", "state", "state"),
            ("created_at", "since", "time", 14),
            ("machine", "machine", "text", 16),
            ("kind", "what it is", "text", 24),
            ("what", "of what", "text", 36),
            ("image", "image", "text", 18, 2),
            ("patient", "patient", "text", 20, 1),
            ("attempts", "tries", "number"),
            ("sent_at", "told", "time", 14, 4),
            ("trouble", "in the way", "text", 40, 3),
        )
    ]
    actions: ClassVar = [
        {"name": "open", "label": "Open in Review", "icon": "review", "title": "Look at the image"},
        {"name": "again", "label": "Tell again", "icon": "swap", "style": "main",
         "title": "Once more, with a fresh count of tries"},
    ]  # fmt: skip

    # -- what is read -------------------------------------------------------------------------------------

    def look(self, tab: str, wanted: Mapping[str, Any]) -> tuple[list[Row], int]:
        """Messages of a view that fit the filters."""
        found = self.session.apparatus.told.look(view=tab, **wanted)
        return [self._row(message, found.images.get(message.image_id)) for message in found.messages], found.total

    def known(self) -> tuple[dict[str, list[list[str]]], dict[str, int]]:
        """Machines and kinds that occur, and messages of each view."""
        told = self.session.apparatus.told
        known = told.known()
        kinds = [[value, KINDS.get(value, value)] for value in known["kind"]]
        return {"machine": [[value, value] for value in known["machine"]], "kind": kinds}, told.views()

    def nothing_in(self, tab: str) -> str:
        """That nothing is in the way is good news."""
        good = {"open": "Every machine knows what it is to be told.", "person": "No machine refused to hear anything."}
        return good.get(tab, self.nothing)

    def _row(self, message: Message, image: ImageHeader | None) -> Row:
        possible = set()
        if message.state == "failed" and self.session.actor.may("queue"):
            possible.add("again")
        there = image is not None and image.state != "deleted"
        if there:
            possible.add("open")
        what = message.what
        if message.kind == "rejection" and what in REASONS:
            what = REASONS[what].meaning
        cells = (
            message.state, message.created_at, message.machine, KINDS.get(message.kind, message.kind), what,
            f"{image.number} · {image.title}" if image else "", person(image.patient.name) if image else "",
            message.attempts, message.sent_at, message.trouble,
        )  # fmt: skip
        face = {"subject": message.subject}
        return Row(message.key, cells, frozenset(possible), (message.image_id,) if there else (), face)

    # -- what a person does -------------------------------------------------------------------------------

    def _action(self, message: Mapping[str, Any]) -> None:
        rows = [row for row in self.chosen if message.get("action") in row.possible]
        if rows and message.get("action") == "open":
            self.session.go("review", image=rows[-1].images[-1])
        else:
            super()._action(message)

    def act(self, action: str, row: Row, *more: Any) -> None:
        """Tell one again."""
        self.session.apparatus.told.again(row.key, self.session.actor)

    # -- details ------------------------------------------------------------------------------------------

    def said(self, row: Row) -> str:
        """What happened to the message."""
        return happened(self.session.apparatus.journal(str(row.face["subject"]), row.key))

    def sections(self, row: Row) -> list[dict[str, Any]]:
        """The message, and what can be done about it."""
        state, created, machine, kind, what, image, patient, tries, sent, trouble = row.cells
        return [
            {"title": "Trouble" if trouble else "State", "rows": [
                fact("State", STATES[state][2]), *([fact("In the way", trouble)] if trouble else []),
                fact("What to do" if state == "failed" else "Meaning", _REMEDIES.get(state, "")),
            ]},
            {"title": "Message", "rows": [
                fact("To", machine), fact("What it is", kind), fact("Of what", what), fact("Since", created),
                fact("Tries", tries), fact("Told", sent),
            ]},
            {"title": "Image", "rows": [fact("Image", image), fact("Patient", patient)] if image else []},
        ]  # fmt: skip

    def badge(self) -> tuple[int, str] | None:
        """What was refused, else what waits."""
        views = self.session.apparatus.told.views()
        return (views["person"], "bad") if views["person"] else (views["open"], "accent")


__all__ = ["KINDS", "Notices"]
