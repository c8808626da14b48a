"""What is asked, of whom, and how it is written down (R1-R3, R7)."""

from __future__ import annotations

from datetime import datetime

import pytest
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message, parse_segment
from pydicom.dataset import Dataset

from imgdash.config import Peer, Requests, Rule
from imgdash.model import Finding, ImgdashError, Order, Patient, Request
from imgdash.model.codes import REASONS
from imgdash.request import order, workitem
from imgdash.request.addressee import choose
from imgdash.request.facts import Facts, order_number
from imgdash.request.policy import decide
from imgdash.wire import hl7
from imgdash.wire.dicom import items_to_parameters, read_code
from tests.confirm.making import header

PARAMETERS = {"gradation.contrast": 1.25, "frequency.method": "unsharp", "geometry.mirror": True}


def facts(**changes) -> Facts:
    request = {
        "request_id": "2.25.1",
        "image_id": "i",
        "chain": "2.25.1",
        "round": 2,
        "state": "waiting",
        "to": "modality",
        "peer": "cr",
        "ask": "processed",
        "reason": "111219",
        "parameters": PARAMETERS,
        "comment": "lung too dark | please",
        "by": "ann",
        "order_number": order_number("2.25.1"),
        "message_id": "M1",
    }
    former = Request(**{**request, "request_id": "2.25.9", "round": 1})
    image = changes.pop("image", header(patient=Patient("P1", "Müller^Anna=山田^太郎", "F", "19700101")))
    booked = Order("o1", "A1", image.patient, placer_number="PL1", filler_number="FI1", procedure_code="CHESTPA")
    request.update(changes)
    units = {"gradation.contrast": "1"}
    return Facts(Request(**request), image, booked, former, "IMGDASH", "Hospital", datetime(2026, 1, 2, 3, 4), units)


# -- whom ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "sender", "route"),
    [
        ("111219", "CR51", ("modality", "cr", "processed")),
        ("111219", "OLD", ("modality", "old", "processed")),
        ("111219", "STRANGER", ("ris", "ris", "processed")),
        ("111209", "CR51", ("ris", "ris", "reradiograph")),
        ("111211", "CR51", ("ris", "ris", "reradiograph")),
        ("113026", "CR51", ("ris", "ris", "reradiograph")),
        ("UNREADABLE", "CR51", ("modality", "cr", "resend")),
        ("INFO-MISSING", "CR51", ("ris", "ris", "resend")),
    ],
)
def test_the_reason_decides_whom_to_ask(site_with, reason, sender, route) -> None:
    site = site_with()
    old = site.peers[1].model_copy(update={"ups": True})
    site = site.model_copy(update={"peers": (site.peers[0], old, site.peers[2])})
    chosen = choose(site, header(sender=sender), reason)
    assert (chosen.to, chosen.peer, chosen.ask) == route


def test_every_reason_has_an_addressee(site_with) -> None:
    for reason in REASONS:
        assert choose(site_with(), header(), reason).peer in ("cr", "ris")


def test_site_policies_for_the_addressee(site_with) -> None:
    assert choose(site_with(requests={"always_ris": True}), header(), "111219").to == "ris"
    assert choose(site_with(), header(), "111219", ask="unprocessed").to == "modality"
    assert choose(site_with(), header(sender="OLD"), "111219").why == "old takes no work items."
    with pytest.raises(ImgdashError, match="old takes no work items"):
        choose(site_with(requests={"fallback": False}), header(sender="OLD"), "111219")
    with pytest.raises(ImgdashError, match="No HIS/RIS takes orders"):
        choose(site_with(hl7=0), header(), "111211")
    for wrong in ({"ask": "anything"}, {"to": "somebody"}):
        with pytest.raises(ImgdashError):
            choose(site_with(), header(), "111219", **wrong)
    with pytest.raises(ImgdashError, match="not a reason"):
        choose(site_with(), header(), "nonsense")


def test_policies_per_rule_and_round_limit() -> None:
    exposure = Finding("exposure", "111211", "Under exposed.")
    missing = Finding("information", "INFO-MISSING", "Patient ID is missing.", correctable=True)
    clipping = Finding("clipping", "111212", "Clipped.")
    automatic = Requests(rules=(Rule(rule="exposure", policy="automatic"), Rule(rule="clipping", policy="off")))
    assert decide([], automatic, 0) is None
    assert decide([clipping], automatic, 0) is None
    assert decide([missing], automatic, 0) is None
    assert decide([clipping, missing, exposure], automatic, 0).policy == "automatic"
    assert decide([exposure], Requests(), 0).policy == "proposed"
    limited = decide([exposure], automatic, automatic.rounds)
    assert (limited.policy, limited.why) == ("proposed", "Under exposed. After 5 rounds a person decides.")


# -- DICOM ---------------------------------------------------------------------------------------------------


def test_work_item_has_what_n_create_requires() -> None:
    ds = workitem.compose(facts())
    for keyword in (
        "ProcedureStepState ScheduledProcedureStepPriority ProcedureStepLabel InputReadinessState "
        "ScheduledProcedureStepStartDateTime WorklistLabel PatientName PatientID PatientBirthDate PatientSex"
    ).split():
        assert ds.get(keyword), keyword
    for keyword in (
        "TransactionUID ScheduledStationClassCodeSequence ScheduledStationGeographicLocationCodeSequence "
        "IssuerOfPatientIDQualifiersSequence OtherPatientIDsSequence AdmissionID IssuerOfAdmissionIDSequence "
        "AdmittingDiagnosesDescription AdmittingDiagnosesCodeSequence ProcedureStepProgressInformationSequence "
        "UnifiedProcedureStepPerformedProcedureSequence"
    ).split():
        assert keyword in ds, keyword
        assert not ds.get(keyword), keyword
    assert ds.ProcedureStepState == "SCHEDULED"
    assert read_code(ds.ScheduledWorkitemCodeSequence[0]).value == "REGENERATE"
    source = ds.InputInformationSequence[0]
    assert source.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == header().sop_instance_uid
    assert source.DICOMRetrievalSequence[0].RetrieveAETitle == "CR51"
    destination = ds.OutputDestinationSequence[0]
    assert destination.DICOMStorageSequence[0].DestinationAE == "IMGDASH"
    assert destination.ReferencedSOPClassUID == header().sop_class_uid
    assert ds.ReplacedProcedureStepSequence[0].ReferencedSOPInstanceUID == "2.25.9"
    assert ds.ReferencedRequestSequence[0].AccessionNumber == "A1"
    assert str(ds.PatientName).endswith("=山田^太郎")
    wanted = items_to_parameters(ds.ScheduledProcessingParametersSequence)
    assert {name: wanted[name] for name in PARAMETERS} == PARAMETERS
    assert (wanted["reason"].value, wanted["round"], wanted["comment"]) == ("111219", 2, "lung too dark | please")


def test_unprocessed_is_wanted_as_for_processing() -> None:
    ds = workitem.compose(facts(ask="unprocessed"))
    assert ds.OutputDestinationSequence[0].ReferencedSOPClassUID == "1.2.840.10008.5.1.4.1.1.1.1.1"
    assert read_code(ds.ScheduledWorkitemCodeSequence[0]).value == "SEND-UNPROCESSED"
    cr = "1.2.840.10008.5.1.4.1.1.1"
    assert workitem.wanted_class(cr, "unprocessed") == cr


def test_a_header_of_which_nothing_is_known_still_makes_a_work_item() -> None:
    image = header(patient=Patient(), study_uid="", series_uid="", sop_class_uid="", sop_instance_uid="", accession="")
    ds = workitem.compose(facts(image=image))
    assert list(ds.ReferencedRequestSequence) == []


def test_what_a_performed_work_item_tells() -> None:
    assert workitem.performed(Dataset()) == {"state": "", "performed": {}, "outputs": []}
    assert workitem.refusal(Dataset()) == "no reason was given"


# -- HL7 -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["OMG^O19", "ORM^O01", "OMI^O23"])
def test_order_is_valid_and_says_everything(kind: str) -> None:
    peer = Peer(name="ris", kind="ris", hl7_port=1, hl7_order=kind)
    data = order.compose(facts(), peer)
    text = data.decode()
    if kind == "ORM^O01":
        # hl7apy takes the choice OBR | RQD | RQ1 | … of this message for a sequence, so: segment by segment.
        assert all(parse_segment(line, version="2.5.1").validate() for line in text.strip().split("\r")[1:])
    else:
        assert parse_message(text, validation_level=VALIDATION_LEVEL.TOLERANT).validate()
    message = hl7.parse(data)
    assert message.type == kind
    number = order_number("2.25.1")
    expected = {
        "MSH-10": "M1",
        "PID-3.1": "P1",
        "PID-5.1": "Müller",
        "PID-5[2].1": "山田",
        "PID-5[2].8": "I",
        "ORC-1": "NW",
        "ORC-2.1": number,
        "ORC-8.1": "PL1",
        "ORC-8.2": "FI1",
        "ORC-16.1": "111219",
        "ORC-16.3": "DCM",
        "OBR-2.1": number,
        "OBR-4.1": "CHESTPA",
        "OBR-29.1": "PL1",
        "OBR-31.1": "111219",
        "OBR-18": "A1",
    }
    assert {path: message.get(path) for path in expected} == expected
    assert len(number) <= 16
    assert message.get("NTE-3").endswith("lung too dark | please")
    observed = {obx.get("3.1"): (obx.get("2"), obx.get("5"), obx.get("6.1")) for obx in message.segments("OBX")}
    assert observed["GRADATION.CONTRAST"] == ("NM", "1.25", "1")
    assert observed["FREQUENCY.METHOD"] == ("ST", "unsharp", "")
    assert observed["GEOMETRY.MIRROR"] == ("ST", "true", "")
    assert observed["ROUND"][:2] == ("NM", "2")
    assert observed["IMAGE"][1] == header().sop_instance_uid
    assert (message.get("IPC-3.1") == "1.2.3.4") == (kind == "OMI^O23")


def test_filler_originated_order_is_numbered_as_the_filler_does() -> None:
    peer = Peer(name="ris", kind="ris", hl7_port=1, hl7_control="SN")
    message = hl7.parse(order.compose(facts(), peer))
    assert (message.get("ORC-1"), message.get("ORC-2"), message.get("ORC-3.1")) == ("SN", "", order_number("2.25.1"))
    cancel = hl7.parse(order.compose(facts(), peer, "OC"))
    assert (cancel.get("ORC-1"), cancel.control_id == "M1") == ("OC", False)


def test_order_without_order_parameters_and_patient() -> None:
    image = header(patient=Patient(), accession="", study_uid="")
    bare = facts(image=image, parameters={}, comment="")
    message = hl7.parse(order.compose(Facts(bare.request, image, None, None, "IMGDASH", "", bare.at), Peer(
        name="ris", kind="ris", hl7_port=1
    )))  # fmt: skip
    assert (message.get("PID-8"), message.get("ORC-8"), message.get("OBR-4.1")) == ("U", "", "REGENERATE")
