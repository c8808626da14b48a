"""What was rejected is taken out of a folder again, and what a stop left half written is cleaned up (R9)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest

from imgdash.output import removal
from imgdash.output.dicomdir import Directory
from imgdash.request.notes import Notes
from imgdash.request.worker import Patience
from tests.helpers import wait_until
from tests.output.bench import Bench, radiograph
from tests.output.test_folder import appended, folder, hiccup, loaded

Make = Callable[..., Bench]


def reject(site: Bench, image_id: str) -> None:
    """As a reviewer does; the rejection notes are written down."""
    site.store.transition("image", image_id, "reject", "anna", reason="111210")
    Notes(site.store, site.site, site.files, Patience()).step()


def notes(site: Bench) -> list[str]:
    return [row["state"] for row in site.store.query("select state from note order by created_at")]


@pytest.mark.peer
def test_a_rejected_image_is_no_longer_in_the_file_set(bench: Make, tmp_path: Path) -> None:
    site = bench(folder(annotate="gsps"))
    marked = {"overlay.side": "R"}
    bad, good = (site.add(radiograph(number), overrides=marked) for number in (1, 2))
    other = site.add(radiograph(3, PatientID="P2", StudyInstanceUID="1.2.4", SeriesInstanceUID="1.2.5"))
    entries = [site.register(image, "SHARE") for image in (bad, good, other)]
    share = tmp_path / "share" / "20260301"
    with site.running():
        wait_until(lambda: site.states() == ["done"] * 3)
        assert len(loaded(share)) == 5
        # Put off to another day meanwhile: it is looked for where it was written.
        site.store.set("image", bad.image_id, confirmed_at="2026-03-05T10:00:00")
        reject(site, bad.image_id)
        wait_until(lambda: notes(site) == ["sent"])
        left = {ds.SOPInstanceUID for ds in loaded(share)}
        assert site.entry(entries[0]).output_uid not in left
        assert {site.entry(entry).output_uid for entry in entries[1:]} < left
        assert len(left) == len(list((share / "IMAGES").iterdir())) == 3
        kinds = appended(share, to=tmp_path / "copy")
        assert (kinds.count("PATIENT"), kinds.count("STUDY"), kinds.count("IMAGE")) == (2, 3, 3)
        for image in (good, other):
            reject(site, image.image_id)
        wait_until(lambda: notes(site) == ["sent"] * 3)
        assert list(pydicom.dcmread(share / "DICOMDIR").DirectoryRecordSequence) == []
        assert list((share / "IMAGES").iterdir()) == []
        again = site.register(site.add(radiograph(4)), "SHARE")
        wait_until(lambda: site.entry(again).state == "done")
        assert len(loaded(share)) == 1


def test_a_share_that_is_away_is_told_when_it_is_back(bench: Make, tmp_path: Path) -> None:
    share = tmp_path / "mounted"
    share.mkdir()
    site = bench(folder(path=str(share)))
    image = site.add(radiograph())
    entry = site.register(image, "SHARE")
    with site.running() as outputs:
        wait_until(lambda: site.states() == ["done"])
        share.rename(away := tmp_path / "away")
        reject(site, image.image_id)
        wait_until(lambda: "There is no folder" in outputs.status()["SHARE"].trouble)
        assert notes(site) == ["waiting"]
        away.rename(share)
        wait_until(lambda: notes(site) == ["sent"])
    assert site.entry(entry).state == "done"
    assert list(share.rglob("IMAGES/*")) == []


def test_a_directory_of_another_program_is_left_alone_and_it_is_said(bench: Make, tmp_path: Path) -> None:
    site = bench(folder(file_set="one"))
    image = site.add(radiograph())
    site.register(image, "SHARE")
    with site.running():
        wait_until(lambda: site.states() == ["done"])
        ds = pydicom.dcmread(tmp_path / "share" / "DICOMDIR")
        ds.file_meta.ImplementationClassUID = "1.2.3"
        ds.save_as(tmp_path / "share" / "DICOMDIR", enforce_file_format=True)
        reject(site, image.image_id)
        wait_until(lambda: notes(site) == ["failed"])
    assert "another program" in site.store.query("select trouble from note")[0]["trouble"]
    assert len(list((tmp_path / "share" / "IMAGES").iterdir())) == 1


def test_a_share_that_cannot_read_the_directory_now_is_told_later(
    bench: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = bench(folder(file_set="one"))
    image = site.add(radiograph())
    site.register(image, "SHARE")
    with site.running() as outputs:
        wait_until(lambda: site.states() == ["done"])
        over = hiccup(monkeypatch)
        reject(site, image.image_id)
        wait_until(lambda: "Stale file handle" in outputs.status()["SHARE"].trouble)
        assert notes(site) == ["waiting"]
        over()
        wait_until(lambda: notes(site) == ["sent"])
    assert list((tmp_path / "share" / "IMAGES").iterdir()) == []


def test_a_stop_between_directory_and_file_leaves_no_file(bench: Make, tmp_path: Path) -> None:
    site = bench(folder(file_set="one"))
    entry = site.register(site.add(radiograph()), "SHARE")
    with site.running():
        wait_until(lambda: site.states() == ["done"])
    uid = site.entry(entry).output_uid
    directory = Directory(tmp_path / "share")
    directory.discard(uid)
    directory.write()
    removal.take_out(tmp_path / "share", uid)
    assert list((tmp_path / "share" / "IMAGES").iterdir()) == []
    removal.take_out(tmp_path / "nowhere", uid)


def test_what_a_stop_left_half_written_is_removed(bench: Make, tmp_path: Path) -> None:
    images = tmp_path / "share" / "20260301" / "IMAGES"
    images.mkdir(parents=True)
    for path in (images / "AAAAAAAA.tmp", images.parent / "DICOMDIR.tmp"):
        path.write_bytes(b"half")
    site = bench(folder())
    entry = site.register(site.add(radiograph()), "SHARE")
    site.store.transition("queue", entry, "take")  # as a kill in between leaves it
    with site.running():
        wait_until(lambda: site.states() == ["done"])
    assert list((tmp_path / "share").rglob("*.tmp")) == []
    assert len(loaded(images.parent)) == 1
