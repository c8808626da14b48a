"""The conformance summary says what is true: each line is tried on the running receivers and the query server."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from pydicom.uid import UID_dictionary
from pynetdicom.presentation import AllStoragePresentationContexts

from imgdash.config import Site, parse
from imgdash.conformance import summary
from imgdash.receive import Receivers
from imgdash.receive import conformance as receive
from imgdash.request import conformance as request
from imgdash.retrieve import conformance as retrieve
from imgdash.wire import tls
from imgdash.wire.dicom import offered
from tests.retrieve.conftest import opened
from tests.security.certificates import Hospital
from tests.test_cli import imgdash

SOP_CLASSES = sorted(
    {uid for uid, entry in UID_dictionary.items() if entry[1] in ("SOP Class", "Meta SOP Class")}
    # Some are newer than pydicom's dictionary.
    | {str(context.abstract_syntax) for context in AllStoragePresentationContexts}
)
SYNTAXES = [uid for uid, entry in UID_dictionary.items() if entry[1] == "Transfer Syntax"]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    settings = {"dicom_port": 0, "open_to": "loopback", "receivers": 1}
    site = parse({"station": settings}, tmp_path_factory.mktemp("site") / "site.toml")
    with Receivers(site, on_file=lambda name: None) as receivers:
        yield receivers.address[1]


def accepted_at(port: int, contexts: Sequence[tuple[str, list[str]]]) -> set[tuple[str, str]]:
    """What of `contexts` is accepted, 100 in one association."""
    found: set[tuple[str, str]] = set()
    for start in range(0, len(contexts), 100):
        # One that is always accepted, so that the association comes about.
        some = [("1.2.840.10008.1.1", ["1.2.840.10008.1.2"]), *contexts[start : start + 100]]
        found |= set(offered("CHECK", "IMGDASH", "127.0.0.1", port, some, 10))
    return found


def test_the_receivers_accept_the_sop_classes_that_are_named_and_no_others(port: int) -> None:
    default = "1.2.840.10008.1.2"
    accepted = {uid for uid, _ in accepted_at(port, [(uid, [default]) for uid in SOP_CLASSES])}
    assert accepted == {service.sop_class for service in receive.accepted()}


def test_the_receivers_accept_the_transfer_syntaxes_that_are_named_and_no_others(port: int) -> None:
    cr = "1.2.840.10008.5.1.4.1.1.1"
    accepted = {syntax for uid, syntax in accepted_at(port, [(cr, [uid]) for uid in SYNTAXES]) if uid == cr}
    assert accepted == set(receive.accepted()[0].syntaxes)


def test_the_query_server_accepts_what_is_named_and_no_more(tmp_path: Path) -> None:
    with opened(tmp_path) as archive:
        contexts = [(uid, ["1.2.840.10008.1.2"]) for uid in SOP_CLASSES]
        accepted = {uid for uid, _ in accepted_at(archive.port, contexts)}
    assert accepted == {service.sop_class for service in retrieve.accepted()}


def test_every_line_of_the_code_is_in_the_summary() -> None:
    said = summary(Site())
    for service in (*receive.accepted(), *retrieve.accepted(), *request.accepted()):
        assert f"| {service.sop_class} | {service.role} |" in said
    for syntax in receive.accepted()[0].syntaxes:
        assert f"({syntax})" in said
    for line in said.splitlines():
        assert not line.startswith("|") or len(re.findall(r"(?<!\\)\|", line)) >= 3
    assert re.search(r"Modality Worklist Information Model - FIND \| \S+ \| SCU \| C-FIND", said)
    assert re.search(r"Push SOP Class \| \S+ \| SCU \| N-CREATE, N-ACTION, N-GET", said)
    for message in ("ORM^O01 | in", "OMG^O19 | out", "OMI^O23 | out", "ACK | in, out"):
        assert f"| {message} |" in said
    assert "| Store (STOW-RS) | POST /studies |" in said
    assert "Directory records: PATIENT, STUDY, SERIES, IMAGE, PRESENTATION" in said
    assert re.search(r"Print Job SOP Class \| \S+ \| SCU \| N-GET, N-EVENT-REPORT", said)
    assert "JPEG 2000 Image Compression (Lossless Only)" in said
    assert "TLS 1.3" in said


def test_it_is_printed_as_markdown_with_and_without_a_site(tmp_path: Path) -> None:
    alone = imgdash("doctor", "--conformance")
    assert alone.returncode == 0, alone.stderr
    assert alone.stdout.startswith("# imgdash ")
    path = tmp_path / "site.toml"
    path.write_text("[station]\nae_title = 'QC1'\nquery_port = 4242\n", encoding="utf-8")
    of_site = imgdash("doctor", path, "--conformance")
    assert "AE title: QC1" in of_site.stdout
    assert "queries 4242" in of_site.stdout
    nothing = imgdash("doctor")
    assert nothing.returncode == 2
    assert "imgdash doctor SITE.toml" in nothing.stderr


def test_the_ciphers_named_are_those_spoken(certificates: Hospital) -> None:
    shown = certificates.station.credentials
    _, suites = tls.profile()
    assert [suite["name"] for suite in tls.server(shown).get_ciphers()] == suites
    assert all("GCM" in suite or "CHACHA20" in suite for suite in suites)
