"""What all actions have in common: the store, the condition behind an image, judging anew, the request behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imgdash.config import Site
from imgdash.confirm.judge import judge
from imgdash.model import Condition, ImageHeader, Judgement, NotFound
from imgdash.store.change import Change
from imgdash.store.conditions import Conditions
from imgdash.store.steps import request_event, withdraw_proposals
from imgdash.store.store import Store


class Acting:
    """Base of the groups of actions.

    Parameters
    ----------
    conditions
        Condition keys, for destinations and for judging anew after a change.
    """

    def __init__(self, store: Store, site: Site, conditions: Conditions) -> None:
        self.store = store
        self.site = site
        self.conditions = conditions

    def destinations(self, header: ImageHeader) -> tuple[str, ...]:
        """Names of the output apparatus an image goes to (F2)."""
        return self.site.destinations(header.outputs, self._condition(header).outputs)

    def _condition(self, header: ImageHeader) -> Condition:
        if not header.condition:
            return Condition("", "", "")
        try:
            return self.conditions.get(header.condition, header.condition_version or None)
        except NotFound:
            return self.conditions.get(header.condition)

    def _judge(self, change: Change, header: ImageHeader, attributes: Mapping[str, Any] | None) -> Judgement:
        orders = change.orders("order_id = ?", [header.order_id]) if header.order_id else []
        order = orders[0] if orders else None
        return judge(header, self._condition(header), self.site.fitness, order=order, attributes=attributes)


def close_requests(change: Change, header: ImageHeader, by: str) -> None:
    """The loop ends here (R6): the answer is confirmed, and proposals to ask for another are void."""
    withdraw_proposals(change, header.image_id, by, "the image was confirmed")
    if header.request_id:
        request_event(change, header.request_id, "satisfy", by, "the answer was confirmed")
