"""The worklist of DCMTK's wlmscpfs becomes orders."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from pynetdicom import AE, evt
from pynetdicom.sop_class import ModalityWorklistInformationFind

from imgdash.config import Peer
from imgdash.model.codes import Code
from imgdash.model.errors import PeerFailed
from imgdash.receive import worklist
from imgdash.wire.dicom import code_item
from imgdash.wire.entity import STEADY
from tests.conftest import missing
from tests.helpers import wait_until
from tests.receive.conftest import site_in

WLMSCPFS = "/usr/bin/wlmscpfs"


def entry(accession: str, day: date, name: str = "Yamada^Tarou=山田^太郎") -> Dataset:
    step, ds = Dataset(), Dataset()
    step.Modality, step.ScheduledStationAETitle = "CR", "CR51"
    step.ScheduledProcedureStepStartDate, step.ScheduledProcedureStepStartTime = f"{day:%Y%m%d}", "093000"
    step.ScheduledProcedureStepID, step.ScheduledProcedureStepDescription = "S1", "Chest"
    step.ScheduledPerformingPhysicianName = ""
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = name, "P1", "19800101", "F"
    ds.AccessionNumber, ds.StudyInstanceUID = accession, generate_uid()
    ds.RequestedProcedureID, ds.RequestedProcedureDescription = "R1", "Chest PA"
    ds.RequestedProcedurePriority, ds.RequestingPhysician = "STAT", "House^Greg"
    ds.RequestedProcedureCodeSequence = [code_item(Code("CHESTPA", "L", "Chest PA"))]
    ds.ScheduledProcedureStepSequence = [step]
    return ds


def ris(port: int) -> Peer:
    return Peer(name="RIS58", kind="ris", ae_title="RIS58", port=port, timeout_seconds=5)


@pytest.fixture
def wlmscpfs(tmp_path: Path, free_port: int) -> Iterator[int]:
    if not Path(WLMSCPFS).exists():
        missing(f"{WLMSCPFS} is not installed")
    folder = tmp_path / "RIS58"
    folder.mkdir()
    (folder / "lockfile").touch()
    today = date.today()
    for accession, day in (("A1", today), ("A2", today - timedelta(days=30))):
        ds = entry(accession, day)
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds.file_meta.MediaStorageSOPClassUID = ModalityWorklistInformationFind
        ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        ds.save_as(folder / f"{accession}.wl", enforce_file_format=True)
    with subprocess.Popen([WLMSCPFS, "-dfp", str(tmp_path), str(free_port)]) as peer:
        wait_until(lambda: _listens(free_port))
        yield free_port
        peer.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.peer
def test_todays_steps_become_orders(wlmscpfs: int, tmp_path: Path) -> None:
    (order,) = worklist.poll(site_in(tmp_path), ris(wlmscpfs))
    assert (order.order_id, order.accession, order.step_id) == ("A1/S1", "A1", "S1")
    assert (order.patient.name, order.patient.sex) == ("Yamada^Tarou=山田^太郎", "F")
    assert (order.procedure_code, order.procedure_text) == ("CHESTPA", "Chest PA")
    assert (order.modality, order.station_ae, order.priority) == ("CR", "CR51", True)
    today = date.today()
    assert order.scheduled_at == datetime(today.year, today.month, today.day, 9, 30)
    assert (order.physician, order.source) == ("House^Greg", "RIS58")


def test_what_can_go_wrong(tmp_path: Path, free_port: int) -> None:
    site = site_in(tmp_path)
    with pytest.raises(PeerFailed, match="cannot be reached"):
        worklist.poll(site, ris(free_port))
    with pytest.raises(PeerFailed, match="no AE title or port"):
        worklist.poll(site, ris(0))

    nothing = Dataset()
    nothing.PatientID = ""

    def find(event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        for _ in range(3):
            yield 0xFF00, nothing  # is left out
        yield 0xA700, None

    server_ae = AE("RIS58")
    server_ae.add_supported_context(ModalityWorklistInformationFind)
    server = server_ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[STEADY, (evt.EVT_C_FIND, find)])
    try:
        with pytest.raises(PeerFailed, match="status A700") as failed:
            worklist.poll(site, ris(server.socket.getsockname()[1]))
        assert failed.value.status == 0xA700
    finally:
        server.shutdown()
