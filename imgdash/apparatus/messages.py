"""Messages that the receivers wrote down: procedure steps, commitment, work item events, refused peers."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from imgdash.config import Site
from imgdash.model import Event, PeerFailed
from imgdash.output import Outputs
from imgdash.receive import commitment, messages, mpps
from imgdash.request import Requests
from imgdash.request.ups_events import facts as ups_facts
from imgdash.store.store import Store

_LOG = logging.getLogger(__name__)
# A peer that is away for longer asks again when it is back.
_PATIENCE = timedelta(hours=1)


class Messages:
    """Does what a message says, then lets it go. Doing it twice does no harm."""

    def __init__(self, site: Site, store: Store, outputs: Outputs, requests: Requests, quarantine: Path) -> None:
        self._site = site
        self._store = store
        self._outputs = outputs
        self._requests = requests
        self._quarantine = quarantine
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
        event = mpps.event(message)
        self._store.write(lambda change: change.emit(event))

    def _commitment_request(self, message: Any) -> None:
        def held(sop_instance_uid: str) -> bool:
            rows = self._store.query(
                "select 1 from image where sop_instance_uid = ? and state <> 'deleted' limit 1", [sop_instance_uid]
            )
            return bool(rows)

        commitment.answer(self._site, message, held)

    def _commitment_result(self, message: Any) -> None:
        self._outputs.commitment_result(message)

    def _ups_event(self, message: Any) -> None:
        self._requests.ups_event(ups_facts(message))

    def _refused(self, message: Any) -> None:
        self._store.write(
            lambda change: change.emit(
                Event("peer", message.calling_ae, "refused", {"host": message.host}, why=message.reason)
            )
        )
