"""Rejection notes (R9): DCMTK takes and reads them; none is lost, nobody is told twice."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import KeyObjectSelectionDocumentStorage

from imgdash.apparatus import replace_site
from imgdash.config import OutputApparatus
from imgdash.confirm import Actions, retention
from imgdash.model import Actor, Patient, PeerFailed
from imgdash.output import registry
from imgdash.request.notes import store_note
from imgdash.simulate.archive import rejected_by
from imgdash.simulate.machine import Address
from imgdash.simulate.storage import Storage
from imgdash.store.files import Files
from tests.confirm import making
from tests.confirm.making import header, put
from tests.conftest import peer
from tests.helpers import wait_until
from tests.output.cloud import Cloud

pytestmark = pytest.mark.peer
MANAGER = Actor("max", "manager")
SERIES = "2.25.777"


@contextmanager
def storescp(folder: Path, port: int, *options: str) -> Iterator[Path]:
    folder.mkdir(exist_ok=True)
    command = [peer("storescp"), "-aet", "STORE", "-od", str(folder), *options, str(port)]
    process = subprocess.Popen(command, env={"TCP_NODELAY": "1"}, stderr=subprocess.DEVNULL)
    try:
        yield folder
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def site(tmp_path, free_port):
    storage = {"kind": "storage", "ae_title": "STORE", "port": free_port, "timeout_seconds": 3}
    apparatus = [
        {**storage, "name": "STORE"},
        {**storage, "name": "QUIET", "iocm": False},
        {"name": "FILM", "kind": "printer", "ae_title": "FILM"},
    ]
    return making.site(tmp_path, apparatus=apparatus)


def deliver(store, image_id: str) -> None:
    """As the outputs do: the storages have it, and the journal knows as what."""
    for entry in store.queue("image_id = ? and state = 'waiting'", [image_id]):
        told = {"sop_class_uid": "1.2.840.10008.5.1.4.1.1.1.1", "series_uid": SERIES}
        store.transition("queue", entry.entry_id, "take")
        store.transition("queue", entry.entry_id, "sent", **told)
        store.transition("queue", entry.entry_id, "finish")
    store.transition("image", image_id, "deliver")


def notes(store):
    return store.query("select * from note order by created_at")


def delivered(store, site, requests, name: str, **changes):
    image = put(store, header(name, **changes))
    Actions(store, site, requests.conditions).confirm(image.image_id, MANAGER)
    deliver(store, image.image_id)
    return image


def test_a_storage_is_told_and_dcmtk_reads_it(store, site, requests_of, tmp_path) -> None:
    requests = requests_of(site)
    patient = Patient("P1", "Yamada^Tarou=山田^太郎", "M", "19700101")
    image = delivered(store, site, requests, "bad", patient=patient, edits={"PatientID": "P1"})
    sent_as = store.queue("apparatus = 'STORE'")[0].output_uid
    with storescp(tmp_path / "got", site.output("STORE").port) as got:
        Actions(store, site, requests.conditions).reject(image.image_id, MANAGER, "111210", "moved")
        wait_until(lambda: [note["state"] for note in notes(store)] == ["sent"])
        path = wait_until(lambda: next(got.iterdir(), None))
    assert notes(store)[0]["apparatus"] == "STORE"
    ds = pydicom.dcmread(path)
    assert ds.SOPInstanceUID == notes(store)[0]["sop_instance_uid"]
    assert ds.ConceptNameCodeSequence[0].CodeValue == "113001"
    modifier = ds.ContentSequence[0]
    assert modifier.RelationshipType == "HAS CONCEPT MOD"
    assert modifier.ConceptNameCodeSequence[0].CodeValue == "113011"
    assert modifier.ConceptCodeSequence[0].CodeValue == "111210"
    series = ds.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0]
    assert series.SeriesInstanceUID == SERIES
    assert series.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == sent_as != image.sop_instance_uid
    assert (ds.PatientID, ds.AccessionNumber) == ("P1", "A1")
    assert str(ds.PatientName).endswith("=山田^太郎")
    read = subprocess.run([peer("dsrdump"), "+Pl", str(path)], capture_output=True, text=True, timeout=20)
    assert read.returncode == 0, read.stderr
    told = [line for line in read.stderr.splitlines() if "support" not in line]
    assert told == []  # dsrdump says what it does not support itself: UTF-8 checks, template checks
    assert "Motion blur" in read.stdout
    dumped = subprocess.run([peer("dcmdump"), "-q", str(path)], capture_output=True, timeout=20)
    assert dumped.returncode == 0


def test_a_storage_that_is_away_is_told_when_it_is_back(store, site, requests_of, tmp_path) -> None:
    requests = requests_of(site)
    image = delivered(store, site, requests, "bad")
    Actions(store, site, requests.conditions).reject(image.image_id, MANAGER, "113038")
    waiting = wait_until(lambda: [note for note in notes(store) if note["attempts"]])
    assert (waiting[0]["state"], "cannot be reached" in waiting[0]["trouble"]) == ("waiting", True)
    requests.stop()
    # Another run, as after a crash: the same note, not a second one.
    again = requests_of(site)
    with storescp(tmp_path / "got", site.output("STORE").port) as got:
        again.wake()
        wait_until(lambda: [note["state"] for note in notes(store)] == ["sent"])
        ds = pydicom.dcmread(wait_until(lambda: next(got.iterdir(), None)))
    assert ds.SOPInstanceUID == waiting[0]["sop_instance_uid"]
    assert ds.ConceptNameCodeSequence[0].CodeValue == "113038"
    assert all(item.RelationshipType != "HAS CONCEPT MOD" or item.ConceptNameCodeSequence[0].CodeValue != "113011"
               for item in ds.ContentSequence)  # fmt: skip


def test_a_storage_that_refuses_notes_is_left_to_a_person(store, site, requests_of, tmp_path) -> None:
    requests = requests_of(site)
    image = delivered(store, site, requests, "bad")
    with storescp(tmp_path / "got", site.output("STORE").port, "--refuse"):
        Actions(store, site, requests.conditions).reject(image.image_id, MANAGER, "111210")
        failed = wait_until(lambda: [note for note in notes(store) if note["state"] == "failed"])
        assert "rejected the association" in failed[0]["trouble"]
    with storescp(tmp_path / "got", site.output("STORE").port):
        requests.tell_again(failed[0]["note_id"], MANAGER)
        wait_until(lambda: notes(store)[0]["state"] == "sent")


def test_who_is_told_of_what(store, site, requests_of, user) -> None:
    """Not of a repeat, not of what never went out; but of a replaced image, and not while it is only asked for."""
    requests = requests_of(site)
    actions = Actions(store, site, requests.conditions)
    repeat = delivered(store, site, requests, "repeat")
    actions.reject(repeat.image_id, user, "111209", kind="repeat")
    never = put(store, header("never"))
    actions.reject(never.image_id, user, "111209")
    asked = delivered(store, site, requests, "asked")
    request = requests.create(asked.image_id, user, reason="111211")
    assert store.image(asked.image_id).state == "requested"
    better = put(store, header("better"))
    requests.answered(store.request(request.request_id), better)
    owed = wait_until(lambda: notes(store))
    assert [(note["image_id"], note["apparatus"], note["reason"]) for note in owed] == [
        (asked.image_id, "STORE", "111211")
    ]


def test_of_what_was_stored_and_called_back_a_storage_is_told(store, site, requests_of) -> None:
    """Rejected between the storage's answer and its commitment; the other entry was never sent."""
    requests = requests_of(site, start=False)
    actions = Actions(store, site, requests.conditions)
    stored, never = (put(store, header(name)) for name in ("stored", "never"))
    for image in (stored, never):
        actions.confirm(image.image_id, MANAGER)
        (entry,) = store.queue("image_id = ? and apparatus = 'STORE'", [image.image_id])
        store.transition("queue", entry.entry_id, "take")
        if image is stored:
            store.transition("queue", entry.entry_id, "sent", sop_class_uid="1.2", series_uid=SERIES)
        actions.reject(image.image_id, MANAGER, "111209")
        store.transition("queue", entry.entry_id, "retry")
        assert registry.take(store, [entry]) == []
        assert store.queue("entry_id = ?", [entry.entry_id])[0].state == "cancelled"
    requests.start()
    assert [note["image_id"] for note in wait_until(lambda: notes(store))] == [stored.image_id]


def test_an_image_that_came_back_and_expired_was_not_rejected(store, site, requests_of, tmp_path) -> None:
    requests = requests_of(site, start=False)
    actions = Actions(store, site, requests.conditions)
    images = [delivered(store, site, requests, name) for name in ("one", "two")]
    for image in images:
        actions.reject(image.image_id, MANAGER, "111209", kind="repeat")
        actions.delete(image.image_id, MANAGER)
        store.transition("image", image.image_id, "return")
        store.transition("image", image.image_id, "examine")
        actions.confirm(image.image_id, MANAGER)
        deliver(store, image.image_id)
    store.transition("image", images[0].image_id, "expire")
    actions.reject(images[1].image_id, MANAGER, "111209")
    requests.start()
    wait_until(lambda: len(notes(store)) == 2)
    assert {note["image_id"] for note in notes(store)} == {images[1].image_id}


def test_a_web_storage_is_told_by_stow(site, tmp_path) -> None:
    note = Dataset()
    note.SOPClassUID, note.SOPInstanceUID = KeyObjectSelectionDocumentStorage, "2.25.1"
    note.PatientName = "Müller"
    cloud = Cloud()
    try:
        apparatus = OutputApparatus(name="CLOUD", kind="web", url=cloud.url, charset="ISO_IR 192")
        store_note(site, apparatus, note)
        got = pydicom.dcmread(BytesIO(cloud.posts[0].partition(b"\r\n\r\n")[2]))
        assert (got.SOPInstanceUID, got.SpecificCharacterSet, got.PatientName) == ("2.25.1", "ISO_IR 192", "Müller")
        cloud.answers = [(200, {})]
        with pytest.raises(PeerFailed, match="refused the rejection note") as failed:
            store_note(site, apparatus, note)
        assert failed.value.status == 200
        # One that is away for hours is waited for; what is there already is there.
        for away in (401, 503):
            cloud.answers = [(away, "not now")]
            with pytest.raises(PeerFailed, match="takes nothing now") as failed:
                store_note(site, apparatus, note)
            assert failed.value.status is None
        item = {"00081155": {"vr": "UI", "Value": ["2.25.1"]}, "00081197": {"vr": "US", "Value": [0x0111]}}
        cloud.answers = [(409, {"00081198": {"vr": "SQ", "Value": [item]}})]
        store_note(site, apparatus, note)
    finally:
        cloud.close()


def test_a_mistake_is_taken_back_under_a_new_uid(store, site, requests_of, tmp_path) -> None:
    """What a storage was told to hide stays hidden; the image comes again as another instance, and can be rejected."""
    requests = requests_of(site)
    actions = Actions(store, site, requests.conditions)
    with Storage(Address("STORE", "127.0.0.1", site.output("STORE").port), tmp_path / "archive") as storage:
        image = delivered(store, site, requests, "good after all")
        (first,) = store.queue("apparatus = 'STORE'")
        actions.reject(image.image_id, MANAGER, "111209", "the wrong one")
        wait_until(lambda: [note["state"] for note in notes(store)] == ["sent"])
        assert storage.status()["stored"] == 1  # the note
        assert actions.restore(image.image_id, MANAGER).state == "awaiting"
        assert (store.image(image.image_id).reason, store.image(image.image_id).comment) == ("", "")
        actions.confirm(image.image_id, MANAGER)
        second = store.queue("apparatus = 'STORE' and state = 'waiting'")[0]
        assert second.output_uid != first.output_uid
        deliver(store, image.image_id)
        assert [note["entry_id"] for note in notes(store)] == [first.entry_id]
        actions.reject(image.image_id, MANAGER, "111210")
        wait_until(lambda: [note["state"] for note in notes(store)] == ["sent", "sent"])
        assert {note["entry_id"] for note in notes(store)} == {first.entry_id, second.entry_id}
        held = [pydicom.dcmread(path) for path in storage.archive.folder.glob("*.dcm")]
    modifiers = {ds.ContentSequence[0].ConceptCodeSequence[0].CodeValue for ds in held}
    assert modifiers == {"111209", "111210"}
    assert set().union(*map(rejected_by, held)) == {first.output_uid, second.output_uid}


def test_what_is_deleted_at_once_is_told_all_the_same(store, site, requests_of, tmp_path) -> None:
    at_once = replace_site(site, keep_rejected_days=0)
    requests = requests_of(at_once, start=False)
    actions = Actions(store, at_once, requests.conditions)
    image = delivered(store, at_once, requests, "bad")
    expired = delivered(store, at_once, requests, "old")
    actions.reject(image.image_id, MANAGER, "111210")
    assert retention.sweep(store, at_once, Files(tmp_path)) == [image.image_id]
    store.transition("image", expired.image_id, "expire")
    with storescp(tmp_path / "got", site.output("STORE").port) as got:
        requests.start()
        wait_until(lambda: [note["state"] for note in notes(store)] == ["sent"])
        ds = pydicom.dcmread(wait_until(lambda: next(got.iterdir(), None)))
    assert ds.ContentSequence[0].ConceptCodeSequence[0].CodeValue == "111210"
