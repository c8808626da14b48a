"""What becomes of a request that was sent, refused or failed: each ends in a state with a text for people (R7)."""

from __future__ import annotations

from typing import Any, Final

from pydicom.uid import generate_uid

from imgdash.config import Site
from imgdash.model import REQUEST, ImgdashError, Request
from imgdash.request.addressee import ris
from imgdash.store.change import Change
from imgdash.wire.hl7 import new_control_id

# What sending, looking and the work list keep beside a request.
_OF_THE_ADDRESSEE: Final = frozenset(
    "offered tell work subscription looks look looked completed performed outputs progress cancel cancels".split()
)


def sent(change: Change, request: Request, text: str, contents: dict[str, Any]) -> None:
    """The addressee has it. Its answer may have been here before its acknowledgement."""
    now = change.request(request.request_id)
    columns: dict[str, Any] = {"attempts": request.attempts + 1, "trouble": "", "sent_at": change.at}
    columns["contents"] = {**now.contents, **contents}
    if now.state == "waiting":
        change.transition("request", request.request_id, "send", why=text, **columns)
    else:
        change.set("request", request.request_id, why=text, **columns)


def not_yet(change: Change, request: Request, text: str) -> None:
    """It will be tried again."""
    if change.request(request.request_id).state == "waiting":
        change.transition("request", request.request_id, "retry", why=text, attempts=request.attempts + 1, trouble=text)


def ended(change: Change, site: Site, request_id: str, event: str, text: str, by: str = "imgdash") -> None:
    """Refused by its addressee, or failed to reach it (`event` ``refuse`` or ``fail``).

    What the modality will not do goes to HIS/RIS, where the site lets it; what HIS/RIS will not do waits for a
    person.
    """
    request = change.request(request_id)
    if not REQUEST.allows(request.state, event):
        # Answered, withdrawn or ended otherwise meanwhile: the text is worth keeping, the state stays.
        change.set("request", request_id, by, text)
        return
    change.transition("request", request_id, event, by, text, trouble=text, attempts=request.attempts + 1)
    if request.to != "modality" or not site.requests.fallback:
        return
    try:
        other = ris(site)
    except ImgdashError as error:
        change.set("request", request_id, trouble=f"{text} HIS/RIS cannot be asked instead: {error.cause}")
        return
    why = f"{text} HIS/RIS is asked instead."
    redirect(change, request_id, "ris", other.name, "imgdash", why)


def withdraw(change: Change, request_id: str, by: str, why: str) -> None:
    """Taken back; its addressee is told, where it has it or may have it.

    One that waits may be on its way at this moment, or it arrived and the acknowledgement was lost. Cancelling what
    an addressee does not know does no harm; an exposure that nobody wants does.
    """
    request = change.request(request_id)
    told: dict[str, Any] = {}
    if request.state in ("waiting", "sent", "accepted", "failed"):
        told["contents"] = {**request.contents, "cancel": "due"}
    change.transition("request", request_id, "withdraw", by, why, **told)


def redirect(change: Change, request_id: str, to: str, peer: str, by: str, why: str) -> None:
    """Send a refused or failed request again, to the same or another addressee, as a new message.

    What the former addressee did with it is over: kept, a cancelled work item could never be fetched again.
    """
    request = change.request(request_id)
    change.transition(
        "request",
        request_id,
        "redirect",
        by,
        why,
        to=to,
        peer=peer,
        attempts=0,
        trouble=why,
        message_id=new_control_id(),
        contents=_afresh(request, to),
    )


def _afresh(request: Request, to: str) -> dict[str, Any]:
    """What is kept beside a request that is sent again; a modality gets a new work item.

    A work item that has ended stays so (PS3.4 table CC.1.1-2), and its UID would be refused as known or taken for it.
    """
    kept = {name: value for name, value in request.contents.items() if name not in _OF_THE_ADDRESSEE}
    if request.to == "modality":
        kept["workitems"] = [*kept.get("workitems", ()), request.workitem_uid]
        # One that was refused was never made; one whose acknowledgement never came may have been.
        if request.state == "failed" or {"offered", "subscription"} & request.contents.keys():
            kept["replaced"] = request.workitem_uid
    if to == "modality" and kept.get("workitems"):
        kept["workitem"] = str(generate_uid(prefix=None))
    return kept


def started(change: Change, request_id: str, why: str, **columns: Any) -> None:
    """The addressee works on it; columns are set in any case."""
    request = change.request(request_id)
    if request.state == "waiting":
        # It was quicker than the acknowledgement of what it answers.
        change.transition("request", request_id, "send", why="its addressee has it", sent_at=change.at)
        request = change.request(request_id)
    if REQUEST.allows(request.state, "start"):
        change.transition("request", request_id, "start", why=why, **columns)
    elif columns:
        change.set("request", request_id, why=why, **columns)
