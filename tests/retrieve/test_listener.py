"""Who may ask, and what those who stall, flood or lie cannot do (RELIABILITY.md)."""

from __future__ import annotations

import socket
import struct
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import psutil
import pydicom
import pytest
from pydicom.dataset import Dataset
from pynetdicom.sop_class import (
    ComputedRadiographyImageStorage,
    StudyRootQueryRetrieveInformationModelFind,
    Verification,
)

from imgdash import Apparatus
from imgdash.model import ImgdashError, PeerFailed
from imgdash.retrieve import listener
from imgdash.wire.admission import Admission
from imgdash.wire.dicom import associate
from imgdash.wire.tls import HANDSHAKE_SECONDS
from tests.apparatus.sites import radiograph, send, site
from tests.conftest import peer
from tests.helpers import wait_until
from tests.receive.raw import Raw
from tests.retrieve.conftest import Archive, answers
from tests.security.certificates import Hospital

CUT_OFF = "Broken pipe|reset by peer|Bad file descriptor"
FIND = StudyRootQueryRetrieveInformationModelFind


def echo(port: int, calling: str = "VIEWER", called: str = "IMGDASH") -> float:
    """Seconds a C-ECHO took."""
    begun = time.monotonic()
    # Where many tests run, a machine of two cores may be busy for seconds: who is to be quick says so itself.
    with associate(calling, called, "127.0.0.1", port, [Verification], 20) as assoc:
        assert assoc.send_c_echo().Status == 0
    return time.monotonic() - begun


def test_only_known_machines_from_their_addresses(archive: Callable[..., Archive]) -> None:
    held = archive(
        {"name": "v", "kind": "viewer", "ae_title": "VIEWER"},
        {"name": "far", "kind": "viewer", "ae_title": "FAR", "host": "192.0.2.1"},
        open_to="known",
    )
    echo(held.port)
    for calling, called, said in (
        ("STRANGER", "IMGDASH", "Calling AE title not recogni"),
        ("FAR", "IMGDASH", "Calling AE title not recogni"),
        ("VIEWER", "OTHER", "Called AE title not recogni"),
    ):
        with pytest.raises(PeerFailed, match=said):
            echo(held.port, calling, called)
    rows = wait_until(
        lambda: (
            len(found := held.store.query("select id, why from journal where event = 'refused' order by seq")) == 3
            and found
        )
    )
    assert [(row["id"], row["why"].split(",")[0]) for row in rows] == [
        ("STRANGER", "calling AE title not recognized"),
        ("FAR", "calling AE title known"),
        ("VIEWER", "called AE title not recognized"),
    ]


def test_nobody_can_store_here(archive: Callable[..., Archive]) -> None:
    held = archive()
    storing = associate("VIEWER", "IMGDASH", "127.0.0.1", held.port, [ComputedRadiographyImageStorage])
    with pytest.raises(PeerFailed, match="accepts none of: Computed Radiography"), storing:
        pass


@pytest.mark.parametrize("junk", [b"\x01\x00\x00", b"\x01\x00\x00\x00\x10\x00", b""])
def test_stalled_connections_do_not_lock_out_a_viewer(archive: Callable[..., Archive], junk: bytes) -> None:
    held = archive()
    stalled = [socket.create_connection(("127.0.0.1", held.port)) for _ in range(3 * listener.OPENING)]
    for connection in stalled:
        connection.sendall(junk)
    assert echo(held.port) < 3
    for connection in stalled:
        connection.close()


def test_handshakes_that_stall_make_room(certificates: Hospital) -> None:
    rules, ours = Admission("IMGDASH", callers={"VIEWER": ("127.0.0.1",)}), certificates.station.credentials
    server = listener.Listener(
        ("127.0.0.1", 0), rules, [], [], serve=lambda *_: False, refused=lambda *_: None, tls=ours
    )
    server.start()
    try:
        begun = time.monotonic()
        stalled = [socket.create_connection(server.address, timeout=10) for _ in range(2 * listener.OPENING)]
        assert stalled[0].recv(1) == b""
        assert time.monotonic() - begun < HANDSHAKE_SECONDS - 1
        theirs = certificates.modality.credentials
        with associate("VIEWER", "IMGDASH", *server.address, [Verification], 5, tls=theirs) as assoc:
            assert assoc.send_c_echo().Status == 0
        for connection in stalled:
            connection.close()
    finally:
        server.stop()


def test_a_pdu_of_four_gigabytes_is_not_believed(archive: Callable[..., Archive]) -> None:
    held = archive()
    before = psutil.Process().memory_info().rss
    with socket.create_connection(("127.0.0.1", held.port), timeout=10) as liar:
        liar.sendall(b"\x01\x00\xff\xff\xff\xff")
        with pytest.raises(OSError, match=CUT_OFF):
            _send_on(liar, bytes(1 << 20), 200)
    assert psutil.Process().memory_info().rss - before < 32 << 20
    echo(held.port)


def test_endless_fragments_are_cut_off(archive: Callable[..., Archive]) -> None:
    held = archive()
    with associate("VIEWER", "IMGDASH", "127.0.0.1", held.port, [FIND]) as assoc:
        fragment = struct.pack(">IBB", 16_002, assoc.accepted_contexts[0].context_id, 1) + bytes(16_000)
        pdu = struct.pack(">BBI", 4, 0, len(fragment)) + fragment
        with pytest.raises(OSError, match=CUT_OFF):
            _send_on(assoc.dul.socket.socket, pdu, 20_000)
        wait_until(lambda: not assoc.is_established)
    echo(held.port)


def _send_on(connection: socket.socket, data: bytes, times: int) -> None:
    for _ in range(times):
        connection.sendall(data)


def test_no_more_associations_than_can_be_served(archive: Callable[..., Archive]) -> None:
    held = archive()
    one = ("VIEWER", "IMGDASH", "127.0.0.1", held.port, [Verification])
    with ExitStack() as stack:
        for _ in range(listener.ASSOCIATIONS - 1):
            stack.enter_context(associate(*one))
        with associate(*one), pytest.raises(PeerFailed, match="rejected the association") as failed:
            echo(held.port)
        assert failed.value.retry
        wait_until(lambda: _answers(held.port))


def _answers(port: int) -> bool:
    try:
        return echo(port) > 0
    except PeerFailed:
        return False


def test_an_identifier_that_is_none(archive: Callable[..., Archive]) -> None:
    held = archive()
    with associate("VIEWER", "IMGDASH", "127.0.0.1", held.port, [FIND]) as assoc:
        nested = Dataset()
        nested.QueryRetrieveLevel = "STUDY"
        nested.ReferencedStudySequence = [Dataset()]
        nested.add_new(0x00091001, "UN", b"\xff\xfe\x00")
        nested.NumberOfStudyRelatedSeries = None
        (status, _), *_ = assoc.send_c_find(nested, FIND)
        assert status.Status == 0x0000


def test_a_port_that_is_taken_is_said(archive: Callable[..., Archive], tmp_path: Path) -> None:
    held = archive()
    rules = Admission("IMGDASH")
    taken = listener.Listener(("127.0.0.1", held.port), rules, [FIND], [], serve=lambda *_: False, refused=print)
    with pytest.raises(ImgdashError, match=r"in use.*query_port"):
        taken.start()


@pytest.mark.peer
def test_a_terminal_looks_at_what_the_apparatus_holds(tmp_path: Path) -> None:
    """From the modality to the terminal (N2), until the reviewer rejects it."""
    with Apparatus(site(tmp_path / "site", station={"query_port": 0})) as apparatus:
        port = apparatus.addresses["query"][1]
        file = radiograph(tmp_path / "a.dcm", StudyID="7")
        assert send(apparatus, file).returncode == 0
        (image,) = wait_until(lambda: apparatus.images("awaiting"))

        def found() -> list[dict[str, str]]:
            keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", "PatientName=phantom*", "-k", "StudyID", "-k", "StudyDate")
            command = [peer("findscu"), "-v", "-S", "-aec", "IMGDASH", *keys, "127.0.0.1", str(port)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
            return answers(done.stdout + done.stderr)

        (study,) = found()
        assert (study["StudyID"], study["StudyDate"]) == ("7", "20240102")
        assert study["StudyInstanceUID"] == pydicom.dcmread(file).StudyInstanceUID
        apparatus.reject(image.image_id, "anna", "111209")
        assert found() == []
    with Apparatus(site(tmp_path / "other")) as apparatus:
        assert "query" not in apparatus.addresses, "nobody listens unless the site file says so"


def test_who_releases_twice_only_ends_his_own_connection(archive: Callable[..., Archive]) -> None:
    # As dcmjs-dimse 0.3.3 does now and then. An error in pynetdicom's thread would fail this test.
    held = archive({"name": "raw", "kind": "viewer", "ae_title": "RAW"}, open_to="known")
    release = struct.pack(">BxI4x", 5, 4)
    for _ in range(20):
        with Raw(held.port, abstract="1.2.840.10008.1.1", syntax="1.2.840.10008.1.2") as raw:
            raw.socket.sendall(release + release)
            kinds = []
            while kind := raw.pdu()[0]:
                kinds.append(kind)
        assert kinds[0] in (6, 7)  # released, or aborted for it
    (listening,) = held.server._listeners.values()
    wait_until(lambda: listening._server is not None and not listening._server.open())
    echo(held.port, "RAW")
