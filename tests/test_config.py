"""The site file: what is wrong is named with its place and its remedy; what is right is frozen."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from imgdash.config import Site, load
from imgdash.model import ImgdashError, NotFound

WHOLE = r"""
[station]
ae_title = "QC ROOM 1"
dicom_port = 0
institution = "Krankenhaus Süd"

[[peer]]
name = "cr1"
kind = "modality"
ae_title = "CR1"
ups = true
sends_raw = true

[[peer]]
name = "ris"
kind = "ris"
ae_title = "RIS"
hl7_port = 2576
hl7_order = "OMI^O23"

[[apparatus]]
name = "STORAGE"
kind = "storage"
ae_title = "ORTHANC"
steps = ["frequency", "gradation"]

[[apparatus]]
name = "FILM"
kind = "printer"
ae_title = "PRINTER"
layout = 'STANDARD\2,1'
default = false

[requests]
rounds = 3
[[requests.rules]]
rule = "clipping"
policy = "automatic"
to = "modality"
"""

TLS = "[station]\ntls_certificate = 'tls/own.pem'\ntls_key = 'tls/own.key'\ntls_ca = '/etc/hospital.pem'\n"


def site(tmp_path: Path, text: str) -> Site:
    path = tmp_path / "site.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def test_a_whole_site(tmp_path: Path) -> None:
    found = site(tmp_path, WHOLE)
    assert found.folder == tmp_path.resolve()
    assert found.station.institution == "Krankenhaus Süd"
    assert found.peer("ris").hl7_order == "OMI^O23"
    assert found.peer_by_ae(" CR1 ") == found.peer("cr1")
    assert found.peer_by_ae("nobody") is None
    assert [peer.name for peer in found.peers_of("modality")] == ["cr1"]
    assert found.known_ae_titles() == {"CR1", "RIS", "ORTHANC", "PRINTER"}
    assert found.output("FILM").layout == r"STANDARD\2,1"
    assert found.requests.rules[0].policy == "automatic"


def test_an_empty_file_is_a_site_with_defaults(tmp_path: Path) -> None:
    found = site(tmp_path, "")
    assert found.station.ae_title == "IMGDASH"
    assert found.station.open_to == "known", "nobody may send before he is named"
    assert found.apparatus == ()


def test_a_site_cannot_be_changed_while_it_runs(tmp_path: Path) -> None:
    found = site(tmp_path, WHOLE)
    with pytest.raises(ValidationError, match="frozen"):
        found.station.ae_title = "X"  # type: ignore[misc]


def test_destinations_of_an_image(tmp_path: Path) -> None:
    found = site(tmp_path, WHOLE)
    assert found.destinations(None) == ("STORAGE",)
    assert found.destinations(None, ("FILM",)) == ("FILM",)
    assert found.destinations((), ("FILM",)) == (), "none was chosen on purpose"
    assert found.destinations(("FILM", "STORAGE", "FILM")) == ("FILM", "STORAGE")
    with pytest.raises(NotFound, match=r"No output apparatus 'X'.*STORAGE"):
        found.destinations(("X",))
    with pytest.raises(NotFound, match="No peer 'X'"):
        found.peer("X")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[station\n", "not valid TOML.*line 1"),
        ("[station]\nae_title = 'A TITLE OF MORE THAN SIXTEEN'\n", "station.ae_title.*at most 16"),
        ("[station]\nae_title = 'A\\\\B'\n", "station.ae_title.*match pattern"),
        ("[station]\nae_title = ''\n", "station.ae_title.*at least 1"),
        ("[station]\ndicom_port = 70000\n", "station.dicom_port.*65535"),
        ("[station]\nport = 104\n", "station.port: Extra inputs are not permitted"),
        ("[stations]\n", "stations: Extra inputs"),
        ("[[peer]]\nname = 'a'\n", "peers.0.kind: Field required"),
        ("[[peer]]\nname = 'a b'\nkind = 'ris'\n", "peers.0.name"),
        ("[[peer]]\nname = '../x'\nkind = 'ris'\n", "peers.0.name"),
        ("[[peer]]\nname = 'a'\nkind = 'fax'\n", "'modality', 'ris' or 'viewer'"),
        ("[[peer]]\nname = 'a'\nkind = 'ris'\n[[peer]]\nname = 'a'\nkind = 'ris'\n", "names used twice: a"),
        (
            "[[apparatus]]\nname = 'a'\nkind = 'printer'\nae_title = 'A'\nd_min = 3.0\nd_max = 2.0\n",
            r"d_max \(2.0\) must be above",
        ),
        ("[[apparatus]]\nname = 'a'\nkind = 'printer'\nae_title = 'A'\nlayout = 'ROW'\n", "apparatus.0.layout"),
        ("[[apparatus]]\nname = 'a'\nkind = 'storage'\nae_title = 'A'\nsteps = ['blur']\n", "apparatus.0.steps.0"),
        ("[[apparatus]]\nname = 'a'\nkind = 'storage'\n", "a storage needs an ae_title"),
        ("[[apparatus]]\nname = 'a'\nkind = 'web'\nurl = 'ftp://x'\n", "a web storage needs a url"),
        (TLS + "[[apparatus]]\nname = 'a'\nkind = 'web'\nurl = 'http://x'\ntls = true\n", "https:// where tls"),
        (
            "[[apparatus]]\nname = 'a'\nkind = 'web'\nurl = 'http://x'\ntransfer_syntax = 'implicit'\n",
            "'implicit' is not allowed for a web",
        ),
        ("[[apparatus]]\nname = 'a'\nkind = 'folder'\n", "a folder needs a path"),
        (
            "[[apparatus]]\nname = 'a'\nkind = 'folder'\npath = 'x'\n"
            "[[apparatus]]\nname = 'b'\nkind = 'folder'\npath = 'x'\n",
            "two folders have the same path",
        ),
        (
            TLS + "tls_required = true\n[[apparatus]]\nname = 'a'\nkind = 'web'\nurl = 'http://x'\n",
            "without tls = true: a",
        ),
        ("[[requests.rules]]\nrule = 'size'\n[[requests.rules]]\nrule = 'size'\n", "rules named twice: size"),
        ("[[exposure]]\nsender = 'CR1'\nform = 'log'\ngain = 0\n", "exposure.0.gain.*greater than 0"),
        ("[[quality]]\nquantity = 'sharpness'\n", "no quantity 'sharpness': there are mtf50, mtf20"),
        ("[[quality]]\nquantity = 'cnr'\nlow = 5\nhigh = 4\n", r"low \(5\) is above high \(4\)"),
        ("[station]\ntls_key = 'a'\n", "tls_certificate, tls_key and tls_ca belong together"),
        ("[station]\ndicom_tls_port = 0\n", "TLS needs tls_certificate"),
        ("[[peer]]\nname = 'a'\nkind = 'ris'\ntls = true\n", "TLS needs tls_certificate"),
        (TLS + "tls_required = true\n[[peer]]\nname = 'a'\nkind = 'ris'\n", "without tls = true: a"),
        (TLS + "tls_required = true\nquery_port = 0\n", "must be query_tls_port"),
        ("folder = '/elsewhere'\n", "'folder' is not a setting"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ImgdashError, match=said) as caught:
        site(tmp_path, text)
    assert str(tmp_path / "site.toml") in str(caught.value)
    assert caught.value.remedy


def test_all_mistakes_are_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(ImgdashError, match=r"has 2 mistake\(s\)"):
        site(tmp_path, "[station]\ndicom_port = -1\nworkers = 0\n")


def test_the_limit_of_a_sender_goes_before_that_of_all(tmp_path: Path) -> None:
    found = site(
        tmp_path,
        "[[quality]]\nquantity = 'mtf50'\nlow = 2.0\n[[quality]]\nquantity = 'mtf50'\nsender = 'CR1'\nhigh = 9.0\n",
    )
    assert found.limit("mtf50", "DR1") == (2.0, None)
    assert found.limit("mtf50", "CR1") == (None, 9.0)
    assert found.limit("mtf20", "DR1") == (None, None)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ImgdashError, match=r"No site file.*imgdash init"):
        load(tmp_path / "site.toml")
    (tmp_path / "latin.toml").write_bytes("[station]\ninstitution = 'Süd'\n".encode("latin-1"))
    with pytest.raises(ImgdashError, match=r"cannot be read.*UTF-8"):
        load(tmp_path / "latin.toml")
    with pytest.raises(ImgdashError, match="cannot be read"):
        load(tmp_path)


def test_other_kinds_of_output_apparatus(tmp_path: Path) -> None:
    web = "[[apparatus]]\nname = 'CLOUD'\nkind = 'web'\nurl = 'https://x/dicom-web'\n"
    share = "[[apparatus]]\nname = 'SHARE'\nkind = 'folder'\npath = 'share'\n"
    found = site(tmp_path, TLS + "tls_required = true\n" + web + share)
    assert [output.address for output in found.apparatus] == ["https://x/dicom-web", "share"]
    assert found.known_ae_titles() == frozenset()
    assert found.secured_ae_titles() == ()
    assert found.tls(found.output("CLOUD")) is None, "whom this machine trusts"


def test_certificates_are_found_from_the_site_folder(tmp_path: Path) -> None:
    machines = "[[peer]]\nname = 'a'\nkind = 'ris'\nae_title = 'A'\ntls = true\n[[peer]]\nname = 'b'\nkind = 'ris'\n"
    found = site(tmp_path, TLS + machines)
    shown = found.tls(found.peer("a"))
    assert shown is not None
    assert shown.certificate == str(tmp_path.resolve() / "tls" / "own.pem")
    assert shown.authority == "/etc/hospital.pem"
    assert found.tls(found.peer("b")) is None
    assert found.secured_ae_titles() == ("A",)
