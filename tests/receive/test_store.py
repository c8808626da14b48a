"""C-STORE as real peers send it: kept as it is, once for each time, refused in words."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, JPEG2000Lossless, RLELossless
from pynetdicom import AE, build_context
from pynetdicom.sop_class import ComputedRadiographyImageStorage, Verification

from imgdash.config import parse
from imgdash.model.errors import ImgdashError, PeerFailed
from imgdash.receive import Receivers
from imgdash.wire.dicom import associate
from tests.conftest import peer
from tests.helpers import wait_until
from tests.receive.conftest import Station, small_image
from tests.receive.raw import Raw

CR = ComputedRadiographyImageStorage


def storescu(port: int, *arguments: str, ae: str = "IMGDASH") -> subprocess.CompletedProcess[str]:
    command = [peer("storescu"), "-v", "-aec", ae, "127.0.0.1", str(port), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def send(port: int, ds: pydicom.Dataset, contexts: list | None = None, **keywords: str) -> int:
    contexts = contexts or [(ds.SOPClassUID, [ds.file_meta.TransferSyntaxUID])]
    calling, called = keywords.get("calling", "CR51"), keywords.get("called", "IMGDASH")
    with associate(calling, called, "127.0.0.1", port, contexts, 10) as assoc:
        return int(assoc.send_c_store(ds).Status)


@pytest.mark.peer
@pytest.mark.radiographs
def test_real_radiographs_arrive_as_they_are(station: Station, radiographs: Path) -> None:
    for name, syntax in (("RG2.dcm", "-xe"), ("RG3.dcm", "-xe"), ("RG2_J2KR.dcm", "-xv")):
        done = storescu(station.port, syntax, str(radiographs / name))
        assert done.returncode == 0, done.stderr
    wait_until(lambda: len(station.names) == 3)
    for name, source in zip(station.names, ("RG2.dcm", "RG3.dcm", "RG2_J2KR.dcm"), strict=True):
        arrived, sent = pydicom.dcmread(station.incoming / name), pydicom.dcmread(radiographs / source)
        assert arrived.PixelData == sent.PixelData
        assert arrived.SOPInstanceUID == sent.SOPInstanceUID == arrived.file_meta.MediaStorageSOPInstanceUID
        assert arrived.file_meta.TransferSyntaxUID == sent.file_meta.TransferSyntaxUID
        assert arrived.file_meta.SourceApplicationEntityTitle == "STORESCU"
        assert arrived.file_meta.ReceivingApplicationEntityTitle == "IMGDASH"
        assert arrived.file_meta.SourcePresentationAddress == "127.0.0.1"
    dump = subprocess.run([peer("dcmdump"), str(station.images[0])], capture_output=True, text=True, check=True)
    assert "E:" not in dump.stderr
    assert "W:" not in dump.stderr


def test_data_set_and_names_of_any_script_byte_for_byte(station: Station, tmp_path: Path) -> None:
    ds = small_image(SpecificCharacterSet=["", "ISO 2022 IR 87"], PatientName="Yamada^Tarou=山田^太郎")
    path = tmp_path / "sent.dcm"
    ds.save_as(path, enforce_file_format=True)
    assert send(station.port, pydicom.dcmread(path)) == 0
    arrived = station.images[0]
    assert arrived.read_bytes().endswith(_data_set(path))
    assert arrived.read_bytes()[:128] == b"\0" * 128
    assert not list(station.incoming.glob("*.part"))


def _data_set(path: Path) -> bytes:
    meta = pydicom.filereader.read_file_meta_info(path)
    # Preamble and prefix, the group length element, and what it counts.
    return path.read_bytes()[132 + 12 + meta.FileMetaInformationGroupLength :]


def test_the_same_instance_twice_with_other_content_is_kept_twice(station: Station) -> None:
    first = small_image()
    second = small_image(SOPInstanceUID=first.SOPInstanceUID, PixelData=b"\1" * 64)
    assert [send(station.port, first), send(station.port, second)] == [0, 0]
    assert {pydicom.dcmread(path).PixelData for path in station.images} == {first.PixelData, second.PixelData}


def test_a_uid_that_climbs_out_of_the_folder_is_only_content(station: Station, tmp_path: Path) -> None:
    evil = "../../../evil"
    before = {path for path in tmp_path.rglob("*") if path.parent != station.incoming}
    with Raw(station.port) as sender:
        assert sender.store(b"\x08\0\x05\0CS\0\0", evil) == 0
    assert {path for path in tmp_path.rglob("*") if path.parent != station.incoming} == before
    assert evil.encode() in station.images[0].read_bytes()


def test_no_room_is_said_nothing_stays_and_it_goes_on(start: Callable[..., Station]) -> None:
    full = start(minimum_free_mb=10**9)
    with associate("CR51", "IMGDASH", "127.0.0.1", full.port, [(CR, [ExplicitVRLittleEndian]), Verification]) as assoc:
        assert assoc.send_c_store(small_image(PixelData=b"\0" * 1_000_000)).Status == 0xA700
        assert assoc.send_c_echo().Status == 0
    assert list(full.incoming.iterdir()) == []


def test_only_what_is_unknown_is_refused(station: Station) -> None:
    private = ("1.2.826.0.1.3680043.9.9999.1", [ExplicitVRLittleEndian])
    unknown = (CR, ["1.2.826.0.1.3680043.9.9999.2"])
    contexts = [private, unknown, (CTImageStorage, [JPEG2000Lossless, RLELossless]), (CR, [ExplicitVRLittleEndian])]
    with associate("CR51", "IMGDASH", "127.0.0.1", station.port, contexts) as assoc:
        assert [context.result for context in sorted(assoc.rejected_contexts, key=lambda c: c.context_id)] == [3, 4]
        accepted = {context.abstract_syntax: context.transfer_syntax[0] for context in assoc.accepted_contexts}
        # Of several syntaxes the peer's first choice is taken.
        assert accepted == {CTImageStorage: JPEG2000Lossless, CR: ExplicitVRLittleEndian}
        assert assoc.send_c_store(small_image()).Status == 0


def test_who_may_send(start: Callable[..., Station], tmp_path: Path) -> None:
    peers = [
        {"name": "CR51", "kind": "modality", "ae_title": "CR51", "host": "localhost"},
        {"name": "CR56", "kind": "modality", "ae_title": "CR56", "host": "192.0.2.7"},
    ]
    site = parse({"station": {"dicom_port": 0}, "peer": peers}, tmp_path / "site.toml")
    known = start(site)
    assert send(known.port, small_image()) == 0
    for calling in ("STRANGER", "STRANGER", "CR56"):
        with pytest.raises(PeerFailed, match="Calling AE title not recognised") as refused:
            send(known.port, small_image(), calling=calling)
        assert refused.value.status == 3
    with pytest.raises(PeerFailed, match="Called AE title not recognised"):
        send(known.port, small_image(), called="OTHER")
    # The audit has each once in a while (for each process), however often it is tried.
    wanted = {
        ("refused", "CR51", "called AE title not recognized"),
        ("refused", "CR56", "calling AE title known, but not from this address"),
        ("refused", "STRANGER", "calling AE title not recognized"),
    }
    wait_until(lambda: {(m["service"], m["calling_ae"], m["reason"]) for m in known.messages(1)} == wanted)


def test_a_taken_port_is_said(station: Station, tmp_path: Path) -> None:
    site = parse({"station": {"dicom_port": station.port}}, tmp_path / "site.toml")
    with pytest.raises(ImgdashError, match=r"Cannot listen for DICOM .* in use.*dicom_port"):
        Receivers(site, on_file=print).start()


def test_a_peer_with_a_tiny_pdu_gets_its_answer_in_pieces(station: Station) -> None:
    context = build_context(CR, ExplicitVRLittleEndian)
    assoc = AE("CR51").associate("127.0.0.1", station.port, [context], ae_title="IMGDASH", max_pdu=64)
    assert assoc.is_established
    assert assoc.send_c_store(small_image()).Status == 0
    assoc.release()


def test_a_receiver_is_small_and_stops_with_its_parent(station: Station) -> None:
    assert send(station.port, small_image(PixelData=b"\0" * 30_000_000)) == 0
    for pid in station.receivers.pids():
        status = Path(f"/proc/{pid}/status").read_text()
        peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
        assert peak < 60, f"{peak} MB"
        maps = Path(f"/proc/{pid}/maps").read_text()
        assert "numpy" not in maps
        assert "duckdb" not in maps
    pids = station.receivers.pids()
    assert station.receivers.alive()
    station.receivers.stop()
    assert not any(os.path.exists(f"/proc/{pid}") for pid in pids)


FULL_DISK = """
import sys
from pathlib import Path
from imgdash.receive import Receivers
from tests.receive.conftest import site_in
from tests.receive.raw import Raw, c_store_rq, p_data, pdv
folder = Path(sys.argv[1])
with Receivers(site_in(folder, receivers=1, minimum_free_mb=0), on_file=lambda name: None) as receivers:
    with Raw(receivers.address[1]) as sender:
        statuses = [sender.store(b"A" * size) for size in (100_000, 100_000)]
        sender.send(p_data(pdv(c_store_rq(), 3)), *[p_data(pdv(b"A" * 100_000, 0))] * 80, p_data(pdv(b"A", 2)))
        statuses += [sender.status(), sender.store(b"A" * 100_000)]
print(*map(hex, statuses), *sorted(path.suffix for path in (folder / "incoming").iterdir()))
"""


def test_a_disk_that_fills_up_while_an_image_comes(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-rm", "true"], check=False).returncode:
        pytest.skip("no name space of one's own to mount a small file system in")
    script = f'mount -t tmpfs -o size=4m tmpfs "{folder}" || exit 77; exec "$@"'
    command = ["unshare", "-rm", "sh", "-c", script, "sh", sys.executable, "-c", FULL_DISK, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode == 77:
        pytest.skip("tmpfs cannot be mounted here")
    assert done.stdout.split() == ["0x0", "0x0", "0xa700", "0x0", ".dcm", ".dcm", ".dcm"], done.stderr
