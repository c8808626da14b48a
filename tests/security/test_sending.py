"""What we open over TLS: DICOM to DCMTK and Orthanc, HL7 both ways, and why it fails, in words."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydicom.uid import ComputedRadiographyImageStorage

from imgdash.model.errors import ImgdashError, PeerFailed
from imgdash.model.security import Credentials
from imgdash.wire import hl7, mllp
from imgdash.wire.dicom import associate
from tests.conftest import peer
from tests.helpers import wait_until
from tests.output.conftest import program  # noqa: F401 (a fixture)
from tests.receive.conftest import small_image
from tests.security.certificates import Hospital, Machine
from tests.wire.test_dicom import listens

VERIFICATION = "1.2.840.10008.1.1"


def echo(port: int, shown: Credentials | None, timeout: float = 5) -> int:
    with associate("IMGDASH", "PEER", "127.0.0.1", port, [VERIFICATION], timeout, tls=shown) as assoc:
        return int(assoc.send_c_echo().Status)


@pytest.fixture
def storescp(tmp_path: Path, free_port: int) -> Iterator[Callable[..., int]]:
    running: list[subprocess.Popen[bytes]] = []

    def start(machine: Machine, *options: str) -> int:
        command = [peer("storescp"), *machine.dcmtk, *options, "-od", str(tmp_path), str(free_port)]
        running.append(subprocess.Popen(command))
        wait_until(lambda: listens(free_port))
        return free_port

    yield start
    for one in running:
        one.terminate()
        one.wait()


@pytest.mark.peer
def test_an_image_goes_to_storescp(storescp: Callable[..., int], certificates: Hospital, tmp_path: Path) -> None:
    port = storescp(certificates.modality)
    shown = certificates.station.credentials
    contexts = [ComputedRadiographyImageStorage]
    with associate("IMGDASH", "PEER", "127.0.0.1", port, contexts, 5, tls=shown) as assoc:
        assert assoc.send_c_store(small_image()).Status == 0
    assert list(tmp_path.glob("CR.*"))


@pytest.mark.peer
def test_why_it_fails_is_said(storescp: Callable[..., int], certificates: Hospital) -> None:
    port = storescp(certificates.modality)
    with pytest.raises(PeerFailed, match="over TLS: our certificate is not accepted there: unknown authority"):
        echo(port, certificates.stranger.credentials)
    distrusting = Credentials(
        str(certificates.station.certificate),
        str(certificates.station.key),
        str(certificates.station.authority.with_name("theirs.pem")),
    )
    with pytest.raises(PeerFailed, match="its certificate is not accepted here: self-signed"):
        echo(port, distrusting)
    # Its certificate names only itself, so it is good only where host names are not asked for.
    shown = certificates.station.credentials
    naming = Credentials(shown.certificate, shown.key, shown.authority, host_names=True)
    with pytest.raises(PeerFailed, match="IP address mismatch"):
        echo(port, naming)
    assert echo(port, shown) == 0


@pytest.mark.peer
def test_a_host_name_that_is_in_the_certificate(storescp: Callable[..., int], certificates: Hospital) -> None:
    port = storescp(certificates.station)
    shown = certificates.modality.credentials
    assert echo(port, Credentials(shown.certificate, shown.key, shown.authority, host_names=True)) == 0


@contextmanager
def other_service(answer: bytes) -> Iterator[int]:
    """Something else that listens: it answers each connection with `answer`, which may be nothing."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with listener.accept()[0] as connection:
                connection.sendall(answer)
                done.wait(10)

        thread = threading.Thread(target=serve)
        thread.start()
        yield int(listener.getsockname()[1])
        done.set()
        thread.join()


def test_a_port_in_the_clear_and_a_silent_one(certificates: Hospital) -> None:
    shown = certificates.station.credentials
    for answer, said in ((b"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak TLS there"), (b"", "cannot be reached")):
        with other_service(answer) as port, pytest.raises(PeerFailed, match=said):
            echo(port, shown, timeout=0.5)
    with pytest.raises(PeerFailed, match="is no file"):
        echo(1, Credentials("/none.pem", shown.key, shown.authority))


def accept(message: bytes, host: str) -> bytes:
    return hl7.ack(hl7.parse(message), "AA")


class TestHl7:
    MESSAGE = hl7.build("ADT", "A08", control_id="M1")

    def test_both_sides_show_certificates(self, certificates: Hospital) -> None:
        with mllp.Server("127.0.0.1", 0, accept, tls=certificates.station.credentials) as server:
            for machine in (certificates.modality, certificates.station):
                answer = mllp.send(*server.address, self.MESSAGE, 5, tls=machine.credentials)
                assert hl7.check_ack("M1", answer) == ("AA", "")

    def test_who_shows_none_or_a_foreign_one_is_refused(self, certificates: Hospital) -> None:
        with mllp.Server("127.0.0.1", 0, accept, tls=certificates.station.credentials) as server:
            with pytest.raises(PeerFailed, match=r"without an HL7 answer|No HL7 (connection|answer)"):
                mllp.send(*server.address, self.MESSAGE, 2)
            with pytest.raises(
                PeerFailed, match=r"[Oo]ur certificate is (not )?accepted there|Is our certificate accepted"
            ):
                mllp.send(*server.address, self.MESSAGE, 5, tls=certificates.stranger.credentials)
            assert mllp.send(*server.address, self.MESSAGE, 5, tls=certificates.modality.credentials)

    def test_a_port_in_the_clear_is_said(self, certificates: Hospital) -> None:
        with mllp.Server("127.0.0.1", 0, accept) as server, pytest.raises(PeerFailed, match="No HL7"):
            mllp.send(*server.address, self.MESSAGE, 0.5, tls=certificates.modality.credentials)

    def test_openssl_as_the_other_side(self, certificates: Hospital) -> None:
        machine = certificates.modality
        with mllp.Server("127.0.0.1", 0, accept, tls=certificates.station.credentials) as server:
            host, port = server.address
            command = [
                peer("openssl"), "s_client", "-quiet", "-verify_return_error", "-connect", f"{host}:{port}",
                "-cert", str(machine.certificate), "-key", str(machine.key), "-CAfile", str(machine.authority),
            ]  # fmt: skip
            with subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            ) as running:
                assert running.stdin is not None
                assert running.stdout is not None
                running.stdin.write(b"\x0b" + self.MESSAGE + b"\x1c\r")
                running.stdin.flush()
                answer = b""
                while not answer.endswith(b"\x1c\r"):
                    part = running.stdout.read(1)
                    assert part
                    answer += part
                running.terminate()
        assert b"MSA|AA|M1" in answer


@pytest.mark.peer
def test_orthanc_over_tls(
    certificates: Hospital,
    program: Callable[..., Any],  # noqa: F811
    tmp_path: Path,
    free_port: int,
) -> None:
    machine = certificates.modality
    settings = {
        "StorageDirectory": str(tmp_path / "storage"),
        "IndexDirectory": str(tmp_path / "storage"),
        "Plugins": [],
        "HttpServerEnabled": False,
        "DicomAet": "ORTHANC",
        "DicomPort": free_port,
        "DicomAlwaysAllowStore": True,
        "DicomTlsEnabled": True,
        "DicomTlsCertificate": str(machine.certificate),
        "DicomTlsPrivateKey": str(machine.key),
        "DicomTlsTrustedCertificates": str(machine.authority),
        "DicomTlsRemoteCertificateRequired": True,
    }
    (tmp_path / "orthanc.json").write_text(json.dumps(settings), encoding="utf-8")
    program("orthanc", "orthanc.json", port=free_port, cwd=tmp_path)
    shown = certificates.station.credentials
    with associate(
        "IMGDASH", "ORTHANC", "127.0.0.1", free_port, [ComputedRadiographyImageStorage], 5, tls=shown
    ) as assoc:
        assert assoc.send_c_store(small_image()).Status == 0
    with pytest.raises(PeerFailed):
        echo(free_port, None)


def test_a_key_with_a_password_is_not_asked_for(certificates: Hospital, tmp_path: Path) -> None:
    shown, locked = certificates.station.credentials, tmp_path / "locked.key"
    command = [peer("openssl"), "rsa", "-aes256", "-passout", "pass:secret", "-in", shown.key, "-out", str(locked)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    with pytest.raises(ImgdashError, match="password"):
        mllp.Server("127.0.0.1", 0, accept, tls=Credentials(shown.certificate, str(locked), shown.authority)).start()
