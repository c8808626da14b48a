"""Our work list on a port, and a modality's view of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom.sop_class import (
    UnifiedProcedureStepPull,
    UnifiedProcedureStepPush,
    UnifiedProcedureStepQuery,
    UnifiedProcedureStepWatch,
)

from imgdash.config import Site
from imgdash.model import Actor, Request
from imgdash.output.as_received import corrected
from imgdash.request import Requests
from imgdash.retrieve import QueryServer
from imgdash.store.files import Files
from imgdash.store.store import Store
from imgdash.wire.dicom import associate, parameters_to_items
from tests.confirm import making
from tests.helpers import wait_until
from tests.simulate.making import HOST

CONTEXTS = [UnifiedProcedureStepPull, UnifiedProcedureStepWatch, UnifiedProcedureStepQuery]


@dataclass
class List:
    """Our list, and a modality's view of it."""

    site: Site
    store: Store
    requests: Requests
    port: int

    def find(self, calling: str = "CR51", model: str = UnifiedProcedureStepPull, **keys: str) -> list[Dataset]:
        query = Dataset()
        for keyword in ("PatientID", "ProcedureStepState", "ScheduledProcessingParametersSequence"):
            setattr(query, keyword, [] if keyword.endswith("Sequence") else "")
        for keyword, value in keys.items():
            setattr(query, keyword, value)
        with associate(calling, "IMGDASH", HOST, self.port, CONTEXTS, 5) as assoc:
            answers = list(assoc.send_c_find(query, model))
        assert answers[-1][0].Status == 0
        return [ds for _, ds in answers if ds is not None]

    def act(self, uid: str, kind: int, calling: str = "CR51", **said: str) -> int:
        ds = Dataset()
        ds.ContactDisplayName = "Console"
        for keyword, value in said.items():
            setattr(ds, keyword, value)
        meta = UnifiedProcedureStepPull if kind == 1 else UnifiedProcedureStepWatch
        with associate(calling, "IMGDASH", HOST, self.port, CONTEXTS, 5) as assoc:
            return int(assoc.send_n_action(ds, kind, UnifiedProcedureStepPush, uid, meta_uid=meta)[0].Status)

    def state(self, uid: str, state: str, transaction: str, calling: str = "CR51") -> int:
        return self.act(uid, 1, calling, ProcedureStepState=state, TransactionUID=transaction)

    def set(self, uid: str, transaction: str, **said: Any) -> int:
        ds = Dataset()
        ds.TransactionUID = transaction
        for keyword, value in said.items():
            setattr(ds, keyword, value)
        with associate("CR51", "IMGDASH", HOST, self.port, CONTEXTS, 5) as assoc:
            meta = UnifiedProcedureStepPull
            return int(assoc.send_n_set(ds, UnifiedProcedureStepPush, uid, meta_uid=meta)[0].Status)

    def get(self, uid: str, calling: str = "CR51") -> tuple[int, Dataset | None]:
        with associate(calling, "IMGDASH", HOST, self.port, CONTEXTS, 5) as assoc:
            meta = UnifiedProcedureStepPull
            status, ds = assoc.send_n_get([], UnifiedProcedureStepPush, uid, meta_uid=meta)
        return int(status.Status), ds

    def asked(self, image_id: str, user: Actor, **more: Any) -> Request:
        request = self.requests.create(image_id, user, reason="111219", **more)
        return wait_until(lambda: (now := self.store.request(request.request_id)).state == "sent" and now)


@pytest.fixture
def listing(store: Store, requests_of: Callable[..., Requests], tmp_path: Path) -> Iterator[Callable[..., List]]:
    with ExitStack() as stack:

        def make(port: int = 0, query: int = 0, **more: Any) -> List:
            modality = {"kind": "modality", "timeout_seconds": 2, "ups_pull": True}
            peers = [
                {**modality, "name": "cr", "ae_title": "CR51", "port": port},
                {**modality, "name": "other", "ae_title": "CR56"},
                {"name": "ris", "kind": "ris", "hl7_port": 1, "timeout_seconds": 1},
            ]
            station = {"query_port": query, "open_to": "loopback"}
            site = making.site(tmp_path, peer=peers, station=station, **more)
            requests = requests_of(site)
            server = QueryServer(
                site, store, Files(tmp_path), corrected=lambda path, header: corrected(path, header, site.station),
                also=requests.worklist,
            )  # fmt: skip
            stack.enter_context(server)
            return List(site, store, requests, server.addresses["query"][1])

        yield make


def output(image_uid: str) -> Dataset:
    reference, information, done = Dataset(), Dataset(), Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.1", image_uid
    information.TypeOfInstances = "DICOM"
    information.ReferencedSOPSequence = [reference]
    done.PerformedProcessingParametersSequence = parameters_to_items({"gradation.contrast": 1.5})
    done.OutputInformationSequence = [information]
    return done
