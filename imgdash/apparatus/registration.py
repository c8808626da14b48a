"""Making an arrived image known: order, condition key, calculated parameters, judgement, in one transaction."""

from __future__ import annotations

import dataclasses
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from imgdash.apparatus.examining import Examined
from imgdash.apparatus.processing import Processing
from imgdash.apparatus.reservations import find_order
from imgdash.config import Site
from imgdash.confirm.changing import corrected
from imgdash.model import IMAGE, Event, Finding, ImageHeader, Judgement, Order, Patient
from imgdash.model.codes import UNREADABLE
from imgdash.records import emission
from imgdash.request import Requests
from imgdash.store.conditions import Conditions
from imgdash.store.files import Files
from imgdash.store.header import read
from imgdash.store.image_rows import image_columns
from imgdash.store.reduced import ReducedImages
from imgdash.store.store import Change, Reader, Store
from imgdash.workers import Workers

_LOG = logging.getLogger(__name__)
_ARRIVAL: Final = "select 1 from journal where subject = 'image' and id = ? and (data->>'arrival') = ?"
_NEXT: Final = "select coalesce(max(number), 0) + 1 as number from image"
_TWINS: Final = "select image_id, number from image where sop_instance_uid = ?"
_EXPECTED: Final = "select 1 from orders where order_id = ? and state = 'new'"
_Known = TypeVar("_Known", ImageHeader, Order)
# What is known of an image once its pixels are seen.
_SEEN: Final = ("condition", "condition_version", "parameters", "judgement", "order_id")


@dataclass(frozen=True)
class Unborn:
    """An image that is about to be made known: its header, without a number; its order; what was radiographed how.

    Attributes
    ----------
    orders
        What `Store.happened` said of orders before this one was looked for; -1 where none was.
    """

    header: ImageHeader
    order: Order | None
    facts: dict[str, Any]
    orders: int = -1


class Registration(Processing):
    """Turns what the intake found into an image that awaits its reviewer.

    Parameters
    ----------
    tell
        Called with the header of each new image, after it is durable.
    workers
        Calculate the parameters of what arrives, so that pages do not wait for it.
    """

    def __init__(
        self,
        site: Site,
        store: Store,
        files: Files,
        reduced: ReducedImages,
        conditions: Conditions,
        requests: Requests,
        tell: Callable[[ImageHeader], None],
        workers: Workers,
    ) -> None:
        super().__init__(site, store, files, conditions, workers)
        self.reduced = reduced
        self.requests = requests
        self._tell = tell
        # Between drawing an image for a number and giving it that number no other one is born: it would be drawn for
        # the same one, and shown in its place.
        self._births = threading.Lock()

    def prepare(self, path: Path, arrived_at: datetime, found: Examined) -> Unborn | None:
        """What takes time of registering a new image: may be done for several at once, and again; makes nothing known.

        None where it is no new image, or nobody can see its pixels: `register` does then what there is to do.
        """
        if found.reduced is None or self.store.find(found.image_id):
            return None
        return self._unborn(path, arrived_at, found, {})

    def register(self, path: Path, arrived_at: datetime, found: Examined, prepared: Unborn | None = None) -> None:
        """Register one arrived file; the arrived name goes away last, so that a crash only repeats this."""
        known = self.store.find(found.image_id)
        new = known is None or known.state == "deleted"
        if known is not None and not new:
            header = self._again(known, path, found)
        else:
            if known or prepared is None or not self._holds(prepared, found):
                prepared = self._unborn(path, arrived_at, found, known.edits if known else {})
            unborn = prepared
            with self._births:
                number = 0 if known else self._drawn(unborn, found)
                header = self.store.write(lambda change: self._birth(change, found, unborn, path.name, number))
        if found.readable_header and header.state != "deleted" and not self.files.has(header.image_id):
            # A sweep that was under way took the file of the image that was deleted before.
            self.files.keep(path, header.image_id)
        self._examined(header, found)
        header = self.store.image(header.image_id)
        if new or header.unread or not self.store.requests("image_id = ?", [header.image_id]):
            self.requests.by_policy(header, header.judgement)
        self._put_away(path, found)
        if new:
            self._tell(header)

    def _drawn(self, unborn: Unborn, found: Examined) -> int:
        """Keep what a new image looks like before it is known, so that it awaits its reviewer from the first.

        Each change of the records waits for the disk, and images that arrive together wait for each other's. Who calls
        it has `_births`.

        Returns
        -------
        The number for which that was kept; 0 where the image answers a request, or cannot be seen: it is known first.
        """
        header = unborn.header
        if found.reduced is None or self._may_answer(header):
            return 0
        number = _next(self.store)
        self.reduced.put(header.image_id, number, found.reduced)
        return number

    def _may_answer(self, header: ImageHeader) -> bool:
        try:
            return self.requests.match(header, read(self.files.path(header.image_id)).ds) is not None
        except Exception:  # said once the image is known, which then is given to its reviewer as it is
            return True

    def _examined(self, header: ImageHeader, found: Examined) -> None:
        """On to its reviewer, or into quarantine."""
        if header.state == "received" and found.reduced is not None:
            self.reduced.put(header.image_id, header.number, found.reduced)
            self._answer(header)
            # Only now may a reviewer have it: what it answers, and what it looks like, is there.
            self.store.transition("image", header.image_id, "examine", why=_why(header))
        elif header.state == "received":
            self._set_aside(header, found)
        elif header.state == "quarantined" and found.readable_header:
            self._answer(header)

    def _set_aside(self, header: ImageHeader, found: Examined) -> None:
        """What could be read before a stop, and cannot now."""
        unread: dict[str, Any] = {
            "judgement": _unreadable(found),
            "condition": "",
            "condition_version": 0,
            "parameters": {},
        }
        self.store.transition("image", header.image_id, "quarantine", why=found.trouble, **unread)

    def _unborn(self, path: Path, arrived_at: datetime, found: Examined, edits: Mapping[str, str]) -> Unborn:
        if found.readable_header:
            file = self.files.keep(path, found.image_id)
            facts = emission.facts(read(file).ds)
        else:
            file, facts = self.files.quarantine / path.name, {}
        orders = self.store.happened("order")
        order = find_order(self.store, found.columns)
        header = corrected(self._header(found, file, arrived_at, order), edits)
        if found.reduced is not None:
            attributes = {**found.attributes, **edits}
            header = self.process(header, found.reduced, found.pixel_attributes, attributes, order, apart=True)
        else:
            header = _with(header, judgement=_unreadable(found))
        return Unborn(header, order, facts, orders)

    def _holds(self, prepared: Unborn, found: Examined) -> bool:
        """Whether it was prepared with the order that it has now; that another image of it came changes nothing."""
        if prepared.orders == self.store.happened("order"):
            return True
        order = find_order(self.store, found.columns)
        if order is None or prepared.order is None:
            return order is prepared.order
        return _with(order, state="") == _with(prepared.order, state="")

    def _again(self, header: ImageHeader, path: Path, found: Examined) -> ImageHeader:
        """The same bytes once more: an answer, where they were asked for, and a second look, where nobody saw them.

        What could not be read then may be now: the fault may have been ours. After a stop it may be the same arrival
        as well: then nothing was received again, and what is left to do is seen by the image's state.
        """
        noted = self._noted(header, path)
        columns: dict[str, Any] = {}
        if found.reduced is not None and header.unread and IMAGE.allows(header.state, "examine"):
            order = find_order(self.store, found.columns)
            born = _with(header, state="received", order_id=order.order_id if order else header.order_id)
            seen = self.process(born, found.reduced, found.pixel_attributes, found.attributes, order, apart=True)
            self.reduced.put(header.image_id, header.number, found.reduced)
            columns = {name: getattr(seen, name) for name in _SEEN}
        elif noted:
            return header

        def change_(change: Change) -> None:
            why = (
                "looked at again after a stop" if noted else f"the same bytes were received again from {_sender(found)}"
            )
            change.set("image", header.image_id, why=why, arrival=path.name)
            if columns and IMAGE.allows(change.image(header.image_id).state, "examine"):
                why = columns["parameters"].get("condition_why", "")
                change.transition("image", header.image_id, "examine", why=why, reason="", comment="", **columns)
                self.requests.readable(change, header.image_id)
            else:
                self.requests.received_again(change, header.image_id)

        self.store.write(change_)
        return self.store.image(header.image_id)

    def _noted(self, header: ImageHeader, path: Path) -> bool:
        """Whether this arrival, not only these bytes, is on record."""
        return bool(self.store.query(_ARRIVAL, [header.image_id, path.name]))

    def _answer(self, header: ImageHeader) -> None:
        """The image answers a request: it replaces the one that was not good enough (R6)."""
        ds = read(self.files.path(header.image_id)).ds
        match = self.requests.match(header, ds)
        if match is not None:
            _LOG.info("image %s answers request %s: %s", header.image_id, match.request.request_id, match.why)
            self.requests.answered(match.request, header, ds)

    def _header(self, found: Examined, file: Path, arrived_at: datetime, order: Order | None) -> ImageHeader:
        columns = dict(found.columns)
        columns.setdefault("patient", Patient())
        columns.setdefault("study_uid", "")
        columns.setdefault("series_uid", "")
        return ImageHeader(
            image_id=found.image_id,
            number=0,
            state="received" if found.reduced is not None else "quarantined",
            file=str(file.relative_to(self.files.folder)),
            received_at=arrived_at,
            order_id=order.order_id if order else "",
            priority=order.priority if order else False,
            **columns,
        )

    def _birth(self, change: Change, found: Examined, unborn: Unborn, arrival: str, drawn: int = 0) -> ImageHeader:
        """Make an image known; to its reviewer, too, where it was drawn under the number that it gets."""
        header, order = unborn.header, unborn.order
        number, twin = _next(change), _twin(change, header)
        header = _with(header, number=number, duplicate_of=twin)
        why = f"received from {header.sender or 'an unknown sender'}"
        if twin:
            why += "; another image came with the same SOP Instance UID, both are kept"
        columns = {**image_columns(header), "arrival": arrival}
        if change.find(header.image_id):
            # It was deleted, and its sender was told that it is kept: it begins anew.
            state = columns.pop("state")
            change.transition("image", header.image_id, "return", why=f"{why}, after it was deleted here", **columns)
            if state == "quarantined":
                change.transition("image", header.image_id, "quarantine", why=found.trouble)
        else:
            change.emit(Event("image", header.image_id, "register", columns, why=why))
        if found.readable_header and not self._is_quality(header):
            # The dose was given, whether or not anybody can see the image; a test object is no person.
            emission.record(change, header, order, unborn.facts)
        if order is not None and change.query(_EXPECTED, [order.order_id]):
            change.set("order", order.order_id, state="radiographed", why="an image of it arrived")
        if drawn == number:
            change.transition("image", header.image_id, "examine", why=_why(header))
        return change.image(header.image_id)

    def _is_quality(self, header: ImageHeader) -> bool:
        return bool(header.condition and self.conditions.get(header.condition, header.condition_version).quality)

    def _put_away(self, path: Path, found: Examined) -> None:
        if found.readable_header:
            self.files.done(path)
        else:
            self.files.set_aside(path)


def _next(reader: Reader) -> int:
    """The number of the next image; asked for twice of each, and once where nothing happened in between."""
    return reader.same("next number", ("image",), lambda: int(reader.query(_NEXT)[0]["number"]))


def _twin(reader: Reader, header: ImageHeader) -> str:
    """The first other image that came with the same SOP Instance UID; '' where there is none."""
    uid = header.sop_instance_uid
    others = [row for row in reader.query(_TWINS, [uid]) if row["image_id"] != header.image_id] if uid else []
    return str(min(others, key=lambda row: row["number"])["image_id"]) if others else ""


def _why(header: ImageHeader) -> str:
    """Why it has its condition key."""
    return str(header.parameters.get("condition_why", ""))


def _sender(found: Examined) -> str:
    return found.columns.get("sender") or "an unknown sender"


def _unreadable(found: Examined) -> Judgement:
    trouble = (Finding("unreadable", UNREADABLE.value, found.trouble),)
    return Judgement(trouble, trouble)


def _with(known: _Known, **changes: Any) -> _Known:
    return dataclasses.replace(known, **changes)
