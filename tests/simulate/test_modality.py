"""A modality: what it sends to DCMTK's storage, and how it answers work items."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import DigitalXRayImageStorageForProcessing, generate_uid
from pynetdicom import evt
from pynetdicom.sop_class import (
    UnifiedProcedureStepEvent,
    UnifiedProcedureStepPush,
    UnifiedProcedureStepWatch,
)

from imgdash.model.codes import REGENERATE, RERADIOGRAPH, RESEND, SEND_UNPROCESSED, UPS_REFUSED, Code
from imgdash.simulate.commitment import reference
from imgdash.simulate.image_header import Station
from imgdash.simulate.machine import Conduct
from imgdash.simulate.modality import Modality, Plan, Surroundings
from imgdash.simulate.ris import Ris
from imgdash.simulate.storage import Storage
from imgdash.wire.dicom import associate, code_item, items_to_parameters, parameters_to_items
from tests.conftest import peer
from tests.helpers import wait_until
from tests.simulate.making import HOST, address, booking


class Apparatus(Storage):
    """Stands for imgdash: takes images, and hears what becomes of work items."""

    def __init__(self, folder: Path) -> None:
        super().__init__(address("IMGDASH"), folder)
        self.heard: list[tuple[str, Dataset]] = []
        self.offer(UnifiedProcedureStepEvent, both_roles=True)
        self.on(evt.EVT_N_EVENT_REPORT, "n-event-report", self._hear)

    def _hear(self, event: evt.Event) -> tuple[int, None]:
        self.heard.append((str(event.request.AffectedSOPInstanceUID), event.event_information))
        return 0, None

    def images(self) -> list[Dataset]:
        files = sorted(self.archive.folder.glob("*.dcm"), key=lambda path: path.stat().st_mtime_ns)
        return [pydicom.dcmread(path) for path in files]

    def states(self, uid: str) -> list[str]:
        return [ds.ProcedureStepState for heard, ds in self.heard if heard == uid]


@contextmanager
def scene(tmp_path: Path, kind: str = "CR", **more: Any) -> Iterator[tuple[Ris, Modality, Apparatus]]:
    with Ris(address("RIS58")) as ris, Apparatus(tmp_path / "received") as apparatus:
        around = Surroundings(apparatus.address, ris.address)
        station = Station("CR51", kind, "Phantom Hospital")
        with Modality(address("CR51"), station, around, tmp_path / "cr", poll_seconds=0.05, **more) as modality:
            yield ris, modality, apparatus


def push(
    modality: Modality, image: Dataset, work: Code, wanted: dict[str, Any], sop_class: str = ""
) -> tuple[str, int]:
    """N-CREATE of a work item, and a subscription."""
    ds, source, output = Dataset(), Dataset(), Dataset()
    ds.ProcedureStepState, ds.InputReadinessState = "SCHEDULED", "READY"
    ds.ScheduledWorkitemCodeSequence = [code_item(work)]
    ds.ScheduledProcessingParametersSequence = parameters_to_items(wanted)
    source.ReferencedSOPSequence = [reference(str(image.SOPClassUID), str(image.SOPInstanceUID))]
    ds.InputInformationSequence = [source]
    output.ReferencedSOPClassUID = sop_class or str(image.SOPClassUID)
    ds.OutputDestinationSequence = [output]
    uid, wish = str(generate_uid(prefix=None)), Dataset()
    wish.ReceivingAE, wish.DeletionLock = "IMGDASH", "FALSE"
    contexts = [UnifiedProcedureStepPush, UnifiedProcedureStepWatch]
    with associate("IMGDASH", "CR51", HOST, modality.address.port, contexts) as association:
        status, _ = association.send_n_create(ds, UnifiedProcedureStepPush, uid)
        if status.Status == 0:
            answer, _ = association.send_n_action(
                wish, 3, UnifiedProcedureStepPush, uid, meta_uid=UnifiedProcedureStepWatch
            )
            assert answer.Status == 0
    return uid, int(status.Status)


def look(modality: Modality, uid: str) -> Dataset:
    tags = [0x00741000, 0x00741216, 0x00741002]
    with associate("IMGDASH", "CR51", HOST, modality.address.port, [UnifiedProcedureStepPush]) as association:
        return association.send_n_get(tags, UnifiedProcedureStepPush, uid)[1]


@pytest.mark.peer
def test_it_sends_to_dcmtks_storage(tmp_path: Path, free_port: int) -> None:
    received = tmp_path / "received"
    received.mkdir()
    command = [peer("storescp"), "-aet", "IMGDASH", "-od", str(received), str(free_port)]
    with (
        subprocess.Popen(command) as storescp,
        Ris(address("RIS58")) as ris,
        Modality(
            address("CR51"), Station("CR51", "CR", "Phantom Hospital"),
            Surroundings(address("IMGDASH", free_port), ris.address), tmp_path / "cr", poll_seconds=0.05,
        ),
    ):  # fmt: skip
        made = ris.book(booking(1))
        wait_until(lambda: made.state == "completed")
        storescp.terminate()
    (file,) = received.iterdir()
    ds = pydicom.dcmread(file)
    assert str(ds.PatientName) == made.order.patient.name
    assert (ds.Modality, ds.BodyPartExamined, ds.ViewPosition, ds.Laterality) == ("CR", "HAND", "PA", "R")
    assert (ds.AccessionNumber, ds.StudyInstanceUID) == ("A1", "1.2.3.1")
    assert ds.RequestAttributesSequence[0].ScheduledProcedureStepID == "S1"
    assert ds.PhotometricInterpretation == "MONOCHROME1"
    assert (ds.BitsStored, ds.pixel_array.shape) == (12, (1500, 1200))
    assert abs(float(ds.DeviationIndex)) < 4
    assert ds.ReferencedPerformedProcedureStepSequence[0].ReferencedSOPInstanceUID == made.mpps_uid


def test_it_processes_again_as_wanted(tmp_path: Path) -> None:
    with scene(tmp_path, plan=lambda accession: Plan(squeeze=True)) as (ris, modality, apparatus):
        ris.book(booking(1))
        wait_until(lambda: apparatus.status()["stored"] == 1)
        (bad,) = apparatus.images()
        uid, status = push(modality, bad, REGENERATE, {"gradation.contrast": 1.3, "overlay.side": "auto"})
        assert status == 0
        wait_until(lambda: "COMPLETED" in apparatus.states(uid))
        assert apparatus.states(uid) == ["IN PROGRESS", "COMPLETED"]
        good = apparatus.images()[-1]
        done = look(modality, uid).UnifiedProcedureStepPerformedProcedureSequence[0]
    assert good.SOPInstanceUID != bad.SOPInstanceUID
    assert (good.AccessionNumber, good.StudyInstanceUID) == (bad.AccessionNumber, bad.StudyInstanceUID)
    assert good.SourceImageSequence[0].ReferencedSOPInstanceUID == bad.SOPInstanceUID
    assert good.ReferencedPerformedProcedureStepSequence[0].ReferencedSOPInstanceUID == uid
    assert float(good.pixel_array.std()) > 5 * float(bad.pixel_array.std())
    performed = items_to_parameters(done.PerformedProcessingParametersSequence)
    assert performed["gradation.contrast"] == pytest.approx(1.3)
    assert "overlay.side" not in performed
    outputs = done.OutputInformationSequence[0].ReferencedSOPSequence
    assert [item.ReferencedSOPInstanceUID for item in outputs] == [good.SOPInstanceUID]


def test_it_sends_the_unprocessed_image_and_the_contents_of_its_processing(tmp_path: Path) -> None:
    with scene(tmp_path) as (ris, modality, apparatus):
        ris.book(booking(1))
        wait_until(lambda: apparatus.status()["stored"] == 1)
        (processed,) = apparatus.images()
        uid, _ = push(modality, processed, SEND_UNPROCESSED, {}, DigitalXRayImageStorageForProcessing)
        wait_until(lambda: "COMPLETED" in apparatus.states(uid))
        raw = apparatus.images()[-1]
    assert raw.SOPClassUID == DigitalXRayImageStorageForProcessing
    assert (raw.PresentationIntentType, raw.PixelIntensityRelationship) == ("FOR PROCESSING", "LIN")
    assert "Unsharp mask" in raw.AcquisitionDeviceProcessingDescription
    contents = items_to_parameters(raw.PerformedProcessingParametersSequence)
    assert contents["equalization.kernel"] == 25.0


def test_it_sends_the_same_image_again(tmp_path: Path) -> None:
    with scene(tmp_path) as (ris, modality, apparatus):
        ris.book(booking(1))
        wait_until(lambda: apparatus.status()["stored"] == 1)
        (first,) = apparatus.images()
        next(apparatus.archive.folder.glob("*.dcm")).unlink()
        uid, _ = push(modality, first, RESEND, {})
        wait_until(lambda: "COMPLETED" in apparatus.states(uid))
        assert [ds.SOPInstanceUID for ds in apparatus.images()] == [first.SOPInstanceUID]


def test_what_it_will_not_do_it_refuses(tmp_path: Path) -> None:
    stranger = Dataset()
    stranger.SOPClassUID, stranger.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.1", "1.2.99"
    with scene(tmp_path) as (_, modality, apparatus):
        for work in (REGENERATE, RERADIOGRAPH):
            uid, status = push(modality, stranger, work, {})
            assert status == 0
            wait_until(lambda uid=uid: "CANCELED" in apparatus.states(uid))
            (progress,) = look(modality, uid).ProcedureStepProgressInformationSequence
            (code,) = progress.ProcedureStepDiscontinuationReasonCodeSequence
            assert code.CodeValue == UPS_REFUSED.value
        modality.conduct.order("ups", "refuse")
        assert push(modality, stranger, REGENERATE, {})[1] == 0x0124


def test_an_order_of_his_ris_can_ask_for_processing(tmp_path: Path) -> None:
    with scene(tmp_path) as (ris, _, apparatus):
        ris.book(booking(1))
        wait_until(lambda: apparatus.status()["stored"] == 1)
        again = booking(2)
        again.work, again.rejected_image = REGENERATE, str(apparatus.images()[0].SOPInstanceUID)
        ris.book(again)
        wait_until(lambda: again.state == "completed")
        made = apparatus.images()[-1]
        assert made.AccessionNumber == "A2"
        assert made.SourceImageSequence[0].ReferencedSOPInstanceUID == again.rejected_image
        lost = booking(3)
        lost.work, lost.rejected_image = REGENERATE, "1.2.99"
        ris.book(lost)
        wait_until(lambda: lost.state == "discontinued")


def test_it_waits_for_an_apparatus_that_is_away_or_full(tmp_path: Path, free_port: int) -> None:
    with Ris(address("RIS58")) as ris:
        around = Surroundings(address("IMGDASH", free_port), ris.address)
        with Modality(
            address("CR51"), Station("CR51", "CT", ""), around, tmp_path / "ct", poll_seconds=0.05
        ) as modality:
            made = ris.book(booking(1, code="CTHEAD", kind="CT"))
            wait_until(lambda: made.state == "started")
            full = Conduct()
            full.order("c-store", "refuse", None)
            with Storage(address("IMGDASH", free_port), tmp_path / "received", conduct=full) as storage:
                full.mend("c-store")
                wait_until(lambda: storage.status()["stored"] == 1)
            wait_until(lambda: modality.status()["sent"] == 1)


def test_it_hears_what_was_committed(tmp_path: Path) -> None:
    with scene(tmp_path) as (ris, modality, apparatus):
        apparatus.known["CR51"] = modality.address
        ris.book(booking(1))
        wait_until(lambda: modality.status()["committed"] == 1)
        assert modality.status()["sent"] == 1
