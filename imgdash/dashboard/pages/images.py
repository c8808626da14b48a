"""Image list: every image in order of receipt, to look for, open and change (D5, H2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from imgdash.apparatus.search import IMAGE_SORTS
from imgdash.confirm.changing import OPEN_TO_CHANGE
from imgdash.dashboard.browsing import Browsing
from imgdash.dashboard.lists import Row, columns, fact, happened, picture
from imgdash.dashboard.review import facts, questions
from imgdash.dashboard.review.worklist import person
from imgdash.model import IMAGE, Condition, ImageHeader, NotFound, Request

_VIEWS: dict[str, tuple[str, ...]] = {
    "all": (),
    "work": ("awaiting", "postponed"),
    "out": ("confirmed", "delivered"),
    "asked": ("requested", "replaced"),
    "bad": ("rejected", "quarantined"),
    "gone": ("deleted",),
}
# Action → event of the lifecycle, and the right it needs.
_EVENTS = {name: name for name in ("confirm", "undo", "postpone", "resume", "reject", "restore", "delete")}
_ALWAYS = {"protect": "protect", "priority": "prioritise"}


class Images(Browsing):
    """All images, latest first."""

    name, title, icon = "images", "Image list", "list"
    subjects: ClassVar = frozenset({"image", "queue", "holding"})
    keyed: ClassVar = "image"
    nothing: ClassVar = "No image here."
    keymap: Mapping[str, str] = {
        "/": "search", " ": "confirm", "z": "undo", "p": "postpone", "e": "priority", "k": "protect", "x": "reject",
        "h": "tags",
    }  # fmt: skip
    tabs: ClassVar = [
        {"name": "all", "title": "All"},
        {"name": "work", "title": "To review"},
        {"name": "out", "title": "Confirmed"},
        {"name": "asked", "title": "Asked again"},
        {"name": "bad", "title": "Rejected, unreadable"},
        {"name": "gone", "title": "Deleted"},
    ]
    fields: ClassVar = [
        {"name": "text", "kind": "search", "label": "Search", "text": "patient, ID, accession"},
        {"name": "modality", "kind": "select", "label": "Modality", "text": "every modality"},
        {"name": "sender", "kind": "select", "label": "Sender", "text": "every sender"},
        {"name": "fitness", "kind": "select", "label": "Judgement", "text": "fit or not"},
        {"name": "begin", "kind": "date", "label": "Received from", "text": "from"},
        {"name": "end", "kind": "date", "label": "Received until", "text": "to"},
    ]
    columns: ClassVar = [
        {**column, "sort": column["name"] in IMAGE_SORTS}
        for column in columns(
            ("number", "no.", "number"),
            ("received", "received", "time", 14),
            ("state", "state", "state"),
            ("patient", "patient", "text", 22),
            ("id", "patient ID", "text", 14, 1),
            ("image", "image", "text", 18),
            ("modality", "mod.", "text", 6, 7),
            ("sender", "from", "text", 14, 6),
            ("condition", "condition key", "text", 18, 5),
            ("fit", "not fit because", "text", 24, 2),
            ("queued", "queues", "text", 30, 4),
            ("marks", "marks", "text", 24, 3),
            ("round", "round", "number", 6, 8),
            ("accession", "accession", "text", 16, 9),
        )
    ]
    actions: ClassVar[list[dict[str, Any]]] = [
        {"name": "open", "label": "Open in Review", "icon": "review", "style": "main", "title": "Look at it"},
        {"name": "confirm", "label": "Confirm", "icon": "check", "title": "Good: to the output apparatus"},
        {"name": "undo", "label": "Undo", "icon": "undo", "title": "Not confirmed after all", "wide": True},
        {"name": "postpone", "label": "Postpone", "icon": "clock", "title": "Not now", "style": "later"},
        {"name": "resume", "label": "Resume", "icon": "arriving", "title": "Review it after all", "wide": True},
        {"name": "priority", "label": "Emergency", "icon": "bolt", "title": "To the top of every queue", "wide": True},
        {"name": "protect", "label": "Protect", "icon": "lock", "title": "Keep after transmission", "wide": True},
        {"name": "route", "label": "Route", "icon": "send", "title": "To which output apparatus"},
        {"name": "tags", "label": "Header", "icon": "tags", "title": "Every attribute", "wide": True},
        {"name": ">"},
        {"name": "reject", "label": "Reject", "icon": "cross", "title": "Not to be used", "style": "danger"},
        {"name": "restore", "label": "Restore", "icon": "undo", "title": "The rejection was a mistake", "wide": True},
        {"name": "delete", "label": "Delete", "icon": "trash", "style": "danger", "title": "Its records stay",
         "wide": True},
    ]  # fmt: skip

    def look(self, tab: str, wanted: Mapping[str, Any]) -> tuple[list[Row], int]:
        """Images of a view that fit the filters."""
        asked = dict(wanted)
        fitness = asked.pop("fitness", "")
        found = self.session.apparatus.search.images(
            **asked, states=_VIEWS[tab], unfit={"unfit": True, "fit": False}.get(fitness)
        )
        return [self._row(image, found.queued.get(image.image_id, {})) for image in found.images], found.total

    def known(self) -> tuple[dict[str, list[list[str]]], dict[str, int]]:
        """Modalities and senders that occur, and images of each view."""
        search = self.session.apparatus.search
        choices = {name: [[value, value] for value in values] for name, values in search.known().items()}
        counts = search.image_counts()
        views = {tab: sum(counts.get(state, 0) for state in states) for tab, states in _VIEWS.items()}
        views["all"] = sum(count for state, count in counts.items() if state != "deleted")
        return {**choices, "fitness": [["unfit", "not fit"], ["fit", "fit"]]}, views

    def _row(self, image: ImageHeader, queued: Mapping[str, str]) -> Row:
        may = self.session.actor.may
        possible = {name for name, event in _EVENTS.items() if IMAGE.allows(image.state, event) and may(name)}
        if image.state != "deleted":
            possible |= {"open", "tags", *(name for name, right in _ALWAYS.items() if may(right))}
        if image.state in OPEN_TO_CHANGE and may("route"):
            possible.add("route")
        rules = ", ".join(dict.fromkeys(finding.rule for finding in image.judgement.findings))
        if image.state == "rejected":
            # What a person had against it counts more than what the station found.
            rules = questions.meaning(image.reason)
        marks = [word for word, on in (("emergency", image.priority), ("protected", image.protected)) if on]
        marks += [f"open at {image.held_by}"] if image.held_by else []
        cells = (
            image.number, image.received_at, image.state, person(image.patient.name), image.patient.id,
            image.title, image.modality, image.sender, image.condition, rules,
            " · ".join(f"{name} {state}" for name, state in queued.items()),
            ", ".join(marks), image.round_number, image.accession,
        )  # fmt: skip
        return Row(image.image_id, cells, frozenset(possible), (image.image_id,) if image.state != "deleted" else ())

    # -- actions ------------------------------------------------------------------------------------------

    def act(self, action: str, row: Row, *more: Any) -> None:
        """One action on one image."""
        apparatus, actor, image_id = self.session.apparatus, self.session.actor, row.key
        if action == "priority":
            apparatus.prioritise(image_id, actor, more[0])
        elif action == "protect":
            apparatus.protect(image_id, actor, more[0])
        elif action == "route":
            apparatus.adjust(image_id, actor, outputs=more[0])
        elif action == "reject":
            apparatus.reject(image_id, actor, *more)
        elif action == "confirm":
            apparatus.confirm(image_id, actor, grace_s=apparatus.site.station.undo_s)
        else:
            {
                "undo": apparatus.undo,
                "postpone": apparatus.postpone,
                "resume": apparatus.resume,
                "restore": apparatus.restore,
                "delete": apparatus.delete,
            }[action](image_id, actor)

    def done(self, action: str, rows: Sequence[Row]) -> None:
        """Confirmed images can be taken back for a while."""
        if action != "confirm":
            return
        station = self.session.apparatus.site.station
        keys, images = (
            {row.key for row in rows},
            f"{len(rows)} images" if len(rows) > 1 else f"Image {rows[0].cells[0]}",
        )

        def undo() -> None:
            self.carry_out("undo", [row for row in self._rows if row.key in keys])

        self.session.tell(
            f"{images} confirmed.", "success", does={"Undo": undo}, seconds=station.undo_s or None, about="confirm"
        )

    def _action(self, message: Mapping[str, Any]) -> None:
        action = str(message.get("action", ""))
        rows = [row for row in self.chosen if action in row.possible]
        if not rows:
            return
        if action == "tags":
            self.session.tags(rows[-1].key)
        elif action == "open":
            self.session.go("review", image=rows[-1].key)
        elif action in _ALWAYS:
            # One switch for all of them: on, unless all have it. What the list shows of a single one may be old.
            word = {"priority": "emergency", "protect": "protected"}[action]
            every = all(word in row.cells[_MARKS].split(", ") for row in rows)
            self.carry_out(action, rows, None if len(rows) == 1 else not every)
        elif action in ("route", "reject", "delete"):
            self.session.run(lambda: self._question(action, rows), lambda fields: self._asks(action, rows, fields))
        else:
            self.carry_out(action, rows)

    def _question(self, action: str, rows: list[Row]) -> list[dict[str, Any]]:
        apparatus = self.session.apparatus
        image = apparatus.image(rows[-1].key)
        if action == "reject":
            return questions.reject(image)
        if action == "delete":
            return []
        condition = _condition(self, image)
        chosen = apparatus.site.destinations(image.outputs, condition.outputs if condition else ())
        options = [[output.name, output.name, output.kind] for output in apparatus.site.apparatus]
        return [{"name": "outputs", "kind": "ticks", "label": "Goes to", "value": list(chosen), "options": options}]

    def _asks(self, action: str, rows: list[Row], fields: list[dict[str, Any]]) -> None:
        many = f"{len(rows)} images" if len(rows) > 1 else f"image {rows[0].cells[0]}"
        who = f"{rows[0].cells[_NAME]} · {rows[0].cells[_IMAGE]}" if len(rows) == 1 else ""
        self._asked_rows = rows
        title, word = {
            "route": (f"Output apparatus of {many}", "Set"),
            "reject": (f"Reject {many}", "Reject"),
            "delete": (f"Delete {many}?", "Delete"),
        }[action]
        if action == "delete":
            who = f"{who}. " if who else ""
            who += "Pixels and what was made from them are removed; the records stay. This cannot be undone."
        self.ask(action, title, who, fields, word)

    def answered(self, kind: str, values: Mapping[str, Any]) -> None:
        """A question was answered: do it."""
        more: tuple[Any, ...] = ()
        if kind == "route":
            more = (tuple(str(name) for name in values.get("outputs", ())),)
        elif kind == "reject":
            more = tuple(str(values.get(name, "")) for name in ("reason", "comment", "kind"))
        self.carry_out(kind, self._asked_rows, *more)

    def _edit(self, message: Mapping[str, Any]) -> None:
        if "edit" not in message:
            return
        apparatus, actor, image_id = self.session.apparatus, self.session.actor, str(message.get("image", ""))
        change = {str(message["edit"]): str(message.get("value", ""))}
        self.session.run(lambda: apparatus.edit(image_id, actor, **change), lambda _: self.about())

    # -- details ------------------------------------------------------------------------------------------

    def pictures(self, row: Row) -> list[dict[str, Any]]:
        """Every round of the image."""
        if not row.images:
            return []
        rounds = [image for image in self.session.apparatus.history(row.key) if image.state != "deleted"]
        return [picture(image, self.session, f"round {image.round_number}") for image in rounds]

    def said(self, row: Row) -> str:
        """The journal of the image."""
        return happened(self.session.apparatus.journal("image", row.key))

    def sections(self, row: Row) -> list[dict[str, Any]]:
        """Judgement, queues, rounds; then what is known of patient, image, order, exposure."""
        apparatus = self.session.apparatus
        image = apparatus.image(row.key)
        order = apparatus.search.order(image.order_id) if image.order_id else None
        findings = [fact(finding.rule, finding.text) for finding in image.judgement.findings]
        judged = findings or [fact("Fit", "for storage and film")]
        if image.state == "rejected":
            why = ": ".join(filter(None, (questions.meaning(image.reason), image.comment)))
            judged = [fact("Rejected", why, missing=True), *judged]
        entries = [
            fact(entry.apparatus, " · ".join(filter(None, (entry.state, entry.trouble))))
            for entry in apparatus.search.entries(row.key)
        ]
        rounds = [fact(f"Round {request.round}", _asked(request)) for request in apparatus.search.asked(row.key)]
        found = [
            {"title": "Judgement", "rows": judged},
            {"title": "Goes to", "rows": entries},
            {"title": "Requests", "rows": rounds},
            *facts.sections(image, _condition(self, image), order, apparatus.site),
            {"title": "Identity", "rows": [
                fact("SOP Instance UID", image.sop_instance_uid), fact("Study", image.study_uid),
                fact("Image", image.image_id), fact("Same UID as", image.duplicate_of),
            ]},
        ]  # fmt: skip
        return [section for section in found if section["rows"]]

    def about(self) -> None:
        super().about()
        editable = len(self.chosen) == 1 and self.session.actor.may("edit")
        self.facts.editable = editable and self.chosen[-1].cells[_STATE] in OPEN_TO_CHANGE


_STATE, _NAME, _IMAGE, _MARKS = (
    [column["name"] for column in Images.columns].index(name) for name in ("state", "patient", "image", "marks")
)


def _condition(page: Images, image: ImageHeader) -> Condition | None:
    if not image.condition:
        return None
    try:
        return page.session.apparatus.conditions.get(image.condition, image.condition_version)
    except NotFound:
        return None


def _asked(request: Request) -> str:
    words = f"{request.peer}: {questions.meaning(request.reason)} · {request.state}"
    return " · ".join(filter(None, (words, request.trouble)))
