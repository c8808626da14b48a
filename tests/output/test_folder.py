"""A folder with a DICOMDIR: read by pydicom's file-set and by DCMTK's dcmmkdir, whatever happens in between."""

from __future__ import annotations

import errno
import gc
import shutil
import subprocess
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileDataset
from pydicom.fileset import FileSet
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian

from imgdash import process
from imgdash.model import ImgdashError
from imgdash.output import conformance, dicomdir
from imgdash.output.dicomdir import Directory
from imgdash.store.pixels import open_image
from tests.conftest import peer
from tests.helpers import wait_until
from tests.output.bench import Bench, radiograph

Make = Callable[..., Bench]


def folder(**more: Any) -> dict[str, Any]:
    return {"name": "SHARE", "kind": "folder", "path": "share", **more}


def loaded(file_set: Path) -> list[FileDataset]:
    """Every instance, found by way of the offsets in the directory."""
    with warnings.catch_warnings():
        # pydicom leaves its staging folder to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        found = FileSet(file_set / "DICOMDIR")
        instances = [instance.load() for instance in found]
        del found
        gc.collect()
    return [instance for instance in instances if isinstance(instance, FileDataset)]


def appended(file_set: Path, *, to: Path) -> list[str]:
    """DCMTK adds a file to a copy of the set, which it reads and checks before; the kinds of records afterwards."""
    shutil.copytree(file_set, to)
    another = radiograph(99, SOPInstanceUID="1.9.9", StudyInstanceUID="1.9", SeriesInstanceUID="1.9.1")
    another.save_as(to / "NEW", enforce_file_format=True)
    # Its tools insist on component names of upper case, and on what a general purpose CD needs.
    command = [peer("dcmmkdir"), "--append", "--input-directory", str(to), "NEW"]
    done = subprocess.run(command, cwd=to, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    assert "error" not in done.stderr.lower()
    records = pydicom.dcmread(to / "DICOMDIR").DirectoryRecordSequence
    return sorted(record.DirectoryRecordType for record in records)


@pytest.mark.peer
def test_images_and_their_overlays_are_a_file_set(bench: Make, tmp_path: Path) -> None:
    site = bench(folder(file_set="one", annotate="gsps"))
    marked = {"overlay.side": "R"}
    images = [
        site.add(radiograph(1), overrides=marked),
        site.add(radiograph(2, PatientName="Müller^Änne", SpecificCharacterSet="ISO_IR 100"), overrides=marked),
        site.add(radiograph(3, PatientID="P2", StudyInstanceUID="1.2.4", SeriesInstanceUID="1.2.5"), overrides=marked),
    ]
    entries = [site.register(image, "SHARE") for image in images]
    with site.running():
        wait_until(lambda: site.states() == ["done"] * 3)
    assert [image.state for image in site.store.images()] == ["delivered"] * 3
    by_uid = {ds.SOPInstanceUID: ds for ds in loaded(tmp_path / "share")}
    assert len(by_uid) == 6
    assert {ds.PatientID for ds in by_uid.values()} == {"P1", "P2"}
    for image, entry in zip(images, entries, strict=True):
        ds = by_uid[site.entry(entry).output_uid]
        chain = process.Chain.of(site.condition.processing, image.overrides)
        source = open_image(site.files.path(image.image_id))
        wanted = process.form(source, chain, image.parameters, steps=process.ALL[:-1])
        np.testing.assert_array_equal(ds.pixel_array, wanted.values)
        assert ds.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert sorted(p.stem for p in (tmp_path / "share").rglob("*") if p.is_file() and "." in p.name) == []
    kinds = appended(tmp_path / "share", to=tmp_path / "copy")
    assert kinds.count("IMAGE") == 4
    assert kinds.count("PRESENTATION") == 3
    assert set(kinds) == set(conformance.media()[0])
    assert (kinds.count("PATIENT"), kinds.count("STUDY")) == (2, 3)


def test_the_same_image_twice_is_one(bench: Make, tmp_path: Path) -> None:
    site = bench(folder(file_set="one"))
    entry = site.register(site.add(radiograph()), "SHARE")
    site.store.transition("queue", entry, "take")  # as a kill in between leaves it
    with site.running() as outputs:
        wait_until(lambda: site.states() == ["done"])
        before = (tmp_path / "share" / "DICOMDIR").read_bytes()
        job = outputs.former.job(site.entry(entry), site.site.output("SHARE"))
        # What was sent is deleted just after it is said to be done; it is formed once more.
        wait_until(lambda: not job.path.exists())
        formed = outputs.former.result(job)
        directory = Directory(tmp_path / "share")
        ds = pydicom.dcmread(formed)
        where = directory.file_id(ds.SOPInstanceUID)
        directory.add(ds, where)
        directory.write()
    assert (tmp_path / "share" / "DICOMDIR").read_bytes() == before
    assert (tmp_path / "share").joinpath(*where).read_bytes() == formed.read_bytes()


@pytest.mark.parametrize("by", ["day", "study"])
def test_a_file_set_for_each_day_or_study(bench: Make, tmp_path: Path, by: str) -> None:
    site = bench(folder(file_set=by))
    for number, study in ((1, "1.2.3"), (2, "1.2.3"), (3, "../../evil")):
        site.register(site.add(radiograph(number, StudyInstanceUID=study)), "SHARE")
    with site.running():
        wait_until(lambda: site.states() == ["done"] * 3)
    sets = sorted(path.parent for path in (tmp_path / "share").rglob("DICOMDIR"))
    assert sorted(len(loaded(one)) for one in sets) == ([3] if by == "day" else [1, 2])
    assert all(one.parent == tmp_path / "share" and one.name.startswith("20260301") for one in sets)
    assert not list(tmp_path.rglob("*evil*"))


def test_a_share_that_is_not_mounted_is_waited_for(bench: Make, tmp_path: Path) -> None:
    share = tmp_path / "mounted" / "later"
    site = bench(folder(path=str(share), attempts=1))
    entry = site.register(site.add(radiograph()), "SHARE")
    with site.running() as outputs:
        wait_until(lambda: "There is no folder" in outputs.status()["SHARE"].trouble)
        assert site.entry(entry).attempts == 0
        share.mkdir(parents=True)
        wait_until(lambda: site.states() == ["done"])


@pytest.mark.peer
def test_a_directory_of_another_program_is_left_alone(bench: Make, tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    radiograph(7).save_as(tmp_path / "share" / "THEIRS", enforce_file_format=True)
    command = [peer("dcmmkdir"), "--input-directory", str(tmp_path / "share"), "THEIRS"]
    subprocess.run(command, cwd=tmp_path / "share", check=True, capture_output=True, timeout=30)
    before = (tmp_path / "share" / "DICOMDIR").read_bytes()
    site = bench(folder(file_set="one"))
    entry = site.register(site.add(radiograph()), "SHARE")
    with site.running():
        wait_until(lambda: site.entry(entry).state == "failed")
    assert "another program" in site.entry(entry).trouble
    assert (tmp_path / "share" / "DICOMDIR").read_bytes() == before
    (tmp_path / "share" / "DICOMDIR").write_bytes(b"nothing")
    with pytest.raises(ImgdashError, match="cannot be read"):
        Directory(tmp_path / "share")


def test_a_full_disk_keeps_the_former_directory_and_the_image_waits(
    bench: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = bench(folder(file_set="one", attempts=1))
    first, second = (site.register(site.add(radiograph(number)), "SHARE", state="held") for number in (1, 2))
    with site.running() as outputs:
        site.store.transition("queue", first, "release", "anna")
        wait_until(lambda: site.entry(first).state == "done")
        durable = dicomdir.durable

        def full(path: Path, content: bytes) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(dicomdir, "durable", full)
        site.store.transition("queue", second, "release", "anna")
        wait_until(lambda: "has no room" in outputs.status()["SHARE"].trouble)
        assert len(loaded(tmp_path / "share")) == 1
        assert site.entry(second).attempts == 0
        monkeypatch.setattr(dicomdir, "durable", durable)
        wait_until(lambda: site.entry(second).state == "done")
    assert len(loaded(tmp_path / "share")) == 2


def hiccup(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The share cannot read a DICOMDIR from now on; returns what ends it."""
    read = Path.read_bytes

    def stale(path: Path) -> bytes:
        if path.name == dicomdir.NAME:
            raise OSError(errno.ESTALE, "Stale file handle", str(path))
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", stale)
    return lambda: monkeypatch.setattr(Path, "read_bytes", read)


def test_a_share_that_cannot_read_the_directory_now_is_waited_for(
    bench: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = bench(folder(file_set="one", attempts=1))
    first, second = (site.register(site.add(radiograph(number)), "SHARE", state="held") for number in (1, 2))
    with site.running() as outputs:
        site.store.transition("queue", first, "release", "anna")
        wait_until(lambda: site.entry(first).state == "done")
        over = hiccup(monkeypatch)
        site.store.transition("queue", second, "release", "anna")
        wait_until(lambda: "Stale file handle" in outputs.status()["SHARE"].trouble)
        assert site.entry(second).attempts == 0
        over()
        wait_until(lambda: site.entry(second).state == "done")
    assert len(loaded(tmp_path / "share")) == 2


def test_what_is_missing_in_an_image_has_a_value_in_the_directory(tmp_path: Path) -> None:
    directory = Directory(tmp_path)
    for number, name in enumerate(("A", "A", "B")):
        ds = Dataset()
        ds.SOPClassUID, ds.SOPInstanceUID = ComputedRadiographyImageStorage, f"1.2.{number}"
        ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.PatientID, ds.PatientName = "1.1", "1.1.1", "", name
        ds.file_meta = radiograph().file_meta
        directory.add(ds, directory.file_id(ds.SOPInstanceUID))
    directory.write()
    records = pydicom.dcmread(tmp_path / "DICOMDIR").DirectoryRecordSequence
    assert [record.DirectoryRecordType for record in records] == [
        *("PATIENT", "STUDY", "SERIES", "IMAGE", "IMAGE"),
        *("PATIENT", "STUDY", "SERIES", "IMAGE"),
    ]
    assert records[1].StudyID
    assert records[2].Modality == "OT"
    assert len(Directory(tmp_path)) == 9
