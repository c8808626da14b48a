"""Other machines for tests: a UPS SCP (pynetdicom), a HIS/RIS (hl7apy's MLLP server), a Q/R SCP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from hl7apy.mllp import AbstractHandler, MLLPServer
from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.sop_class import (
    StudyRootQueryRetrieveInformationModelMove,
    UnifiedProcedureStepPush,
    UnifiedProcedureStepWatch,
)

from imgdash.wire import hl7
from imgdash.wire.entity import STEADY


@dataclass
class Modality:
    """A modality that takes work items. What it is to answer is set by the test."""

    status: int = 0x0000
    watch: bool = True
    silent_first: bool = False
    port: int = 0
    items: dict[str, Dataset] = field(default_factory=dict)
    creates: list[str] = field(default_factory=list)
    subscribers: list[tuple[str, str]] = field(default_factory=list)
    cancels: list[str] = field(default_factory=list)
    moves: list[tuple[str, str]] = field(default_factory=list)
    move_completed: int = 1

    def _create(self, event: Any) -> tuple[int, Dataset | None]:
        uid = str(event.request.AffectedSOPInstanceUID)
        self.creates.append(uid)
        if self.status != 0x0000:
            return self.status, None
        if uid in self.items:
            return 0x0111, None
        self.items[uid] = event.attribute_list
        if self.silent_first and len(self.creates) == 1:
            event.assoc.abort()
        return 0x0000, Dataset()

    def _action(self, event: Any) -> tuple[int, Dataset | None]:
        uid = str(event.request.RequestedSOPInstanceUID)
        if event.action_type == 2:
            self.cancels.append(uid)
        else:
            self.subscribers.append((uid, str(event.action_information.ReceivingAE)))
        return 0x0000, None

    def _get(self, event: Any) -> tuple[int, Dataset | None]:
        uid = str(event.request.RequestedSOPInstanceUID)
        return (0x0000, self.items[uid]) if uid in self.items else (0xC307, None)

    def _move(self, event: Any) -> Iterator[Any]:
        self.moves.append((str(event.move_destination), str(event.identifier.SOPInstanceUID)))
        # Nobody listens at our address here: the peer says how many it would send.
        yield None, None

    @contextmanager
    def running(self) -> Iterator[Modality]:
        ae = AE("CR51")
        ae.add_supported_context(UnifiedProcedureStepPush)
        ae.add_supported_context(StudyRootQueryRetrieveInformationModelMove)
        if self.watch:
            ae.add_supported_context(UnifiedProcedureStepWatch)
        handlers = [
            STEADY,
            (evt.EVT_N_CREATE, self._create),
            (evt.EVT_N_ACTION, self._action),
            (evt.EVT_N_GET, self._get),
            (evt.EVT_C_MOVE, self._move),
        ]
        server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
        self.port = server.server_address[1]
        try:
            yield self
        finally:
            server.shutdown()

    def complete(self, uid: str, outputs: list[tuple[str, str]], parameters: list[Dataset]) -> None:
        """Finish a work item: performed parameters and output information, as N-GET tells them."""
        references = []
        for sop_class, instance in outputs:
            reference = Dataset()
            reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = sop_class, instance
            references.append(reference)
        information = Dataset()
        information.TypeOfInstances = "DICOM"
        information.ReferencedSOPSequence = references
        performed = Dataset()
        performed.PerformedProcessingParametersSequence = parameters
        performed.OutputInformationSequence = [information]
        item = self.items[uid]
        item.ProcedureStepState = "COMPLETED"
        item.UnifiedProcedureStepPerformedProcedureSequence = [performed]


@dataclass
class Ris:
    """A HIS/RIS that takes orders; `answer` makes MSA from the control id, once `open` is set."""

    answer: str = "MSA|AA|{id}"
    port: int = 0
    messages: list[str] = field(default_factory=list)
    open: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.open.set()

    @property
    def controls(self) -> list[str]:
        """ORC-1 of each message."""
        return [hl7.parse(message.encode()).get("ORC-1") for message in self.messages]

    @contextmanager
    def running(self) -> Iterator[Ris]:
        ris = self

        class Handler(AbstractHandler):
            def reply(self) -> str:
                text = self.incoming_message
                ris.messages.append(text.strip("\x0b\x1c\r"))
                ris.open.wait(30)
                control_id = text.split("|")[9]
                return f"\x0bMSH|^~\\&|||||20260101||ACK|1|P|2.5.1\r{ris.answer.format(id=control_id)}\r\x1c\r"

        kinds = ("OMG^O19^OMG_O19", "ORM^O01^ORM_O01", "OMI^O23^OMI_O23")
        with MLLPServer("127.0.0.1", 0, dict.fromkeys(kinds, (Handler,))) as server:
            self.port = server.server_address[1]
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
            try:
                yield self
            finally:
                server.shutdown()


def event(uid: str, kind: int = 1, **attributes: Any) -> dict[str, Any]:
    """A message file of service ``ups-event`` as the receivers write it."""
    ds = Dataset()
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return {
        "service": "ups-event",
        "calling_ae": "CR51",
        "called_ae": "IMGDASH",
        "host": "127.0.0.1",
        "sop_class_uid": UnifiedProcedureStepPush,
        "sop_instance_uid": uid,
        "event_type_id": kind,
        "dataset": ds.to_json_dict(),
    }
