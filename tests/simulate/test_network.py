"""The whole network around a stand-in for the apparatus: images arrive as planned, memory stays small."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pydicom
import pytest
import tomli_w

from imgdash import config
from imgdash.model import ImgdashError
from imgdash.simulate.network import Network
from imgdash.simulate.peers import kind_of, sends_raw
from imgdash.simulate.programme import UNFIT
from imgdash.simulate.storage import Storage
from imgdash.wire import hl7, mllp
from tests.helpers import free_ports, wait_until
from tests.simulate.making import HOST, address


def site_content() -> dict[str, Any]:
    ports = iter(free_ports(11))
    modalities = [
        {"name": name, "kind": "modality", "ae_title": name, "port": next(ports), "ups": True, "unprocessed": True}
        for name in ("CR51", "CR56", "DR60", "CT57", "CT59")
    ]
    ris = {"name": "RIS58", "kind": "ris", "ae_title": "RIS58", "port": next(ports), "hl7_port": next(ports)}
    outputs = [
        {"name": "STORAGE54", "kind": "storage", "ae_title": "STORAGE54", "port": next(ports)},
        {"name": "FILM55", "kind": "printer", "ae_title": "FILM55", "port": next(ports)},
    ]
    return {
        "station": {"dicom_port": next(ports), "hl7_port": next(ports)},
        "peer": [*modalities, ris],
        "apparatus": outputs,
    }


@pytest.fixture
def site_file(tmp_path: Path) -> Path:
    path = tmp_path / "site.toml"
    path.write_text(tomli_w.dumps(site_content()))
    return path


def test_the_network_runs_its_programme_in_little_memory(site_file: Path, tmp_path: Path) -> None:
    """The command as the demonstration starts it, ended by closing its standard input."""
    site = config.load(site_file)
    orders: list[hl7.Message] = []

    def take(data: bytes, host: str) -> bytes:
        orders.append(hl7.parse(data))
        return hl7.ack(orders[-1], "AA")

    code = "import sys; from pathlib import Path; from imgdash.simulate import network; " \
           "network.main(Path(sys.argv[1]), count=9, pace=20)"  # fmt: skip
    with (
        Storage(address("IMGDASH", site.station.dicom_port), tmp_path / "received") as apparatus,
        mllp.Server(HOST, site.station.hl7_port, take),
        subprocess.Popen([sys.executable, "-c", code, str(site_file)], stdin=subprocess.PIPE) as process,
    ):
        try:
            wait_until(lambda: apparatus.status()["stored"] == 9 or process.poll() is not None, within=120)
            wait_until(lambda: len(orders) >= 7)
            status = Path(f"/proc/{process.pid}/status").read_text()
        finally:
            assert process.stdin is not None
            process.stdin.close()
        assert process.wait(20) == 0
    peak = int(re.search(r"VmHWM:\s+(\d+)", status)[1])  # type: ignore[index]
    assert peak < 250_000
    made = [pydicom.dcmread(path, stop_before_pixels=True) for path in (tmp_path / "received").glob("*.dcm")]
    assert {ds.Modality for ds in made} >= {"CR", "CT"}
    assert sum("BodyPartExamined" not in ds for ds in made) == 1
    under = [ds for ds in made if "DeviationIndex" in ds and float(ds.DeviationIndex) < -6]
    assert len(under) == 1
    assert {order.type for order in orders} == {"OMG^O19"}
    assert all("Phantom Hospital" not in str(ds.PatientName) for ds in made)


def test_single_machines_and_their_state(site_file: Path, tmp_path: Path) -> None:
    site = config.load(site_file)
    with Network(site, tmp_path / "net", count=0, only=["RIS58", "STORAGE54"]) as network:
        assert set(network.machines) == {"RIS58", "STORAGE54"}
        wait_until(network.programme.finished.is_set)
        assert network.status()["programme"] == {"booked": 0, "finished": True}
        with pytest.raises(ImgdashError, match="cannot listen"):
            Network(site, tmp_path / "other", count=0, only=["STORAGE54"]).start()
    with pytest.raises(ImgdashError, match="PRINTER"):
        Network(site, tmp_path, only=["PRINTER"])


def test_a_detector_is_controlled_each_month_after_the_first_images(site_file: Path, tmp_path: Path) -> None:
    site = config.load(site_file)
    with (
        Storage(address("IMGDASH", site.station.dicom_port), tmp_path / "received") as apparatus,
        Network(site, tmp_path / "net", count=0, only=["DR60", "CR51"], quality_months=2),
    ):
        wait_until(lambda: apparatus.status()["stored"] == 6, within=60)
    made = [pydicom.dcmread(path, stop_before_pixels=True) for path in (tmp_path / "received").glob("*.dcm")]
    assert {ds.PatientID for ds in made} == {"QC-DR60"}
    days = {date.fromisoformat(ds.AcquisitionDate) for ds in made}
    assert max(days) >= date.today() - timedelta(days=1)
    assert max(days) - min(days) >= timedelta(days=30)
    assert sorted(ds.SeriesDescription for ds in made)[::2] == ["QC edge plate", "QC flat field", "QC step wedge"]


def test_a_port_that_the_apparatus_chooses_itself_must_be_told(site_file: Path, tmp_path: Path) -> None:
    content = site_content()
    content["station"]["dicom_port"] = 0
    site = config.parse(content, site_file)
    with pytest.raises(ImgdashError, match="dicom_port"):
        Network(site, tmp_path)
    told = {"dicom": (HOST, 11112), "hl7": (HOST, 2575)}
    assert Network(site, tmp_path, apparatus=told).machines


def test_kinds_and_raw_senders_are_read_from_the_site(site_file: Path) -> None:
    peers = {peer.name: peer for peer in config.load(site_file).peers_of("modality")}
    assert [kind_of(peers[name]) for name in ("CR51", "DR60", "CT57")] == ["CR", "DX", "CT"]
    assert [sends_raw(peers[name]) for name in ("CR51", "DR60")] == [False, True]


def test_of_each_round_three_are_unfit_by_plan() -> None:
    kinds = [(bool(plan.faults), plan.squeeze, bool(plan.missing)) for plan in UNFIT.values()]
    assert sorted(kinds) == [(False, False, True), (False, True, False), (True, False, False)]
