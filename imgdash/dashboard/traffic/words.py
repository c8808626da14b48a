"""Queues and requests in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from imgdash.apparatus.traffic import Lane
from imgdash.model import ASKS, ImageHeader, Request
from imgdash.model.codes import REASONS

_KINDS: Final = {
    "storage": ("storage", "storage"),
    "printer": ("film", "film printer"),
    "folder": ("storage", "folder"),
    "web": ("storage", "web storage"),
}
# What a person can do about an entry that does not go on by itself.
REMEDIES: Final[dict[str, str]] = {
    "failed": "It is not sent again by itself. Mend what is in the way, then send it again; or cancel it.",
    "uncertain": "The printer's answer was lost. Look whether the film is there: if so say that it is, "
    "otherwise send it again.",
    "held": "Kept back until it is released.",
    "committing": "It was sent; the apparatus has not yet said that it keeps it, or that it is printed.",
}
TO: Final = {"modality": "the modality", "ris": "HIS/RIS"}


def when(at: datetime | None, now: datetime | None = None) -> str:
    """A time of today without its day, another one with it."""
    if at is None:
        return ""
    now = now or datetime.now()
    return f"{at:%H:%M:%S}" if at.date() == now.date() else f"{at:%Y-%m-%d %H:%M}"


def lane(state: Lane) -> dict[str, Any]:
    """An item of `Lanes`."""
    icon, kind = _KINDS.get(state.kind, ("send", state.kind))
    order = ("uncertain", "failed", "sending", "committing", "waiting", "held")
    counts = [[name, state.counts[name]] for name in order if state.counts.get(name)]
    pace = [f"{state.last_hour} in the last hour", f"{state.today} today"]
    if state.last_at:
        pace.append(f"last {when(state.last_at)}")
    title = state.ae_title if state.ae_title != state.name else ""
    trouble, level = "", ""
    person = state.count("failed", "uncertain")
    if not state.on:
        trouble, level = "Switched off: its queue waits.", "warn"
    elif state.trouble:
        again = f" Next try {when(state.next_try_at)}." if state.next_try_at else ""
        trouble, level = f"{state.trouble}{again}", "warn"
    if person:
        decide = f"{person} {'needs' if person == 1 else 'need'} a person's decision."
        trouble, level = " ".join(filter(None, (decide, trouble))), "bad"
    return {
        "name": state.name, "icon": icon, "kind": kind, "address": " · ".join(filter(None, (title, state.address))),
        "on": state.on, "counts": counts, "pace": " · ".join(pace) if state.last_at else "Nothing was sent to it yet.",
        "trouble": trouble, "level": level,
    }  # fmt: skip


def reason(request: Request) -> str:
    """Why a better image is asked for."""
    code = REASONS.get(request.reason)
    return code.meaning if code else request.reason


def asked(request: Request) -> str:
    """What is wanted back."""
    return ASKS.get(request.ask, request.ask)


def progress(request: Request, answer: ImageHeader | None = None) -> str:
    """How far a request got."""
    peer, tries = request.peer, f" {request.attempts} tries." if request.attempts > 1 else ""
    came = f"Image {answer.number}" if answer is not None else "The answer"
    told = request.contents.get("progress")
    return {
        "proposed": f"Proposed; a person decides whether {peer} is asked.",
        "waiting": f"On its way to {peer}.{tries}",
        "sent": f"{peer} has it; no answer yet.",
        "accepted": _under_way(request, f" It says: {told}." if told else ""),
        "answered": f"{came} came and awaits its reviewer.",
        "satisfied": f"{came} came and was confirmed.",
        "superseded": f"{came} came, but was not good enough.",
        "refused": f"{peer} refused. Ask again, ask another one, or withdraw.",
        "failed": f"{peer} was not reached.{tries} Ask again, ask another one, or withdraw.",
        "withdrawn": "Withdrawn.",
    }.get(request.state, request.state)


def sent_as(image: ImageHeader) -> str:
    """Whether its sender had processed a picture: the two look very different without one being the worse."""
    return {True: "sent unprocessed", False: "sent processed", None: ""}[image.parameters.get("unprocessed")]


def _under_way(request: Request, told: str) -> str:
    if request.contents.get("completed"):
        return f"{request.peer} says it is done; the image is on its way."
    orders = request.contents.get("orders") or ()
    if orders:
        numbers = ", ".join(str(order.get("accession") or order.get("order_id")) for order in orders)
        return f"{request.peer} issued order {numbers}; the exposure is to come."
    return f"{request.peer} is at work on it.{told}"


def times(request: Request) -> str:
    """When what happened."""
    known = (("made", request.created_at), ("sent", request.sent_at), ("answered", request.answered_at))
    return " · ".join(f"{word} {when(at)}" for word, at in known if at)


def beside(wanted: Mapping[str, Any], present: Mapping[str, Any]) -> dict[str, str]:
    """Parameters that are wanted: name → ``wanted (here present)``; those that are otherwise here come first."""
    found = {}
    for name, value in wanted.items():
        here = _number(present[name]) if name in present else ""
        found[name] = (here == _number(value), f"{_number(value)} (here {here})" if here else _number(value))
    return {name: text for name, (_, text) in sorted(found.items(), key=lambda one: one[1][0])}


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
