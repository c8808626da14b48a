"""The facade: requests for a better image (R1-R7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imgdash.apparatus.parts import By, Parts
from imgdash.model import APPARATUS, Request


class Requesting(Parts):
    """Asking the modality or HIS/RIS, and what becomes of it."""

    def request(
        self,
        image_id: str,
        by: By = APPARATUS,
        *,
        reason: str,
        ask: str | None = None,
        to: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        comment: str = "",
    ) -> Request:
        """Ask the modality or HIS/RIS for a better image; it comes back and is matched by itself.

        Parameters
        ----------
        reason
            Code value in `imgdash.model.codes.REASONS`.
        ask
            One of `imgdash.model.ASKS`; None leaves it to the reason.
        to
            ``modality`` or ``ris``; None leaves it to the reason and the site's policies.
        parameters
            Processing parameters wanted, dotted name → value; None: those obtained here (R2).
        """
        return self._requests.create(
            image_id, self.actor(by), reason=reason, ask=ask, to=to, parameters=parameters, comment=comment
        )

    def suggest_request(self, image_id: str, reason: str, ask: str | None = None, to: str | None = None) -> Any:
        """What `request` would do for a reason: addressee, peer, ask, parameters obtained, and why."""
        return self._requests.suggest(image_id, reason, ask, to)

    def redirect_request(self, request_id: str, by: By, to: str | None = None) -> Request:
        """Send a refused or failed request again, to the same addressee or to the other one."""
        return self._requests.redirect(request_id, self.actor(by), to)

    def accept_request(self, request_id: str, by: By) -> Request:
        """Send a request that a policy proposed."""
        return self._requests.accept(request_id, self.actor(by))

    def withdraw_request(self, request_id: str, by: By) -> Request:
        """Take a request back; the image awaits its reviewer again."""
        return self._requests.withdraw(request_id, self.actor(by))
