"""HIS/RIS: its worklist asked by DCMTK, its orders read by imgdash, re-orders as imgdash's requests ask for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hl7apy.parser import parse_message
from pydicom.dataset import Dataset
from pynetdicom.sop_class import ModalityPerformedProcedureStep, ModalityWorklistInformationFind

from imgdash.model.codes import REGENERATE, REJECTED_IMAGE, REQUEST_ASK, RERADIOGRAPH, parameter_code
from imgdash.receive.orders import parse_order
from imgdash.simulate.booking import Entry
from imgdash.simulate.ris import Ris
from imgdash.simulate.ris_inbox import HL7_ERROR
from imgdash.simulate.ris_messages import new_order
from imgdash.wire import hl7, mllp
from imgdash.wire.dicom import associate
from tests.conftest import peer
from tests.helpers import wait_until
from tests.simulate.making import HOST, PATIENT, address, booking, run


@pytest.fixture
def ris() -> Iterator[Ris]:
    with Ris(address("RIS58")) as made:
        yield made


def worklist(ris: Ris, **step_keys: str) -> list[Entry]:
    query, step = Dataset(), Dataset()
    query.PatientName = query.AccessionNumber = ""
    for keyword in ("ScheduledStationAETitle", "Modality", "ScheduledProcedureStepStartDate"):
        setattr(step, keyword, step_keys.get(keyword, ""))
    query.ScheduledProcedureStepSequence = [step]
    with associate("CR51", "RIS58", HOST, ris.address.port, [ModalityWorklistInformationFind]) as association:
        answers = list(association.send_c_find(query, ModalityWorklistInformationFind))
    return [Entry.of(ds) for _, ds in answers if ds is not None]


@pytest.mark.peer
def test_the_worklist_asked_by_dcmtk(ris: Ris) -> None:
    ris.book(booking(1))
    ris.book(booking(2, "CR56"))
    said = run(
        peer("findscu"), "-W", "-aec", "RIS58", "-k", "PatientName", "-k", "AccessionNumber", "-k",
        "(0040,0100)[0].ScheduledStationAETitle=CR56", HOST, str(ris.address.port),
    )  # fmt: skip
    assert "A2" in said
    assert "A1" not in said


def test_an_entry_says_what_to_do(ris: Ris) -> None:
    ris.book(booking(1))
    assert worklist(ris, Modality="CT") == []
    assert worklist(ris, ScheduledProcedureStepStartDate="20260103-") == []
    (entry,) = worklist(ris, ScheduledStationAETitle="CR51")
    assert str(entry.ds.PatientName) == PATIENT.name
    assert (entry.accession, entry.step_id, entry.side, entry.procedure.value) == ("A1", "S1", "R", "HANDPA")
    assert entry.rejected_image == ""


def test_a_procedure_step_takes_the_entry_off_the_worklist(ris: Ris) -> None:
    made = ris.book(booking(1))
    step, done, item = Dataset(), Dataset(), Dataset()
    item.ScheduledProcedureStepID = "S1"
    step.ScheduledStepAttributesSequence, step.PerformedProcedureStepStatus = [item], "IN PROGRESS"
    done.PerformedProcedureStepStatus = "COMPLETED"
    with associate("CR51", "RIS58", HOST, ris.address.port, [ModalityPerformedProcedureStep]) as association:
        send = association.send_n_set
        assert association.send_n_create(step, ModalityPerformedProcedureStep, "1.2.8")[0].Status == 0
        assert worklist(ris) == []
        assert association.send_n_create(step, ModalityPerformedProcedureStep, "1.2.8")[0].Status == 0x0111
        assert send(done, ModalityPerformedProcedureStep, "1.2.8")[0].Status == 0
        assert send(done, ModalityPerformedProcedureStep, "1.2.8")[0].Status == 0x0110
        assert send(done, ModalityPerformedProcedureStep, "1.2.88")[0].Status == 0x0112
    assert made.state == "completed"


@pytest.mark.parametrize("kind", ["ORM^O01", "OMG^O19", "OMI^O23"])
def test_its_orders_are_understood(kind: Any) -> None:
    order = booking(7).order
    message = new_order(order, kind, "NW", "R", "RIS58", "IMGDASH")
    control, read = parse_order(hl7.parse(message))
    assert control == "new"
    for field in ("accession", "placer_number", "filler_number", "procedure_code", "procedure_text", "step_id",
                  "study_uid", "modality", "indication", "scheduled_at", "body_part"):  # fmt: skip
        assert getattr(read, field) == getattr(order, field), field
    assert read.patient == PATIENT
    other = parse_message(message.decode(), find_groups=False)
    assert other.orc.orc_2.orc_2_1.value == "P7"


def test_an_order_is_sent_until_somebody_takes_it(free_port: int) -> None:
    taken: list[hl7.Message] = []

    def take(data: bytes, host: str) -> bytes:
        taken.append(hl7.parse(data))
        return hl7.ack(taken[-1], "AA")

    with Ris(address("RIS58"), apparatus_hl7=(HOST, free_port)) as ris:
        made = ris.book(booking(1))
        with mllp.Server(HOST, free_port, take):
            wait_until(lambda: ris.status()["hl7_sent"] == 1)
            ris.cancel(made)
            wait_until(lambda: ris.status()["hl7_sent"] == 2)
    assert [message.get("ORC-1") for message in taken] == ["NW", "CA"]


def wish(**changes: Any) -> bytes:
    """An order of the apparatus: radiograph again (or what OBX says)."""
    say: Callable[[str, Any], Any] = lambda name, default: changes.get(name, default)  # noqa: E731
    parent = [[say("parent", "P1")], ["F1"]]
    obx = [
        ["OBX", "1", "CWE", REQUEST_ASK, "", say("ask", RERADIOGRAPH), "", "", "", "", "", "O"],
        ["OBX", "2", "ST", REJECTED_IMAGE, "", "1.2.77", "", "", "", "", "", "O"],
        ["OBX", "3", "NM", parameter_code("gradation.contrast"), "", "1.4", ["1", "", "UCUM"], "", "", "", "", "O"],
    ]  # fmt: skip
    return hl7.build(
        "OMG", "O19",
        [["PID", "1", "", [say("patient", "PH7")]],
         ["ORC", say("control", "NW"), ["REQ1", "IMGDASH"], "", "", "", "", "", parent],
         ["TQ1", "1", "", "", "", "", "", "", "", "S"],
         ["OBR", "1", ["REQ1", "IMGDASH"], "", ["HANDPA", "Hand PA", "L"], *[""] * 24, parent, "",
          ["111209", "", "DCM"]],
         ["NTE", "1", "P", "Turn the hand"], *obx],
        control_id=say("control_id", ""),
    )  # fmt: skip


def ask(ris: Ris, message: bytes) -> hl7.AckOutcome:
    return hl7.check_ack(hl7.parse(message).control_id, mllp.send(*ris.hl7_address, message))


def test_a_request_becomes_an_order_by_itself(ris: Ris) -> None:
    ris.book(booking(1))
    message = wish()
    assert ask(ris, message).code == "AA"
    # The same message again, because its answer was lost, does not double the order.
    assert ask(ris, message).code == "AA"
    first, again = ris.bookings
    assert again.order.placer_number == "REQ1"
    assert again.order.parent == "P1^F1"
    assert again.order.accession not in ("", first.order.accession)
    assert again.order.study_uid != first.order.study_uid
    assert again.order.priority
    assert again.order.indication == "Positioning"
    _, entry = worklist(ris)
    assert entry.ds.PlacerOrderNumberImagingServiceRequest == "REQ1"
    assert entry.parameters["gradation.contrast"] == 1.4
    assert ris.status()["reordered"] == 1


def test_through_it_a_modality_can_be_asked_for_processing(ris: Ris) -> None:
    ris.book(booking(1))
    assert ask(ris, wish(ask=REGENERATE)).code == "AA"
    entry = worklist(ris)[1]
    assert entry.work == REGENERATE
    assert entry.rejected_image == "1.2.77"
    assert ris.bookings[1].order.study_uid == ris.bookings[0].order.study_uid


def test_what_it_cannot_do_it_says(ris: Ris) -> None:
    ris.book(booking(1))
    assert ask(ris, wish(parent="P9", patient="PH8"))[0] == "AE"
    assert "another patient" in ask(ris, wish(patient="PH8")).text
    assert ask(ris, wish(control="XX")).code == "AR"
    assert ask(ris, hl7.build("ADT", "A01", [["PID", "1"]])).code == "AR"
    assert len(ris.bookings) == 1
    ris.conduct.order("hl7-order", "refuse", status=HL7_ERROR)
    assert ask(ris, wish()).code == "AE"


def test_a_withdrawn_request_is_taken_off_the_worklist(ris: Ris) -> None:
    ris.book(booking(1))
    ask(ris, wish())
    assert ask(ris, wish(control="CA")).code == "AA"
    assert [entry.accession for entry in worklist(ris)] == ["A1"]
    assert ask(ris, wish(control="CA")).code == "AE"
