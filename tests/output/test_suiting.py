"""What an apparatus wants of texts and private attributes (F5), as DCMTK and Orthanc see what it gets."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from imgdash.config import parse
from imgdash.model import ImgdashError
from imgdash.output import encoding, form, provenance
from imgdash.wire import charset
from tests.conftest import peer
from tests.helpers import wait_until
from tests.output.bench import Bench, radiograph
from tests.output.orthanc import start
from tests.output.test_form import archive, formed, job_for

Make = Callable[..., Bench]
NAME = "Müller^Änne"


def dumped(path: Path) -> bytes:
    """DCMTK's listing, texts as their bytes are."""
    command = [peer("dcmdump"), "-q", "+L", str(path)]
    return subprocess.run(command, capture_output=True, timeout=30, check=True).stdout


def odd(listing: bytes) -> set[bytes]:
    """Private groups in a listing, at any depth."""
    return {group for group in re.findall(rb"\(([0-9a-f]{4}),[0-9a-f]{4}\)", listing) if int(group, 16) % 2}


@pytest.mark.peer
@pytest.mark.parametrize(
    ("wanted", "sent", "codec"),
    [("keep", "ISO_IR 100", "latin-1"), ("ISO_IR 192", "ISO_IR 192", "utf-8"), ("GB18030", "GB18030", "gb18030")],
)
def test_texts_are_in_the_character_set_of_the_apparatus(bench: Make, wanted: str, sent: str, codec: str) -> None:
    site = bench(archive(charset=wanted))
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "1", "L", "Schädel"
    source = radiograph(PatientName=NAME, SpecificCharacterSet="ISO_IR 100", ProcedureCodeSequence=[code])
    path = form.storage_file(job_for(site, source))
    listing = dumped(path)
    assert f"(0008,0005) CS [{sent}]".encode() in listing
    assert f"PN [{NAME}]".encode(codec) in listing
    assert "[Schädel]".encode(codec) in listing
    assert str(formed(site, radiograph(2, PatientName=NAME, SpecificCharacterSet="ISO_IR 100")).PatientName) == NAME


def test_items_that_say_their_own_character_set_are_taken_along(tmp_path: Path) -> None:
    ds, item = Dataset(), Dataset()
    item.SpecificCharacterSet, item.CodeMeaning = "ISO_IR 100", "Schädel"
    ds.SpecificCharacterSet, ds.PatientName, ds.ProcedureCodeSequence = "ISO_IR 192", "山田^太郎", [item]
    ds.OperatorsName, ds.SOPClassUID, ds.SOPInstanceUID = ["Müller", "佐藤"], "1.2", "1.2.3"
    charset.convert(ds, "GB18030")
    assert "SpecificCharacterSet" not in item
    encoding.write(ds, tmp_path / "a.dcm", ExplicitVRLittleEndian, "TEST")
    read = pydicom.dcmread(tmp_path / "a.dcm")
    assert read.SpecificCharacterSet == "GB18030"
    assert (str(read.PatientName), read.ProcedureCodeSequence[0].CodeMeaning) == ("山田^太郎", "Schädel")
    assert [str(name) for name in read.OperatorsName] == ["Müller", "佐藤"]


def test_a_name_that_does_not_fit_is_not_sent_as_another(bench: Make) -> None:
    site = bench(archive(charset="ISO_IR 100"), archive(name="PLAIN", charset="ISO_IR 6"))
    name = "Yamada^Tarou=山田^太郎"
    source = radiograph(SpecificCharacterSet="ISO_IR 192", PatientName=name)
    with pytest.raises(ImgdashError, match="PatientName has characters that ISO_IR 100 has not") as said:
        formed(site, source)
    assert "Yamada" not in str(said.value)
    with pytest.raises(ImgdashError, match="ISO_IR 6"):
        form.storage_file(job_for(site, radiograph(2, SpecificCharacterSet="ISO_IR 100", PatientName=NAME), "PLAIN"))
    plain = form.storage_file(job_for(site, radiograph(3, SpecificCharacterSet="ISO_IR 100"), "PLAIN"))
    assert "SpecificCharacterSet" not in pydicom.dcmread(plain)


@pytest.mark.peer
@pytest.mark.parametrize(
    ("kind", "wanted", "left"),
    [
        ("cr", "own", {b"0099"}),
        ("cr", "keep", {b"0029", b"0099"}),
        ("cr", "drop", set()),
        ("ct", "own", {b"0029"}),
        ("ct", "drop", set()),
    ],
)
def test_private_attributes(bench: Make, kind: str, wanted: str, left: set[bytes]) -> None:
    site = bench(archive(private_tags=wanted))
    item = Dataset()
    item.private_block(0x0029, "PHANTOMS", create=True).add_new(0x02, "LO", "inside")
    path = form.storage_file(job_for(site, radiograph(kind=kind, RequestAttributesSequence=[item])))
    listing = dumped(path)
    assert odd(listing) == left
    assert (b"inside" in listing) == (b"0029" in left)
    # How it was processed is known all the same, from attributes that everybody keeps.
    if kind == "cr":
        told = provenance.read(formed(site, radiograph(2)))
        assert told is not None
        assert told.exact == (wanted != "drop")


@pytest.mark.peer
def test_orthanc_gets_image_and_presentation_state_as_it_wants_them(
    bench: Make, program: Callable[..., Any], tmp_path: Path, free_port: int
) -> None:
    wishes = {"charset": "ISO_IR 192", "private_tags": "drop", "annotate": "gsps", "commitment": False}
    site = bench(archive(ae_title="ORTHANC", port=free_port, **wishes))
    orthanc = start(program, tmp_path / "orthanc", free_port)
    source = radiograph(PatientName=NAME, SpecificCharacterSet="ISO_IR 100")
    entry = site.register(site.add(source, overrides={"overlay.side": "R"}), "ARCHIVE")
    with site.running():
        wait_until(lambda: site.entry(entry).state == "done")
    instances = orthanc.get("/instances")
    assert len(instances) == 2
    for instance in instances:
        assert orthanc.get(f"/instances/{instance}/simplified-tags")["PatientName"] == NAME
        (file := tmp_path / "one.dcm").write_bytes(orthanc.get(f"/instances/{instance}/file"))
        listing = dumped(file)
        assert b"(0008,0005) CS [ISO_IR 192]" in listing
        assert NAME.encode() in listing
        assert odd(listing) == set()


def test_a_character_set_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImgdashError, match="charset"):
        parse({"apparatus": [archive(charset="latin1")]}, tmp_path / "site.toml")
