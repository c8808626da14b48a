"""MPPS, storage commitment and work item events from pynetdicom: noted durably, then understood."""

from __future__ import annotations

import os
import time
from datetime import datetime
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom import AE, build_role, evt
from pynetdicom.sop_class import (
    ComputedRadiographyImageStorage,
    ModalityPerformedProcedureStep,
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
    UnifiedProcedureStepEvent,
    UnifiedProcedureStepPush,
)

from imgdash.config import parse
from imgdash.model.codes import DISCONTINUATION_REASONS
from imgdash.model.errors import PeerFailed, Unreadable
from imgdash.receive import commitment, messages, mpps, steps
from imgdash.receive.journal import Journal
from imgdash.wire.dicom import associate, code_item
from imgdash.wire.entity import STEADY
from tests.receive.conftest import Station, site_in


def step_start() -> Dataset:
    scheduled = Dataset()
    scheduled.StudyInstanceUID, scheduled.AccessionNumber = "1.2.3", "A7"
    scheduled.ScheduledProcedureStepID, scheduled.RequestedProcedureID = "S1", "R1"
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.ScheduledStepAttributesSequence = [scheduled]
    ds.PatientName, ds.PatientID, ds.Modality = "山田^太郎", "P1", "CR"
    ds.PerformedProcedureStepStatus, ds.PerformedStationAETitle = "IN PROGRESS", "CR51"
    ds.PerformedProcedureStepStartDate, ds.PerformedProcedureStepStartTime = "20260711", "101500.25"
    return ds


def step_end(status: str) -> Dataset:
    image, series = Dataset(), Dataset()
    image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = ComputedRadiographyImageStorage, "1.2.3.9"
    series.SeriesInstanceUID, series.OperatorsName, series.ProtocolName = "1.2.3.4", "Tech^A", "CHEST"
    series.ReferencedImageSequence = [image]
    ds = Dataset()
    ds.PerformedProcedureStepStatus = status
    ds.PerformedProcedureStepEndDate, ds.PerformedProcedureStepEndTime = "20260711", "1020"
    ds.PerformedSeriesSequence = [series]
    ds.ImageAndFluoroscopyAreaDoseProduct = "1.25"
    if status == "DISCONTINUED":
        reason = code_item(DISCONTINUATION_REASONS["110514"])
        ds.PerformedProcedureStepDiscontinuationReasonCodeSequence = [reason]
    return ds


def test_a_procedure_step_from_start_to_end(shared: Station) -> None:
    uid, other = generate_uid(), generate_uid()
    before = set(shared.incoming.glob("*.msg.json"))
    with associate("CR51", "IMGDASH", "127.0.0.1", shared.port, [ModalityPerformedProcedureStep]) as assoc:
        status, _ = assoc.send_n_create(step_start(), ModalityPerformedProcedureStep, uid)
        assert status.Status == 0
        for step, state in ((uid, "COMPLETED"), (other, "DISCONTINUED")):
            status, _ = assoc.send_n_set(step_end(state), ModalityPerformedProcedureStep, step)
            assert status.Status == 0
        assert assoc.send_n_create(step_start(), ModalityPerformedProcedureStep)[0].Status == 0
    shared.messages(len(before) + 4)
    new = sorted(set(shared.incoming.glob("*.msg.json")) - before)
    begun, ended, broken, unnamed = (messages.read(path) for path in new)
    assert (begun.service, begun.calling_ae, begun.host) == ("mpps-create", "CR51", "127.0.0.1")
    assert begun.dataset is not None
    assert str(begun.dataset.PatientName) == "山田^太郎"
    event = mpps.event(begun)
    assert (event.subject, event.id, event.event, event.by) == ("step", uid, "start", "CR51")
    assert event.data == {
        "state": "IN PROGRESS",
        "patient_id": "P1",
        "modality": "CR",
        "station_ae": "CR51",
        "started_at": datetime(2026, 7, 11, 10, 15),
        "step_id": "S1",
        "accession": "A7",
        "study_uid": "1.2.3",
        "facts": {"procedure_id": "R1"},
    }
    event = mpps.event(ended)
    assert (event.event, event.data["operator"]) == ("complete", "Tech^A")
    assert event.data["ended_at"] == datetime(2026, 7, 11, 10, 20)
    assert event.data["facts"]["series"][0]["images"] == ["1.2.3.9"]
    assert event.data["facts"]["dose"] == {"dap_dgycm2": 1.25}
    # What is not mentioned must not overwrite what is known.
    assert "accession" not in event.data
    # The performer names the step where the modality does not.
    assert mpps.event(unnamed).id.startswith("2.25.")
    assert mpps.event(broken).event == "discontinue"
    assert mpps.event(broken).why == "Incorrect worklist entry selected"


def test_what_a_step_no_longer_allows_is_refused(shared: Station) -> None:
    """PS3.4 F.7.2.1.2 and F.7.2.2.2: by every receiver, at once, and only this."""
    uid = generate_uid()

    def told(operation: str, ds: Dataset) -> int:
        with associate("CR51", "IMGDASH", "127.0.0.1", shared.port, [ModalityPerformedProcedureStep]) as assoc:
            status, _ = getattr(assoc, operation)(ds, ModalityPerformedProcedureStep, uid)
            assert status.get("ErrorID") == (0xA710 if status.Status == 0x0110 else None)
            return int(status.Status)

    assert told("send_n_create", step_start()) == 0
    assert told("send_n_create", step_start()) == 0x0111
    still, ended = Dataset(), step_end("COMPLETED")
    still.PerformedProcedureStepStatus = "IN PROGRESS"
    assert [told("send_n_set", ds) for ds in (still, still, ended, ended, still)] == [0, 0, 0, 0x0110, 0x0110]
    kept = [path for path in shared.incoming.glob("*.msg.json") if messages.read(path).sop_instance_uid == uid]
    assert len(kept) == 4


def test_marks_of_steps_that_are_long_over_go(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for uid in ("1.2.3", "../../1.2.4"):
        journal.steps.taken("mpps-create", uid, "IN PROGRESS")
        journal.steps.taken("mpps-set", uid, "COMPLETED")
    old = [path for path in (tmp_path / "steps").iterdir() if path.suffix == ".begun"]
    assert len(old) == 2
    for path in old:
        os.utime(path, (time.time() - 86_400 * (steps.KEPT_DAYS + 1),) * 2)
    steps.forget(tmp_path)
    assert journal.steps.refusal("mpps-create", "1.2.3") is None
    assert journal.steps.refusal("mpps-set", "../../1.2.4") is not None
    journal.close()


def test_what_a_context_does_not_offer_is_refused(shared: Station) -> None:
    with associate("CR51", "IMGDASH", "127.0.0.1", shared.port, [ModalityPerformedProcedureStep]) as assoc:
        status, _ = assoc.send_n_get([0x00100010], ModalityPerformedProcedureStep, "1.2.3")
        assert status.Status == 0x0211


def test_a_work_item_event_and_a_commitment_result(station: Station) -> None:
    roles = [build_role(uid, scp_role=True) for uid in (UnifiedProcedureStepEvent, StorageCommitmentPushModel)]
    contexts = [UnifiedProcedureStepEvent, StorageCommitmentPushModel]
    report, result = Dataset(), Dataset()
    report.ProcedureStepState = "IN PROGRESS"
    result.TransactionUID = "2.25.7"
    with associate("CR51", "IMGDASH", "127.0.0.1", station.port, contexts, ext_neg=roles) as assoc:
        assert all(context.as_scp for context in assoc.accepted_contexts)
        status, _ = assoc.send_n_event_report(
            report, 1, UnifiedProcedureStepPush, "2.25.1", meta_uid=UnifiedProcedureStepEvent
        )
        assert status.Status == 0
        status, _ = assoc.send_n_event_report(result, 2, StorageCommitmentPushModel, StorageCommitmentPushModelInstance)
        assert status.Status == 0
    ups, committed = station.messages(2)
    assert (ups["service"], ups["event_type_id"], ups["sop_instance_uid"]) == ("ups-event", 1, "2.25.1")
    assert ups["dataset"]["00741000"]["Value"] == ["IN PROGRESS"]
    assert (committed["service"], committed["event_type_id"]) == ("commitment-result", 2)
    # Those who read it take a mapping or an object.
    message = messages.read(sorted(station.incoming.glob("*.msg.json"))[1])
    assert message["dataset"].TransactionUID == message.dataset.TransactionUID == "2.25.7"
    assert message.get("no such") is None


def test_commitment_asked_and_answered_on_a_new_association(station: Station, tmp_path: Path) -> None:
    reported: list[tuple[int, Dataset]] = []

    def take(event: evt.Event) -> tuple[int, None]:
        reported.append((event.event_type, event.event_information))
        return 0x0000, None

    request = Dataset()
    request.TransactionUID = "2.25.99"
    request.ReferencedSOPSequence = []
    for uid in ("1.2.1", "1.2.2"):
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = ComputedRadiographyImageStorage, uid
        request.ReferencedSOPSequence.append(item)
    with associate("CR51", "IMGDASH", "127.0.0.1", station.port, [StorageCommitmentPushModel]) as assoc:
        status, _ = assoc.send_n_action(request, 1, StorageCommitmentPushModel, StorageCommitmentPushModelInstance)
        assert status.Status == 0
    station.messages(1)
    message = messages.read(next(station.incoming.glob("*.msg.json")))
    assert (message.service, message.action_type_id) == ("commitment-request", 1)

    modality = AE("CR51")
    modality.add_supported_context(StorageCommitmentPushModel, scu_role=True, scp_role=True)
    server = modality.start_server(("127.0.0.1", 0), block=False, evt_handlers=[STEADY, (evt.EVT_N_EVENT_REPORT, take)])
    try:
        port = server.socket.getsockname()[1]
        peer = {"name": "CR51", "kind": "modality", "ae_title": "CR51", "port": port}
        site = parse({"peer": [peer]}, tmp_path / "site.toml")
        commitment.answer(site, message, lambda uid: True)
        commitment.answer(site, message, lambda uid: uid == "1.2.1")
    finally:
        server.shutdown()
    (all_held, first), (some_not, second) = reported
    assert (all_held, some_not) == (1, 2)
    assert first.TransactionUID == second.TransactionUID == "2.25.99"
    assert [item.ReferencedSOPInstanceUID for item in first.ReferencedSOPSequence] == ["1.2.1", "1.2.2"]
    assert "FailedSOPSequence" not in first
    assert second.FailedSOPSequence[0].ReferencedSOPInstanceUID == "1.2.2"
    assert second.FailedSOPSequence[0].FailureReason == 0x0112


def test_commitment_for_a_stranger_says_what_is_missing(tmp_path: Path) -> None:
    message = messages.Message("commitment-request", "STRANGER", "IMGDASH", "192.0.2.1")
    with pytest.raises(PeerFailed, match=r"no port for it.*Name it as a peer"):
        commitment.answer(site_in(tmp_path), message, lambda uid: True)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"service": "other"}', b"\xff\xfe", b'{"service": 1}'])
def test_a_broken_message_file_is_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "1-2-3.msg.json"
    path.write_bytes(content)
    with pytest.raises(Unreadable, match=r"1-2-3\.msg\.json"):
        messages.read(path)
