"""Looking for images and orders: filters, order and pages are the database's work, so that a list of 100,000 opens at
once (D5, H2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from imgdash.apparatus.narrowing import among, in_order, words
from imgdash.model import ImageHeader, Order, QueueEntry, Request
from imgdash.store import rows
from imgdash.store.store import Store

_UNFIT: Final = (
    "(coalesce(json_array_length(judgement, '$.storage'), 0) + coalesce(json_array_length(judgement, '$.film'), 0)) > 0"
)
# What a view may be sorted by → SQL. Names come from pages, so nothing else reaches the text of a query.
IMAGE_SORTS: Final[dict[str, str]] = {
    "number": "number", "state": "state", "patient": "lower(patient_name)", "id": "patient_id", "image": "body_part",
    "modality": "modality", "sender": "sender", "condition": "condition", "fit": _UNFIT, "round": "round",
    "received": "received_at", "accession": "accession", "acquired": "acquired_at",
}  # fmt: skip
ORDER_SORTS: Final[dict[str, str]] = {
    "received": "received_at", "state": "state", "accession": "accession", "patient": "lower(patient_name)",
    "id": "patient_id", "procedure": "procedure_text", "region": "body_part", "condition": "condition",
    "scheduled": "scheduled_at", "station": "station_ae", "priority": "priority", "physician": "physician",
    "parent": "parent", "source": "source",
}  # fmt: skip
_IMAGE_TEXT: Final = (
    "number", "patient_id", "patient_name", "accession", "step_id", "study_description", "body_part", "view",
    "condition", "order_id",
)  # fmt: skip
_IMAGE_IDS: Final = ("image_id", "sop_instance_uid", "study_uid", "series_uid", "request_id", "order_id")
_ORDER_TEXT: Final = (
    "accession", "patient_id", "patient_name", "placer_number", "filler_number", "step_id", "procedure_code",
    "procedure_text", "body_part", "physician", "parent", "order_id",
)  # fmt: skip
_ORDER_IDS: Final = ("order_id", "study_uid")
_STRAY: Final = "coalesce(order_id, '') = '' and state <> 'deleted'"
_IMAGELESS: Final = (
    "state <> 'cancelled' and not exists "
    "(select 1 from image i where i.order_id = orders.order_id and i.state <> 'deleted')"
)
ORDER_VIEWS: Final[dict[str, str]] = {"all": "true", "open": _IMAGELESS, "again": "coalesce(parent, '') <> ''"}


@dataclass(frozen=True)
class FoundImages:
    """A page of a list of images.

    Attributes
    ----------
    total
        How many fit in all.
    queued
        image_id → ``{output apparatus: state of its newest entry}``.
    """

    images: list[ImageHeader]
    total: int
    queued: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class FoundOrders:
    """A page of a list of orders.

    Attributes
    ----------
    images
        order_id → image_ids that came for it, in order of receipt.
    """

    orders: list[Order]
    total: int
    images: Mapping[str, Sequence[str]] = field(default_factory=dict)


class Search:
    """What the lists of images and orders ask."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def images(
        self,
        *,
        text: str = "",
        states: Sequence[str] = (),
        modality: str = "",
        sender: str = "",
        unfit: bool | None = None,
        stray: bool = False,
        begin: date | None = None,
        end: date | None = None,
        sort: str = "number",
        down: bool = True,
        offset: int = 0,
        limit: int = 200,
    ) -> FoundImages:
        """Images that fit all that is given.

        Parameters
        ----------
        text
            Words, each of which is to be found in name, IDs, accession, region, UIDs or number; accents and case
            do not matter.
        states
            Of the lifecycle; empty: all but deleted ones.
        unfit
            Only those judged unfit (True) or fit (False).
        stray
            Only those that no order was found for.
        begin, end
            Days of receipt, both included.
        sort, down
            A name in `IMAGE_SORTS`, and whether the largest comes first.

        Raises
        ------
        ImgdashError
            If `sort` is no such name.
        """
        where, params = words(text, _IMAGE_TEXT, _IMAGE_IDS)
        if states:
            where = [*where, f"state in ({', '.join('?' * len(states))})"]
            params = [*params, *states]
        else:
            where = [*where, "state <> 'deleted'"]
        for column, value in (("modality", modality), ("sender", sender)):
            if value:
                where, params = [*where, f"{column} = ?"], [*params, value]
        if unfit is not None:
            where = [*where, _UNFIT if unfit else f"not {_UNFIT}"]
        if stray:
            where = [*where, _STRAY]
        for comparison, day in ((">= ?::date", begin), ("< ?::date + interval 1 day", end)):
            if day is not None:
                where, params = [*where, f"received_at {comparison}"], [*params, day.isoformat()]
        total, ids = self._page("image", "image_id", where, params, in_order(IMAGE_SORTS, sort, down, "number"),
                                offset, limit)  # fmt: skip
        return FoundImages(list(self._store.headers(ids).values()), total, self.queued(ids))

    def orders(
        self,
        *,
        text: str = "",
        view: str = "all",
        modality: str = "",
        source: str = "",
        begin: date | None = None,
        end: date | None = None,
        sort: str = "received",
        down: bool = True,
        offset: int = 0,
        limit: int = 200,
    ) -> FoundOrders:
        """Reservation files that fit all that is given; `view` is a name in `ORDER_VIEWS`, days are when it is due."""
        where, params = words(text, _ORDER_TEXT, _ORDER_IDS)
        where = [*where, ORDER_VIEWS[view]]
        for column, value in (("modality", modality), ("source", source)):
            if value:
                where, params = [*where, f"{column} = ?"], [*params, value]
        for comparison, day in ((">= ?::date", begin), ("< ?::date + interval 1 day", end)):
            if day is not None:
                where = [*where, f"coalesce(scheduled_at, received_at) {comparison}"]
                params = [*params, day.isoformat()]
        total, ids = self._page("orders", "order_id", where, params, in_order(ORDER_SORTS, sort, down, "received_at"),
                                offset, limit)  # fmt: skip
        found = {order.order_id: order for order in self._store.orders(*among("order_id", ids))}
        these, values = among("order_id", ids)
        images = self._store.query(
            "select order_id, list(image_id order by number) as ids from image "
            f"where {these} and state <> 'deleted' group by order_id",
            values,
        )
        return FoundOrders(
            [found[id] for id in ids if id in found], total, {row["order_id"]: row["ids"] for row in images}
        )

    def queued(self, image_ids: Sequence[str]) -> dict[str, dict[str, str]]:
        """image_id → output apparatus → state of the newest entry in its queue."""
        found: dict[str, dict[str, str]] = {}
        these, values = among("image_id", image_ids)
        for row in self._store.query(
            "select image_id, apparatus, arg_max(state, registered_at) as state from queue "
            f"where {these} group by image_id, apparatus order by apparatus",
            values,
        ):
            found.setdefault(row["image_id"], {})[row["apparatus"]] = row["state"]
        return found

    def order(self, order_id: str) -> Order | None:
        """The reservation file of this id."""
        found = self._store.query("select * from orders where order_id = ?", [order_id])
        return rows.order(found[0]) if found else None

    def parent(self, order: Order) -> Order | None:
        """The order that a re-radiographing order is about (S11)."""
        numbers = [part for part in order.parent.replace("~", "^").replace("&", "^").split("^") if part]
        found = self._store.orders("list_contains(?, placer_number) or list_contains(?, filler_number)",
                                   [numbers, numbers]) if numbers else []  # fmt: skip
        others = [one for one in found if one.order_id != order.order_id]
        return others[0] if others else None

    def of_order(self, order_id: str) -> list[ImageHeader]:
        """Images that came for an order, in order of receipt."""
        return self._store.images("order_id = ? and state <> 'deleted'", [order_id])

    def entries(self, image_id: str) -> list[QueueEntry]:
        """Queue entries of an image, the newest last."""
        return sorted(self._store.queue("image_id = ?", [image_id]), key=lambda entry: str(entry.registered_at))

    def asked(self, image_id: str) -> list[Request]:
        """Requests that an image is in, as what was not good enough or as the answer; first to last."""
        return self._store.requests("image_id = ? or answer = ?", [image_id, image_id])[::-1]

    def asked_in(self, image_ids: Sequence[str]) -> list[Request]:
        """Requests about any of these images, first to last."""
        return self._store.requests(*among("image_id", image_ids))[::-1]

    def image_counts(self) -> dict[str, int]:
        """State → images."""
        sql = "select state, count(*) n from image group by all"
        return self._store.same(
            "image counts", ("image",), lambda: {row["state"]: row["n"] for row in self._store.query(sql)}
        )

    def order_counts(self) -> dict[str, int]:
        """View of `ORDER_VIEWS` → orders, and ``stray`` → images without an order."""
        views = ", ".join(f"count(*) filter (where {where}) as {name}" for name, where in ORDER_VIEWS.items())

        def count() -> dict[str, int]:
            found = self._store.query(f"select {views} from orders")[0]
            stray = self._store.query(f"select count(*) as n from image where {_STRAY}")[0]["n"]
            return {**found, "stray": stray}

        return self._store.same("order counts", ("image", "order"), count)

    def known(self) -> dict[str, list[str]]:
        """What the filters offer: ``modality`` and ``sender`` of images, ``order_modality``, ``source`` of orders."""
        wanted = {
            "modality": "select distinct modality v from image", "sender": "select distinct sender v from image",
            "order_modality": "select distinct modality v from orders",
            "source": "select distinct source v from orders",
        }  # fmt: skip

        def read() -> dict[str, list[str]]:
            return {
                name: sorted(row["v"] for row in self._store.query(sql) if row["v"]) for name, sql in wanted.items()
            }

        return self._store.same("filters", ("image", "order"), read)

    @staticmethod
    def having(text: str, column: str = "image_id") -> tuple[list[str], list[Any]]:
        """A condition on a column of image ids for words that their image is to have; none for none."""
        where, params = words(text, _IMAGE_TEXT, _IMAGE_IDS)
        if not where:
            return [], []
        told = " and ".join(f"({part})" for part in where)
        return [f"{column} in (select image.image_id from image where {told})"], params

    def _page(
        self, table: str, key: str, where: Sequence[str], params: Sequence[Any], order: str, offset: int, limit: int
    ) -> tuple[int, list[str]]:
        """How many rows fit, and the keys of one page: whole rows are read for these alone."""
        told = " and ".join(f"({part})" for part in where) or "true"
        # Two questions: the first rows in order need no sorting of all, a count needs no order.
        found = self._store.query(
            f"select {key} as id from {table} where {told} order by {order}, {key} limit ? offset ?",
            [*params, limit, max(offset, 0)],
        )
        total = self._store.query(f"select count(*) as n from {table} where {told}", list(params))[0]["n"]
        return total, [row["id"] for row in found]


__all__ = ["IMAGE_SORTS", "ORDER_SORTS", "ORDER_VIEWS", "FoundImages", "FoundOrders", "Search"]
