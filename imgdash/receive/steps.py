"""Which performed procedure steps were begun and which have ended (PS3.4 annex F), for the receivers to answer by.

What a step holds is kept by the apparatus, which reads its messages after they were answered. All that an answer
depends on is one mark for each that was begun and one for each that has ended, seen by every receiver of the station.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import time
from pathlib import Path
from typing import Final

from imgdash.receive.command import Status
from imgdash.receive.mpps import FINAL

_LOG = logging.getLogger(__name__)
_FOLDER: Final = "steps"
# A step lasts hours. After that the apparatus still leaves out what comes too late; only the answer is then Success.
KEPT_DAYS: Final = 30


class Steps:
    """The marks in a folder beside the messages.

    Parameters
    ----------
    incoming
        File descriptor of the folder ``incoming/``.
    """

    def __init__(self, incoming: int) -> None:
        self._incoming = incoming

    def refusal(self, service: str, uid: str) -> tuple[Status, str] | None:
        """Status and comment where PS3.4 forbids an ``mpps-create`` (F.7.2.1.2) or ``mpps-set`` (F.7.2.2.2)."""
        if service == "mpps-create" and self._marked(uid, "begun"):
            return Status.DUPLICATE_SOP_INSTANCE, "the step was begun before under this UID"
        if service == "mpps-set" and self._marked(uid, "ended"):
            return Status.PROCESSING_FAILURE, "the step is final and can no longer be updated"
        return None

    def taken(self, service: str, uid: str, state: str) -> None:
        """Mark what a message said, once it is safe on disk; `state` is its Performed Procedure Step Status."""
        if service == "mpps-create":
            self._mark(uid, "begun")
        if service == "mpps-set" and state in FINAL:
            self._mark(uid, "ended")

    def _marked(self, uid: str, what: str) -> bool:
        try:
            os.stat(_name(uid, what), dir_fd=self._incoming)
        except FileNotFoundError:
            return False
        return True

    def _mark(self, uid: str, what: str) -> None:
        try:
            with contextlib.suppress(FileExistsError):
                os.mkdir(_FOLDER, 0o750, dir_fd=self._incoming)
            os.close(os.open(_name(uid, what), os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o640, dir_fd=self._incoming))
        except OSError as error:
            # The message itself is safe, and the apparatus knows what it may not change.
            _LOG.warning("a procedure step could not be marked as %s: %s", what, error.strerror)


def _name(uid: str, what: str) -> str:
    # Never a name from a peer.
    return f"{_FOLDER}/{hashlib.sha256(uid.encode()).hexdigest()}.{what}"


def forget(incoming: Path) -> None:
    """Remove the marks of steps that are long over."""
    before = time.time() - 86_400 * KEPT_DAYS
    for path in (incoming / _FOLDER).glob("*"):
        if path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
