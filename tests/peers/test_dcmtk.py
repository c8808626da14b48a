"""DCMTK beside the apparatus: an old modality that only knows query and retrieve, a worklist, one that ends servers."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from imgdash.config import Peer
from imgdash.receive import worklist
from tests.apparatus.sites import radiograph
from tests.conftest import peer
from tests.helpers import wait_until
from tests.output.conftest import program  # noqa: F401 (a fixture)
from tests.peers.conftest import Hospital
from tests.receive.conftest import site_in

pytestmark = pytest.mark.peer

CONFIGURATION = """
NetworkTCPPort = {port}
MaxPDUSize = 16384
MaxAssociations = 16
HostTable BEGIN
imgdash = (IMGDASH, 127.0.0.1, {ours})
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
QR51 {folder} RW (9, 1024mb) ANY
AETable END
"""
WORKLIST = """
(0008,0005) CS [ISO_IR 192]
(0008,0050) SH [A{number}]
(0010,0010) PN [{name}]
(0010,0020) LO [P{number}]
(0010,0030) DA [19800101]
(0010,0040) CS [F]
(0020,000d) UI [1.2.3.{number}]
(0032,1060) LO [Chest PA]
(0040,1001) SH [R{number}]
(0040,0100) SQ (Sequence with explicit length #=1)
(fffe,e000) na (Item with explicit length #=8)
(0008,0060) CS [CR]
(0040,0001) AE [CR51]
(0040,0002) DA [{day}]
(0040,0003) TM [093000]
(0040,0007) LO [Chest]
(0040,0009) SH [S{number}]
(fffe,e00d) na (ItemDelimitationItem)
(fffe,e0dd) na (SequenceDelimitationItem)
"""


def run(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [peer(name), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_modality_with_query_and_retrieve_only_sends_an_image_again(
    hospital: Hospital,
    program: Callable[..., Any],  # noqa: F811
    tmp_path: Path,
) -> None:
    apparatus = hospital.apparatus
    folder = tmp_path / "QR51"
    folder.mkdir()
    settings = CONFIGURATION.format(port=hospital.dcmqrscp, ours=hospital.dicom, folder=folder)
    (tmp_path / "dcmqrscp.cfg").write_text(settings, encoding="ascii")
    program("dcmqrscp", "-c", str(tmp_path / "dcmqrscp.cfg"), port=hospital.dcmqrscp, cwd=tmp_path)
    file = radiograph(tmp_path / "sent.dcm", PatientID="QR-1")
    for called, port in (("QR51", hospital.dcmqrscp), ("IMGDASH", hospital.dicom)):
        done = run("storescu", "-aet", "QR51", "-aec", called, "127.0.0.1", port, file)
        assert done.returncode == 0, done.stderr
    (image,) = wait_until(lambda: [found for found in apparatus.images("awaiting") if found.sender == "QR51"])
    asked = apparatus.request(image.image_id, by="anna", reason="UNREADABLE", ask="resend", to="modality")
    wait_until(lambda: apparatus.image(image.image_id).state == "awaiting")
    (request,) = [found for found in apparatus.requests() if found.request_id == asked.request_id]
    assert (request.to, request.ask, request.state) == ("modality", "resend", "answered")
    received = [row for row in apparatus.journal("image", image.image_id) if row["event"] == "again"]
    assert received or len(apparatus.history(image.image_id)) == 1


def test_the_worklist_of_files_that_dump2dcm_made(
    program: Callable[..., Any],  # noqa: F811
    tmp_path: Path,
    free_port: int,
) -> None:
    folder = tmp_path / "RIS58"
    folder.mkdir()
    (folder / "lockfile").touch()
    for number, name in enumerate(("Müller^Änne", "Yamada^Tarou=山田^太郎")):
        text = tmp_path / f"{number}.dump"
        text.write_text(WORKLIST.format(number=number, name=name, day=f"{date.today():%Y%m%d}"), encoding="utf-8")
        done = run("dump2dcm", text, folder / f"{number}.wl")
        assert done.returncode == 0, done.stderr
    program("wlmscpfs", "-dfp", str(tmp_path), str(free_port), port=free_port)
    ris = Peer(name="RIS58", kind="ris", ae_title="RIS58", port=free_port, timeout_seconds=5)
    orders = sorted(worklist.poll(site_in(tmp_path), ris), key=lambda order: order.accession)
    assert [(order.accession, order.patient.name, order.step_id) for order in orders] == [
        ("A0", "Müller^Änne", "S0"),
        ("A1", "Yamada^Tarou=山田^太郎", "S1"),
    ]


def test_termscu_ends_neither_the_receivers_nor_the_query_server(hospital: Hospital, tmp_path: Path) -> None:
    # It asks DCMTK's own servers to shut down, by a private SOP class.
    for port in (hospital.dicom, hospital.query):
        done = run("termscu", "-aet", "DCMJS", "-aec", "IMGDASH", "127.0.0.1", port)
        assert done.returncode != 0 or "refused" in (done.stdout + done.stderr).lower()
        answered = run("echoscu", "-aet", "DCMJS", "-aec", "IMGDASH", "127.0.0.1", port)
        assert answered.returncode == 0, answered.stderr
    for port in (hospital.dicom, hospital.query):
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            pass
