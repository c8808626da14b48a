"""Rejecting an image without asking for a better one, taking that back, deleting (R7, R9)."""

from __future__ import annotations

from typing import Final

from imgdash.confirm.acting import Acting
from imgdash.model import Actor, ImageHeader, ImgdashError, NotAllowed
from imgdash.model.codes import REASONS
from imgdash.store.change import Change
from imgdash.store.steps import cancel_waiting, request_event, withdraw_proposals

REJECT_KINDS: Final = ("reject", "repeat")


class Rejecting(Acting):
    """Actions that end an image's way."""

    def reject(self, image_id: str, actor: Actor, reason: str, comment: str = "", kind: str = "reject") -> ImageHeader:
        """Not good enough, and no better one is asked for (TG-305 words).

        Parameters
        ----------
        reason
            Code value in `imgdash.model.codes.REASONS`.
        kind
            ``reject``: never shown to the radiologist, so storages that have it are told. ``repeat``: archived as
            well, so what is in a storage or on its way there stays.
        """
        actor.require("reject")
        code = REASONS.get(reason)
        if code is None:
            raise ImgdashError(f"{reason!r} is not a reason for rejection.", f"Possible: {', '.join(REASONS)}.")
        if kind not in REJECT_KINDS:
            raise ImgdashError(f"{kind!r} is neither 'reject' nor 'repeat'.", "Choose one of them.")

        def change_(change: Change) -> ImageHeader:
            header = change.image(image_id)
            if kind == "reject":
                cancel_waiting(change, image_id, actor.name, "the image was rejected")
            change.transition(
                "image",
                image_id,
                "reject",
                actor.name,
                f"{code.meaning}{': ' + comment if comment else ''}",
                reason=reason,
                comment=comment,
                kind=kind,
            )
            withdraw_proposals(change, image_id, actor.name, "the image was rejected")
            if header.request_id:
                request_event(change, header.request_id, "dissatisfy", actor.name, "the answer was rejected")
            return change.image(image_id)

        return self.store.write(change_)

    def restore(self, image_id: str, actor: Actor) -> ImageHeader:
        """Take a rejection back. Outputs made from now on have new SOP Instance UIDs."""
        actor.require("restore")

        def change_(change: Change) -> ImageHeader:
            header = change.image(image_id)
            # What nobody could see before can be seen no better now.
            event, why = ("quarantine", "the rejection was taken back") if header.unread else ("restore", "")
            change.transition("image", image_id, event, actor.name, why, reason="", comment="")
            if header.request_id:
                request_event(change, header.request_id, "reopen", actor.name, "the answer was restored")
            return change.image(image_id)

        return self.store.write(change_)

    def delete(self, image_id: str, actor: Actor) -> ImageHeader:
        """Delete a rejected, replaced or quarantined image; its file goes at the next `retention.sweep`."""
        actor.require("delete")

        def change_(change: Change) -> ImageHeader:
            if change.image(image_id).protected:
                raise NotAllowed("The image is protected.", "Remove the protection first.")
            change.transition("image", image_id, "delete", actor.name, "by hand")
            return change.image(image_id)

        return self.store.write(change_)
