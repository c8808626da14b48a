"""Requests by policy (R7): what the apparatus asks, or proposes to ask, by itself."""

from __future__ import annotations

import logging

from imgdash.model import APPARATUS, Finding, ImageHeader, ImgdashError, Judgement, NotAllowed, Request
from imgdash.request import policy
from imgdash.request.asking import Asking

_LOG = logging.getLogger(__name__)


class Automatic(Asking):
    """The part of `imgdash.request.Requests` that follows the site's policies."""

    def by_policy(self, header: ImageHeader, judgement: Judgement) -> Request | None:
        """What the site's policies do about an unfit image: a request, a proposal, or nothing (R7)."""
        if header.state not in ("awaiting", "quarantined") or self.alive(header.image_id):
            return None
        findings = self._against(header, judgement)
        decision = policy.decide(findings, self.site.requests, header.round)
        if decision is None:
            return None
        state = "waiting" if decision.policy == "automatic" else "proposed"
        finding, rule = decision.finding, decision.rule
        try:
            return self.make(header.image_id, APPARATUS, state, finding.reason, rule.ask, rule.to, None, decision.why)
        except NotAllowed:
            # A person was quicker, and decides.
            return None
        except ImgdashError as error:
            # An image must not be lost from the work list because nobody can be asked about it.
            _LOG.warning("no request by policy: %s", error)
            self.store.set("image", header.image_id, why=f"no request could be made by policy: {error}")
            return None

    def _against(self, header: ImageHeader, judgement: Judgement) -> list[Finding]:
        """Findings that matter where the image would go: what only film minds is no reason without a printer."""
        names = self.site.destinations(header.outputs, self.condition(header).outputs)
        kinds = {self.site.output(name).kind for name in names}
        found = [*judgement.storage, *(judgement.film if "printer" in kinds or not kinds else ())]
        return list(dict.fromkeys(found))
