"""What a reviewer does with an image (E1-E4): each action is one transaction, journalled with who and why.

Two reviewers may look at the same image; only one of them confirms it, and the other is told who did.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from imgdash.confirm.acting import close_requests
from imgdash.confirm.designating import Designating
from imgdash.confirm.queueing import Queueing, register, sent_to
from imgdash.confirm.rejecting import Rejecting
from imgdash.confirm.revising import Revising
from imgdash.model import Actor, ImageHeader, NotAllowed
from imgdash.store.change import Change
from imgdash.store.steps import cancel_waiting, request_event


class Actions(Revising, Designating, Rejecting, Queueing):
    """The actions of a reviewer and of whoever minds the queues."""

    def confirm(self, image_id: str, actor: Actor, *, grace_s: float = 0) -> ImageHeader:
        """The confirm key (E2): the image enters the queue of every output apparatus it is meant for.

        An image that is not fit may be confirmed by a person; that it was, and against what, is journalled.

        Parameters
        ----------
        grace_s
            Seconds before anything is sent, in which a person can take it back; an emergency does not wait.

        Raises
        ------
        NotAllowed
            Naming who confirmed it, where somebody was quicker.
        """
        actor.require("confirm")

        def change_(change: Change) -> ImageHeader:
            header = change.image(image_id)
            if header.state in ("confirmed", "delivered"):
                when = f" at {header.confirmed_at:%H:%M:%S}" if header.confirmed_at else ""
                raise NotAllowed(f"Already confirmed by {header.confirmed_by}{when}.", "Go on with the next image.")
            names = self.destinations(header)
            event = change.transition(
                "image",
                image_id,
                "confirm",
                actor.name,
                self._override(header, names),
                confirmed_by=actor.name,
                confirmed_at=change.at,
            )
            register(change, header, names, actor.name, event.seq, grace_s)
            close_requests(change, header, actor.name)
            if not names:
                change.transition("image", image_id, "deliver", actor.name, "no output apparatus was chosen for it")
            return change.image(image_id)

        return self.store.write(change_)

    def undo(self, image_id: str, actor: Actor) -> ImageHeader:
        """Take a confirmation back, as long as nothing was sent.

        Raises
        ------
        NotAllowed
            Naming the apparatus that has it.
        """
        actor.require("undo")

        def change_(change: Change) -> ImageHeader:
            header = change.image(image_id)
            if have := sent_to(change, image_id):
                raise NotAllowed(
                    f"It was sent to {', '.join(have)} already.", "Reject it or request a better one; they are told."
                )
            if header.state == "delivered":
                change.transition("image", image_id, "reopen", actor.name, "nothing was sent")
            cancel_waiting(change, image_id, actor.name, "confirmation taken back")
            change.transition("image", image_id, "undo", actor.name, confirmed_by="", confirmed_at=None)
            if header.request_id:
                request_event(change, header.request_id, "reopen", actor.name, "confirmation taken back")
            return change.image(image_id)

        return self.store.write(change_)

    def postpone(self, image_id: str, actor: Actor, comment: str = "") -> ImageHeader:
        """The postponement key (B2, E4): not sent until it was looked at again."""
        actor.require("postpone")
        return self._step(image_id, "postpone", actor, comment, **({"comment": comment} if comment else {}))

    def resume(self, image_id: str, actor: Actor) -> ImageHeader:
        """Remove a postponement (H2)."""
        actor.require("resume")
        return self._step(image_id, "resume", actor, "")

    def _step(self, image_id: str, event: str, actor: Actor, why: str, **columns: Any) -> ImageHeader:
        def change_(change: Change) -> ImageHeader:
            change.transition("image", image_id, event, actor.name, why, **columns)
            return change.image(image_id)

        return self.store.write(change_)

    def _override(self, header: ImageHeader, names: Iterable[str]) -> str:
        """What the judgement has against the apparatus chosen, in words; '' where it has nothing."""
        kinds = {self.site.output(name).kind for name in names}
        against = [
            f"for {use}: {' '.join(finding.text for finding in findings)}"
            for use, kind, findings in (
                ("storage", "storage", header.judgement.storage),
                ("film", "printer", header.judgement.film),
            )
            if findings and (kind in kinds if kind == "printer" else kinds - {"printer"})
        ]
        return f"confirmed although not fit {'; '.join(against)}" if against else ""
