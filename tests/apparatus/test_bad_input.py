"""What is wrong from outside: a clear message, and everything else untouched."""

from __future__ import annotations

import socket
from pathlib import Path

import pydicom
import pytest

from imgdash import Apparatus
from imgdash.config import load
from imgdash.model import ImgdashError, NotFound
from tests.apparatus.sites import radiograph, send, site
from tests.helpers import wait_until

pytestmark = pytest.mark.peer


@pytest.fixture
def apparatus(tmp_path: Path):
    with Apparatus(site(tmp_path / "site")) as running:
        yield running


def _put(apparatus: Apparatus, name: str, data: bytes) -> None:
    """As a receiver leaves a file: whole, under its lasting name."""
    path = apparatus.files.incoming / name
    path.with_suffix(".tmp").write_bytes(data)
    path.with_suffix(".tmp").rename(path)


def _state(apparatus: Apparatus, count: int) -> list[str]:
    wait_until(lambda: len(apparatus.images()) == count and apparatus.arriving == 0)
    return [image.state for image in apparatus.images()]


def test_truncated_pixels_are_kept_and_say_why(apparatus: Apparatus, tmp_path: Path) -> None:
    whole = radiograph(tmp_path / "a.dcm").read_bytes()
    _put(apparatus, "1-1-1.dcm", whole[:-4000])
    assert _state(apparatus, 1) == ["quarantined"]
    image = apparatus.images()[0]
    assert image.patient.id == "P1"
    assert "pixels" in image.judgement.storage[0].text
    assert apparatus.files.path(image.image_id).stat().st_size == len(whole) - 4000


def test_a_file_that_is_not_dicom_is_put_aside(apparatus: Apparatus, tmp_path: Path) -> None:
    _put(apparatus, "1-1-1.dcm", b"this is a letter, not an image" * 50)
    assert _state(apparatus, 1) == ["quarantined"]
    assert [path.name for path in apparatus.files.quarantine.iterdir()] == ["1-1-1.dcm"]
    assert "not a DICOM file" in apparatus.images()[0].judgement.storage[0].text
    assert send(apparatus, radiograph(tmp_path / "good.dcm")).returncode == 0
    assert _state(apparatus, 2) == ["quarantined", "awaiting"]


def test_wrong_rows_do_not_pass_for_an_image(apparatus: Apparatus, tmp_path: Path) -> None:
    path = radiograph(tmp_path / "a.dcm", Rows=500)
    assert send(apparatus, path).returncode == 0
    assert _state(apparatus, 1) == ["quarantined"]


def test_compressed_rubbish_does_not_stop_the_others(apparatus: Apparatus, tmp_path: Path) -> None:
    ds = pydicom.dcmread(radiograph(tmp_path / "a.dcm"))
    ds.file_meta.TransferSyntaxUID = pydicom.uid.JPEG2000Lossless
    ds.PixelData = pydicom.encaps.encapsulate([b"\xff\x4f\xff\x51" + bytes(range(200))])
    ds["PixelData"].VR = "OB"
    pydicom.dcmwrite(tmp_path / "bad.dcm", ds, enforce_file_format=True)
    assert send(apparatus, tmp_path / "bad.dcm", options=("-xv",)).returncode == 0
    assert send(apparatus, radiograph(tmp_path / "good.dcm")).returncode == 0
    assert sorted(_state(apparatus, 2)) == ["awaiting", "quarantined"]


def test_an_unreadable_image_can_be_asked_for_again_but_not_confirmed(apparatus: Apparatus, tmp_path: Path) -> None:
    _put(apparatus, "1-1-1.dcm", radiograph(tmp_path / "a.dcm").read_bytes()[:-4000])
    _state(apparatus, 1)
    image = apparatus.images()[0]
    with pytest.raises(ImgdashError, match="quarantined"):
        apparatus.confirm(image.image_id, by="anna")
    assert apparatus.image(image.image_id).state == "quarantined"


def test_a_uid_with_a_path_in_it_stays_inside(apparatus: Apparatus, tmp_path: Path) -> None:
    before = sorted(path for path in tmp_path.rglob("*") if "site" not in path.parts)
    data = radiograph(tmp_path / "a.dcm").read_bytes()
    ds = pydicom.dcmread(tmp_path / "a.dcm")
    evil = "../../../../evil"
    uid = str(ds.SOPInstanceUID)
    _put(apparatus, "1-1-1.dcm", data.replace(uid.encode(), evil.ljust(len(uid), "\0").encode()))
    _state(apparatus, 1)
    (tmp_path / "a.dcm").unlink()
    assert sorted(path for path in tmp_path.rglob("*") if "site" not in path.parts) == before
    assert not list(tmp_path.rglob("evil*"))


def test_an_empty_patient_id_is_missing_information_that_can_be_corrected(apparatus: Apparatus, tmp_path: Path) -> None:
    apparatus.users.add("chief", "manager", "a long password")
    send(apparatus, radiograph(tmp_path / "a.dcm", PatientID=""))
    _state(apparatus, 1)
    image = apparatus.images()[0]
    finding = next(finding for finding in image.judgement.storage if finding.rule == "information")
    assert finding.correctable
    corrected = apparatus.edit(image.image_id, by="chief", PatientID="4711")
    assert corrected.patient.id == "4711"
    assert not [finding for finding in corrected.judgement.storage if finding.rule == "information"]
    assert pydicom.dcmread(apparatus.files.path(image.image_id)).PatientID == ""
    assert apparatus.dataset(image.image_id).PatientID == "4711"


def test_the_same_uid_with_other_content_is_kept_beside(apparatus: Apparatus, tmp_path: Path) -> None:
    first = radiograph(tmp_path / "a.dcm")
    uid = pydicom.dcmread(first).SOPInstanceUID
    second = radiograph(tmp_path / "b.dcm", SOPInstanceUID=uid, PatientID="P2")
    send(apparatus, first)
    send(apparatus, second)
    _state(apparatus, 2)
    one, other = apparatus.images()
    assert other.duplicate_of == one.image_id
    assert {one.patient.id, other.patient.id} == {"P1", "P2"}


def test_the_same_bytes_again_are_one_image_and_two_lines_of_the_journal(apparatus: Apparatus, tmp_path: Path) -> None:
    path = radiograph(tmp_path / "a.dcm")
    send(apparatus, path)
    _state(apparatus, 1)
    send(apparatus, path)
    image_id = apparatus.images()[0].image_id
    wait_until(lambda: any("again" in row["why"] for row in apparatus.journal("image", image_id)))
    assert len(apparatus.images()) == 1


def test_an_image_id_never_becomes_a_path(apparatus: Apparatus) -> None:
    for evil in ("../../site", "a" * 31 + "/", "", "0" * 33):
        with pytest.raises(NotFound):
            apparatus.open(evil)


def test_a_malformed_condition_file_is_named_and_passed_over(tmp_path: Path) -> None:
    path = site(tmp_path / "site")
    with Apparatus(path) as apparatus:
        good = apparatus.conditions.get("chest-pa")
        file = apparatus.folder / "conditions" / "chest-pa.toml"
        file.write_text("title = 'Chest'\nversion = \n", encoding="utf-8")
        apparatus.conditions.refresh()
        assert "chest-pa.toml" in apparatus.conditions.problems["chest-pa.toml"]
        assert "line 2" in apparatus.conditions.problems["chest-pa.toml"]
        assert apparatus.conditions.get("chest-pa") == good


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[station\n", "line 1"),
        ("[station]\nae_title = 'MUCH TOO LONG AN AE TITLE'\n", "station.ae_title"),
        ("[station]\ndicom_prot = 104\n", "station.dicom_prot"),
        ("[[apparatus]]\nname='A'\nkind='fax'\nae_title='A'\n", "kind"),
    ],
)
def test_a_malformed_site_file_names_the_place(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "site.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ImgdashError, match=said):
        load(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["site.toml"]


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        apparatus = Apparatus(site(tmp_path / "site", station={"dicom_port": port}))
        try:
            with pytest.raises(ImgdashError, match=str(port)):
                apparatus.start()
        finally:
            apparatus.stop()


def test_an_unreachable_peer_is_said_in_words(tmp_path: Path, free_port: int) -> None:
    storage = {"name": "PACS", "kind": "storage", "ae_title": "PACS", "port": free_port}
    with Apparatus(site(tmp_path / "site", apparatus=[storage])) as apparatus:
        state = apparatus.check_peers()[0]
        assert not state.ok
        assert str(free_port) in state.address
        assert state.trouble
        assert state.remedy


def test_a_second_server_of_the_same_site_is_refused(tmp_path: Path) -> None:
    path = site(tmp_path / "site")
    with Apparatus(path) as apparatus:
        with pytest.raises(ImgdashError, match="in use"):
            Apparatus(path)
        assert apparatus.state == "running"


def test_a_correction_amends_the_emission_record_and_keeps_what_it_said(apparatus: Apparatus, tmp_path: Path) -> None:
    apparatus.users.add("chief", "manager", "a long password")
    send(apparatus, radiograph(tmp_path / "a.dcm", PatientID="WRONG"))
    _state(apparatus, 1)
    apparatus.edit(apparatus.images()[0].image_id, by="chief", PatientID="RIGHT")
    rows = apparatus.sql("select patient_id, amends <> '' from exposure order by amends").fetchall()
    assert rows == [("WRONG", False), ("RIGHT", True)]
