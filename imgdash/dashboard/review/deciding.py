"""What a reviewer decides: the next image is shown at once, the apparatus decides behind it whether that stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from imgdash.dashboard.panels import Dialog
from imgdash.dashboard.review import questions
from imgdash.dashboard.review.worklist import OPEN, person
from imgdash.model import ASKS, IMAGE, ImageHeader, ImgdashError

if TYPE_CHECKING:
    from imgdash.dashboard.pages.review import Review

_UNDO_KEPT = 50
# The bar, from left to right; | and > lay out.
ACTIONS: Final[list[dict[str, Any]]] = [
    {"name": "confirm", "label": "Confirm", "icon": "check", "style": "main", "title": "Confirm, send, next image"},
    {"name": "postpone", "label": "Postpone", "icon": "clock", "style": "later", "title": "Postpone, or resume"},
    {"name": "request", "label": "Request", "icon": "request", "style": "ask", "title": "Ask for a better image"},
    {"name": "reject", "label": "Reject", "icon": "cross", "style": "danger", "title": "Reject with a reason"},
    {"name": "|"},
    {"name": "protect", "label": "Protect", "icon": "lock", "toggle": True, "wide": True,
     "title": "Keep it after sending"},
    {"name": "priority", "label": "Emergency", "icon": "bolt", "toggle": True, "wide": True,
     "title": "Before all others"},
    {"name": "|"},
    {"name": "undo", "label": "Undo", "icon": "undo", "wide": True, "title": "Take the last confirmation back"},
    {"name": ">"},
    {"name": "tags", "label": "Header", "icon": "tags", "wide": True,
     "title": "Every attribute, searched and corrected"},
    {"name": "advance", "label": "Auto-advance", "icon": "send", "toggle": True, "wide": True,
     "title": "After a decision, open the next image"},
    {"name": "layout", "label": "Layout", "icon": "panes", "wide": True,
     "title": "Which panels are shown, and where the thumbnails are"},
    {"name": "keys", "label": "Keys", "icon": "keyboard", "wide": True, "title": "All keys; change them"},
]  # fmt: skip

# Where the image is decided, by somebody else or a while ago, the same key goes on.
_DECIDED: Final[list[dict[str, Any]]] = [
    {**action, "label": "Next", "icon": "send", "title": "Decided already: the next image that awaits you"}
    if action["name"] == "confirm"
    else action
    for action in ACTIONS
]


class Deciding:
    """The actions of the bar and their dialogs.

    Parameters
    ----------
    page
        The Review page they belong to.
    """

    def __init__(self, page: Review) -> None:
        self._page = page
        self._session = page.session
        self._confirmed: list[str] = []
        self._expected: set[str] = set()
        # Answers that were told of: what happens to one later is not its coming.
        self._returned: set[str] = set()
        # Decisions on their way to the apparatus, and what is done once one is kept.
        self._deciding: dict[str, list[Callable[[], None]]] = {}
        # Decisions that are being taken back: until then the image is still decided, and no key goes on from it.
        self._undoing: set[str] = set()
        self._asked_for = ""
        self.preferences: dict[str, Any] = {}
        self.dialog = Dialog(on_message=self._answered)

    @property
    def advances(self) -> bool:
        """Whether the next image opens after a decision."""
        return bool(self.preferences.get("advance", True))

    def _next(self, header: ImageHeader | None) -> str:
        """What awaits this person after an image that is decided; empty where it is not, or nothing does."""
        if header is None or header.state in OPEN or header.image_id != self._page.current:
            return ""
        if header.image_id in self._undoing:
            return ""
        return next(iter(self._page.work.following(self._page.current, 1)), "")

    def actions(self, header: ImageHeader | None) -> list[dict[str, Any]]:
        """The bar's buttons."""
        return _DECIDED if self._next(header) else ACTIONS

    def possible(self, header: ImageHeader | None) -> list[str]:
        """Actions that make sense now: by the lifecycle and the role; the apparatus checks both again."""
        may = self._session.actor.may
        names = ["advance", "layout", "keys", *(["undo"] if self._confirmed else [])]
        if header is None:
            return names
        events = IMAGE.events(header.state)
        names += [action for action in ("confirm", "request", "reject") if action in events and may(action)]
        if not self._page.seen(header.image_id) and "confirm" in names:
            names.remove("confirm")
        if self._next(header):
            names.append("confirm")
        if {"postpone", "resume"} & events and may("postpone"):
            names.append("postpone")
        if header.state not in ("deleted", "replaced", "quarantined"):
            names += ["protect", "priority"]
        if header.state != "deleted":
            names.append("tags")
        return names

    def do(self, action: str) -> None:
        """Carry out an action of the bar."""
        page = self._page
        header = page.work.get(page.current)
        if action not in self.possible(header):
            return
        if action == "advance":
            self._prefer(advance=not self.advances)
        elif action == "layout":
            page.layout.ask()
        elif action == "keys":
            self._session.keys()
        elif action == "undo":
            self._undo()
        elif action == "confirm" and (following := self._next(header)):
            page.show(following, by_itself=True)
        elif action == "tags" and header is not None:
            self._session.tags(header.image_id)
        elif header is not None:
            self._of_image(action, header)

    def _of_image(self, action: str, header: ImageHeader) -> None:
        apparatus, actor, image_id = self._session.apparatus, self._session.actor, header.image_id
        who = f"{person(header.patient.name)} · {header.title} · number {header.number}"
        if action == "confirm":
            self._confirmed = [*self._confirmed, image_id][-_UNDO_KEPT:]
            grace = apparatus.site.station.undo_s
            self._decide(header, "confirmed", lambda: apparatus.confirm(image_id, actor, grace_s=grace), self._offer)
        elif action == "postpone" and header.state == "postponed":
            self._session.run(lambda: apparatus.resume(image_id, actor), self._page.take_one)
        elif action == "postpone":
            self._decide(header, "postponed", lambda: apparatus.postpone(image_id, actor))
        elif action == "protect":
            self._session.run(lambda: apparatus.protect(image_id, actor, not header.protected), self._page.take_one)
        elif action == "priority":
            self._session.run(lambda: apparatus.prioritise(image_id, actor, not header.priority), self._page.take_one)
        elif action == "request":
            self._asked_for = image_id
            self._session.run(
                lambda: questions.advise(apparatus, header),
                lambda advice: self._ask(
                    "request",
                    "Ask for a better image",
                    who,
                    questions.request(header, self._page.processing.chain_of(header), advice),
                    "Send request",
                ),
            )
        elif action == "reject":
            self._asked_for = image_id
            self._ask("reject", "Reject this image", who, questions.reject(header), "Reject")

    def _decide(
        self,
        header: ImageHeader,
        state: str,
        work: Callable[[], Any],
        then: Callable[[ImageHeader], None] | None = None,
    ) -> None:
        """Optimistic: marked and passed at once, taken back with the reason if the apparatus refuses."""
        page, image_id = self._page, header.image_id
        self._expected.add(image_id)
        self._deciding[image_id] = []
        following = page.work.following(image_id)
        page.work.decide(replace(header, state=state, held_by=""))
        page.relist()
        if self.advances and following:
            page.show(following[0], by_itself=True)
        else:
            page.idle = self.advances
            page.refresh()

        def taken(after: ImageHeader) -> None:
            page.work.settled(image_id)
            page.take_one(after)
            waiting = self._deciding.pop(image_id, [])
            if then is not None and not waiting:
                then(after)
            for function in waiting:
                function()

        def refused(error: ImgdashError) -> None:
            page.work.settled(image_id)
            # There is nothing to be taken back.
            self._deciding.pop(image_id, None)
            self._expected.discard(image_id)
            self._confirmed = [other for other in self._confirmed if other != image_id]
            self._session.tell(error.cause, "error", error.remedy, does={"Show it": lambda: page.back(image_id)})
            apparatus = self._session.apparatus
            self._session.run(lambda: apparatus.image(image_id), page.take_one)

        # What was changed just before is part of what was decided on.
        self._session.edits.after(lambda: self._session.run(work, taken, refused))

    def _offer(self, header: ImageHeader) -> None:
        """Say that it was confirmed, and that it can be taken back as long as nothing is sent."""
        image_id, grace = header.image_id, self._session.apparatus.site.station.undo_s
        when = "Emergency: it is sent at once." if header.priority else f"It is sent in {grace:g} s." if grace else ""
        against = " ".join(dict.fromkeys(finding.text for finding in header.judgement.findings))
        does = {"Back to it": partial(self._page.back, image_id)}
        if not header.priority:
            does = {"Undo": partial(self._undo, image_id), **does}
        self._session.tell(
            f"Image {header.number} · {header.title} confirmed{', although not fit' if against else ''}.",
            "warning" if against else "success",
            f"{against} {when}".strip(),
            does=does,
            seconds=grace or None,
            about="confirm",
        )

    def _undo(self, image_id: str = "") -> None:
        """Take a confirmation back: this one, or the last; one that is on its way is kept first."""
        image_id = image_id or self._confirmed[-1]
        self._confirmed = [other for other in self._confirmed if other != image_id]
        apparatus, actor = self._session.apparatus, self._session.actor

        def undone(header: ImageHeader) -> None:
            self._undoing.discard(image_id)
            self._session.withdraw("confirm")
            self._page.take_one(header)

        def refused(error: ImgdashError) -> None:
            self._undoing.discard(image_id)
            # It is as it should be, only late: no failure that stays in sight while other images are worked on.
            show = partial(self._page.back, image_id)
            self._session.tell(error.cause, "warning", error.remedy, does={"Show it": show})
            self._page.refresh()

        def take_back() -> None:
            self._session.run(lambda: apparatus.undo(image_id, actor), undone, refused)

        self._undoing.add(image_id)
        # It is shown at once: the next key must not decide on the image that came after it.
        self._page.back(image_id)
        if image_id in self._deciding:
            self._deciding[image_id].append(take_back)
        else:
            take_back()

    def heard(self, headers: Sequence[ImageHeader]) -> None:
        """Images that changed: a toast for an answer that came back, nothing for what this person did."""
        for header in headers:
            if header.image_id in self._expected:
                self._expected.discard(header.image_id)
            elif (
                header.round
                and header.state == "awaiting"
                and header.image_id not in self._page.work
                and header.image_id not in self._returned
            ):
                self._returned.add(header.image_id)
                self._session.tell(
                    f"{header.title}: the image asked for came back (round {header.round_number}).",
                    "success",
                    does={"Show it": partial(self._page.back, header.image_id)},
                    seconds=15,
                )

    # -- dialogs ------------------------------------------------------------------------------------------

    def _ask(self, kind: str, title: str, subtitle: str, fields: list[dict[str, Any]], submit: str) -> None:
        self.dialog.param.update(
            kind=kind, title=title, subtitle=subtitle, fields=fields, submit=submit, error="", danger=kind == "reject"
        )
        self.dialog.open = True

    def _answered(self, message: Mapping[str, Any]) -> None:
        if message.get("closed"):
            self.dialog.open = False
            return
        values = dict(message.get("values") or {})
        if message.get("changed") == "reason" and self.dialog.kind == "request":
            self._reasoned(values)
        elif (kind := message.get("submit")) in ("request", "reject"):
            self._send(str(kind), values)

    def _reasoned(self, values: Mapping[str, Any]) -> None:
        """Another reason: another addressee, another thing to ask for."""
        header, apparatus = self._page.work[self._asked_for], self._session.apparatus

        def advised(advice: questions.Advice) -> None:
            self.dialog.send(patch={"ask": {"value": advice.ask}, "to": {"words": {"": advice.words}}})

        self._session.run(lambda: questions.advise(apparatus, header, str(values["reason"])), advised)

    def _send(self, kind: str, values: dict[str, Any]) -> None:
        apparatus, actor, image_id = self._session.apparatus, self._session.actor, self._asked_for
        following = self._page.work.following(image_id)

        def work() -> Any:
            if kind == "reject":
                return apparatus.reject(image_id, actor, values["reason"], values["comment"], values["kind"])
            return apparatus.request(
                image_id,
                actor,
                reason=values["reason"],
                ask=values["ask"],
                to=values["to"] or None,
                parameters=values["parameters"],
                comment=values["comment"],
            )

        def sent(result: Any) -> None:
            self.dialog.open = False
            if kind == "request":
                self._session.tell(f"Asked {result.peer}: {ASKS.get(result.ask, result.ask).lower()}.", "success")
            else:
                self._rejected(result)
            if self.advances and self._page.current == image_id:
                if following:
                    self._page.show(following[0], by_itself=True)
                else:
                    self._page.idle = True

        self._session.run(work, sent, self._complain)

    def _rejected(self, header: ImageHeader) -> None:
        """Say what was rejected and why; who may restore it can take that back at once."""
        image_id, actor, apparatus = header.image_id, self._session.actor, self._session.apparatus

        def restore() -> None:
            self._page.back(image_id)
            self._session.run(lambda: apparatus.restore(image_id, actor), self._page.take_one)

        does = {"Take it back": restore} if actor.may("restore") else {}
        self._session.tell(
            f"Image {header.number} · {header.title} rejected: {questions.meaning(header.reason)}.",
            "success",
            does={**does, "Back to it": partial(self._page.back, image_id)},
            seconds=15,
        )

    def _complain(self, error: ImgdashError) -> None:
        self.dialog.error = f"{error.cause} {error.remedy}"

    def _prefer(self, **changes: Any) -> None:
        """Keep a person's way of working (H4)."""
        mine = {**self.preferences, **changes}
        self._page.preferred(mine)
        apparatus, actor = self._session.apparatus, self._session.actor
        self._session.run(lambda: apparatus.prefer(actor.name, "review", mine))
