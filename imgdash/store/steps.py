"""Steps that several stages take inside one change, so that they are written once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from imgdash.model import LIFECYCLES, QUEUE
from imgdash.store.change import Change, Reader

# A request in these states is not answered yet.
ALIVE: Final = ("proposed", "waiting", "sent", "accepted", "refused", "failed")
# An entry in these states can be called back; what is just being sent finishes.
CALLED_BACK: Final = ("waiting", "held", "failed")


def switch(apparatus: str) -> str:
    """Name of the preference by which an output apparatus is switched off."""
    return f"station/apparatus/{apparatus}/off"


def switched_on(reader: Reader, apparatus: str) -> bool:
    """Whether an output apparatus is sent anything; off, its queue waits."""
    return not reader.preference(switch(apparatus), False)


def cancel_waiting(change: Change, image_id: str, by: str, why: str) -> None:
    """Cancel every queue entry of an image that nothing was sent for yet."""
    for entry in change.queue("image_id = ?", [image_id]):
        if entry.state in CALLED_BACK:
            change.transition("queue", entry.entry_id, "cancel", by, why)


def rejected_as_repeat(reader: Reader, image_id: str) -> bool:
    """Whether an image is rejected as a repeat: it is archived as well, unlike one that nobody is to see (TG-305)."""
    found = reader.query(
        "select (select journal.data->>'kind' from journal where journal.subject = 'image'"
        " and journal.id = image.image_id and journal.event = 'reject' order by journal.seq desc limit 1) as kind"
        " from image where image_id = ? and state = 'rejected'",
        [image_id],
    )
    return bool(found) and found[0]["kind"] == "repeat"


def await_again(change: Change, image_id: str, by: str, why: str) -> None:
    """An image for which a better one was asked awaits its reviewer again; in quarantine, if nobody can see it."""
    header = change.image(image_id)
    if header.state == "requested":
        change.transition("image", image_id, "quarantine" if header.unread else "withdraw", by, why)


def request_event(change: Change, request_id: str, event: str, by: str, why: str) -> None:
    """Take a request along where its lifecycle has the step; it may have ended otherwise before."""
    found = change.requests("request_id = ?", [request_id])
    if found and LIFECYCLES["request"].allows(found[0].state, event):
        change.transition("request", request_id, event, by, why)


def asked_about(reader: Reader) -> Mapping[str, frozenset[str]]:
    """image_id → states of the requests about it that are not answered yet.

    Each image that arrives or is confirmed is asked for, and about most nothing was requested: so it is known
    without asking the database.
    """

    def read() -> dict[str, frozenset[str]]:
        marks = ", ".join("?" for _ in ALIVE)
        found: dict[str, frozenset[str]] = {}
        for row in reader.query(f"select image_id, state from request where state in ({marks})", ALIVE):
            found[row["image_id"]] = found.get(row["image_id"], frozenset()) | {row["state"]}
        return found

    return reader.same("requests alive", ("request",), read)


def withdraw_proposals(change: Change, image_id: str, by: str, why: str) -> None:
    """What was only proposed is void once a person decided otherwise."""
    if "proposed" not in asked_about(change).get(image_id, ()):
        return
    for request in change.requests("image_id = ? and state = 'proposed'", [image_id]):
        change.transition("request", request.request_id, "withdraw", by, why)


def all_sent(reader: Reader, image_id: str) -> bool:
    """Whether a confirmed image is at some output apparatus, and nothing of it is left to send or to decide."""
    image = reader.find(image_id)
    if image is None or image.state != "confirmed":
        return False
    states = {row["state"] for row in reader.query("select state from queue where image_id = ?", [image_id])}
    return "done" in states and states <= QUEUE.final


def deliver_if_sent(change: Change, image_id: str, by: str = "imgdash") -> None:
    """An image of which nothing is left to send is delivered."""
    if all_sent(change, image_id):
        change.transition("image", image_id, "deliver", by, "every output apparatus has it")
