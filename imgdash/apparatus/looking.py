"""The facade: images, orders, requests, queues and machines as they are now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from imgdash import config
from imgdash.apparatus import awaiting, health, peers
from imgdash.apparatus.awaiting import Awaiting, Place
from imgdash.apparatus.health import QueueState
from imgdash.apparatus.parts import Parts
from imgdash.model import IMAGE, ImageHeader, ImgdashError, Order, Request


class Looking(Parts):
    """What is there, read from the records."""

    def images(
        self, state: str | None = None, *, limit: int | None = None, where: str = "true", params: Sequence[Any] = ()
    ) -> list[ImageHeader]:
        """Image headers in order of receipt (H2), priority not regarded.

        Raises
        ------
        ImgdashError
            If images have no such state: an empty list would say that there is none in it.
        """
        if state is not None:
            if state not in IMAGE.states:
                raise ImgdashError(f"Images have no state {state!r}.", f"They have: {', '.join(sorted(IMAGE.states))}.")
            return self.store.images(f"state = ? and ({where})", [state, *params], limit=limit)
        return self.store.images(where, params, limit=limit)

    def awaiting(self, count: int, after: Place | None = None) -> Awaiting:
        """What awaits a reviewer in the order of work: `count` images, the first or those after a place."""
        return awaiting.awaiting(self.store, count, after)

    def beyond(self, after: Place) -> dict[str, int]:
        """State → how many images await after a place in the order of work."""
        return awaiting.beyond(self.store, after)

    def image(self, image_id: str) -> ImageHeader:
        """One image header."""
        return self.store.image(image_id)

    def headers(self, image_ids: Iterable[str]) -> dict[str, ImageHeader]:
        """image_id → image header, of those that there are; read once for everybody who asks, until it changes."""
        return self.store.headers(image_ids)

    def orders(self) -> list[Order]:
        """Reservation files, latest first."""
        return self.store.orders()

    def order(self, order_id: str) -> Order | None:
        """One reservation file, or None."""
        found = self.store.orders("order_id = ?", [order_id])
        return found[0] if found else None

    def requests(self, state: str | None = None) -> list[Request]:
        """Requests for a better image, latest first."""
        return self.store.requests() if state is None else self.store.requests("state = ?", [state])

    def history(self, image_id: str) -> list[ImageHeader]:
        """The rounds an image went through, first to last, itself among them."""
        rounds = [self.image(image_id)]
        while rounds[0].replaces:
            rounds.insert(0, self.image(rounds[0].replaces))
        while rounds[-1].replaced_by:
            rounds.append(self.image(rounds[-1].replaced_by))
        return rounds

    def measured_before(self, image_id: str, limit: int = 5) -> list[ImageHeader]:
        """Images of quality control of the same kind and detector, made before this one; latest first."""
        rows = self.store.query(
            """
            select former.image_id
            from qc as former
            join (select distinct sender, detector, kind, "at" from qc where image_id = ?) as this
                on (former.sender, former.detector, former.kind) = (this.sender, this.detector, this.kind)
            join image on image.image_id = former.image_id
            where former."at" < this."at" and image.state not in ('rejected', 'deleted')
            group by former.image_id
            order by max(former."at") desc
            limit ?
            """,
            [image_id, limit],
        )
        found = self.headers(row["image_id"] for row in rows)
        return [found[row["image_id"]] for row in rows if row["image_id"] in found]

    def journal(self, subject: str | None = None, id: str | None = None, limit: int = 500) -> list[dict[str, Any]]:
        """What happened, latest first: seq, at, subject, id, event, by, why, data."""
        return self.store.query(
            "select * from journal where (? is null or subject = ?) and (? is null or id = ?) "
            "order by seq desc limit ?",
            [subject, subject, id, id, limit],
        )

    def queues(self) -> dict[str, QueueState]:
        """Each output apparatus with its queue (F2, F3)."""
        return health.queues(self)

    def check_peers(self) -> list[peers.PeerState]:
        """Ask every connection of the site whether it is there."""
        return peers.check(self.site)

    def peers(self) -> list[config.Peer | config.OutputApparatus]:
        """The machines the site file names."""
        return [*self.site.peers, *self.site.apparatus]
