"""Requests: asking for a better image, as chains of rounds with pictures (R1-R7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from imgdash.apparatus.traffic import Chain
from imgdash.dashboard.lists import Row, fact, happened, picture
from imgdash.dashboard.review.worklist import look, person
from imgdash.dashboard.theme import STATES
from imgdash.dashboard.traffic import words
from imgdash.dashboard.traffic.carded import Carded
from imgdash.dashboard.traffic.cards import Rounds
from imgdash.model import REQUEST, ImageHeader, ImgdashError, NotFound, Request
from imgdash.model.codes import REASONS

_EVENTS = {"accept": "accept", "again": "redirect", "modality": "redirect", "ris": "redirect", "withdraw": "withdraw"}
_LEVELS = {"refused": "bad", "failed": "bad", "proposed": "warn"}


class Requests(Carded):
    """Every history of rounds, open and ended."""

    name, title, icon = "requests", "Requests", "request"
    subjects: ClassVar = frozenset({"request", "image"})
    keyed: ClassVar = "request"
    shows: ClassVar = Rounds
    picks: ClassVar = "one"
    nothing: ClassVar = "No request yet. Ask for a better image with R in Review."
    keymap: Mapping[str, str] = {
        "/": "search", "y": "accept", "s": "again", "m": "modality", "h": "ris", "w": "withdraw",
    }  # fmt: skip
    tabs: ClassVar = [
        {"name": "open", "title": "Open"},
        {"name": "person", "title": "Needs a person", "colour": "warn"},
        {"name": "ended", "title": "Ended"},
        {"name": "all", "title": "All"},
    ]
    fields: ClassVar = [
        {"name": "text", "kind": "search", "label": "Search", "text": "patient, ID, accession, region, number …"},
        {"name": "peer", "kind": "select", "label": "Asked", "text": "everybody asked"},
        {"name": "reason", "kind": "select", "label": "Reason", "text": "every reason"},
    ]
    actions: ClassVar = [
        {"name": "open", "label": "Open in Review", "icon": "review", "title": "Its latest image"},
        {"name": "accept", "label": "Send", "icon": "send", "style": "main", "title": "Send what was proposed"},
        {"name": "again", "label": "Ask again", "icon": "swap", "title": "Of the same addressee", "style": "ask"},
        {"name": "modality", "label": "Ask the modality", "icon": "request", "title": "Send it there instead",
         "style": "ask"},
        {"name": "ris", "label": "Ask HIS/RIS", "icon": "orders", "title": "Send it there instead", "style": "ask"},
        {"name": ">"},
        {"name": "withdraw", "label": "Withdraw", "icon": "cross", "style": "danger", "title": "Take it back"},
    ]  # fmt: skip

    # -- what is read -------------------------------------------------------------------------------------

    def look(self, tab: str, wanted: Mapping[str, Any]) -> tuple[list[Row], int]:
        """Histories of a view, the latest first."""
        asked = {name: wanted[name] for name in ("text", "peer", "reason", "offset", "limit") if name in wanted}
        found = self.session.apparatus.traffic.chains(view=tab, **asked)
        return [self._row(chain, found.images) for chain in found.chains], found.total

    def known(self) -> tuple[dict[str, list[list[str]]], dict[str, int]]:
        """Addressees and reasons that occur, and histories of each view."""
        traffic = self.session.apparatus.traffic
        known = traffic.chains_known()
        reasons = [[value, REASONS[value].meaning if value in REASONS else value] for value in known["reason"]]
        return {"peer": [[value, value] for value in known["peer"]], "reason": reasons}, traffic.chain_counts()

    def nothing_in(self, tab: str) -> str:
        """That nothing is open is good news."""
        good = {"open": "No request is open. Ask for a better image with R in Review.",
                "person": "No request waits for a person.", "ended": "No request has ended yet."}  # fmt: skip
        return good.get(tab, self.nothing)

    def _row(self, chain: Chain, images: Mapping[str, ImageHeader]) -> Row:
        request = chain.latest
        possible = {
            action for action, event in _EVENTS.items() if REQUEST.allows(request.state, event) and action != request.to
        }
        there = [image for image in (images.get(image_id) for image_id in _images(chain)) if image is not None]
        there = [image for image in there if image.state != "deleted"]
        if there:
            possible.add("open")
        image = images.get(chain.requests[0].image_id)
        title = f"{image.number} · {image.title}" if image else request.image_id
        known = (person(image.patient.name), image.patient.id, image.accession) if image else ()
        name = " · ".join(filter(None, known))
        face = {
            "key": request.request_id, "title": title, "name": name, "state": request.state,
            "level": _LEVELS.get(request.state, "warn" if chain.person else ""), "steps": _steps(chain, images),
        }  # fmt: skip
        cells = (request.state, request.round, title, name, words.reason(request), words.asked(request), request.peer,
                 request.by, request.created_at, request.answered_at, request.trouble)  # fmt: skip
        shown = tuple(image.image_id for image in there)
        return Row(request.request_id, cells, frozenset(possible), shown, face)

    # -- what a person does -------------------------------------------------------------------------------

    def _choose(self, message: Mapping[str, Any]) -> None:
        if "image" in message:
            self._open(message)
        else:
            super()._choose(message)

    def _action(self, message: Mapping[str, Any]) -> None:
        action = str(message.get("action", ""))
        rows = [row for row in self.chosen if action in row.possible]
        if not rows:
            return
        if action == "open":
            self.session.go("review", image=rows[-1].images[-1])
        elif action == "withdraw":
            self._leaving = rows
            peer = rows[0].cells[6]
            told = "It was not sent yet." if rows[0].cells[0] in ("proposed", "waiting") else f"{peer} is told."
            told += " The image awaits its reviewer again."
            self.ask("withdraw", "Withdraw this request?", told, [], "Withdraw")
        else:
            self.carry_out(action, rows)

    def answered(self, kind: str, values: Mapping[str, Any]) -> None:
        """It is to be withdrawn."""
        self.carry_out(kind, self._leaving)

    def act(self, action: str, row: Row, *more: Any) -> None:
        """One action on the latest request of a history."""
        apparatus, actor = self.session.apparatus, self.session.actor
        if action == "accept":
            apparatus.accept_request(row.key, actor)
        elif action == "withdraw":
            apparatus.withdraw_request(row.key, actor)
        else:
            apparatus.redirect_request(row.key, actor, None if action == "again" else action)

    # -- details ------------------------------------------------------------------------------------------

    def pictures(self, row: Row) -> list[dict[str, Any]]:
        """Every round, first to last."""
        images = map(self.session.apparatus.image, row.images)
        return [picture(image, self.session, *_lines(image)) for image in images]

    def said(self, row: Row) -> str:
        """What happened to every request of the history, one after the other."""
        journal = self.session.apparatus.journal
        told = []
        for request in self._chain(row).requests:
            told.append(f"# round {request.round}: {request.peer}\n{happened(journal('request', request.request_id))}")
        return "\n".join(told)

    def sections(self, row: Row) -> list[dict[str, Any]]:
        """The latest request: what is wanted of whom, and what the modality says of what it did."""
        request = self._chain(row).latest
        wanted = words.beside(request.parameters, self._present(request))
        modality = request.contents.get("modality") or {}
        found: list[dict[str, Any]] = [
            {"title": f"Round {request.round}", "rows": [
                fact("State", STATES[request.state][2]), fact("Reason", words.reason(request)),
                fact("Asked for", words.asked(request)), fact("Of", f"{request.peer} ({words.TO[request.to]})"),
                fact("By", request.by), fact("Comment", request.comment), fact("Trouble", request.trouble),
                fact("Made", request.created_at), fact("Sent", request.sent_at),
                fact("Answered", request.answered_at), fact("Tries", request.attempts),
                fact("Order number", request.order_number), fact("Work item", request.workitem_uid),
            ]},
            {"title": "Processing wanted", "rows": [fact(name, value) for name, value in wanted.items()]},
            {"title": "Its processing · ours", "rows": self._compared(request)},
            {"title": "What the modality did", "rows": [
                fact(str(name).replace("_", " "), ", ".join(value) if isinstance(value, list) else value)
                for name, value in modality.items()
            ]},
        ]  # fmt: skip
        return [
            {**section, "rows": kept}
            for section in found
            if (kept := [line for line in section["rows"] if line["value"]])
        ]

    def _compared(self, request: Request) -> list[dict[str, Any]]:
        """Parameters that the modality used, beside what is used here on its unprocessed image (R3)."""
        try:
            compared = self.session.apparatus.compared(request.request_id)
        except ImgdashError:
            return []
        return [
            fact(label, f"{theirs} · {'none' if ours is None else ours}")
            for label, theirs, ours in (compared.parameters if compared else ())
        ]

    def _chain(self, row: Row) -> Chain:
        found = self.session.apparatus.traffic.chains(view="all", text=row.key, limit=1).chains
        if not found:
            raise NotFound("The request is no longer there.", "Choose another one.")
        return found[0]

    def _present(self, request: Request) -> Mapping[str, Any]:
        """How the image is processed here; nothing where that is not known any more."""
        try:
            present: Mapping[str, Any] = self.session.apparatus.chain(request.image_id).flat()
        except ImgdashError:
            return {}
        return present

    def open(self, **query: Any) -> None:
        """As every list; ``image=<image_id>`` looks for its history."""
        image_id = str(query.pop("image", ""))
        super().open(**({"text": image_id, "view": "all"} if image_id else {}), **query)

    def badge(self) -> tuple[int, str] | None:
        """Open histories; those that need a person stand out."""
        counts = self.session.apparatus.traffic.chain_counts()
        return (counts["person"], "warn") if counts["person"] else (counts["open"], "accent")


def _images(chain: Chain) -> list[str]:
    ids = [image_id for request in chain.requests for image_id in (request.image_id, request.answer)]
    return list(dict.fromkeys(filter(None, ids)))


def _steps(chain: Chain, images: Mapping[str, ImageHeader]) -> list[dict[str, Any]]:
    """Pictures and what was asked between them, in order."""
    found: list[dict[str, Any]] = []
    shown = ""
    for request in chain.requests:
        if request.image_id != shown:
            found.append(_picture(request.image_id, images))
        answer = images.get(request.answer)
        found.append({
            "round": request.round, "reason": words.reason(request), "asked": words.asked(request),
            "peer": request.peer, "by": request.by, "comment": request.comment, "state": request.state,
            "progress": words.progress(request, answer), "trouble": request.trouble, "times": words.times(request),
            "level": _LEVELS.get(request.state, ""),
        })  # fmt: skip
        shown = request.answer
        if shown:
            found.append(_picture(shown, images))
    if not shown and chain.live:
        found.append({"version": "", "title": "no answer yet"})
    return found


def _lines(image: ImageHeader) -> list[str]:
    told = [words.sent_as(image), f"from {image.sender} {words.when(image.received_at)}"]
    return [line for line in told if line]


def _picture(image_id: str, images: Mapping[str, ImageHeader]) -> dict[str, Any]:
    image = images.get(image_id)
    if image is None or image.state == "deleted":
        return {"version": "", "title": "The image was deleted."}
    return {
        "id": image_id, "version": look(image), "title": f"{image.number} · {STATES[image.state][2]}",
        "state": image.state, "over": image.state in ("replaced", "rejected"), "sent": words.sent_as(image),
    }  # fmt: skip
