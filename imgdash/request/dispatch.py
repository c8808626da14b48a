"""The work on the requests to one peer: sends what waits, looks after what was sent, tells of what was withdrawn."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from imgdash.config import Site
from imgdash.model import ImgdashError, PeerFailed, Request
from imgdash.request import outcomes, sending, telling
from imgdash.request.facts import gather
from imgdash.request.worker import Patience, Timer
from imgdash.store.change import Change
from imgdash.store.store import Store

_LOG = logging.getLogger(__name__)
_OVERDUE = "No answer yet, overdue."
# How many times less often somebody is asked who has promised to report.
_SELDOM = 10

# Of an image that was confirmed or followed by another round at once, what the modality did is still to be heard (R3).
_ENDED: Final = ("satisfied", "superseded")
_ANSWERED: Final = ("answered", *_ENDED)
_WORKED_ON: Final = (
    "\"to\" = 'modality' and (state in ('sent', 'accepted', 'answered') or state in ('satisfied', 'superseded') "
    "and answered_at > ? and (contents->>'subscription') is not null and (contents->>'looked') is null)"
)


class Dispatcher:
    """Does what is due for one peer, one request after the other: who does not answer keeps no other peer waiting.

    Parameters
    ----------
    peer
        Name of the peer; None: the requests to peers that the site file no longer names.
    units
        UCUM unit of each processing parameter.
    completed
        Called with a request's id and the SOP Instance UIDs that a finished work item names.
    """

    def __init__(
        self,
        store: Store,
        site: Site,
        peer: str | None,
        patience: Patience,
        units: Callable[[], Mapping[str, str]],
        completed: Callable[[str, list[str]], None],
    ) -> None:
        self._store = store
        self._site = site
        self._peer = peer
        self._patience = patience
        self._units = units
        self._completed = completed
        self._timer = Timer()

    def step(self) -> float | None:
        """Do what is due.

        Returns
        -------
        Seconds until the next is due, or None.
        """
        pauses: list[float] = []
        for request in self._open("state = 'waiting'"):
            self._at(request, f"send {request.message_id}", self._send, pauses)
        for request in self._open("state in ('sent', 'accepted')"):
            self._mark_overdue(request, pauses)
        for request in self._open(_WORKED_ON, datetime.now() - timedelta(days=1)):
            if _to_look_at(request, self._patience.attempts):
                self._at(request, f"look {request.request_id}", self._look, pauses)
            elif _reported(request):
                # A report may be lost, so even who reports is asked now and then.
                self._timer.not_before(key := f"watch {request.request_id}", _SELDOM * self._patience.look)
                self._at(request, key, self._watch, pauses)
        for request in self._open("state = 'withdrawn' and (contents->>'cancel') = 'due'"):
            self._at(request, f"cancel {request.request_id}", self._cancel, pauses)
        for request in self._open("(contents->>'tell') = 'due'"):
            self._at(request, f"tell {request.request_id}", self._tell, pauses)
        return min(pauses, default=None)

    def _open(self, where: str, *values: Any) -> list[Request]:
        """The peer's requests in a state, in the order in which they were made."""
        if self._peer is None:
            its: tuple[str, Any] = ("not list_contains(?, peer)", [peer.name for peer in self._site.peers])
        else:
            its = ("peer = ?", self._peer)
        return self._store.requests(f"{its[0]} and ({where})", [its[1], *values])[::-1]

    def _at(self, request: Request, key: str, act: Callable[[Request], float | None], pauses: list[float]) -> None:
        """Act if it is time; what `act` returns is when to act again, None for never."""
        seconds = self._timer.seconds(key)
        if seconds > 0:
            pauses.append(seconds)
            return
        try:
            again = act(request)
        except Exception:  # this request must not keep the others from being sent
            _LOG.exception("request %s: %s failed", request.request_id, key.split()[0])
            again = self._patience.cap
        if again is None:
            self._timer.forget(key)
        else:
            self._timer.again_in(key, again)
            pauses.append(again)

    # -- sending --------------------------------------------------------------------------------------------

    def _send(self, request: Request) -> float | None:
        if self._store.request(request.request_id).state != "waiting":
            # Taken back while another one was on its way.
            return None
        tried = request.attempts + 1
        try:
            peer = self._site.peer(request.peer)
            done = sending.send(self._site, peer, gather(self._store, self._site, request, self._units()))
        except PeerFailed as error:
            if not error.retry:
                self._end(request, "refuse", error.cause)
                return None
            limit = self._patience.rejected if error.status == "AR" else self._patience.attempts
            if tried >= limit:
                event = "refuse" if error.status is not None else "fail"
                self._end(request, event, f"{error.cause} Tried {tried} times.")
                return None
            pause = self._patience.pause(tried)
            text = f"{error.cause} Try {tried} of {limit}."
            self._store.write(lambda change: outcomes.not_yet(change, request, text))
            return pause
        except (ImgdashError, ValueError, TypeError, AttributeError) as error:
            # Our own doing, such as a peer gone from the site file: trying again would not help.
            _LOG.warning("request %s cannot be sent: %s", request.request_id, type(error).__name__)
            self._end(request, "fail", f"It cannot be sent: {error}")
            return None
        self._store.write(lambda change: outcomes.sent(change, request, done.text, dict(done.contents)))
        return None

    def _end(self, request: Request, event: str, text: str) -> None:
        self._store.write(lambda change: outcomes.ended(change, self._site, request.request_id, event, text))

    # -- looking after --------------------------------------------------------------------------------------

    def _look(self, request: Request) -> float | None:
        """Ask for the state of a work item: once it is said to be done, or where nobody will say it."""
        try:
            found = sending.look(self._site, self._site.peer(request.peer), request.workitem_uid)
        except PeerFailed as error:
            if not error.retry and request.state not in _ANSWERED and not request.contents.get("completed"):
                self._end(request, "refuse", error.cause)
                return None
            looks = int(request.contents.get("looks", 0)) + 1
            note = {"looks": looks, "look": error.cause}
            self._store.write(lambda change: _keep(change, request.request_id, note))
            return self._patience.pause(looks) if looks < self._patience.attempts else None
        state = found.pop("state")
        if state == "CANCELED" and request.state not in _ENDED:
            self._end(request, "refuse", f"{request.peer} cancelled the work item: {found['refusal']}.")
            return None
        if state == "IN PROGRESS" and request.state == "sent":
            self._store.write(lambda change: outcomes.started(change, request.request_id, "seen to be in progress"))
        if state != "COMPLETED":
            if request.state in _ANSWERED:
                looks = int(request.contents.get("looks", 0)) + 1
                self._store.write(lambda change: _keep(change, request.request_id, {"looks": looks}))
            return self._patience.look
        known = {**found, "completed": True, "looked": True}
        self._store.write(lambda change: _completed(change, request, known))
        if request.state not in _ENDED:
            self._completed(request.request_id, found["outputs"])
        return None

    def _watch(self, request: Request) -> float | None:
        """As `_look`, where reports are expected."""
        pause = self._look(request)
        return None if pause is None else _SELDOM * self._patience.look

    def _mark_overdue(self, request: Request, pauses: list[float]) -> None:
        if request.sent_at is None or request.trouble == _OVERDUE:
            return
        due = request.sent_at + timedelta(hours=self._site.requests.answer_hours)
        left = (due - datetime.now()).total_seconds()
        if left > 0:
            pauses.append(left)
            return
        self._store.set("request", request.request_id, why="overdue", trouble=_OVERDUE)

    def _tell(self, request: Request) -> float | None:
        """A new work item is on our list: whoever has subscribed hears of it; the others see it when they ask."""
        try:
            note = telling.offered(self._store, self._site, self._site.peer(request.peer), request)
        except ImgdashError as error:
            note = error.cause
        self._store.write(lambda change: _keep(change, request.request_id, {"tell": note or "nobody has subscribed"}))
        return None

    # -- withdrawing ----------------------------------------------------------------------------------------

    def _cancel(self, request: Request) -> float | None:
        tries = int(request.contents.get("cancels", 0)) + 1
        try:
            peer = self._site.peer(request.peer)
            if request.to == "ris":
                done = sending.cancel_order(self._site, peer, gather(self._store, self._site, request))
            elif request.contents.get("offered"):
                told = telling.withdrawn(self._store, self._site, peer, request)
                done = sending.Sent(told or "off our work list")
            elif request.ask == "resend" and peer.resend:
                done = sending.Sent("nothing to cancel")
            else:
                done = sending.cancel_work(self._site, peer, request.workitem_uid, request.comment)
            note: dict[str, Any] = {"cancel": done.text}
        except (ImgdashError, ValueError, TypeError, AttributeError) as error:
            # One that could not be composed cannot be cancelled either, and was never sent.
            retry = getattr(error, "retry", False) and tries < self._patience.attempts
            note = {"cancels": tries, "cancel": "due" if retry else getattr(error, "cause", str(error))}
        self._store.write(lambda change: _keep(change, request.request_id, note))
        return self._patience.pause(tries) if note["cancel"] == "due" else None


def _to_look_at(request: Request, most: int) -> bool:
    """Whether N-GET has something to tell: done and not looked at yet, or nobody reports events; `most` times."""
    contents = request.contents
    if "subscription" not in contents or contents.get("looked") or int(contents.get("looks", 0)) >= most:
        return False
    # The image may be here although the report that says so was lost.
    done = bool(contents.get("completed")) or request.state in _ANSWERED
    return done or contents["subscription"] != "subscribed"


def _reported(request: Request) -> bool:
    """Whether somebody works on it and has promised to report."""
    return request.state in ("sent", "accepted") and request.contents.get("subscription") == "subscribed"


def _keep(change: Change, request_id: str, note: Mapping[str, Any]) -> None:
    """Keep something beside a request."""
    contents = change.request(request_id).contents
    change.set("request", request_id, contents={**contents, **note})


def _completed(change: Change, request: Request, known: Mapping[str, Any]) -> None:
    contents = change.request(request.request_id).contents
    outcomes.started(change, request.request_id, "seen to be completed", contents={**contents, **known})
