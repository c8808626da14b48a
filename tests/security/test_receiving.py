"""Images over TLS from DCMTK (PS3.15 B.12): with a certificate, from whom and with what it is refused."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pydicom
import pytest

from imgdash.config import parse
from imgdash.model.errors import ImgdashError, PeerFailed
from imgdash.model.image import Order
from imgdash.receive import OrderServer, Receivers
from imgdash.receive.association import Association
from imgdash.receive.journal import Journal
from imgdash.receive.settings import Settings
from imgdash.simulate.ris_messages import new_order
from imgdash.wire import hl7, mllp, tls
from imgdash.wire.dicom import associate
from tests.conftest import peer
from tests.helpers import wait_until
from tests.receive.conftest import Station, small_image
from tests.security.certificates import Hospital, Machine
from tests.simulate.making import booking

pytestmark = pytest.mark.peer
VERIFICATION = "1.2.840.10008.1.1"


@pytest.fixture
def start(tmp_path: Path, certificates: Hospital) -> Iterator[Callable[..., Station]]:
    with ExitStack() as stack:

        def start(*peers: dict[str, Any], **more: Any) -> Station:
            settings = {"dicom_port": 0, "dicom_tls_port": 0, "open_to": "loopback", "receivers": 1}
            content = {"station": certificates.station.station(**(settings | more)), "peer": list(peers)}
            names: list[str] = []
            site = parse(content, tmp_path / "site.toml")
            receivers = stack.enter_context(Receivers(site, on_file=names.append))
            return Station(receivers, site.folder / "incoming", names)

        yield start


def run(program: str, port: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [peer(program), "-v", *arguments[:-1], "-aec", "IMGDASH", "127.0.0.1", str(port), *arguments[-1:]]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def echo(port: int, machine: Machine | None, *options: str) -> subprocess.CompletedProcess[str]:
    secured = machine.dcmtk if machine else []
    command = [peer("echoscu"), "-v", *secured, *options, "-aec", "IMGDASH", "127.0.0.1", str(port)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_an_image_arrives_byte_for_byte(start: Callable[..., Station], certificates: Hospital, tmp_path: Path) -> None:
    station = start()
    port = station.receivers.addresses["dicom-tls"][1]
    large = small_image(Rows=1000, Columns=2000, PixelData=bytes(range(250)) * 16_000)
    path = tmp_path / "sent.dcm"
    large.save_as(path, enforce_file_format=True)
    done = run("storescu", port, *certificates.modality.dcmtk, str(path))
    assert done.returncode == 0, done.stderr
    wait_until(lambda: station.names)
    arrived = pydicom.dcmread(station.images[0])
    assert arrived.PixelData == large.PixelData
    assert arrived.file_meta.SourcePresentationAddress == "127.0.0.1"


@pytest.mark.parametrize("profile", ["+px", "+py", "+pz"])
def test_every_current_profile_of_dicom(start: Callable[..., Station], certificates: Hospital, profile: str) -> None:
    """BCP 195, non-downgrading, extended (PS3.15 B.9-B.11)."""
    done = echo(start().receivers.addresses["dicom-tls"][1], certificates.modality, profile)
    assert done.returncode == 0, done.stderr


def test_who_shows_no_certificate_or_a_foreign_one_is_refused_and_audited(
    start: Callable[..., Station], certificates: Hospital
) -> None:
    station = start()
    port = station.receivers.addresses["dicom-tls"][1]
    for machine in (certificates.stranger, certificates.expired):
        assert echo(port, machine).returncode != 0
    anonymous = [peer("echoscu"), "+tla", "-ic", "-aec", "IMGDASH", "127.0.0.1", str(port)]
    assert subprocess.run(anonymous, capture_output=True, timeout=60, check=False).returncode != 0
    assert echo(port, None).returncode != 0
    reasons = [message["reason"] for message in station.messages(4)]
    assert [message["service"] for message in station.messages(4)] == ["refused"] * 4
    for said in ("unable to get local issuer", "expired", "showed no certificate", "does not speak TLS"):
        assert any(said in reason for reason in reasons), reasons
    assert echo(port, certificates.modality).returncode == 0


def test_versions_and_ciphers_that_are_broken_are_refused(
    start: Callable[..., Station], certificates: Hospital
) -> None:
    port = start().receivers.addresses["dicom-tls"][1]
    machine = certificates.modality
    for version, ciphers in ((ssl.TLSVersion.TLSv1_1, "ALL:@SECLEVEL=0"), (ssl.TLSVersion.TLSv1_2, "AES128-SHA256")):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_cert_chain(machine.certificate, machine.key)
        context.load_verify_locations(machine.authority)
        context.set_ciphers(ciphers)
        if version is ssl.TLSVersion.TLSv1_1:
            with pytest.warns(DeprecationWarning, match="TLSv1_1"):
                context.minimum_version = context.maximum_version = version
        else:
            context.maximum_version = version
        with socket.create_connection(("127.0.0.1", port), timeout=10) as plain, pytest.raises(OSError, match="SSL"):
            context.wrap_socket(plain)


def test_a_peer_of_tls_may_not_come_in_the_clear(start: Callable[..., Station], certificates: Hospital) -> None:
    station = start({"name": "cr", "kind": "modality", "ae_title": "CR1", "tls": True})
    clear, secured = (station.receivers.addresses[name][1] for name in ("dicom", "dicom-tls"))
    with pytest.raises(PeerFailed, match="rejected the association"):
        associate("CR1", "IMGDASH", "127.0.0.1", clear, [VERIFICATION], 5).__enter__()
    with associate("CR2", "IMGDASH", "127.0.0.1", clear, [VERIFICATION], 5) as assoc:
        assert assoc.send_c_echo().Status == 0
    shown = certificates.modality.credentials
    with associate("CR1", "IMGDASH", "127.0.0.1", secured, [VERIFICATION], 5, tls=shown) as assoc:
        assert assoc.send_c_echo().Status == 0
    assert station.messages(1)[0]["reason"] == "this AE title must come over TLS"


@pytest.mark.parametrize(
    ("others", "sender", "clear"),
    [
        ([], "RIS58", "AR"),
        ([], "ENGINE", "AR"),  # who it says it is decides nothing: it comes from where only TLS is spoken
        ([{"name": "old", "kind": "ris", "hl7_application": "OLD"}], "RIS58", "AR"),
        ([{"name": "old", "kind": "ris", "hl7_application": "OLD"}], "OLD", "AA"),
        ([{"name": "old", "kind": "ris", "hl7_application": "OLD"}], "ENGINE", "AA"),
    ],
)
def test_orders_of_a_peer_of_tls_are_not_taken_in_the_clear(
    certificates: Hospital, tmp_path: Path, others: list[dict[str, Any]], sender: str, clear: str
) -> None:
    peers = [{"name": "ris", "kind": "ris", "ae_title": "RIS58", "tls": True}, *others]
    station = certificates.station.station(dicom_port=0, hl7_port=0, hl7_tls_port=0)
    taken: list[Order] = []
    message = new_order(booking(1).order, "OMG^O19", "NW", "R", sender, "IMGDASH")
    control_id = hl7.parse(message).control_id
    with OrderServer(parse({"station": station, "peer": peers}, tmp_path / "site.toml"), taken.append) as server:
        secured = mllp.send(*server.addresses["hl7-tls"], message, 5, tls=certificates.modality.credentials)
        assert hl7.check_ack(control_id, secured).code == "AA"
        outcome = hl7.check_ack(control_id, mllp.send(*server.addresses["hl7"], message, 5))
        assert outcome.code == clear
        assert ("over TLS" in outcome.text) == (clear == "AR")
        assert len(taken) == 1
        # Nor one that was never seen before.
        another = message.replace(control_id.encode(), b"ANOTHER")
        assert hl7.check_ack("ANOTHER", mllp.send(*server.addresses["hl7"], another, 5)).code == clear
    assert len(taken) == 1 + (clear == "AA")


def test_nothing_is_taken_in_the_clear_where_tls_is_required(start: Callable[..., Station]) -> None:
    station = start(tls_required=True)
    assert set(station.receivers.addresses) == {"dicom-tls"}
    assert station.receivers.alive


def test_stalled_handshakes_do_not_lock_out_a_living_peer(
    start: Callable[..., Station], certificates: Hospital
) -> None:
    port = start().receivers.addresses["dicom-tls"][1]
    with ExitStack() as stack:
        for junk in (b"", b"\x16\x03\x01", b"\x16\x03\x01\xff\xff" + bytes(100)) * 10:
            stalled = stack.enter_context(closing(socket.create_connection(("127.0.0.1", port))))
            stalled.sendall(junk)
        begun = time.monotonic()
        shown = certificates.modality.credentials
        with associate("CR1", "IMGDASH", "127.0.0.1", port, [VERIFICATION], 5, tls=shown) as assoc:
            assert assoc.send_c_echo().Status == 0
        # Beside them, and not after they were cut off.
        assert time.monotonic() - begun < Settings.opening_seconds - 1


def test_a_drip_over_tls_is_cut_off(certificates: Hospital, tmp_path: Path) -> None:
    """In this process, with short deadlines: many records of TLS, each in time, that make no PDU."""
    ours, theirs = socket.socketpair()
    settings = Settings(str(tmp_path), open_to="all", opening_seconds=0.5, idle_seconds=0.5, pdu_seconds=0.5)
    journal = Journal(tmp_path)
    secured = tls.server(certificates.station.credentials)
    association = Association(ours, "127.0.0.1", settings, journal, print, print, secured)
    thread = threading.Thread(target=association.run)
    thread.start()
    with tls.client(certificates.modality.credentials).wrap_socket(theirs) as slow:
        slow.sendall(b"\x01\x00\x00\x00\x10\x00")
        with pytest.raises(OSError, match=r"pipe|reset|closed|EOF"):
            wait_until(lambda: slow.send(b"\x00") == 0, within=10, every=0.1)
    thread.join(10)
    assert not thread.is_alive()
    journal.close()


@pytest.mark.parametrize(
    ("name", "said"),
    [("tls_key", r"is no file"), ("tls_certificate", r"cannot be used"), ("tls_ca", r"tls_ca .* cannot be used")],
)
def test_files_that_do_not_fit_are_said_at_the_start(
    start: Callable[..., Station], certificates: Hospital, tmp_path: Path, name: str, said: str
) -> None:
    wrong = tmp_path / "wrong.pem"
    if name != "tls_key":
        wrong.write_text("nothing")
    with pytest.raises(ImgdashError, match=said):
        start(**{name: str(wrong)})
