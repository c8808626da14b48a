"""Making requests (R1-R4): asking, proposing, accepting, withdrawing, redirecting; each is one transaction."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydicom.uid import generate_uid

from imgdash.config import Site
from imgdash.model import (
    APPARATUS,
    Actor,
    Condition,
    Event,
    ImageHeader,
    NotAllowed,
    NotFound,
    Request,
)
from imgdash.process.parameters import Chain
from imgdash.request import addressee, outcomes
from imgdash.request.facts import order_number, plain_parameters
from imgdash.store import rows
from imgdash.store.change import Change
from imgdash.store.conditions import Conditions
from imgdash.store.steps import ALIVE, asked_about, await_again, cancel_waiting, request_event, withdraw_proposals
from imgdash.store.store import Store
from imgdash.wire.hl7 import new_control_id

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Suggestion:
    """How a request dialog is filled in before a person changes it.

    Attributes
    ----------
    parameters
        Those obtained so far (R2): condition key and what was set by hand.
    why
        Why the addressee is not the usual one for this reason.
    """

    to: str
    peer: str
    ask: str
    parameters: Mapping[str, Any]
    why: str = ""


class Asking:
    """The part of `imgdash.request.Requests` that makes requests.

    Parameters
    ----------
    conditions
        Condition keys, for the parameters a request starts from and for where an image would go.
    """

    def __init__(self, store: Store, site: Site, conditions: Conditions | None) -> None:
        self.store = store
        self.site = site
        self.conditions = conditions

    @cached_property
    def units(self) -> Mapping[str, str]:
        """UCUM unit of each processing parameter."""
        return Chain.of({}).units()

    def suggest(self, image_id: str, reason: str, ask: str | None = None, to: str | None = None) -> Suggestion:
        """What `create` would do, for a dialog to show and a person to change."""
        header = self.store.image(image_id)
        route = addressee.choose(self.site, header, reason, ask, to)
        return Suggestion(route.to, route.peer, route.ask, self._obtained(header), route.why)

    def create(
        self,
        image_id: str,
        actor: Actor,
        *,
        reason: str,
        ask: str | None = None,
        to: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        comment: str = "",
    ) -> Request:
        """Ask for a better image; the request is sent by itself, now or as soon as its addressee is there.

        Parameters
        ----------
        reason
            Code value in `imgdash.model.codes.REASONS`.
        ask, to
            See `imgdash.model.ASKS`; ``modality`` or ``ris``. None: by reason.
        parameters
            Processing parameters wanted, dotted name → value; None: those obtained so far.

        Raises
        ------
        NotAllowed
            If the image's state or the actor's role does not allow it.
        ImgdashError
            If nobody can be asked, or a parameter does not fit.
        """
        actor.require("request")
        return self.make(image_id, actor, "waiting", reason, ask, to, parameters, comment)

    def propose(
        self,
        image_id: str,
        actor: Actor = APPARATUS,
        *,
        reason: str,
        ask: str | None = None,
        to: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        comment: str = "",
    ) -> Request:
        """Prepare a request that a person accepts or withdraws; the image goes on waiting for its reviewer."""
        return self.make(image_id, actor, "proposed", reason, ask, to, parameters, comment)

    def accept(self, request_id: str, actor: Actor) -> Request:
        """Send what was proposed."""
        actor.require("request")

        def change_(change: Change) -> Request:
            request = change.request(request_id)
            change.transition("request", request_id, "accept", actor.name)
            change.emit(Event("request", request_id, "set", {"by": actor.name}, actor.name))
            self._close_image(change, change.image(request.image_id), request, actor.name)
            return change.request(request_id)

        return self.store.write(change_)

    def withdraw(self, request_id: str, actor: Actor, comment: str = "") -> Request:
        """Take a request back; its addressee is told, and the image awaits its reviewer again."""
        actor.require("request")

        def change_(change: Change) -> Request:
            request = change.request(request_id)
            outcomes.withdraw(change, request_id, actor.name, comment)
            await_again(change, request.image_id, actor.name, comment)
            return change.request(request_id)

        return self.store.write(change_)

    def redirect(self, request_id: str, actor: Actor, to: str | None = None) -> Request:
        """Send a refused or failed request again, to the same addressee or to the other one."""
        actor.require("request")

        def change_(change: Change) -> Request:
            request = change.request(request_id)
            header = change.image(request.image_id)
            route = addressee.choose(self.site, header, request.reason, request.ask, to or request.to)
            outcomes.redirect(change, request_id, route.to, route.peer, actor.name, f"again, to {route.peer}")
            return change.request(request_id)

        return self.store.write(change_)

    def make(
        self,
        image_id: str,
        actor: Actor,
        state: str,
        reason: str,
        ask: str | None,
        to: str | None,
        parameters: Mapping[str, Any] | None,
        comment: str,
    ) -> Request:
        """A new request in `state`, for whoever has the right."""
        if parameters is not None:
            Chain.of({}, parameters)

        def change_(change: Change) -> Request:
            header = change.image(image_id)
            if held := [request for request in self.alive(image_id, change) if request.state != "proposed"]:
                raise NotAllowed(f"{held[0].peer} was asked for a better one already.", "Withdraw that request first.")
            route = addressee.choose(self.site, header, reason, ask, to)
            wanted = self._obtained(header) if parameters is None else parameters
            request = _born(change, header, actor.name, state, route, reason, plain_parameters(wanted), comment)
            withdraw_proposals(change, image_id, actor.name, "another request was made")
            why = ". ".join(filter(None, (comment, route.why)))
            change.emit(
                Event("request", request.request_id, "register", rows.request_columns(request), actor.name, why)
            )
            if state == "waiting":
                self._close_image(change, header, request, actor.name)
            return change.request(request.request_id)

        return self.store.write(change_)

    def _close_image(self, change: Change, header: ImageHeader, request: Request, by: str) -> None:
        why = f"{request.peer} is asked for a better one"
        change.transition("image", header.image_id, "request", by, why, reason=request.reason, comment=request.comment)
        cancel_waiting(change, header.image_id, by, why)
        if header.request_id:
            request_event(change, header.request_id, "dissatisfy", by, "the answer was not good enough")

    def alive(self, image_id: str, change: Change | None = None) -> list[Request]:
        """Requests about an image that are not answered yet."""
        reader = change or self.store
        if image_id not in asked_about(reader):
            return []
        marks = ", ".join("?" for _ in ALIVE)
        return reader.requests(f"image_id = ? and state in ({marks})", [image_id, *ALIVE])

    def condition(self, header: ImageHeader) -> Condition:
        """The condition key of an image; an empty one where it is not known."""
        if self.conditions is not None and header.condition:
            try:
                return self.conditions.get(header.condition, header.condition_version or None)
            except NotFound:
                _LOG.info("condition key %s is gone; the site's defaults are taken", header.condition)
        return Condition("", "", "")

    def _obtained(self, header: ImageHeader) -> dict[str, Any]:
        """The processing parameters obtained so far: all that the condition key and a person set (R2)."""
        if not header.condition and not header.overrides:
            return {}
        return plain_parameters(Chain.of(self.condition(header).processing, header.overrides).flat())


def _born(
    change: Change,
    header: ImageHeader,
    by: str,
    state: str,
    route: addressee.Route,
    reason: str,
    parameters: Mapping[str, Any],
    comment: str,
) -> Request:
    """A new request with its place in the chain of rounds."""
    request_id = str(generate_uid(prefix=None))
    former = change.requests("request_id = ? or image_id = ?", [header.request_id, header.image_id])
    return Request(
        request_id=request_id,
        image_id=header.image_id,
        chain=former[0].chain if former else request_id,
        round=header.round + 1,
        state=state,
        to=route.to,
        peer=route.peer,
        ask=route.ask,
        reason=reason,
        parameters=parameters,
        comment=comment,
        by=by,
        order_number=order_number(request_id),
        message_id=new_control_id(),
        trouble=route.why,
        created_at=change.at,
    )
