"""Messages that the receivers wrote down: procedure steps, commitment, work item events, refused peers."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_file_meta_info

from imgdash.config import Site
from imgdash.model import Event, PeerFailed
from imgdash.output import Outputs
from imgdash.receive import commitment, messages, mpps
from imgdash.request import Requests
from imgdash.request.ups_events import facts as ups_facts
from imgdash.store.files import Files
from imgdash.store.store import Change, Store

_LOG = logging.getLogger(__name__)
_DONE = "select 1 from journal where subject = 'step' and id = ? and (data->>'file') = ?"
_CREATED = "select 1 from journal where subject = 'step' and id = ? and (data->>'service') = 'mpps-create'"
# A peer that is away for longer asks again when it is back.
_PATIENCE = timedelta(hours=1)


class Messages:
    """Does what a message says, then lets it go. Doing it twice does no harm."""

    def __init__(self, site: Site, store: Store, outputs: Outputs, requests: Requests, files: Files) -> None:
        self._site = site
        self._store = store
        self._outputs = outputs
        self._requests = requests
        self._quarantine, self._incoming = files.quarantine, files.incoming
        self._kinds: dict[str, Callable[[Any], None]] = {
            "mpps-create": self._step,
            "mpps-set": self._step,
            "commitment-request": self._commitment_request,
            "commitment-result": self._commitment_result,
            "ups-event": self._ups_event,
            "refused": self._refused,
        }

    def take(self, path: Path) -> None:
        """Process one message file."""
        try:
            message = messages.read(path)
            act = self._kinds[message.service]
        except Exception as error:  # not a message of ours: keep it for a person, go on
            _LOG.warning("message file put aside: %s", type(error).__name__)
            path.replace(self._quarantine / path.name)
            return
        try:
            act(message)
        except PeerFailed as error:
            now = datetime.now().astimezone()
            waited = now - message.received_at.astimezone() if message.received_at else _PATIENCE
            if error.retry and waited < _PATIENCE:
                _LOG.warning("%s is answered later: %s", message.service, error.cause)
                return
            given_up = Event("peer", message.calling_ae, "unanswered", {"service": message.service}, why=str(error))
            self._store.write(lambda change: change.emit(given_up))
        path.unlink(missing_ok=True)

    def _step(self, message: Any) -> None:
        uid = message.sop_instance_uid

        def change_(change: Change) -> None:
            if change.query(_DONE, [uid, message.name]):
                return
            known = next(iter(change.query("select * from step where step_uid = ?", [uid])), None)
            event = mpps.taken(message, known, created=bool(change.query(_CREATED, [uid])))
            if isinstance(event, str):
                left_out = {"service": message.service, "step": uid}
                change.emit(Event("peer", message.calling_ae, "ignored", left_out, why=event))
                return
            # The file is let go of after the change, so a stop in between brings the message once more.
            noted = {"file": message.name, "service": message.service}
            change.emit(dataclasses.replace(event, data={**event.data, **noted}))
            if known is None or known["state"] not in mpps.FINAL:
                self._requests.outbox.forward(change, message.service, uid, message.dataset or Dataset())

        self._store.write(change_)

    def _commitment_request(self, message: Any) -> None:
        # Looked through once for all images of a request: a burst is asked for as one, while it still arrives.
        arrived = self._arrived()
        commitment.answer(self._site, message, lambda uid: uid in arrived or self._registered(uid))

    def held(self, sop_instance_uid: str) -> bool:
        """Whether an image is kept here: registered, or acknowledged and still waiting for it.

        Who asks at once, as Orthanc does, asks for images that were acknowledged a moment ago. What is looked for
        among those first cannot be missed by being registered meanwhile.
        """
        return sop_instance_uid in self._arrived() or self._registered(sop_instance_uid)

    def _registered(self, sop_instance_uid: str) -> bool:
        rows = self._store.query(
            "select 1 from image where sop_instance_uid = ? and state <> 'deleted' limit 1", [sop_instance_uid]
        )
        return bool(rows)

    def _arrived(self) -> set[str]:
        """SOP Instance UIDs of the images that wait to be registered, as their receiver wrote them down."""
        found = set()
        for path in self._incoming.glob("*.dcm"):
            with contextlib.suppress(OSError, InvalidDicomError):
                found.add(str(read_file_meta_info(path).get("MediaStorageSOPInstanceUID", "")))
        return found

    def _commitment_result(self, message: Any) -> None:
        self._outputs.commitment_result(message)

    def _ups_event(self, message: Any) -> None:
        self._requests.ups_event(ups_facts(message))

    def _refused(self, message: Any) -> None:
        told = {"host": message.host, "called": message.called_ae}
        self._store.write(
            lambda change: change.emit(Event("peer", message.calling_ae, "refused", told, why=message.reason))
        )
