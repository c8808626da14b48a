"""The storage, asked by DCMTK: as a hospital's archive would be."""

from __future__ import annotations

import socket
import struct
import threading
from pathlib import Path

import pydicom
import pytest
from highdicom.ko import KeyObjectSelection, KeyObjectSelectionDocument
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid
from pynetdicom import AE, evt
from pynetdicom.sop_class import StorageCommitmentPushModel, StudyRootQueryRetrieveInformationModelMove
from pynetdicom.transport import T_CONNECT, AssociationSocket

from imgdash.simulate import commitment
from imgdash.simulate.archive import Archive, rejected_by
from imgdash.simulate.machine import Conduct
from imgdash.simulate.storage import Storage
from imgdash.wire.dicom import associate
from imgdash.wire.entity import STEADY
from imgdash.wire.matching import date_match, wildcard_match
from tests.conftest import peer
from tests.helpers import wait_until
from tests.simulate.making import HOST, address, image, run

GETSCU = "/usr/bin/getscu"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder, made = tmp_path_factory.mktemp("images"), []
    for kind in ("CR", "DX"):
        ds = image(kind)
        made.append(folder / f"{kind}.dcm")
        pydicom.dcmwrite(made[-1], ds, enforce_file_format=True)
    return made


@pytest.mark.peer
def test_store_find_move_and_get(tmp_path: Path, files: list[Path]) -> None:
    with (
        Storage(address("MOVETO"), tmp_path / "to") as to,
        Storage(address("STORAGE54"), tmp_path / "at", {"MOVETO": to.address}) as storage,
    ):
        where = ("-aec", "STORAGE54", HOST, str(storage.address.port))
        run(peer("echoscu"), *where)
        run(peer("storescu"), *where, *files)
        assert storage.status() == {"stored": 2, "rejected": 0}
        found = run(
            peer("findscu"), "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "PatientName=mokei*", "-k",
            "StudyInstanceUID", "-k", "ModalitiesInStudy", *where,
        )  # fmt: skip
        assert "1.2.3.1" in found
        assert "CR\\DX" in found
        run(peer("movescu"), "-S", "-aem", "MOVETO", "-k", "QueryRetrieveLevel=STUDY", "-k",
            "StudyInstanceUID=1.2.3.1", *where)  # fmt: skip
        wait_until(lambda: to.status()["stored"] == 2)
        got = tmp_path / "got"
        got.mkdir()
        if Path(GETSCU).exists():
            run(GETSCU, "-S", "-od", got, "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=1.2.3.1", *where)
            assert len(list(got.iterdir())) == 2


def test_an_unknown_destination_is_refused(tmp_path: Path, files: list[Path]) -> None:
    from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelMove as Move

    from imgdash.wire.dicom import associate

    query = Dataset()
    query.QueryRetrieveLevel, query.StudyInstanceUID = "STUDY", "1.2.3.1"
    with (
        Storage(address("STORAGE54"), tmp_path) as storage,
        associate("X", "STORAGE54", HOST, storage.address.port, [Move]) as association,
    ):
        answers = [status.Status for status, _ in association.send_c_move(query, "NOBODY", Move)]
    assert answers == [0xA801]


def test_what_a_rejection_note_names_is_hidden_and_survives_a_restart(tmp_path: Path) -> None:
    archive, ds = Archive(tmp_path), image()
    archive.put_dataset(ds)
    # highdicom does not know an empty first character set.
    ds.SpecificCharacterSet, ds.PatientName = "ISO_IR 192", "Phantom^A"
    content = KeyObjectSelection(codes.DCM.RejectedForQualityReasons, [ds])
    note = KeyObjectSelectionDocument([ds], content, generate_uid(), 1, generate_uid(), 1, "imgdash")
    everything = Dataset()
    everything.QueryRetrieveLevel = "IMAGE"
    assert len(list(archive.find("IMAGE", everything))) == 1
    archive.put_dataset(note)
    for at in (archive, Archive(tmp_path)):
        assert [a.SOPInstanceUID for a in at.find("IMAGE", everything)] == [note.SOPInstanceUID]
        assert at.held(str(ds.SOPInstanceUID))
    assert rejected_by(ds) == set()


def test_the_connection_to_who_breaks_off_a_move_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[socket.socket | None] = []
    connect = AssociationSocket.connect

    def connected(self: AssociationSocket, primitive: T_CONNECT) -> None:
        made.append(self.socket)
        connect(self, primitive)

    def break_off(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        connection.recv(6)
        # By a reset: pynetdicom's shutdown() of its own end fails then.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    monkeypatch.setattr(AssociationSocket, "connect", connected)
    query = Dataset()
    query.QueryRetrieveLevel, query.StudyInstanceUID = "STUDY", str(image().StudyInstanceUID)
    with socket.create_server((HOST, 0)) as rude:
        thread = threading.Thread(target=break_off, args=(rude,))
        thread.start()
        known = {"RUDE": address("RUDE", rude.getsockname()[1])}
        with Storage(address("STORAGE54"), tmp_path, known) as storage:
            storage.archive.put_dataset(image())
            contexts = [StudyRootQueryRetrieveInformationModelMove]
            with associate("ASKER", "STORAGE54", HOST, storage.address.port, contexts) as association:
                answers = list(association.send_c_move(query, "RUDE", contexts[0]))
            assert answers[-1][0].Status != 0
            wait_until(lambda: len(made) == 2 and all(one is not None and one.fileno() == -1 for one in made))
        thread.join()


def test_commitment_is_reported_on_a_new_association(tmp_path: Path) -> None:
    results: list[Dataset] = []
    arrived = threading.Event()

    def result(event: evt.Event) -> tuple[int, None]:
        results.append(event.event_information)
        arrived.set()
        return 0, None

    ae = AE("ASKER")
    ae.add_supported_context(StorageCommitmentPushModel, scu_role=True, scp_role=True)
    asker = ae.start_server((HOST, 0), block=False, evt_handlers=[STEADY, (evt.EVT_N_EVENT_REPORT, result)])
    try:
        known = {"ASKER": address("ASKER", asker.server_address[1])}
        with Storage(address("STORAGE54"), tmp_path, known) as storage:
            ds = image()
            storage.archive.put_dataset(ds)
            objects = [(str(ds.SOPClassUID), str(ds.SOPInstanceUID)), (str(ds.SOPClassUID), "1.2.9")]
            transaction = commitment.request("ASKER", storage.address, objects)
            assert arrived.wait(10)
    finally:
        asker.shutdown()
    (answer,) = results
    assert answer.TransactionUID == transaction
    assert [i.ReferencedSOPInstanceUID for i in answer.ReferencedSOPSequence] == [ds.SOPInstanceUID]
    assert [(i.ReferencedSOPInstanceUID, i.FailureReason) for i in answer.FailedSOPSequence] == [("1.2.9", 0x0112)]


@pytest.mark.peer
def test_conduct_makes_it_refuse(tmp_path: Path, files: list[Path]) -> None:
    full = Conduct()
    full.order("c-store", "refuse")
    with Storage(address("STORAGE54"), tmp_path, conduct=full) as storage:
        command = [peer("storescu"), "-aec", "STORAGE54", HOST, str(storage.address.port), files[0]]
        with pytest.raises(AssertionError):
            run(*command)
        run(*command)
        assert storage.status()["stored"] == 1


def test_matching_is_dicoms() -> None:
    assert wildcard_match("mo*i^?arou", "Mokei^Tarou")
    assert wildcard_match("", "anything")
    assert not wildcard_match("Mo?", "Mokei")
    assert not wildcard_match("(a+)+$" + "*" * 20, "a" * 40)
    assert date_match("20260101-", "20260301")
    assert not date_match("-20260101", "20260301")
    assert date_match("20260301", "20260301103000")
    assert date_match("20260301-20260301", "20260301103000")
    assert not date_match("20260301-20260301", "20260302000000")
