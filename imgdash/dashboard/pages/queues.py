"""Queues: a lane for each output apparatus, what waits in it, what went wrong, and what can be done (F2-F4, H2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import panel as pn

from imgdash.dashboard.lists import Row, fact, happened, picture
from imgdash.dashboard.review.worklist import look, person
from imgdash.dashboard.session import Session
from imgdash.dashboard.theme import STATES
from imgdash.dashboard.traffic import words
from imgdash.dashboard.traffic.carded import Carded
from imgdash.dashboard.traffic.cards import Entries, Lanes
from imgdash.model import QUEUE, ImageHeader, QueueEntry

# Lifecycle event behind each action of the bar.
_EVENTS = {"hold": "hold", "release": "release", "again": "retry", "arrived": "finish", "cancel": "cancel"}
# Places an entry is moved; a queue has fewer.
_FAR = 1_000_000
_MOVES = {"first": -_FAR, "up": -1, "down": 1}


class Queues(Carded):
    """The queue registration table, a lane for each apparatus."""

    name, title, icon = "queues", "Queues", "queue"
    subjects: ClassVar = frozenset({"queue", "preference"})
    keyed: ClassVar = "entry"
    shows: ClassVar = Entries
    nothing: ClassVar = "Nothing here."
    keymap: Mapping[str, str] = {
        "/": "search", "h": "hold", "r": "release", "s": "again", "f": "arrived", "c": "cancel",
        "u": "up", "d": "down", "t": "first",
    }  # fmt: skip
    tabs: ClassVar = [
        {"name": "open", "title": "To be sent"},
        {"name": "person", "title": "Needs a person", "colour": "bad"},
        {"name": "over", "title": "Sent, cancelled"},
    ]
    fields: ClassVar = [
        {"name": "text", "kind": "search", "label": "Search", "text": "patient, ID, accession, region, number …"},
        {"name": "state", "kind": "select", "label": "State", "text": "every state"},
    ]
    actions: ClassVar = [
        {"name": "open", "label": "Open in Review", "icon": "review", "title": "Look at the image", "wide": True},
        {"name": "hold", "label": "Hold", "icon": "pause", "title": "Keep back", "style": "later"},
        {"name": "release", "label": "Release", "icon": "send", "title": "Let go", "wide": True},
        {"name": "again", "label": "Send again", "icon": "swap", "title": "Try once more, with a fresh count of tries"},
        {"name": "arrived", "label": "It is there", "icon": "check", "title": "The film was printed after all"},
        {"name": "|"},
        {"name": "first", "label": "First", "icon": "first", "title": "Before all others of its kind", "wide": True},
        {"name": "up", "label": "Up", "icon": "up", "title": "One place forward", "wide": True},
        {"name": "down", "label": "Down", "icon": "down", "title": "One place back", "wide": True},
        {"name": ">"},
        {"name": "cancel", "label": "Take out", "icon": "cross", "style": "danger", "title": "It is not sent there"},
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        names = [output.name for output in session.apparatus.site.apparatus]
        self.lane = self._read = names[0] if names else ""
        self._lanes: list[dict[str, Any]] = []

    def view(self) -> pn.viewable.Viewable:
        """Lanes on the left of the list."""
        page = super().view()
        self.lanes = Lanes(
            on_message=self._lane, current=self.lane, empty="The site file names no output apparatus.",
            width=268, sizing_mode="stretch_height", styles={"max-width": "max(200px,21%)"},
        )  # fmt: skip
        page[1].insert(0, self.lanes)
        return page

    # -- what is read -------------------------------------------------------------------------------------

    def look(self, tab: str, wanted: Mapping[str, Any]) -> tuple[list[Row], int]:
        """Entries of the lane in the order of sending; what a person has to decide first."""
        self._read = lane = self.lane
        asked = {name: wanted[name] for name in ("text", "state", "offset", "limit") if name in wanted}
        found = self.session.apparatus.traffic.queue(lane, view=tab, **asked)
        return [self._row(entry, found.images.get(entry.image_id)) for entry in found.entries], found.total

    def known(self) -> tuple[dict[str, list[list[str]]], dict[str, int]]:
        """States that occur in the lane, and entries of each view."""
        lanes = self.session.apparatus.traffic.lanes()
        self._lanes = [words.lane(lane) for lane in lanes]
        counts = next((lane.counts for lane in lanes if lane.name == self.lane), {})
        over, person_ = sum(counts.get(state, 0) for state in QUEUE.final), ("failed", "uncertain")
        views = {
            "open": sum(counts.values()) - over,
            "person": sum(counts.get(state, 0) for state in person_),
            "over": over,
        }
        return {"state": [[state, STATES[state][2]] for state in sorted(counts)]}, views

    def _found(
        self, rows: list[Row], total: int, choices: Mapping[str, list[list[str]]], counts: Mapping[str, int]
    ) -> None:
        if self._read != self.lane:
            # Another lane was chosen while this one was read; it is being read now.
            return
        self.lanes.lanes = self._lanes
        super()._found(rows, total, choices, counts)

    def nothing_in(self, tab: str) -> str:
        """An empty queue is good news."""
        return {
            "open": f"The queue of {self.lane} is empty: everything confirmed for it was sent.",
            "person": f"Nothing of {self.lane} failed or is uncertain.",
            "over": f"Nothing was sent to {self.lane} yet.",
        }[tab]

    def _row(self, entry: QueueEntry, image: ImageHeader | None) -> Row:
        possible = {action for action, event in _EVENTS.items() if QUEUE.allows(entry.state, event)}
        # What is on its way is sent again, or said to be there, by the apparatus alone.
        if entry.state != "uncertain":
            possible.discard("arrived")
        if entry.state not in ("failed", "uncertain"):
            possible.discard("again")
        movable = entry.state in ("waiting", "held")
        if movable:
            possible |= set(_MOVES)
        there = image is not None and image.state != "deleted"
        if there:
            possible.add("open")
        title = f"{image.number} · {image.title}" if image else entry.image_id
        name = person(image.patient.name) if image else ""
        trouble = entry.trouble or words.REMEDIES.get(entry.state, "")
        if entry.next_try_at and entry.state == "waiting" and entry.trouble:
            trouble += f" Next try {words.when(entry.next_try_at)}."
        tries = f"{entry.attempts} {'try' if entry.attempts == 1 else 'tries'}" if entry.attempts else ""
        if entry.finished_at:
            times = [f"{words.when(entry.finished_at)}", tries]
        else:
            times = [f"since {words.when(entry.registered_at)}", tries]
        level = {"failed": "bad", "uncertain": "warn"}.get(entry.state, "")
        face = {
            "key": entry.entry_id, "id": entry.image_id, "version": look(image) if image and there else "",
            "title": title, "name": name, "state": entry.state, "priority": entry.priority, "times": times,
            "trouble": trouble, "level": level, "movable": movable,
        }  # fmt: skip
        cells = (entry.state, title, name, "priority" if entry.priority else "", entry.attempts, entry.registered_at,
                 entry.next_try_at, entry.trouble)  # fmt: skip
        return Row(entry.entry_id, cells, frozenset(possible), (entry.image_id,) if there else (), face)

    # -- what a person does -------------------------------------------------------------------------------

    def _lane(self, message: Mapping[str, Any]) -> None:
        names = [output.name for output in self.session.apparatus.site.apparatus]
        apparatus, actor = self.session.apparatus, self.session.actor
        if message.get("switch") in names:
            name, on = str(message["switch"]), bool(message.get("on"))
            self.session.run(lambda: apparatus.queue_switch(name, on, actor))
        elif message.get("lane") in names:
            self.show(str(message["lane"]))

    def show(self, lane: str, **values: str) -> None:
        """Show the queue of an output apparatus."""
        self.lane = self.lanes.current = lane
        self.find(**values)
        self.about()

    def _choose(self, message: Mapping[str, Any]) -> None:
        if "moved" not in message:
            super()._choose(message)
            return
        moved, behind, before = (message.get(name) for name in ("moved", "behind", "before"))
        known = {row.key: row for row in self._rows if "up" in row.possible}
        other = before or behind
        if moved not in known or not (other is None or other in known):
            return
        apparatus, actor = self.session.apparatus, self.session.actor
        if other is not None and known[moved].face["priority"] != known[other].face["priority"]:
            self.session.tell("What has priority stays before all else.", "info", "Each kind has its own order.")

        self.session.run(lambda: apparatus.queue_move(str(moved), before, actor, behind))

    def _action(self, message: Mapping[str, Any]) -> None:
        action = str(message.get("action", ""))
        rows = [row for row in self.chosen if action in row.possible]
        if not rows:
            return
        if action == "open":
            self.session.go("review", image=rows[-1].key.rpartition("@")[0])
        elif action == "cancel":
            self._leaving = rows
            what = f"{len(rows)} entries" if len(rows) > 1 else str(rows[0].face["title"])
            self.ask("cancel", f"Take out of the queue of {self.lane}?", f"{what}: not sent there.", [], "Take out")
        elif action in _MOVES:
            # Moved one after another, so that they keep their order among themselves.
            keys = [row.key for row in self._rows]
            forward = action == "up"
            self.carry_out(action, sorted(rows, key=lambda row: keys.index(row.key), reverse=not forward))
        else:
            self.carry_out(action, rows)

    def answered(self, kind: str, values: Mapping[str, Any]) -> None:
        """It is to be taken out."""
        self.carry_out(kind, self._leaving)

    def act(self, action: str, row: Row, *more: Any) -> None:
        """One action on one entry."""
        apparatus, actor = self.session.apparatus, self.session.actor
        if action in _MOVES:
            apparatus.queue_step(row.key, _MOVES[action], actor)
            return
        {
            "hold": apparatus.queue_hold,
            "release": apparatus.queue_release,
            "again": apparatus.queue_retry,
            "arrived": apparatus.queue_finish,
            "cancel": apparatus.queue_cancel,
        }[action](row.key, actor)

    # -- details ------------------------------------------------------------------------------------------

    def pictures(self, row: Row) -> list[dict[str, Any]]:
        """The image that is sent."""
        return [picture(self.session.apparatus.image(image_id), self.session) for image_id in row.images]

    def said(self, row: Row) -> str:
        """The history of the entry."""
        return happened(self.session.apparatus.journal("queue", row.key))

    def sections(self, row: Row) -> list[dict[str, Any]]:
        """The entry, what can be done about it, and where else its image goes."""
        apparatus = self.session.apparatus
        image_id = row.key.rpartition("@")[0]
        image, entries = apparatus.image(image_id), apparatus.search.entries(image_id)
        entry = next(one for one in entries if one.entry_id == row.key)
        remedy = words.REMEDIES.get(entry.state, "")
        found: list[dict[str, Any]] = [
            {"title": "Trouble" if entry.trouble else "State", "rows": [
                fact("State", STATES[entry.state][2]),
                *([fact("In the way", entry.trouble)] if entry.trouble else []),
                *([fact("What to do" if row.face["level"] else "Meaning", remedy)] if remedy else []),
            ]},
            {"title": "Entry", "rows": [
                fact("To", entry.apparatus), fact("Registered", entry.registered_at),
                fact("Tries", entry.attempts), fact("Next try", entry.next_try_at),
                fact("Over", entry.finished_at), fact("Priority", "yes" if entry.priority else "no"),
                fact("Sent as", entry.output_uid), fact("Transaction", entry.transaction_uid),
            ]},
            {"title": "Image", "rows": [
                fact("Patient", person(image.patient.name)), fact("Patient ID", image.patient.id),
                fact("Accession", image.accession), fact("Condition key", image.condition),
                fact("From", image.sender),
            ]},
            {"title": "Also goes to", "rows": [
                fact(one.apparatus, " · ".join(filter(None, (STATES[one.state][2], one.trouble))))
                for one in entries if one.entry_id != row.key
            ]},
        ]  # fmt: skip
        return [section for section in found if section["rows"]]

    def open(self, **query: Any) -> None:
        """As every list; ``lane=<output apparatus>``."""
        lane = str(query.pop("lane", ""))
        if lane in [output.name for output in self.session.apparatus.site.apparatus]:
            self.lane = self.lanes.current = lane
        super().open(**query)

    def place(self) -> dict[str, str]:
        """Also the lane."""
        return {"lane": self.lane, **super().place()}

    def update(self, events: Sequence[Any]) -> None:
        """Read again when an entry changed or an apparatus was switched."""
        relevant = [event for event in events if event.subject != "preference" or event.id.startswith("station/")]
        if relevant or not events:
            super().update(relevant)

    def badge(self) -> tuple[int, str] | None:
        """What failed or is uncertain, else what waits."""
        lanes = self.session.apparatus.traffic.lanes()
        if wrong := sum(lane.count("failed", "uncertain") for lane in lanes):
            return wrong, "bad"
        return sum(lane.count("waiting", "held") for lane in lanes), "accent"
