"""doctor asks each machine for each of its services and says what it found; against DCMTK, Orthanc's kind, and ours."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from imgdash.apparatus import services
from imgdash.config import Site, parse
from imgdash.doctor import examine_site
from imgdash.simulate.machine import Address
from imgdash.simulate.printer import Printer
from imgdash.simulate.ris import Ris
from imgdash.simulate.storage import Storage
from imgdash.wire import mllp
from tests.apparatus.sites import site as site_file
from tests.output.cloud import Cloud
from tests.output.conftest import program  # noqa: F401 (a fixture)
from tests.receive.test_worklist import wlmscpfs  # noqa: F401 (a fixture)
from tests.request.peers import Modality
from tests.security.certificates import Hospital

Found = dict[tuple[str, str], services.ServiceState]


def examined(*machines: dict[str, Any], **station: Any) -> Found:
    """What is found of machines that listen on this host."""
    content: dict[str, Any] = {"station": station, "peer": [], "apparatus": []}
    for machine in machines:
        kind = "peer" if machine["kind"] in ("modality", "ris", "viewer") else "apparatus"
        content[kind].append({"ae_title": machine["name"].upper(), "timeout_seconds": 5, **machine})
    site: Site = parse(content, Path("/nowhere/site.toml"))
    return {(state.machine, state.service): state for state in services.examine(site)}


def levels(found: Found) -> dict[tuple[str, str], str]:
    return {key: state.level for key, state in found.items()}


@pytest.mark.peer
def test_a_storage_without_commitment(program: Callable[..., Any], tmp_path: Path, free_port: int) -> None:  # noqa: F811
    program("storescp", "-od", str(tmp_path), str(free_port), port=free_port)
    found = examined({"name": "pacs", "kind": "storage", "port": free_port, "transfer_syntax": "j2k"})
    assert levels(found) == {
        ("pacs", "C-ECHO"): "ok",
        ("pacs", "storage"): "ok",
        ("pacs", "storage commitment"): "problem",
        ("pacs", "rejection notes"): "ok",
    }
    assert "JPEG 2000" in found["pacs", "storage"].finding
    assert "they go uncompressed" in found["pacs", "storage"].finding
    assert "commitment = false" in found["pacs", "storage commitment"].remedy


def test_a_storage_and_a_printer_that_have_all(tmp_path: Path) -> None:
    with (
        Storage(Address("STORE", "127.0.0.1", 0), tmp_path / "a", {}) as storage,
        Printer(Address("FILM", "127.0.0.1", 0), tmp_path / "b") as printer,
    ):
        found = examined(
            {"name": "store", "kind": "storage", "port": storage.address.port},
            {"name": "film", "kind": "printer", "port": printer.address.port},
        )
    assert set(levels(found).values()) == {"ok"}
    assert ("film", "print") in found
    assert found["film", "print"].finding.startswith("ready")
    assert "offered" in found["store", "storage commitment"].finding


def test_a_web_storage_and_a_folder(tmp_path: Path) -> None:
    cloud = Cloud()
    try:
        (tmp_path / "share").mkdir()
        there = {"name": "share", "kind": "folder", "path": str(tmp_path / "share")}
        gone = {"name": "gone", "kind": "folder", "path": str(tmp_path / "gone")}
        found = examined(there, gone, {"name": "cloud", "kind": "web", "url": cloud.url})
        cloud.found = (401, "who?")
        refused = examined({"name": "cloud", "kind": "web", "url": cloud.url})
    finally:
        cloud.close()
    assert levels(found) == {("share", "folder"): "ok", ("gone", "folder"): "problem", ("cloud", "DICOMweb"): "ok"}
    assert "MB free" in found["share", "folder"].finding
    assert "There is no folder" in found["gone", "folder"].finding
    assert "authorization" in refused["cloud", "DICOMweb"].remedy
    away = examined({"name": "cloud", "kind": "web", "url": cloud.url})
    assert "cannot be reached" in away["cloud", "DICOMweb"].finding


def test_a_storage_is_no_printer_and_no_modality(tmp_path: Path) -> None:
    with Storage(Address("FILM", "127.0.0.1", 0), tmp_path, {}) as machine:
        port = machine.address.port
        found = examined(
            {"name": "film", "kind": "printer", "port": port},
            {"name": "cr", "kind": "modality", "port": port, "ae_title": "FILM", "ups": True, "resend": True},
        )
    assert found["film", "print"].level == "problem"
    assert "Print" in found["film", "print"].finding
    assert found["cr", "work items (UPS)"].level == "problem"
    assert found["cr", "work items (UPS)"].remedy == "Set ups = false for it."


def test_a_modality_that_knows_no_echo_but_takes_work_items() -> None:
    with Modality(watch=False).running() as modality:
        found = examined(
            {"name": "cr", "kind": "modality", "ae_title": "CR51", "port": modality.port, "ups": True, "resend": True}
        )
    assert levels(found) == {
        ("cr", "C-ECHO"): "warning",
        ("cr", "work items (UPS)"): "ok",
        ("cr", "re-sending (C-MOVE)"): "ok",
    }
    assert "no subscriptions" in found["cr", "work items (UPS)"].finding


@pytest.mark.peer
def test_a_ris_with_worklist_and_hl7(wlmscpfs: int, free_port: int) -> None:  # noqa: F811
    with mllp.Server("127.0.0.1", 0, lambda message, host: b"") as listener:
        ris = {"name": "ris", "kind": "ris", "port": wlmscpfs, "worklist": True, "hl7_port": listener.address[1]}
        found = examined(ris | {"ae_title": "RIS58"})
    assert found["ris", "HL7"].level == "ok"
    assert found["ris", "worklist"].level == "ok", found["ris", "worklist"]
    assert "order" in found["ris", "worklist"].finding
    silent = examined(ris | {"ae_title": "RIS58", "hl7_port": listener.address[1]})
    assert silent["ris", "HL7"].level == "problem"
    assert "hl7_port" in silent["ris", "HL7"].remedy


def test_a_ris_that_is_told_what_it_does_not_know() -> None:
    with Ris(Address("RIS58", "127.0.0.1", 0)) as ris, Modality().running() as other:
        known = {"kind": "ris", "ae_title": "RIS58", "availability": True, "detached_study": True, "mpps": True}
        found = examined(
            {"name": "ris", "port": ris.address.port, **known}, {"name": "other", "port": other.port, **known}
        )
    assert found["ris", "notices"].finding == "takes availability, detached_study, mpps"
    assert found["other", "notices"].level == "problem"
    assert "availability = false" in found["other", "notices"].remedy


def test_who_is_not_there_is_asked_once(free_port: int) -> None:
    machines = (
        {"name": "pacs", "kind": "storage", "port": free_port},
        {"name": "cr", "kind": "modality", "ups": True},
    )
    found = examined(*machines)
    assert levels(found) == {("pacs", "C-ECHO"): "problem", ("cr", "work items (UPS)"): "problem"}
    assert "cannot be reached" in found["pacs", "C-ECHO"].finding
    assert "no AE title or no port" in found["cr", "work items (UPS)"].finding


@pytest.mark.peer
def test_a_terminal_is_a_destination_only_with_a_storage_provider(
    program: Callable[..., Any],  # noqa: F811
    tmp_path: Path,
    free_port: int,
) -> None:
    program("storescp", "-od", str(tmp_path), str(free_port), port=free_port)
    found = examined({"name": "viewer", "kind": "viewer", "port": free_port})
    assert "Computed Radiography" in found["viewer", "destination of C-MOVE"].finding


@pytest.mark.peer
def test_the_doctor_says_it_and_looks_at_the_certificate(
    program: Callable[..., Any],  # noqa: F811
    tmp_path: Path,
    free_port: int,
    certificates: Hospital,
) -> None:
    theirs = certificates.modality
    program("storescp", *theirs.dcmtk, "-od", str(tmp_path), str(free_port), port=free_port)
    pacs = {"name": "PACS", "kind": "storage", "ae_title": "PACS", "port": free_port, "tls": True, "commitment": False}
    path = site_file(tmp_path / "site", station=certificates.station.station(web_port=0), apparatus=[pacs])
    checks = {check.what: check for check in examine_site(path)}
    assert checks["PACS C-ECHO"].level == "ok"
    assert checks["PACS storage"].level == "ok"
    assert checks["certificate"].level == "warning", "valid for two days"
    assert "Renew" in checks["certificate"].remedy
    over = site_file(tmp_path / "site", station=certificates.expired.station(web_port=0), apparatus=[pacs])
    checks = {check.what: check for check in examine_site(over)}
    assert checks["certificate"].level == "problem"
    assert "expired" in checks["certificate"].finding
    assert checks["PACS C-ECHO"].level == "problem"
    assert "TLS" in checks["PACS C-ECHO"].finding


def test_a_port_that_is_taken_by_something_else() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        found = examined({"name": "pacs", "kind": "storage", "port": other.getsockname()[1], "timeout_seconds": 1})
    assert levels(found) == {("pacs", "C-ECHO"): "problem"}
