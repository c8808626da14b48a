"""Policies of the request (R7): automatic, proposed or off for each rule of the judgement, and a limit of rounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from imgdash.config import Requests, Rule
from imgdash.model import Finding, Policy

_ORDER: Final[tuple[Policy, ...]] = ("automatic", "proposed")


@dataclass(frozen=True)
class Decision:
    """What a policy does about an image.

    Attributes
    ----------
    why
        The finding in words, and what changed an automatic request into a proposal.
    """

    policy: Policy
    finding: Finding
    rule: Rule
    why: str


def decide(findings: Sequence[Finding], settings: Requests, round: int) -> Decision | None:
    """What the site's policies do about these findings; None for nothing.

    A rule that the site file does not name is proposed, unless a person can mend the finding on the screen, which
    comes first (R4). Of several, an automatic rule goes before a proposed one, and the finding first in the
    judgement before later ones.

    Parameters
    ----------
    round
        Of the image: how many requests led to it.
    """
    named = {rule.rule: rule for rule in settings.rules}
    found: dict[Policy, Decision] = {}
    for finding in findings:
        rule = named.get(finding.rule)
        if rule is None:
            rule = Rule(rule=finding.rule, policy="off" if finding.correctable else "proposed")
        policy, why = rule.policy, finding.text
        if policy == "automatic" and round >= settings.rounds:
            policy = "proposed"
            why = f"{finding.text} After {round} rounds a person decides."
        found.setdefault(policy, Decision(policy, finding, rule, why))
    return next((found[policy] for policy in _ORDER if policy in found), None)
