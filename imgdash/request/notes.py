"""Telling the storages of rejections (R9): which notes are owed is derived from the store, so none is lost."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from typing import Any, Final

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, KeyObjectSelectionDocumentStorage

from imgdash.config import OutputApparatus, Site
from imgdash.model import Event, ImageHeader, ImgdashError, NotFound, PeerFailed, QueueEntry, Unreadable
from imgdash.model.codes import REASONS
from imgdash.request.rejection import Held, compose
from imgdash.request.worker import Patience, Timer
from imgdash.store.change import Change
from imgdash.store.files import Files
from imgdash.store.header import read
from imgdash.store.rows import read_json
from imgdash.store.store import Store
from imgdash.wire.dicom import associate

_LOG = logging.getLogger(__name__)

# Entries of images that ended badly, by which a storage has them, and for which no note exists. A repeat is archived
# as well, so nobody is told of it.
_OWED: Final = """
select queue.entry_id from queue join image using (image_id)
where image.state in ('rejected', 'replaced')
  and queue.state in ('done', 'committing', 'uncertain')
  and not exists (select 1 from note where note.entry_id = queue.entry_id)
  and coalesce((select journal.data->>'kind' from journal where journal.subject = 'image'
      and journal.id = image.image_id and journal.event = 'reject' order by journal.seq desc limit 1), '') <> 'repeat'
"""
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
        self._timer = Timer()

    def step(self) -> float | None:
        """Write the notes that are owed, send those that wait; seconds until the next is due, or None."""
        for row in self._store.query(_OWED):
            self._write(self._store.queue("entry_id = ?", [row["entry_id"]])[0])
        pauses = []
        for row in self._store.query("select * from note where state = 'waiting' order by created_at, note_id"):
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
        if apparatus.kind != "storage" or not apparatus.iocm or not told:
            return
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
        note_id, tried = row["note_id"], int(row["attempts"] or 0) + 1
        try:
            apparatus = self._site.output(row["apparatus"])
            store_note(self._site, apparatus, Dataset.from_json(read_json(row["dataset"])))
        except PeerFailed as error:
            # A storage that is away is waited for; one that refuses the note is asked a few times.
            if error.status is not None and tried >= self._patience.attempts:
                self._store.transition("note", note_id, "fail", why=error.cause, trouble=error.cause, attempts=tried)
                return 0
            # A storage that is away for days must not fill the journal.
            if tried <= self._patience.attempts or row["trouble"] != error.cause:
                self._store.transition("note", note_id, "retry", why=error.cause, trouble=error.cause, attempts=tried)
            return self._patience.pause(tried)
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
    """C-STORE of a note.

    Raises
    ------
    PeerFailed
        If the storage is not there (no status), or refuses it.
    """
    note.file_meta = FileMetaDataset()
    note.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    note.file_meta.MediaStorageSOPClassUID = note.SOPClassUID
    note.file_meta.MediaStorageSOPInstanceUID = note.SOPInstanceUID
    contexts = [(KeyObjectSelectionDocumentStorage, [ExplicitVRLittleEndian])]
    ours, timeout = site.station.ae_title, apparatus.timeout_seconds
    with associate(ours, apparatus.ae_title, apparatus.host, apparatus.port, contexts, timeout) as assoc:
        status = assoc.send_c_store(note)
    code = status.get("Status")
    if code is None:
        raise PeerFailed(f"{apparatus.name} did not answer the rejection note.", "Look into its log.")
    if code != 0 and int(code) & 0xF000 != 0xB000:
        raise PeerFailed(
            f"{apparatus.name} refused the rejection note with status {int(code):#06x}.",
            "Set iocm = false for it, if it knows no rejection notes.",
            status=int(code),
        )
