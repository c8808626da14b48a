"""What is done with the data set of one DIMSE message: stored as a file, noted as a message, or dropped."""

from __future__ import annotations

import json
import logging
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, Final, Protocol

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom.dsutils import decode as decode_dataset
from pynetdicom.sop_class import (
    ModalityPerformedProcedureStep,
    StorageCommitmentPushModel,
    UnifiedProcedureStepEvent,
    UnifiedProcedureStepPush,
)

from imgdash.receive import command as dimse
from imgdash.receive.command import Command, Operation, Status
from imgdash.receive.journal import FULL, Entry, Journal
from imgdash.receive.part10 import head
from imgdash.wire.syntaxes import is_storage

logger = logging.getLogger(__name__)
# A performed procedure step with thousands of images has about one megabyte.
NOTICE_BYTES: Final = 8 << 20
_PERFORMED_STATE: Final = "00400252"
_NO_LONGER_UPDATED: Final = 0xA710

# Operation and abstract syntax → name of the service in message files.
NOTICES: Final[dict[tuple[int, str], str]] = {
    (Operation.N_CREATE, str(ModalityPerformedProcedureStep)): "mpps-create",
    (Operation.N_SET, str(ModalityPerformedProcedureStep)): "mpps-set",
    (Operation.N_ACTION, str(StorageCommitmentPushModel)): "commitment-request",
    (Operation.N_EVENT_REPORT, str(StorageCommitmentPushModel)): "commitment-result",
    (Operation.N_EVENT_REPORT, str(UnifiedProcedureStepEvent)): "ups-event",
}


@dataclass(frozen=True)
class Caller:
    """The two ends of an association."""

    calling_ae: str
    called_ae: str
    host: str


class Task(Protocol):
    """Takes a data set piece by piece."""

    name: str
    """The file that `finish` wrote, or empty."""

    def write(self, part: memoryview) -> None:
        """Take one piece; it is only valid during the call."""

    def finish(self) -> Command:
        """The data set is whole: do it; returns the response."""

    def discard(self) -> None:
        """The association ended before that."""


class Refused:
    """Drops the data set and answers `status`."""

    name = ""

    def __init__(self, request: Command, status: Status, comment: str) -> None:
        self._answer = dimse.response(request, status, comment)

    def write(self, part: memoryview) -> None:
        """Drop it."""

    def finish(self) -> Command:
        """Answer."""
        return self._answer

    def discard(self) -> None:
        """Nothing is kept."""


class Store:
    """C-STORE: the data set goes to the file as it comes, never decoded (A1)."""

    def __init__(self, request: Command, entry: Entry, file_head: bytes) -> None:
        self.name = ""
        self._request, self._entry = request, entry
        self._failure: tuple[Status, str] | None = None
        self._size = 0
        self._write(file_head)

    def write(self, part: memoryview) -> None:
        """Append to the file; when there is no room, the rest is dropped and the answer will say so."""
        self._size += len(part)
        self._write(part)

    def finish(self) -> Command:
        """Success only when file and name are on disk."""
        if self._failure is None and self._size == 0:
            self._fail(Status.CANNOT_UNDERSTAND, "empty data set")
        if self._failure is None:
            try:
                self._entry.commit()
                self.name = self._entry.name
            except OSError as error:
                self._fail(*_reason(error))
        if self._failure is not None:
            return dimse.response(self._request, *self._failure)
        return dimse.response(self._request, Status.SUCCESS)

    def discard(self) -> None:
        """Remove the partial file."""
        self._entry.discard()

    def _write(self, part: bytes | memoryview) -> None:
        if self._failure is None:
            try:
                self._entry.write(part)
            except OSError as error:
                self._fail(*_reason(error))

    def _fail(self, status: Status, comment: str) -> None:
        logger.warning("an image could not be stored: %s", comment)
        self._failure = status, comment
        self._entry.discard()


class Notice:
    """Any other request: kept as a message file, answered, processed by the apparatus afterwards."""

    def __init__(self, request: Command, service: str, syntax: str, caller: Caller, journal: Journal) -> None:
        self.name = ""
        self._request, self._service, self._syntax = dict(request), service, syntax
        self._caller, self._journal = caller, journal
        self._data = bytearray()
        self._too_long = False

    def write(self, part: memoryview) -> None:
        """Collect."""
        if len(self._data) + len(part) > NOTICE_BYTES:
            self._too_long = True
        else:
            self._data += part

    def finish(self) -> Command:
        """Write the message file durably, then answer."""
        if self._too_long:
            return dimse.response(self._request, Status.RESOURCE_LIMITATION, f"above {NOTICE_BYTES} bytes")
        if self._service == "mpps-create" and not self._request.get(dimse.AFFECTED_SOP_INSTANCE):
            # PS3.7 10.1.5.1.3: the requestor may leave the UID to the performer.
            self._request[dimse.AFFECTED_SOP_INSTANCE] = f"2.25.{uuid.uuid4().int}"
        uid = str(self._request.get(dimse.AFFECTED_SOP_INSTANCE, self._request.get(dimse.REQUESTED_SOP_INSTANCE, "")))
        if refusal := self._journal.steps.refusal(self._service, uid):
            return self._refuse(*refusal)
        try:
            message = self._message()
        except Exception as error:
            # Boundary: a data set that cannot be read is the peer's failure, whatever the decoder stumbled over.
            logger.warning("a %s message cannot be read: %s", self._service, type(error).__name__)
            return dimse.response(self._request, Status.PROCESSING_FAILURE, "data set cannot be read")
        try:
            self.name = self._journal.write_message(message)
        except OSError as error:
            return dimse.response(self._request, Status.PROCESSING_FAILURE, _reason(error)[1])
        self._journal.steps.taken(self._service, uid, _performed_state(message))
        return dimse.response(self._request, Status.SUCCESS)

    def discard(self) -> None:
        """Nothing was written."""

    def _refuse(self, status: Status, comment: str) -> Command:
        answer = dimse.response(self._request, status, comment)
        if status == Status.PROCESSING_FAILURE:
            # PS3.4 F.7.2.2.2: the Error ID says that it may no longer be updated.
            return {**answer, dimse.ERROR_ID: _NO_LONGER_UPDATED}
        return answer

    def _message(self) -> dict[str, Any]:
        uid = UID(self._syntax)
        data = Dataset()
        if self._data:
            data = decode_dataset(BytesIO(self._data), uid.is_implicit_VR, uid.is_little_endian, uid.is_deflated)
        request = self._request
        message: dict[str, Any] = {
            "service": self._service,
            "calling_ae": self._caller.calling_ae,
            "called_ae": self._caller.called_ae,
            "host": self._caller.host,
            "received_at": datetime.now(UTC).isoformat(),
            "sop_class_uid": request.get(dimse.AFFECTED_SOP_CLASS, request.get(dimse.REQUESTED_SOP_CLASS, "")),
            "sop_instance_uid": request.get(dimse.AFFECTED_SOP_INSTANCE, request.get(dimse.REQUESTED_SOP_INSTANCE, "")),
            "dataset": data.to_json_dict(suppress_invalid_tags=True),
        }
        for key, element in (("event_type_id", dimse.EVENT_TYPE_ID), ("action_type_id", dimse.ACTION_TYPE_ID)):
            if element in request:
                message[key] = request[element]
        json.dumps(message)
        return message


def task_for(request: Command, syntaxes: tuple[str, str], caller: Caller, journal: Journal) -> Task:
    """What to do with the data set of `request`, which came in a context of abstract and transfer syntax `syntaxes`."""
    abstract, transfer = syntaxes
    operation = int(request[dimse.COMMAND_FIELD])
    has_data = request[dimse.DATA_SET_TYPE] != dimse.NO_DATA_SET
    sop_class = request.get(dimse.AFFECTED_SOP_CLASS, request.get(dimse.REQUESTED_SOP_CLASS, ""))
    if operation == Operation.C_ECHO:
        return Refused(request, Status.SUCCESS, "")
    if operation == Operation.C_STORE and is_storage(abstract):
        if sop_class != abstract:
            return Refused(request, Status.SOP_CLASS_NOT_SUPPORTED, "not the SOP class of its presentation context")
        if not has_data:
            return Refused(request, Status.CANNOT_UNDERSTAND, "no data set")
        return _store(request, abstract, transfer, caller, journal)
    service = NOTICES.get((operation, abstract))
    if service is None:
        return Refused(request, Status.UNRECOGNIZED_OPERATION, "not a service of this context")
    # Events of a work item come in a context of UPS Event, but name the class UPS Push (PS3.4 CC.2.4).
    if sop_class not in (abstract, str(UnifiedProcedureStepPush)):
        return Refused(request, Status.NO_SUCH_SOP_CLASS, "not the SOP class of its presentation context")
    return Notice(request, service, transfer, caller, journal)


def _store(request: Command, abstract: str, transfer: str, caller: Caller, journal: Journal) -> Task:
    if not journal.has_room():
        logger.warning("an image was refused: less space is free than minimum_free_mb asks for")
        return Refused(request, Status.OUT_OF_RESOURCES, "no space left")
    file_head = head(
        sop_class=abstract,
        sop_instance=str(request.get(dimse.AFFECTED_SOP_INSTANCE, "")),
        transfer_syntax=transfer,
        calling_ae=caller.calling_ae,
        called_ae=caller.called_ae,
        host=caller.host,
    )
    try:
        entry = journal.image()
    except OSError as error:
        return Refused(request, *_reason(error))
    return Store(request, entry, file_head)


def _performed_state(message: dict[str, Any]) -> str:
    values = message["dataset"].get(_PERFORMED_STATE, {}).get("Value") or [""]
    return str(values[0]).strip()


def _reason(error: OSError) -> tuple[Status, str]:
    if error.errno in FULL:
        return Status.OUT_OF_RESOURCES, "no space left"
    return Status.PROCESSING_FAILURE, f"cannot be written: {error.strerror}"
