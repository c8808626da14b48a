"""Whose order is whose (D4): steps, patients and HIS/RIS are not taken for one another, by orders nor by images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from imgdash.apparatus.orders import Orders
from imgdash.apparatus.reservations import find_order
from imgdash.config import Site
from imgdash.model import Actor, ImgdashError, Order, Patient
from imgdash.receive.orders import parse_orders
from imgdash.request import Requests
from imgdash.request.facts import order_number
from imgdash.simulate.ris_messages import new_order
from imgdash.store.conditions import Conditions
from imgdash.store.files import Files
from imgdash.store.procedures import Procedures
from imgdash.store.store import Store
from imgdash.wire import hl7
from tests.apparatus.sites import condition_files
from tests.confirm import making
from tests.confirm.making import header, put
from tests.simulate.making import booking

PEERS: list[dict[str, Any]] = [
    {"name": "ris", "kind": "ris", "hl7_port": 1, "hl7_application": "RIS58"},
    {"name": "clinic", "kind": "ris", "hl7_port": 1, "hl7_application": "RIS59"},
]


@dataclass
class Desk:
    site: Site
    store: Store
    orders: Orders
    requests: Requests

    def take(self, *orders: Order) -> None:
        for order in orders:
            self.orders.take(order)

    def known(self, *names: str) -> list[tuple[Any, ...]]:
        return sorted(tuple(getattr(order, name) for name in names) for order in self.store.orders())

    @property
    def lines(self) -> int:
        return len(self.store.query("select 1 from journal where subject = 'order'"))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    site = making.site(tmp_path, peer=PEERS)
    store, conditions = Store(tmp_path), Conditions(condition_files(tmp_path / "conditions"))
    requests = Requests(store, site, files=Files(tmp_path), conditions=conditions)
    procedures = Procedures(tmp_path / "procedures.csv")
    yield Desk(site, store, Orders(site, store, conditions, procedures, requests), requests)
    requests.stop()
    store.close()


def order(name: str, patient: str = "P1", **more: Any) -> Order:
    """By its name as `imgdash.receive` makes it: accession and step."""
    accession, _, step = name.partition("/")
    return Order(**{"order_id": name, "accession": accession, "patient": Patient(patient), "step_id": step,
                    "source": "RIS58", **more})  # fmt: skip


def test_two_steps_under_one_order_are_two_reservations(desk: Desk) -> None:
    message = new_order(booking(1).order, "OMI^O23", "NW", "R", "RIS58", "IMGDASH")
    step = next(segment for segment in message.split(b"\r") if segment.startswith(b"IPC"))
    both = message.rstrip(b"\r") + b"\r" + step.replace(b"|S1|", b"|S2|") + b"\r"
    told = [found for _, found in parse_orders(hl7.parse(both))]
    # Once by HL7, then as often as the worklist is polled.
    desk.take(*told)
    for _ in range(3):
        desk.take(*(replace(one, source="ris", received_at=None) for one in told))
    assert desk.known("order_id", "step_id", "placer_number") == [("A1/S1", "S1", "P1"), ("A1/S2", "S2", "P1")]
    assert desk.lines == 2


def test_what_has_no_step_is_about_every_step_of_its_order(desk: Desk) -> None:
    desk.take(*(order(name, placer_number="PL1") for name in ("A1/S1", "A1/S2", "A2/S1")))
    desk.take(order("PL1", accession="", placer_number="PL1", state="cancelled"))
    assert desk.known("order_id", "state") == [("A1/S1", "cancelled"), ("A1/S2", "cancelled"), ("A2/S1", "cancelled")]
    desk.take(order("A3/S1"), order("A3/S2"), order("A3", state="cancelled"))
    assert {state for name, state in desk.known("order_id", "state") if name.startswith("A3")} == {"cancelled"}


def test_a_list_that_still_has_a_cancelled_order_does_not_bring_it_back(desk: Desk) -> None:
    ten, eleven = datetime(2030, 1, 1, 10), datetime(2030, 1, 1, 11)
    desk.take(order("A1/S1", scheduled_at=ten), order("A1/S1", state="cancelled"))
    for at in (ten, None):
        desk.orders.take(order("A1/S1", source="ris", scheduled_at=at), listed=True)
    assert (desk.known("state"), desk.lines) == ([("cancelled",)], 2)
    # At another time, or by a message, it is ordered again.
    desk.orders.take(order("A1/S1", source="ris", scheduled_at=eleven), listed=True)
    assert desk.known("state", "scheduled_at") == [("new", eleven)]
    desk.take(order("A1/S1", state="cancelled"), order("A1/S1"))
    assert desk.known("state") == [("new",)]


def test_steps_told_later_join_the_order_they_are_of(desk: Desk) -> None:
    desk.take(order("A1", placer_number="PL1", indication="Fall"))
    for _ in range(2):
        desk.take(*(order(f"A1/S{n}", placer_number="PL1", source="ris") for n in (1, 2)))
    assert desk.known("order_id", "step_id", "indication") == [("A1", "S1", "Fall"), ("A1/S2", "S2", "")]
    assert desk.lines == 3


@pytest.mark.parametrize(
    "other",
    [
        order("A9/S1", "P9", placer_number="PL1"),
        order("A9", "P9", placer_number="PL1"),
        order("PL1", "P9", accession="", placer_number="PL1", state="cancelled"),
        order("A1/S1", "P9", placer_number="PL1", source="RIS59"),
        order("A1/S1", "P1", placer_number="PL1", source="RIS59", state="cancelled"),
        order("PL1", "P1", accession="", placer_number="PL1", placer_namespace="WARD", state="cancelled"),
    ],
    ids=["number-used-again", "without-step", "cancellation", "other-ris", "cancelled-by-another", "other-placer"],
)
def test_another_patients_or_anothers_order_stays_its_own(desk: Desk, other: Order) -> None:
    first = order("A1/S1", placer_number="PL1", placer_namespace="HIS")
    desk.take(first)
    for _ in range(2):
        desk.take(other)
    (kept,) = desk.store.orders("order_id = 'A1/S1'")
    assert (kept.accession, kept.patient.id, kept.state, kept.source) == ("A1", "P1", "new", "RIS58")
    assert desk.lines == len(desk.store.orders()) == 2


def test_two_orders_of_one_accession_are_two(desk: Desk) -> None:
    both = [order("A1", placer_number=number, procedure_code=number) for number in ("PL1", "PL2")]
    desk.take(*both, *both)
    assert desk.known("accession", "placer_number", "procedure_code") == [("A1", "PL1", "PL1"), ("A1", "PL2", "PL2")]
    desk.take(order("PL2", accession="", placer_number="PL2", state="cancelled"))
    assert desk.known("placer_number", "state") == [("PL1", "new"), ("PL2", "cancelled")]


def test_a_corrected_patient_is_still_the_same_order(desk: Desk) -> None:
    desk.take(order("A1/S1", "UNKNOWN"), order("A1/S1", "P1"))
    assert desk.known("order_id", "source") == [("A1/S1", "RIS58")]
    assert desk.store.orders()[0].patient.id == "P1"


def image(patient: str = "P1", accession: str = "", step_id: str = "", study_uid: str = "") -> dict[str, Any]:
    return {"patient": Patient(patient), "accession": accession, "step_id": step_id, "study_uid": study_uid}


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        (image("P1", "A1", "1"), "A1/1"),
        (image("P1", "", "1"), "A1/1"),
        (image("P2", "", "1"), "A2/1"),
        (image("P3", "A3", "1"), None),
        (image("", "", "1"), None),
        (image("P1", "A3", "1"), None),
        (image("P1", "A1", "2"), "A1/2"),
        (image("P1", "A1", "3"), None),
        (image("P1", "A1"), None),
        (image("P2", "A2"), "A2/1"),
        (image("P2", "A2", "7"), "A2/1"),
        # One order, of another patient: a person is told of the mismatch.
        (image("P8", "A2", "1"), "A2/1"),
        (image("P9", "", "1", "1.2.2"), "A2/1"),
        (image("P1", "A3", "1", "1.2.2"), None),
    ],
)
def test_the_order_of_an_image(desk: Desk, columns: dict[str, Any], found: str | None) -> None:
    desk.take(
        order("A1/1", procedure_code="HAND", study_uid="1.2.1"),
        order("A1/2", procedure_code="KNEE", study_uid="1.2.1"),
        order("A1/3", procedure_code="FOOT", study_uid="1.2.1", state="cancelled"),
        # The latest: it has the same step as the others.
        order("A2/1", "P2", procedure_code="CHEST", study_uid="1.2.2"),
    )
    belongs = find_order(desk.store, columns)
    assert (belongs.order_id if belongs else None) == found


def test_one_accession_of_two_ris_goes_by_the_patient(desk: Desk) -> None:
    desk.take(order("A1/1", "P1", procedure_code="HAND"), order("A1/1", "P2", procedure_code="KNEE", source="RIS59"))
    for patient in ("P1", "P2"):
        belongs = find_order(desk.store, image(patient, "A1", "1"))
        assert belongs is not None
        assert belongs.patient.id == patient
    assert find_order(desk.store, image("P3", "A1", "1")) is None


def test_an_order_is_kept_with_what_it_answers_or_not_at_all(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = put(desk.store, header("bad"))
    asked = desk.requests.create(bad.image_id, Actor("ann", "user"), reason="111211")
    again = order("A9/S9", parent=order_number(asked.request_id))

    def broken(*_: Any) -> None:
        raise ImgdashError("The disk is full.")

    with monkeypatch.context() as broke:
        broke.setattr(desk.requests, "order_answers", broken)
        with pytest.raises(ImgdashError, match="disk"):
            desk.take(again)
    # HIS/RIS was told that it failed, so it sends the same once more.
    desk.take(again)
    request = desk.store.request(asked.request_id)
    assert (request.state, request.contents["orders"][0]["order_id"]) == ("accepted", "A9/S9")
