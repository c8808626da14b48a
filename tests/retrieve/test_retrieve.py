"""C-MOVE and C-GET with DCMTK's movescu, storescp and getscu: images as they were received, to known machines only."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ImplicitVRLittleEndian, RLELossless
from pynetdicom import build_role, evt
from pynetdicom.sop_class import (
    ComputedRadiographyImageStorage,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
)

from imgdash.wire.dicom import associate
from tests.conftest import peer
from tests.helpers import wait_until
from tests.retrieve.conftest import ENVIRONMENT, Archive
from tests.store.dicom import dataset, save
from tests.wire.test_dicom import listens

pytestmark = pytest.mark.peer
STUDY = ("-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=1.2.3")


def add(archive: Archive, state: str = "confirmed", syntax: str | None = None, **attributes: Any) -> str:
    ds = dataset(**attributes)
    if syntax == RLELossless:
        save(ds, archive.files.folder / "made.dcm")
        ds.compress(RLELossless, generate_instance_uid=False)
    else:
        save(ds, archive.files.folder / "made.dcm", syntax or pydicom.uid.ExplicitVRLittleEndian)
    return archive.put(ds, state)


def data_set(path: Path) -> bytes:
    """What follows the file meta information."""
    meta = pydicom.filereader.read_file_meta_info(path)
    return path.read_bytes()[132 + 12 + meta.FileMetaInformationGroupLength :]


@pytest.fixture
def storescp(tmp_path: Path, free_port: int) -> Iterator[Callable[..., Path]]:
    running: list[subprocess.Popen[bytes]] = []

    def start(*options: str) -> Path:
        folder = tmp_path / "viewer"
        folder.mkdir()
        command = [peer("storescp"), *options, "-od", str(folder), str(free_port)]
        running.append(subprocess.Popen(command, env=ENVIRONMENT))
        wait_until(lambda: listens(free_port))
        return folder

    yield start
    for one in running:
        one.terminate()
        one.wait()


def viewer(port: int, **more: Any) -> dict[str, Any]:
    return {"name": "viewer", "kind": "viewer", "ae_title": "VIEWER", "port": port, "timeout_seconds": 5} | more


def test_a_study_is_moved_as_it_was_received(
    archive: Callable[..., Archive], storescp: Callable[..., Path], free_port: int
) -> None:
    held = archive(viewer(free_port))
    kept = [add(held), add(held, syntax=RLELossless), add(held, syntax=ImplicitVRLittleEndian)]
    add(held, "rejected")
    add(held, StudyInstanceUID="1.2.4")
    # +xa: any transfer syntax; +B: written to the file as it comes.
    folder = storescp("+xa", "+B")
    done = held.ask("movescu", "-S", "-aem", "VIEWER", *STUDY)
    assert done.returncode == 0, done.stderr
    arrived = {pydicom.dcmread(path).SOPInstanceUID: path for path in folder.iterdir()}
    images = [held.store.image(image_id) for image_id in kept]
    assert set(arrived) == {image.sop_instance_uid for image in images}
    for image in images:
        assert data_set(arrived[image.sop_instance_uid]) == data_set(held.files.path(image.image_id))
        assert pydicom.dcmread(arrived[image.sop_instance_uid]).file_meta.TransferSyntaxUID == image.transfer_syntax
    (noted,) = wait_until(lambda: held.store.query("select id, data from journal where event = 'retrieve'"))
    assert noted["id"] == "VIEWER"
    assert '"sent": 3' in noted["data"] or '"sent":3' in noted["data"]


def test_one_that_the_destination_cannot_take_does_not_stop_the_others(
    archive: Callable[..., Archive], storescp: Callable[..., Path], free_port: int
) -> None:
    held = archive(viewer(free_port))
    add(held, syntax=RLELossless, SOPInstanceUID="1.9.1")
    add(held, SOPInstanceUID="1.9.2")
    # +xi: Implicit VR only, as the oldest viewers.
    folder = storescp("+xi")
    done = held.ask("movescu", "-d", "-S", "-aem", "VIEWER", *STUDY)
    assert "0xb000" in done.stdout + done.stderr
    (path,) = folder.iterdir()
    arrived = pydicom.dcmread(path)
    assert arrived.SOPInstanceUID == "1.9.2"
    assert arrived.PixelData == dataset().PixelData


def test_get_brings_them_on_the_same_association(archive: Callable[..., Archive], tmp_path: Path) -> None:
    held = archive()
    kept = [add(held), add(held, PatientName="Müller^Jörg")]
    add(held, "replaced")
    folder = tmp_path / "got"
    folder.mkdir()
    done = held.ask("getscu", "+B", "-S", "-od", str(folder), *STUDY)
    assert done.returncode == 0, done.stderr
    assert sorted(map(data_set, folder.iterdir())) == sorted(data_set(held.files.path(one)) for one in kept)


def test_corrected_information_is_found_and_sent_with_what_it_was(
    archive: Callable[..., Archive], tmp_path: Path
) -> None:
    held = archive()
    image_id = add(held, PatientName="Wrong^Name")
    held.store.set("image", image_id, edits={"PatientName": "Weiß^Änne"}, patient_name="Weiß^Änne")
    assert held.find("STUDY", "StudyInstanceUID", "PatientName=Wrong*") == []
    (found,) = held.find("STUDY", "StudyInstanceUID", "PatientName=Weiß*")
    assert found["PatientName"] == "Weiß^Änne"
    assert held.ask("getscu", "-S", "-od", str(tmp_path), *STUDY).returncode == 0
    (path,) = (path for path in tmp_path.iterdir() if path.name.startswith("CR."))
    ds = pydicom.dcmread(path)
    assert ds.PatientName == "Weiß^Änne"
    assert ds.OriginalAttributesSequence[0].ModifiedAttributesSequence[0].PatientName == "Wrong^Name"
    assert ds.SOPInstanceUID == held.store.image(image_id).sop_instance_uid
    assert ds.PixelData == dataset().PixelData


def move(archive: Archive, to: str, identifier: Dataset, **cancel: int) -> list[tuple[Dataset, Dataset | None]]:
    model = StudyRootQueryRetrieveInformationModelMove
    with associate("VIEWER", "IMGDASH", "127.0.0.1", archive.port, [model]) as assoc:
        return list(assoc.send_c_move(identifier, to, model))


def identifier(**keys: Any) -> Dataset:
    ds = Dataset()
    for keyword, value in keys.items():
        setattr(ds, keyword, value)
    return ds


def test_images_go_to_machines_of_the_site_file_only(archive: Callable[..., Archive], free_port: int) -> None:
    held = archive(viewer(free_port), {"name": "ris", "kind": "ris", "ae_title": "RIS"})
    add(held, SOPInstanceUID="1.9.1")
    study = identifier(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2.3")
    for stranger in ("STRANGER", "RIS"):
        (status, failed), *_ = move(held, stranger, study)
        assert status.Status == 0xA801
        assert "site file" in status.ErrorComment
    (status, failed), *_ = move(held, "VIEWER", study)
    assert status.Status == 0xA702, "nobody listens there"
    assert "cannot be reached" in status.ErrorComment
    assert failed is not None
    assert failed.FailedSOPInstanceUIDList == "1.9.1"
    assert status.NumberOfFailedSuboperations == 1


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"QueryRetrieveLevel": "STUDY"}, "StudyInstanceUID is missing"),
        ({"QueryRetrieveLevel": "STUDY", "PatientID": "42"}, "StudyInstanceUID is missing"),
        ({"QueryRetrieveLevel": "IMAGE", "SOPInstanceUID": "1"}, "a single StudyInstanceUID is needed"),
        ({"QueryRetrieveLevel": "PATIENT", "PatientID": "42"}, "none of this model"),
        ({"StudyInstanceUID": "1.2.3"}, "none of this model"),
    ],
)
def test_a_wrong_identifier_moves_nothing(
    archive: Callable[..., Archive], free_port: int, keys: dict[str, str], said: str
) -> None:
    held = archive(viewer(free_port))
    add(held)
    (status, _), *_ = move(held, "VIEWER", identifier(**keys))
    assert status.Status == 0xA900
    assert said in status.ErrorComment


def get(archive: Archive, study: Dataset, handle: Callable[[evt.Event], int], **more: Any) -> list[int]:
    model = StudyRootQueryRetrieveInformationModelGet
    roles = [build_role(ComputedRadiographyImageStorage, scp_role=True)]
    contexts = [model, (ComputedRadiographyImageStorage, [RLELossless, ImplicitVRLittleEndian])]
    with associate(
        "VIEWER", "IMGDASH", "127.0.0.1", archive.port, contexts, handlers=[(evt.EVT_C_STORE, handle)], ext_neg=roles
    ) as assoc:
        found = []
        for number, (status, _) in enumerate(assoc.send_c_get(study, model)):
            found.append(status.Status)
            if number == more.get("cancel_after"):
                assoc.send_c_cancel(1, query_model=model)
        return found


def test_the_peer_chooses_the_transfer_syntax_and_may_stop(archive: Callable[..., Archive]) -> None:
    held = archive()
    for _ in range(12):
        add(held, syntax=RLELossless)
    arrived: list[str] = []

    def take(event: evt.Event) -> int:
        arrived.append(event.context.transfer_syntax)
        return 0x0000

    study = identifier(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2.3")
    assert get(held, study, take)[-1] == 0x0000
    assert arrived == [RLELossless] * 12
    arrived.clear()
    assert get(held, study, take, cancel_after=0)[-1] == 0xFE00
    assert 0 < len(arrived) < 12
    assert get(held, study, lambda event: 0xA700)[-1] == 0xA702
    assert get(held, identifier(QueryRetrieveLevel="STUDY", StudyInstanceUID="9"), take) == [0x0000]


def test_a_file_that_is_gone_fails_alone(archive: Callable[..., Archive]) -> None:
    held = archive()
    gone = add(held, syntax=RLELossless)
    add(held, syntax=RLELossless)
    held.files.path(gone).unlink()
    study = identifier(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2.3")
    assert get(held, study, lambda event: 0x0000)[-1] == 0xB000


@pytest.mark.radiographs
def test_a_real_radiograph_comes_back_byte_for_byte(
    archive: Callable[..., Archive], storescp: Callable[..., Path], free_port: int, radiographs: Path
) -> None:
    held = archive(viewer(free_port))
    ds = pydicom.dcmread(radiographs / "RG2_J2KR.dcm")
    image_id = held.put(ds, "confirmed")
    folder = storescp("+xa", "+B")
    done = held.ask(
        "movescu", "-P", "-aem", "VIEWER", "-k", "QueryRetrieveLevel=PATIENT", "-k", f"PatientID={ds.PatientID}"
    )
    assert done.returncode == 0, done.stderr
    (path,) = folder.iterdir()
    assert data_set(path) == data_set(held.files.path(image_id))
