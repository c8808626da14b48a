"""Storage commitment with storages that report at once, late, on the same association, or never."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.sop_class import (
    ComputedRadiographyImageStorage,
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
)

from imgdash.wire.entity import STEADY
from tests.helpers import wait_until
from tests.output.bench import Bench, radiograph

Make = Callable[..., Bench]


class Storage:
    """A storage with commitment; `when` says when it reports: ``before`` or ``after`` its answer, or ``never``."""

    def __init__(self, when: str, *, commitment: bool = True, status: int = 0x0000, fail: int = 0) -> None:
        self.when, self.status, self.fail = when, status, fail
        self.stored: list[str] = []
        self.transactions: list[str] = []
        self.threads: list[threading.Thread] = []
        ae = AE("ARCHIVE")
        ae.add_supported_context(ComputedRadiographyImageStorage)
        if commitment:
            ae.add_supported_context(StorageCommitmentPushModel)
        handlers: Any = [STEADY, (evt.EVT_C_STORE, self._store), (evt.EVT_N_ACTION, self._action)]
        self.server: Any = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
        self.port = int(self.server.socket.getsockname()[1])

    def _store(self, event: Any) -> int:
        self.stored.append(str(event.request.AffectedSOPInstanceUID))
        if self.when == "while storing":
            self._report(event.assoc)
        return 0x0000

    def _action(self, event: Any) -> tuple[int, None]:
        asked = event.action_information
        self.transactions.append(asked.TransactionUID)
        self.asked = asked
        if self.status == 0x0000 and self.when == "before":
            self._report(event.assoc)
        if self.status == 0x0000 and self.when == "after":
            self.threads.append(threading.Thread(target=self._report, args=(event.assoc,)))
            self.threads[-1].start()
        return self.status, None

    def _report(self, assoc: Any) -> None:
        if not self.transactions:
            return
        ds = Dataset()
        ds.TransactionUID = self.asked.TransactionUID
        if self.fail:
            self.fail -= 1
            ds.FailedSOPSequence = self.asked.ReferencedSOPSequence
            for item in ds.FailedSOPSequence:
                item.FailureReason = 0x0110
        else:
            ds.ReferencedSOPSequence = self.asked.ReferencedSOPSequence
        assoc.send_n_event_report(ds, 1, StorageCommitmentPushModel, StorageCommitmentPushModelInstance)

    def __enter__(self) -> Storage:
        return self

    def __exit__(self, *_: object) -> None:
        for thread in self.threads:
            thread.join(5)
        self.server.shutdown()


def archive(storage: Storage, **more: Any) -> dict[str, Any]:
    return {"name": "ARCHIVE", "kind": "storage", "ae_title": "ARCHIVE", "port": storage.port, **more}


def run(make: Make, storage: Storage, count: int = 1, **more: Any) -> tuple[Bench, list[str]]:
    site = make(archive(storage, **more))
    return site, [site.register(site.add(radiograph(number)), "ARCHIVE") for number in range(1, count + 1)]


def test_a_report_before_its_own_answer_is_understood(bench: Make) -> None:
    with Storage("before") as storage:
        site, _ = run(bench, storage, 3)
        with site.running():
            wait_until(lambda: site.states() == ["done"] * 3)
        assert len(storage.stored) == 3


def test_a_report_on_the_same_association_later_is_understood(bench: Make) -> None:
    with Storage("after") as storage:
        site, entries = run(bench, storage)
        with site.running():
            wait_until(lambda: site.states() == ["done"])
        assert site.events(entries[0]) == ["register", "take", "sent", "finish"]


def test_a_report_while_the_next_image_is_on_its_way_breaks_nothing(bench: Make) -> None:
    with Storage("while storing") as storage:
        site, _ = run(bench, storage, 2)
        with site.running():
            # Storing the second reports the first; nobody reports the second.
            wait_until(lambda: sorted(site.states()) == ["committing", "done"])
        assert len(storage.stored) == 2


def test_no_report_is_asked_for_again_under_a_new_transaction_uid_and_given_up_in_the_end(bench: Make) -> None:
    with Storage("never") as storage:
        site, entries = run(bench, storage, commitment_seconds=0.15, attempts=3)
        with site.running():
            wait_until(lambda: site.entry(entries[0]).state == "failed")
        assert len(storage.stored) == 1, "the image itself is not sent again"
        assert len(storage.transactions) == len(set(storage.transactions)) == 3
        assert "never said" in site.entry(entries[0]).trouble


def test_a_restart_asks_again(bench: Make) -> None:
    with Storage("before") as storage:
        site, entries = run(bench, storage, commitment_seconds=0.1)
        site.store.transition("queue", entries[0], "take")
        site.store.transition("queue", entries[0], "sent", transaction_uid="1.2.9", sop_class_uid="1.2")
        with site.running():
            wait_until(lambda: site.states() == ["done"])
        assert storage.stored == []
        assert storage.transactions != ["1.2.9"]


def test_a_storage_that_does_not_keep_an_image_gets_it_again(bench: Make) -> None:
    with Storage("before", fail=1) as storage:
        site, entries = run(bench, storage)
        with site.running():
            wait_until(lambda: site.states() == ["done"])
        assert storage.stored == [site.entry(entries[0]).output_uid] * 2
        assert site.events(entries[0]).count("sent") == 2


def test_a_storage_without_commitment_is_named_as_such(bench: Make) -> None:
    with Storage("never", commitment=False) as storage:
        site, entries = run(bench, storage, commitment_seconds=0.1, attempts=2)
        with site.running():
            wait_until(lambda: site.entry(entries[0]).state == "failed")
        assert "commitment = false" in site.entry(entries[0]).trouble


def test_a_refused_request_for_commitment_leaves_the_image_stored(bench: Make) -> None:
    with Storage("never", status=0x0110) as storage:
        site, entries = run(bench, storage)
        with site.running():
            wait_until(lambda: "0110" in site.entry(entries[0]).trouble)
        assert site.entry(entries[0]).state == "committing"
        assert len(storage.stored) == 1
