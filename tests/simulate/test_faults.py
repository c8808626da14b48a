"""Faults that are ordered of a machine happen, so many times and as they are called; then it is well again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pynetdicom.sop_class import (
    ComputedRadiographyImageStorage,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelMove,
)
from typer.testing import CliRunner

from imgdash.cli import app
from imgdash.model import ImgdashError, PeerFailed
from imgdash.simulate.faults import KINDS, Conduct, carry_out, parse
from imgdash.simulate.ris import Ris
from imgdash.simulate.storage import Storage
from imgdash.wire import hl7, mllp
from imgdash.wire.dicom import associate
from tests.simulate.making import HOST, PATIENT, address, booking, image

FIND, MOVE = StudyRootQueryRetrieveInformationModelFind, StudyRootQueryRetrieveInformationModelMove


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    with Storage(address("STORAGE54"), tmp_path) as made:
        yield made


def send(storage: Storage, ds: Dataset, timeout: float = 5) -> int | None:
    contexts = [(ComputedRadiographyImageStorage, [ds.file_meta.TransferSyntaxUID])]
    with associate("CR51", "STORAGE54", HOST, storage.address.port, contexts, timeout) as assoc:
        return assoc.send_c_store(ds).get("Status")


def test_each_fault_happens_once_and_does_what_it_is_called(storage: Storage) -> None:
    held = lambda: storage.status()["stored"]  # noqa: E731
    for kind in KINDS:
        storage.conduct.order("c-store", kind, seconds=1.2)
    assert storage.conduct.due == 5
    assert (send(storage, image()), held()) == (0xA700, 0)
    begun = time.monotonic()
    assert (send(storage, image()), held()) == (0, 1)
    assert time.monotonic() - begun >= 1.2
    assert (send(storage, image()), held()) == (0, 1)  # it says so, and has it not
    assert (send(storage, image()), held()) == (None, 1)
    assert (send(storage, image(), timeout=0.8), held()) == (None, 2)  # it has it, and the answer is too late
    assert storage.conduct.due == 0
    assert (send(storage, image()), held()) == (0, 3)
    assert [(fault.kind, fault.happened) for fault in storage.conduct.table] == [(kind, 1) for kind in KINDS]


def test_queries_fail_too(storage: Storage) -> None:
    send(storage, image())
    query = Dataset()
    query.QueryRetrieveLevel, query.StudyInstanceUID = "STUDY", ""

    def ask() -> tuple[int | None, int]:
        with associate("CR51", "STORAGE54", HOST, storage.address.port, [FIND], 5) as assoc:
            answers = list(assoc.send_c_find(query, FIND))
        return answers[-1][0].get("Status"), sum(ds is not None for _, ds in answers)

    for kind in KINDS:
        storage.conduct.order("c-find", kind, seconds=0.05)
    assert [ask() for _ in KINDS] == [(0xA700, 0), (0, 1), (0, 0), (None, 0), (0, 1)]
    storage.known["CR51"] = storage.address
    query.SOPInstanceUID = ""
    moved = []
    for kind in ("refuse", "wrong answer"):
        storage.conduct.order("c-move", kind)
        with associate("CR51", "STORAGE54", HOST, storage.address.port, [MOVE], 5) as assoc:
            moved.append([status.get("Status") for status, _ in assoc.send_c_move(query, "CR51", MOVE)][-1])
    assert moved == [0xA702, 0]


def test_hl7_faults() -> None:
    with Ris(address("RIS58")) as ris:
        base = ris.book(booking(1)).order
        number = 0

        def order() -> str:
            nonlocal number
            number += 1
            segments = [["PID", "1", "", [PATIENT.id]], ["ORC", "NW", f"W{number}"], ["OBR", "1"]]
            segments[2] += [""] * 16 + [base.accession]
            message = hl7.build("OMG", "O19", segments, control_id=f"M{number}")
            try:
                return hl7.check_ack(f"M{number}", mllp.send(*ris.hl7_address, message, 0.3)).code
            except PeerFailed as failed:
                return failed.cause

        for kind in KINDS:
            ris.conduct.order("hl7-order", kind, seconds=0.5 if kind == "late ack" else 0.05)
        assert order() == "AR"
        assert order() == "AA"
        assert "not ours" in order()
        assert "closed the connection without" in order()
        assert "within 0.3 s" in order()
        assert ris.status()["reordered"] == 2  # the slow one and the one acknowledged too late


def test_a_command_line_orders_what_is_possible() -> None:
    ordered = parse("RIS58 : hl7-order : late-ack : 2 : 1.5")
    assert (ordered.kind, ordered.times, ordered.seconds) == ("late ack", 2, 1.5)
    assert (parse("S:c-store:refuse:0:0xA900").times, parse("S:c-store:refuse:0:0xA900").status) == (None, 0xA900)
    conduct = Conduct()
    machines = {"S": (conduct, {"c-store"})}
    carry_out(["S:c-store:drop", "S:c-store:refuse"], machines)
    assert [(fault.kind, fault.times) for fault in conduct.table] == [("drop", 1), ("refuse", 1)]
    for wrong, words in (
        ("S:c-store", "faults are refuse"),
        ("S:c-store:explode", "faults are refuse"),
        ("S:c-store:slow:x", "cannot be read"),
        ("S:c-store:slow:-1", "below 0"),
        ("T:c-store:slow", "There are: S"),
        ("S:c-stor:slow", "It can in: c-store"),
    ):
        with pytest.raises(ImgdashError) as refused:
            carry_out(["S:c-store:drop", wrong], machines)
        assert words in f"{refused.value.cause} {refused.value.remedy}"
    assert len(conduct.table) == 2


def test_the_command_refuses_a_fault_that_is_none(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text('[[apparatus]]\nname = "S"\nkind = "storage"\nae_title = "S"\n')
    done = CliRunner().invoke(app, ["simulate", "storage", str(site), "--fault", "S:worklist:drop"])
    assert isinstance(done.exception, ImgdashError)
    assert "c-store" in done.exception.remedy
