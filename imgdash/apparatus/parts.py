"""What the facade's subjects share: the stages, as `imgdash.apparatus.Apparatus` wired them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgdash.config import Site
from imgdash.confirm import Actions
from imgdash.model import APPARATUS, Actor, NotFound
from imgdash.output import Outputs
from imgdash.records.publish import Publisher
from imgdash.request import Requests
from imgdash.store.conditions import Conditions
from imgdash.store.files import Files
from imgdash.store.reduced import ReducedImages
from imgdash.store.store import Store
from imgdash.store.users import Users

if TYPE_CHECKING:
    from imgdash.apparatus.ahead import Ahead
    from imgdash.apparatus.registration import Registration
    from imgdash.apparatus.screen import Screen
    from imgdash.apparatus.viewings import Viewings

By = Actor | str


class Parts:
    """The stages that the mixins of the facade delegate to; made by `imgdash.apparatus.Apparatus`."""

    site: Site
    store: Store
    files: Files
    conditions: Conditions
    reduced_images: ReducedImages
    users: Users
    actions: Actions
    outputs: Outputs
    screen: Screen
    ahead: Ahead
    viewings: Viewings
    _requests: Requests
    _registration: Registration
    _publisher: Publisher

    def actor(self, by: By) -> Actor:
        """Who acts; a name without an account acts as a general user."""
        if isinstance(by, Actor):
            return by
        if by == APPARATUS.name:
            return APPARATUS
        try:
            return self.users.role(by)
        except NotFound:
            return Actor(by, "user")

    def _raw(self, sender: str) -> bool | None:
        peer = self.site.peer_by_ae(sender)
        return peer.sends_raw if peer else None
