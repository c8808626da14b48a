"""Rejection notes (R9): DCMTK takes and reads them; none is lost, nobody is told twice."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pydicom
import pytest

from imgdash.confirm import Actions
from imgdash.model import Actor, Patient
from tests.confirm import making
from tests.confirm.making import header, put
from tests.conftest import peer
from tests.helpers import wait_until

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
    for entry in store.queue("image_id = ?", [image_id]):
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
