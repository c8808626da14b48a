"""kill -9 of the apparatus at any moment: no acknowledged image is lost, and the queues go on."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pydicom
import pytest

from imgdash import Apparatus
from imgdash.model import Actor
from tests.apparatus.sites import BOTH, radiograph, send_to, site
from tests.conftest import peer
from tests.helpers import wait_until

pytestmark = pytest.mark.peer
ROUNDS = 3


def _serve(path: Path) -> tuple[subprocess.Popen[str], int]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.apparatus.serving", str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def _kill(process: subprocess.Popen[str]) -> list[psutil.Process]:
    children = psutil.Process(process.pid).children(recursive=True)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
    return children


def test_no_acknowledged_image_is_lost_and_its_processes_end(tmp_path: Path) -> None:
    path = site(tmp_path / "site", station=BOTH)
    acknowledged: list[str] = []
    files = [radiograph(tmp_path / f"{number}.dcm", InstanceNumber=str(number)) for number in range(40)]
    uids = [str(pydicom.dcmread(file, specific_tags=["SOPInstanceUID"]).SOPInstanceUID) for file in files]
    following = iter(zip(files, uids, strict=True))
    chance = random.Random(5)
    for _ in range(ROUNDS):
        process, port = _serve(path)
        ended = threading.Event()

        def sender(port: int = port, ended: threading.Event = ended) -> None:
            for file, uid in following:
                if send_to(port, file).returncode == 0:
                    acknowledged.append(uid)
                if ended.is_set():
                    return

        thread = threading.Thread(target=sender)
        before = len(acknowledged)
        thread.start()
        wanted = before + chance.randint(2, 6)
        wait_until(
            lambda wanted=wanted, sending=thread: len(acknowledged) >= wanted or not sending.is_alive(), within=60
        )
        children = _kill(process)
        ended.set()
        thread.join(60)
        _, alive = psutil.wait_procs(children, timeout=20)
        assert not alive, "processes outlived the apparatus"
    assert len(acknowledged) >= 2 * ROUNDS
    with Apparatus(path) as apparatus:
        wait_until(lambda: apparatus.arriving == 0 and len(apparatus.images()) >= len(acknowledged), within=60)
        images = apparatus.images()
        assert set(acknowledged) <= {image.sop_instance_uid for image in images}
        assert {image.state for image in images} == {"awaiting"}
        numbers = [image.number for image in images]
        assert numbers == sorted(set(numbers))
        for image in images:
            assert apparatus.open(image.image_id).shape == (96, 96)


def test_queues_go_on_after_a_kill(tmp_path: Path, free_port: int) -> None:
    storage = {"name": "PACS", "kind": "storage", "ae_title": "PACS", "port": free_port, "commitment": False}
    path = site(
        tmp_path / "site", station=BOTH, apparatus=[{**storage, "retry_seconds": 0.2, "retry_cap_seconds": 0.5}]
    )
    process, port = _serve(path)
    files = [radiograph(tmp_path / f"{number}.dcm", PatientID=f"P{number}") for number in range(3)]
    assert send_to(port, *files).returncode == 0
    _kill(process)
    reviewer = Actor("anna", "user")
    with Apparatus(path) as apparatus:
        wait_until(lambda: len(apparatus.images("awaiting")) == 3, within=60)
        for image in apparatus.images("awaiting"):
            apparatus.confirm(image.image_id, reviewer)
        assert apparatus.queues()["PACS"].counts.get("done", 0) == 0
    process, _ = _serve(path)
    _kill(process)
    stored = tmp_path / "stored"
    stored.mkdir()
    pacs = subprocess.Popen([peer("storescp"), "-aet", "PACS", "-od", str(stored), str(free_port)])
    try:
        with Apparatus(path) as apparatus:
            wait_until(lambda: len(apparatus.images("delivered")) == 3, within=60)
        arrived = [pydicom.dcmread(file) for file in stored.iterdir()]
        assert sorted(ds.PatientID for ds in arrived) == ["P0", "P1", "P2"]
    finally:
        pacs.terminate()
        pacs.wait()


def test_the_database_is_made_anew_from_journal_and_files(tmp_path: Path) -> None:
    from imgdash import doctor

    path = site(tmp_path / "site")
    with Apparatus(path) as apparatus:
        port = apparatus.addresses["dicom"][1]
        files = radiograph(tmp_path / "a.dcm"), radiograph(tmp_path / "b.dcm", PatientID="P2")
        assert send_to(port, *files).returncode == 0
        # A worker process starts first, which takes most of a minute where many others run.
        wait_until(lambda: len(apparatus.images("awaiting")) == 2, within=120)
        first = apparatus.images()[0]
        apparatus.postpone(first.image_id, "anna")
        before = apparatus.images()
    (tmp_path / "site" / "imgdash.duckdb").write_bytes(b"not a database")
    for file in (tmp_path / "site" / "reduced" / "processing").iterdir():
        file.unlink()
    said = " ".join(doctor.rebuild(path))
    assert "2 images" in said
    assert "2 reduced images were made" in said
    with Apparatus(path) as apparatus:
        assert apparatus.images() == before
        assert apparatus.preview(first.image_id).size
