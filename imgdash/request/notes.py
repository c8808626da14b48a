"""Telling the storages of rejections (R9): notes that are owed are written, and sent until they are answered."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from io import BytesIO
from typing import Any, Final

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, KeyObjectSelectionDocumentStorage

from imgdash.config import OutputApparatus, Site
from imgdash.model import Event, ImageHeader, ImgdashError, NotFound, PeerFailed, QueueEntry, Unreadable
from imgdash.model.codes import REASONS
from imgdash.request.owed import Owed
from imgdash.request.worker import Patience, Timer
from imgdash.store.change import Change
from imgdash.store.files import Files
from imgdash.store.header import read
from imgdash.store.rows import read_json
from imgdash.store.store import Store
from imgdash.wire import charset
from imgdash.wire.dicom import associate, ended_early
from imgdash.wire.stow import Connection

_LOG = logging.getLogger(__name__)
_DUPLICATE: Final = 0x0111
# Authorization, address and load of a web storage are not about what is posted.
_NOT_THE_NOTE: Final = frozenset({301, 302, 307, 308, 401, 403, 404, 429})

_TOLD: Final = """
select data->>'sop_class_uid' as sop_class_uid, data->>'series_uid' as series_uid from journal
where subject = 'queue' and id = ? and (data->>'series_uid') <> '' order by seq desc limit 1
"""
_WHO: Final = """
select "by" from journal where subject = 'image' and id = ? and event in ('reject', 'request')
order by seq desc limit 1
"""


class Notes:
    """The queue of rejection notes and its sending.

    A note is written down with its UIDs before it is sent for the first time, so that a repeat is the same object.
    """

    def __init__(self, store: Store, site: Site, files: Files, patience: Patience) -> None:
        self._store = store
        self._site = site
        self._files = files
        self._patience = patience
        self._owed = Owed(store)
        self._timer = Timer()

    def heard(self, events: Sequence[Event]) -> bool:
        """Whether there may be something to do after these events."""
        owed = self._owed.heard(events)
        return owed or any(event.subject == "note" for event in events)

    def step(self) -> float | None:
        """Write the notes that are owed, send those that wait; seconds until the next is due, or None."""
        with self._owed.taken() as entries:
            for entry in entries:
                self._write(entry)
        pauses = []
        # A folder does by itself what it is told: the thread that writes it takes the image out again.
        folders = [apparatus.name for apparatus in self._site.apparatus if apparatus.kind == "folder"]
        waiting = "select * from note where state = 'waiting' and not list_contains(?::varchar[], apparatus)"
        for row in self._store.query(f"{waiting} order by created_at, note_id", [folders]):
            note_id = row["note_id"]
            seconds = self._timer.seconds(note_id)
            if seconds == 0:
                seconds = self._send(row)
                self._timer.again_in(note_id, seconds)
            if seconds > 0:
                pauses.append(seconds)
        return min(pauses, default=None)

    def _write(self, entry: QueueEntry) -> None:
        try:
            apparatus = self._site.output(entry.apparatus)
        except NotFound:
            return
        told = self._store.query(_TOLD, [entry.entry_id])
        if apparatus.kind == "printer" or not apparatus.iocm or not told:
            return
        from imgdash.request.rejection import Held, compose  # brings highdicom, for which no start has to wait

        header = self._store.image(entry.image_id)
        held = Held(told[0]["sop_class_uid"] or header.sop_class_uid, entry.output_uid, told[0]["series_uid"])
        reason = header.reason if header.reason in REASONS else "111221"
        who = self._store.query(_WHO, [header.image_id])
        by = who[0]["by"] if who else "imgdash"

        institution = self._site.station.institution
        note = compose(header, held, reason, by, self._study(header), institution, datetime.now())
        columns = {
            "image_id": header.image_id,
            "entry_id": entry.entry_id,
            "apparatus": apparatus.name,
            "state": "waiting",
            "reason": reason,
            "sop_instance_uid": str(note.SOPInstanceUID),
            "dataset": _json(note),
            "attempts": 0,
            "answers": 0,
        }

        def change_(change: Change) -> None:
            if not change.query("select 1 from note where entry_id = ?", [entry.entry_id]):
                born = {**columns, "created_at": change.at}
                change.emit(Event("note", f"{entry.entry_id}!", "register", born, by))

        self._store.write(change_)

    def _study(self, header: ImageHeader) -> Dataset:
        try:
            return read(self._files.path(header.image_id)).ds
        except (NotFound, Unreadable):
            return Dataset()

    def _send(self, row: Mapping[str, Any]) -> float:
        """Seconds until the next try; 0 where there is none."""
        note_id, tried, answers = row["note_id"], int(row["attempts"] or 0) + 1, int(row["answers"] or 0)
        try:
            apparatus = self._site.output(row["apparatus"])
            store_note(self._site, apparatus, Dataset.from_json(read_json(row["dataset"])))
        except PeerFailed as error:
            # A storage that is away is waited for; one that refuses the note, or hangs up on it, is asked a few times.
            answers += error.heard
            told: dict[str, Any] = {"why": error.cause, "trouble": error.cause, "attempts": tried, "answers": answers}
            if error.heard and answers >= self._patience.attempts:
                self._store.transition("note", note_id, "fail", **told)
                return 0
            # A storage that is away for days must not fill the journal.
            if error.heard or tried <= self._patience.attempts or row["trouble"] != error.cause:
                self._store.transition("note", note_id, "retry", **told)
            return self._patience.pause(min(tried, 30))
        except (ImgdashError, ValueError, TypeError) as error:
            _LOG.warning("a rejection note cannot be sent: %s", type(error).__name__)
            self._store.transition("note", note_id, "fail", why=str(error), trouble=str(error), attempts=tried)
            return 0
        self._store.write(
            lambda change: change.transition(
                "note", note_id, "send", why=f"{apparatus.name} was told", attempts=tried, trouble="", sent_at=change.at
            )
        )
        return 0


def _json(note: Dataset) -> dict[str, Any]:
    """DICOM JSON; written and read once before, since dates and times of highdicom are objects that JSON has not."""
    buffer = BytesIO()
    note.save_as(buffer)
    buffer.seek(0)
    return pydicom.dcmread(buffer).to_json_dict()


def store_note(site: Site, apparatus: OutputApparatus, note: Dataset) -> None:
    """C-STORE of a note, or STOW-RS of it.

    Raises
    ------
    PeerFailed
        If the storage is not there (no status), or refuses it.
    """
    if apparatus.charset != "keep":
        charset.convert(note, apparatus.charset)
    note.file_meta = FileMetaDataset()
    note.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    note.file_meta.MediaStorageSOPClassUID = note.SOPClassUID
    note.file_meta.MediaStorageSOPInstanceUID = note.SOPInstanceUID
    if apparatus.kind == "web":
        _post(site, apparatus, note)
        return
    contexts = [(KeyObjectSelectionDocumentStorage, [ExplicitVRLittleEndian])]
    ours, timeout = site.station.ae_title, apparatus.timeout_seconds
    to, tls = (apparatus.ae_title, apparatus.host, apparatus.port), site.tls(apparatus)
    with associate(ours, *to, contexts, timeout, tls=tls) as assoc:
        began = time.monotonic()
        status = assoc.send_c_store(note)
        early = ended_early(began, timeout)
    code = status.get("Status")
    if code is None:
        did = "ended the association on" if early else "did not answer"
        raise PeerFailed(f"{apparatus.name} {did} the rejection note.", "Look into its log.", heard=early)
    if code != 0 and int(code) & 0xF000 != 0xB000:
        raise PeerFailed(
            f"{apparatus.name} refused the rejection note with status {int(code):#06x}.",
            "Set iocm = false for it, if it knows no rejection notes.",
            status=int(code),
        )


def _post(site: Site, apparatus: OutputApparatus, note: Dataset) -> None:
    buffer = BytesIO()
    note.save_as(buffer, enforce_file_format=True)
    authorization = site.folder / apparatus.authorization if apparatus.authorization else None
    secured: dict[str, Any] = {"tls": site.tls(apparatus), "authority": site.authority(apparatus)}
    with Connection(apparatus.url, apparatus.timeout_seconds, authorization=authorization, **secured) as connected:
        answer = connected.store([buffer.getvalue()])
    uid = str(note.SOPInstanceUID)
    # A note is sent again under its UID: then it may be there already.
    if uid in answer.kept or answer.failed.get(uid) == _DUPLICATE:
        return
    if not answer.failed and (answer.status in _NOT_THE_NOTE or answer.status >= 500):
        # Overloaded or broken storages say 502 to 504; what is 500 each time may be this note's.
        raise PeerFailed(
            f"{apparatus.name} takes nothing now (HTTP {answer.status}).",
            "It is tried again.",
            heard=answer.status == 500,
        )
    raise PeerFailed(
        f"{apparatus.name} refused the rejection note (HTTP {answer.status}).",
        "Set iocm = false for it, if it knows no rejection notes.",
        status=next(iter(answer.failed.values()), answer.status),
    )
