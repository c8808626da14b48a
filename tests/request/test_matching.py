"""Which request an image answers: by reference first, by likeness last, by guess never (R6)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from pydicom.dataset import Dataset

from imgdash.model import Order, Patient, Request
from imgdash.request import Candidate, find
from imgdash.request.facts import order_number
from imgdash.request.matching import answering
from tests.confirm.making import header

ASKED = datetime(2026, 1, 1, 12)
LATER = ASKED + timedelta(minutes=5)


def candidate(name: str, request_id: str, *, image=None, order=None, **changes) -> Candidate:
    image = image or header(name)
    values = {
        "request_id": request_id,
        "image_id": image.image_id,
        "chain": request_id,
        "round": 1,
        "state": "sent",
        "to": "modality",
        "peer": "cr",
        "ask": "processed",
        "reason": "111219",
        "order_number": order_number(request_id),
        "created_at": ASKED,
    }
    return Candidate(Request(**{**values, **changes}), image, order)


def answer(**changes):
    return header("new", received_at=LATER, **changes)


def reference(uid: str) -> Dataset:
    ds = Dataset()
    ds.ReferencedSOPInstanceUID = uid
    return ds


@pytest.fixture
def two() -> list[Candidate]:
    """Two requests open for the same patient, same region, same modality."""
    return [candidate("first", "2.25.1"), candidate("second", "2.25.2")]


def test_work_item_referenced(two) -> None:
    ds = Dataset()
    ds.ReferencedPerformedProcedureStepSequence = [reference("2.25.2")]
    assert find(answer(), ds, two).request.request_id == "2.25.2"
    assert find(answer(), ds, list(reversed(two))).request.request_id == "2.25.2"


def test_output_of_the_work_item() -> None:
    told = candidate("first", "2.25.1", contents={"outputs": [answer().sop_instance_uid]})
    assert find(answer(body_part="HAND"), Dataset(), [told]).why == "it names the work item"


def test_source_image(two) -> None:
    ds = Dataset()
    ds.SourceImageSequence = [reference(two[0].image.sop_instance_uid)]
    assert find(answer(), ds, two).request.request_id == "2.25.1"
    other = Dataset()
    other.ReferencedImageSequence = [reference(two[0].image.sop_instance_uid)]
    assert find(answer(), other, two) is None


def test_likeness_alone_never_chooses_between_two(two) -> None:
    assert find(answer(), Dataset(), two) is None
    assert find(answer(), Dataset(), two[:1]).request.request_id == "2.25.1"


@pytest.mark.parametrize(
    "changes",
    [
        {"patient": Patient("P2")},
        {"patient": Patient("")},
        {"sender": "CT57"},
        {"body_part": "HAND"},
        {"view": "LAT"},
        {"laterality": "L"},
        {"accession": "A2"},
    ],
)
def test_likeness_must_be_whole(changes) -> None:
    asked = candidate("first", "2.25.1", image=header("first", laterality="R"))
    assert find(answer(**{"laterality": "R", **changes}), Dataset(), [asked]) is None


def test_what_was_missing_may_differ() -> None:
    asked = candidate("first", "2.25.1", image=header("first", body_part="", accession=""))
    assert find(answer(), Dataset(), [asked]).request.request_id == "2.25.1"


def test_an_earlier_image_is_no_answer() -> None:
    early = header("new", received_at=ASKED - timedelta(seconds=1))
    assert find(early, Dataset(), [candidate("first", "2.25.1")]) is None


def test_the_same_instance_is_a_duplicate_unless_it_was_asked_for_again() -> None:
    old = header("first")
    again = answer(sop_instance_uid=old.sop_instance_uid)
    ds = Dataset()
    ds.SourceImageSequence = [reference(old.sop_instance_uid)]
    assert find(again, ds, [candidate("first", "2.25.1")]) is None
    assert find(again, Dataset(), [candidate("first", "2.25.1", ask="resend")]).request.request_id == "2.25.1"


def test_image_of_the_order_issued_in_answer() -> None:
    orders = [{"order_id": "o9", "accession": "A9", "step_id": "S9"}]
    asked = candidate("first", "2.25.1", to="ris", ask="reradiograph", contents={"orders": orders})
    other = candidate("second", "2.25.2", to="ris", ask="reradiograph")
    by_accession = answer(accession="A9", sender="CR56", body_part="HAND")
    assert find(by_accession, Dataset(), [asked, other]).request.request_id == "2.25.1"
    ds = Dataset()
    step = Dataset()
    step.ScheduledProcedureStepID = "S9"
    ds.RequestAttributesSequence = [step]
    assert find(answer(accession=""), ds, [other, asked]).request.request_id == "2.25.1"
    assert find(answer(order_id="o9"), Dataset(), [other, asked]).request.request_id == "2.25.1"


def test_a_number_that_the_bad_image_has_too_tells_nothing() -> None:
    orders = [{"order_id": "o9", "accession": "A1", "step_id": ""}]
    asked = candidate("first", "2.25.1", to="ris", contents={"orders": orders})
    assert find(answer(body_part="HAND"), Dataset(), [asked]) is None


def test_our_order_number_in_the_image() -> None:
    ds = Dataset()
    ds.PlacerOrderNumberImagingServiceRequest = order_number("2.25.2")
    both = [candidate(name, uid, to="ris") for name, uid in (("first", "2.25.1"), ("second", "2.25.2"))]
    assert find(answer(accession="A77"), ds, both).request.request_id == "2.25.2"


def test_a_new_exposure_may_have_a_new_number_but_another_known_order_is_another_matter() -> None:
    asked = candidate("first", "2.25.1", to="ris", ask="reradiograph")
    assert find(answer(accession="A9", sender="CR56"), Dataset(), [asked]).request.request_id == "2.25.1"
    assert find(answer(accession="A9", order_id="o5"), Dataset(), [asked]) is None


def test_of_one_chain_the_latest_round_is_meant() -> None:
    first = candidate("first", "2.25.1")
    second = candidate("second", "2.25.2", chain="2.25.1", round=2, state="failed")
    ds = Dataset()
    ds.SourceImageSequence = [reference(one.image.sop_instance_uid) for one in (first, second)]
    assert find(answer(), ds, [first, second]).request.request_id == "2.25.2"


def test_order_that_answers() -> None:
    booked = Order("o1", "A1", Patient("P1"), placer_number="PL1", filler_number="FI1")
    image = header("first", order_id="o1")
    asked = candidate("first", "2.25.1", image=image, order=booked, to="ris")
    other = candidate("second", "2.25.2", to="ris")
    number = order_number("2.25.1")

    def order(parent: str, **changes) -> Order:
        return Order(**{"order_id": "o9", "accession": "A9", "patient": Patient("P1"), "parent": parent, **changes})

    both = [other, asked]
    assert answering(order(number), both) == asked.request
    assert answering(order(f"{number}^FI7"), both) == asked.request
    assert answering(order("", placer_number=number), both) == asked.request
    assert answering(order("PL1"), both) == asked.request
    assert answering(order("A1"), [asked, other]) is None  # both images have this accession number
    assert answering(order("PL1", order_id="o1"), both) is None
    assert answering(order(""), both) is None
    assert answering(order(number), [candidate("first", "2.25.1", image=image)]) is None
