"""Records are named by their content, and no name of a peer ever becomes part of a path."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ImplicitVRLittleEndian

from imgdash.model import NotFound, Patient, Unreadable
from imgdash.store import header
from imgdash.store.files import Files, content_id
from tests.store.dicom import dataset, save

ID = "0123456789abcdef" * 2


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "site")


def test_an_arrived_file_gets_its_lasting_name_and_survives_a_crash_between(files: Files) -> None:
    arrived = files.incoming / "1-2-3.dcm"
    arrived.write_bytes(b"image")
    kept = files.keep(arrived, ID)
    assert kept == files.path(ID)
    assert files.arrived() == [arrived], "a crash here takes it again"
    assert files.keep(arrived, ID) == kept
    files.done(arrived)
    files.done(arrived)
    assert files.arrived() == []
    assert kept.read_bytes() == b"image"
    assert files.kept() == [kept]


def test_a_record_is_never_overwritten(files: Files) -> None:
    for text in (b"first", b"second"):
        arrived = files.incoming / "1-2-3.dcm"
        arrived.write_bytes(text)
        files.keep(arrived, ID)
        files.done(arrived)
    assert files.path(ID).read_bytes() == b"first"


@pytest.mark.parametrize("id", ["../../etc/passwd", "", ID[:-1], ID + "0", ID.upper(), "0123/" + ID[5:], f"{ID}\n"])
def test_what_is_no_image_id_leads_nowhere(files: Files, id: str) -> None:
    with pytest.raises(NotFound, match="is not an image id"):
        files.path(id)
    with pytest.raises(NotFound):
        files.delete(id)


def test_a_missing_file_is_named(files: Files) -> None:
    with pytest.raises(NotFound, match=f"No file for image '{ID}'"):
        files.path(ID)


def test_set_aside_and_deleted(files: Files) -> None:
    arrived = files.incoming / "9-9-9.dcm"
    arrived.write_bytes(b"not dicom")
    aside = files.set_aside(arrived)
    assert aside.read_bytes() == b"not dicom"
    assert files.set_aside(arrived) == aside
    again = files.incoming / "1.dcm"
    again.write_bytes(b"x")
    files.keep(again, ID)
    (files.output / f"{ID}-stage6.npy").write_bytes(b"made from it")
    files.delete(ID)
    assert not files.kept()
    assert not list(files.output.iterdir())


def test_only_whole_arrivals_are_taken_in_order(files: Files) -> None:
    for name in ("20-1-1.dcm", "10-1-2.msg.json", ".30-1-3.tmp", "note.txt", "15-1-1.dcm"):
        (files.incoming / name).write_bytes(b"")
    assert [path.name for path in files.arrived()] == ["10-1-2.msg.json", "15-1-1.dcm", "20-1-1.dcm"]


def test_the_content_id_does_not_depend_on_the_way_an_image_came(tmp_path: Path) -> None:
    ds = dataset()
    first = header.read(save(ds, tmp_path / "a.dcm", sender="CR1"))
    second = header.read(save(ds, tmp_path / "b.dcm", sender="ANOTHER"))
    assert first.path.read_bytes() != second.path.read_bytes()
    ids = [content_id(record.path, record.offset) for record in (first, second)]
    assert ids[0] == ids[1]
    assert ids[0] == hashlib.sha256(first.path.read_bytes()[first.offset :]).hexdigest()[:32]
    ds.PatientID = "43"
    other = header.read(save(ds, tmp_path / "c.dcm"))
    assert content_id(other.path, other.offset) != ids[0]


def test_the_columns_of_a_header(tmp_path: Path) -> None:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "399348003", "SCT", "antero-posterior"
    request = Dataset()
    request.ScheduledProcedureStepID = "S1"
    ds = dataset(
        AccessionNumber="A1",
        BodyPartExamined="CHEST",
        ViewCodeSequence=[code],
        RequestAttributesSequence=[request],
        KVP="70",
        ExposureInuAs="2500",
    )
    record = header.read(save(ds, tmp_path / "x.dcm", ImplicitVRLittleEndian))
    found = header.columns(record)
    assert found["transfer_syntax"] == ImplicitVRLittleEndian
    assert (found["sender"], found["accession"], found["step_id"]) == ("CR1", "A1", "S1")
    assert (found["body_part"], found["view"]) == ("CHEST", "antero-posterior")
    assert found["acquired_at"] == datetime(2025, 3, 1, 12, 30, 15)
    assert found["pixel_spacing"] == (0.2, 0.1)
    assert (found["rows"], found["columns"]) == (6, 8)
    assert found["exposure"] == {"kvp": 70, "mas": 2.5}
    assert header.patient(record.ds) == Patient("42", "Müller^Jörg", "", "")


def test_an_edit_wins_over_the_file() -> None:
    ds = dataset(BodyPartExamined="HAND")
    assert header.attributes(ds)["BodyPartExamined"] == "HAND"
    assert header.attributes(ds, {"BodyPartExamined": "FOOT"})["BodyPartExamined"] == "FOOT"


@pytest.mark.parametrize(
    ("date", "time", "expected"),
    [
        ("20250301", "123015", datetime(2025, 3, 1, 12, 30, 15)),
        ("20250301", "1230", datetime(2025, 3, 1, 12, 30)),
        ("20250301", "", datetime(2025, 3, 1)),
        ("20250301", "996199", datetime(2025, 3, 1)),
        ("", "123015", None),
        ("2025", "123015", None),
    ],
)
@pytest.mark.filterwarnings("ignore:Invalid value for VR")
def test_moments(date: str, time: str, expected: datetime | None) -> None:
    assert (
        header.moment(dataset(AcquisitionDate=date, AcquisitionTime=time), "AcquisitionDate", "AcquisitionTime")
        == expected
    )


@pytest.mark.parametrize("content", [b"", b"hello", bytes(128) + b"DICM" + b"\xff" * 200])
def test_files_that_are_no_images(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.dcm"
    path.write_bytes(content)
    with pytest.raises(Unreadable, match=r"x\.dcm"):
        header.read(path)


@pytest.mark.parametrize("cut", [140, 200, 400, 600])
def test_a_header_that_was_cut_off_is_read_or_refused_but_never_crashes(tmp_path: Path, cut: int) -> None:
    path = save(dataset(), tmp_path / "x.dcm")
    path.write_bytes(path.read_bytes()[:cut])
    try:
        found = header.columns(header.read(path))
    except Unreadable:
        return
    assert found["study_uid"] in ("", "1.2.3")


@pytest.mark.filterwarnings("ignore:Invalid value for VR")
@pytest.mark.parametrize("spacing", [["inf", "inf"], ["nan", "0.1"], ["0", "0.1"], ["-1", "-1"], ["0.1"], ["x", "y"]])
def test_a_spacing_that_is_none_is_unknown(tmp_path: Path, spacing: list[str]) -> None:
    ds = Dataset()
    ds.add_new("PixelSpacing", "LO", spacing)
    assert header.spacing(ds) is None
    assert header.number(ds, "PixelSpacing") in (None, 0, -1, 0.1)


def test_deep_nesting_is_refused_and_not_a_crash(tmp_path: Path) -> None:
    # Written by hand: pydicom itself cannot write so deep a nesting.
    sequence = b"\x40\x00\x75\x02SQ\x00\x00\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    plain = save(dataset(), tmp_path / "plain.dcm")
    record = header.read(plain)
    content = plain.read_bytes()
    deep = tmp_path / "deep.dcm"
    deep.write_bytes(content[: record.offset] + sequence * 2500)
    with pytest.raises(Unreadable, match=r"deep\.dcm"):
        header.read(deep)
