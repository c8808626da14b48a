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
        ("[[requests.rules]]\nrule = 'size'\n[[requests.rules]]\nrule = 'size'\n", "rules named twice: size"),
        ("[[exposure]]\nsender = 'CR1'\nform = 'log'\ngain = 0\n", "exposure.0.gain.*greater than 0"),
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


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ImgdashError, match=r"No site file.*imgdash init"):
        load(tmp_path / "site.toml")
    (tmp_path / "latin.toml").write_bytes("[station]\ninstitution = 'Süd'\n".encode("latin-1"))
    with pytest.raises(ImgdashError, match=r"cannot be read.*UTF-8"):
        load(tmp_path / "latin.toml")
    with pytest.raises(ImgdashError, match="cannot be read"):
        load(tmp_path)
