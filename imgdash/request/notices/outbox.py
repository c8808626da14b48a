"""What other machines are owed: derived from the journal, kept in the store, sent in order to each machine."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from imgdash.config import Peer, Site
from imgdash.model import Event, ImageHeader, ImgdashError, NotFound, PeerFailed
from imgdash.request.notices import availability, sending, status, steps, study
from imgdash.request.notices.told import EVENTS, Case, Copy, Notice
from imgdash.request.notices.turns import Turns
from imgdash.request.worker import Patience, Timer
from imgdash.store.change import Change, Reader
from imgdash.store.rows import read_json
from imgdash.store.store import Store

_LOG = logging.getLogger(__name__)
_READ_UNTIL: Final = "station/notices-read"
_AT_ONCE: Final = 200
_NEWS: Final = (
    "select seq, id, event, \"at\" from journal where seq > ? and subject = 'image' and list_contains(?, event) "
    "order by seq limit ?"
)
_STORED: Final = """
select apparatus, output_uid,
    (select data->>'sop_class_uid' from journal where subject = 'queue' and id = entry_id
        and (data->>'series_uid') <> '' order by seq desc limit 1) as sop_class_uid,
    (select data->>'series_uid' from journal where subject = 'queue' and id = entry_id
        and (data->>'series_uid') <> '' order by seq desc limit 1) as series_uid
from queue where image_id = ? and state in ('done', 'committing')
"""
_STEP: Final = """
select step_uid, state from step where step_id <> '' and step_id = ? or accession <> '' and accession = ?
order by (step_id = ?) desc, started_at desc limit 1
"""

_OWED: Final = "select 1 from notice where kind = ? and machine = ? and what = ? and (content ->> '$.uid') = ?"


class Outbox:
    """Notices to peers: none is lost in a crash, a repeat is the same message, one peer's trouble is its own."""

    def __init__(self, store: Store, site: Site, patience: Patience) -> None:
        self._store, self._site, self._patience = store, site, patience
        self._timer = Timer()
        self._turns = Turns(patience.attempts)
        # Machine → failures one after the other, whichever notices they were of.
        self._failures: dict[str, int] = {}
        self._peers = [
            peer
            for peer in site.peers
            if peer.mpps or peer.availability or peer.detached_study or peer.hl7_status != "off"
        ]
        self._read_until: int | None = None

    def step(self) -> float | None:
        """Write down what is owed, send what waits; seconds until the next is due, or None."""
        if not self._peers:
            return None
        self._read()
        return self._send_waiting()

    def forward(self, change: Change, service: str, uid: str, ds: Dataset) -> None:
        """Owe a modality's procedure step to the peers that want to know of them."""
        for peer in self._peers:
            self._owe(change, peer, steps.forwarded(peer, service, uid, ds), "")

    # -- what is owed ---------------------------------------------------------------------------------------

    def _read(self) -> None:
        """Go through what happened to images since the last time."""
        if self._read_until is None:
            self._read_until = self._store.write(_beginning)
        while news := self._store.query(_NEWS, [self._read_until, list(EVENTS), _AT_ONCE]):
            self._store.write(lambda change, news=news: self._owe_all(change, news))  # type: ignore[misc]
            self._read_until = int(news[-1]["seq"])

    def _owe_all(self, change: Change, news: list[Mapping[str, Any]]) -> None:
        for row in news:
            case = self._case(change, str(row["id"]), str(row["event"]), row["at"])
            for peer in self._peers:
                for make in (status.notice, availability.notice, study.notice, steps.discontinued):
                    try:
                        notice = make(peer, case)
                    except (ImgdashError, ValueError, TypeError, KeyError) as error:
                        # One image that cannot be told of must not keep the others from being told.
                        _LOG.warning("%s cannot be told of image %s: %s", peer.name, row["id"], type(error).__name__)
                        continue
                    if notice is None or (notice.kind == "mpps-set" and _is_owed(change, peer, notice)):
                        # A step ends once, however often its images are rejected.
                        continue
                    self._owe(change, peer, notice, case.header.image_id)
        value = {"value": int(news[-1]["seq"])}
        change.emit(Event("preference", _READ_UNTIL, "set", value))

    def _owe(self, change: Change, peer: Peer, notice: Notice | None, image_id: str) -> None:
        if notice is None:
            return
        columns = {
            "kind": notice.kind,
            "machine": peer.name,
            "what": notice.what,
            "image_id": image_id,
            "state": "waiting",
            "content": {"uid": notice.uid, "message": notice.content},
            "attempts": 0,
            "answers": 0,
            "created_at": change.at,
            "place": len(change.events),
        }
        change.emit(Event("notice", str(generate_uid(prefix=None)), "register", columns, why=notice.what))

    def _case(self, reader: Reader, image_id: str, event: str, at: datetime) -> Case:
        header = reader.image(image_id)
        orders = reader.orders("order_id = ?", [header.order_id]) if header.order_id else []
        made = reader.query(_STEP, [header.step_id, header.accession, header.step_id])
        step = made[0] if made else {"step_uid": "", "state": ""}
        copies = self._copies(reader, header)
        return Case(
            self._site, header, orders[0] if orders else None, event, at, copies, step["step_uid"], step["state"]
        )

    def _copies(self, reader: Reader, header: ImageHeader) -> list[Copy]:
        found = []
        station = self._site.station
        if station.query_port is not None or station.query_tls_port is not None:
            found.append(Copy(header.sop_class_uid, header.sop_instance_uid, header.series_uid, station.ae_title))
        for row in reader.query(_STORED, [header.image_id]):
            try:
                apparatus = self._site.output(row["apparatus"])
            except NotFound:
                continue
            if apparatus.kind == "storage" and row["series_uid"]:
                kind = row["sop_class_uid"] or header.sop_class_uid
                found.append(Copy(kind, row["output_uid"], row["series_uid"], apparatus.ae_title))
        return found

    # -- sending --------------------------------------------------------------------------------------------

    def _send_waiting(self) -> float | None:
        waiting: dict[str, list[Mapping[str, Any]]] = {}
        for row in self._store.query("select * from notice where state = 'waiting' order by created_at, place"):
            waiting.setdefault(row["machine"], []).append(row)
        pauses: list[float] = []
        while waiting:
            # By turns: a machine that takes its time keeps nobody else waiting for all of its own.
            for machine, rows in list(waiting.items()):
                seconds = self._timer.seconds(machine)
                if seconds == 0:
                    chosen = self._turns.next(rows)
                    seconds = self._send(chosen, rows)
                    self._timer.again_in(machine, seconds)
                    rows.remove(chosen)
                if seconds > 0:
                    pauses.append(seconds)
                if seconds > 0 or not rows:
                    del waiting[machine]
        return min(pauses, default=None)

    def _send(self, row: Mapping[str, Any], rows: list[Mapping[str, Any]]) -> float:
        """Send one of the notices that wait for a machine; seconds until the next try, 0 where it is done with."""
        notice_id, machine = row["notice_id"], row["machine"]
        tried, answers = int(row["attempts"] or 0) + 1, int(row["answers"] or 0)
        content = read_json(row["content"])

        def became(event: str, text: str, **columns: Any) -> None:
            self._store.transition("notice", notice_id, event, why=text, attempts=tried, **columns)

        try:
            peer = self._site.peer(machine)
            sending.send(self._site, peer, row["kind"], content["uid"], content["message"])
        except PeerFailed as error:
            answers += error.heard
            # What it answers with a failure, or on which it always hangs up, must not stand before all the others;
            # how often it was away before says nothing of this notice.
            enough = self._patience.rejected if error.status is not None else self._patience.attempts
            given_up = not error.retry or (error.heard and answers >= enough)
            if error.silent:
                given_up = self._turns.unanswered(row) or given_up
            if given_up:
                became("fail", error.cause, trouble=error.cause, answers=answers)
                self._turns.forget(row)
                self._failures.pop(machine, None)
                return 0
            # A machine that is away for days must not fill the journal.
            if error.heard or tried <= self._patience.attempts or row["trouble"] != error.cause:
                became("retry", error.cause, trouble=error.cause, answers=answers)
            self._failures[machine] = self._failures.get(machine, 0) + 1
            return self._patience.pause(min(max(tried, self._failures[machine]), 30))
        except (ImgdashError, ValueError, TypeError, KeyError) as error:
            _LOG.warning("a notice cannot be sent: %s", type(error).__name__)
            became("fail", str(error), trouble=str(error))
            self._turns.forget(row)
            return 0
        became("send", f"{machine} was told", trouble="", sent_at=datetime.now())
        self._turns.answered(row, rows)
        self._failures.pop(machine, None)
        return 0


def _is_owed(reader: Reader, peer: Peer, notice: Notice) -> bool:
    return bool(reader.query(_OWED, [notice.kind, peer.name, notice.what, notice.uid]))


def _beginning(change: Change) -> int:
    """Where reading goes on; at the very first time, what happened before is not told any more."""
    found = change.preference(_READ_UNTIL)
    if found is not None:
        return int(found)
    last = int(change.query("select coalesce(max(seq), 0) as seq from journal")[0]["seq"])
    change.emit(Event("preference", _READ_UNTIL, "set", {"value": last}))
    return last


__all__ = ["Outbox"]
