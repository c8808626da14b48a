"""Peers that are quicker than pynetdicom."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.sop_class import StorageCommitmentPushModel, StorageCommitmentPushModelInstance, Verification

from imgdash.wire.dicom import associate
from imgdash.wire.entity import STEADY


class Reporting:
    """A storage that reports on the association of the request, at once."""

    def __init__(self) -> None:
        self.answered: list[Dataset] = []
        self.released = threading.Event()
        self.threads: list[threading.Thread] = []
        ae = AE("ARCHIVE")
        ae.acse_timeout = ae.dimse_timeout = 2
        ae.add_supported_context(StorageCommitmentPushModel)
        asked, released = (evt.EVT_N_ACTION, self._asked), (evt.EVT_RELEASED, lambda _: self.released.set())
        self.server: Any = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[STEADY, asked, released])
        self.port = int(self.server.socket.getsockname()[1])

    def _asked(self, event: evt.Event) -> tuple[int, None]:
        self.threads.append(threading.Thread(target=self._report, args=(event.assoc,)))
        self.threads[-1].start()
        return 0, None

    def _report(self, assoc: Association) -> None:
        service = StorageCommitmentPushModel, StorageCommitmentPushModelInstance
        self.answered.append(assoc.send_n_event_report(transaction(), 1, *service)[0])

    def end(self) -> None:
        for thread in self.threads:
            thread.join(10)
        self.server.shutdown()


@pytest.fixture
def archive() -> Iterator[Reporting]:
    running = Reporting()
    yield running
    running.end()


def transaction() -> Dataset:
    ds = Dataset()
    ds.TransactionUID = "1.2.3"
    return ds


def ask(assoc: Association) -> None:
    assoc.send_n_action(transaction(), 1, StorageCommitmentPushModel, StorageCommitmentPushModelInstance)


def test_a_report_is_answered_before_its_association_is_released(archive: Reporting) -> None:
    arrived, leaving, too_early = threading.Event(), threading.Event(), threading.Event()

    def take(event: evt.Event) -> tuple[int, None]:
        arrived.set()
        assert leaving.wait(10)
        too_early.wait(0.5)
        return 0, None

    def moved(event: evt.Event) -> None:
        if event.next_state == "Sta7":
            too_early.set()

    handlers = [(evt.EVT_N_EVENT_REPORT, take), (evt.EVT_FSM_TRANSITION, moved)]
    with associate("IMGDASH", "ARCHIVE", "127.0.0.1", archive.port, [StorageCommitmentPushModel], 5, handlers) as assoc:
        ask(assoc)
        assert arrived.wait(10)
        leaving.set()
    assert archive.released.wait(10)
    assert [status.get("Status") for status in archive.answered] == [0]


def test_an_answer_after_the_release_ends_no_thread_with_an_error(archive: Reporting) -> None:
    def take(event: evt.Event) -> tuple[int, None]:
        event.assoc.acse.send_release()
        return 0, None

    handlers = [(evt.EVT_N_EVENT_REPORT, take)]
    with associate("IMGDASH", "ARCHIVE", "127.0.0.1", archive.port, [StorageCommitmentPushModel], 5, handlers) as assoc:
        ask(assoc)
        upper_layer = assoc.dul
        upper_layer.join(10)
        assert not upper_layer.is_alive()


def test_an_answer_reaches_who_asked_however_late_the_association_looks_for_messages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its thread is held up, as on a busy machine, between going on and looking."""
    look = DIMSEServiceProvider.get_msg

    def late(provider: DIMSEServiceProvider, block: bool = False) -> Any:
        if not block:
            time.sleep(0.02)
        return look(provider, block)

    echo = AE("ECHO")
    echo.add_supported_context(Verification)
    server = echo.start_server(("127.0.0.1", 0), block=False)
    assert server is not None
    monkeypatch.setattr(DIMSEServiceProvider, "get_msg", late)
    try:
        with associate("CR1", "ECHO", "127.0.0.1", server.server_address[1], [Verification], 2) as association:
            for _ in range(20):
                assert association.send_c_echo().Status == 0
    finally:
        server.shutdown()
