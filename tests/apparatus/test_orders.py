"""Orders by HL7 (D4): new, changed, cancelled, in each message type, into reservations with their condition key."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from imgdash.apparatus.ordering import Ordering
from imgdash.apparatus.orders import Orders
from imgdash.config import parse
from imgdash.doctor import examine_site
from imgdash.model import Actor, ImgdashError, NotAllowed, NotFound, Order, Patient
from imgdash.request import Requests
from imgdash.simulate.ris_messages import new_order
from imgdash.store.conditions import Conditions
from imgdash.store.files import Files
from imgdash.store.procedures import Procedure, Procedures
from imgdash.store.store import Store
from imgdash.wire import hl7, mllp
from tests.apparatus.sites import condition_files
from tests.simulate.making import booking


@dataclass
class Office:
    orders: Orders
    store: Store
    procedures: Procedures

    def send(self, order: Order, kind: Any, control: str) -> str:
        message = new_order(order, kind, control, "R", "RIS58", "IMGDASH")
        answer = mllp.send(*self.orders.addresses["hl7"], message, 10)
        return hl7.check_ack(hl7.parse(message).control_id, answer).code

    @property
    def only(self) -> Order:
        (order,) = self.store.orders()
        return order


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    station = {"dicom_port": 0, "hl7_port": 0, "open_to": "loopback"}
    site = parse({"station": station}, tmp_path / "site.toml")
    store = Store(tmp_path)
    conditions, procedures = (
        Conditions(condition_files(tmp_path / "conditions")),
        Procedures(tmp_path / "procedures.csv"),
    )
    requests = Requests(store, site, files=Files(tmp_path), conditions=conditions)
    orders = Orders(site, store, conditions, procedures, requests)
    orders.start()
    yield Office(orders, store, procedures)
    orders.stop()
    requests.stop()
    store.close()


@pytest.mark.parametrize("kind", ["ORM^O01", "OMG^O19", "OMI^O23"])
def test_new_changed_cancelled(office: Office, kind: str) -> None:
    booked = booking(1).order
    assert office.send(booked, kind, "NW") == "AA"
    assert (office.only.state, office.only.procedure_code, office.only.priority) == ("new", "HANDPA", False)
    assert office.only.condition.startswith("hand")
    changed = replace(booked, priority=True, procedure_code="KNEEAP", procedure_text="Knee AP", body_part="KNEE")
    assert office.send(changed, kind, "XO") == "AA"
    assert (office.only.state, office.only.procedure_text, office.only.priority) == ("new", "Knee AP", True)
    assert office.only.condition.startswith("knee")
    assert office.send(booked, kind, "CA") == "AA"
    assert office.only.state == "cancelled"
    # Late and doubled messages change nothing any more.
    assert office.send(booked, kind, "CA") == "AA"
    assert office.only.state == "cancelled"
    events = [
        row["event"] for row in office.store.query("select event from journal where subject = 'order' order by seq")
    ]
    assert events == ["new", "change", "cancelled"]


def test_the_table_decides_where_it_names_the_procedure(office: Office) -> None:
    office.procedures.set(Procedure("handpa", "chest-pa", "CHEST", "PA"))
    office.procedures.set(Procedure("X77", "no-such-key", "KNEE", "LL"))
    office.send(booking(1).order, "OMG^O19", "NW")
    assert (office.only.condition, office.only.body_part) == ("chest-pa", "HAND")
    unknown = replace(booking(2).order, procedure_code="X77", procedure_text="in-house", body_part="", view="")
    office.send(unknown, "OMG^O19", "NW")
    (second,) = office.store.orders("accession = 'A2'")
    # A key that is gone is passed over; region and view still lead to one.
    assert (second.body_part, second.view) == ("KNEE", "LL")
    assert second.condition.startswith("knee")


def test_a_manager_gives_a_procedure_its_key(office: Office, tmp_path: Path) -> None:
    office.send(booking(1).order, "OMG^O19", "NW")
    gone = replace(booking(2).order, procedure_code="handpa")
    office.send(gone, "OMG^O19", "NW")
    office.send(gone, "OMG^O19", "CA")
    ordering = Ordering(office.store, Conditions(condition_files(tmp_path / "conditions")), office.procedures)
    with pytest.raises(NotAllowed):
        ordering.set_key("HANDPA", "foot", Actor("ann", "user"))
    with pytest.raises(NotFound):
        ordering.set_key("HANDPA", "no-such-key", Actor("max", "manager"))
    (changed,) = ordering.set_key(" handpa", "foot", Actor("max", "manager"))
    assert (changed.accession, changed.condition) == ("A1", "foot")
    assert [row.condition_key for row in ordering.procedures()] == ["foot"]
    office.send(booking(3).order, "OMG^O19", "NW")
    assert office.store.orders("accession = 'A3'")[0].condition == "foot"
    assert ordering.set_key("HANDPA", "", Actor("max", "manager"))
    assert ordering.key_of("HANDPA") == ""


def test_the_table_is_a_file_that_anybody_edits(tmp_path: Path) -> None:
    path = tmp_path / "procedures.csv"
    procedures = Procedures(path)
    order = Order("o", "A", Patient("P"), procedure_code="thx")
    assert procedures.fill(order, ["chest-pa"]) == order
    path.write_text("\ufeffprocedure_code;condition_key;body_part;remark\r\nTHX;chest-pa;CHEST;Thorax\r\n", "utf-8")
    assert procedures.fill(order, ["chest-pa"]).condition == "chest-pa"
    # A column of their own is theirs, also where the table is changed on the screen.
    procedures.set(Procedure("HND", "hand-pa"))
    procedures.set(Procedure("thx", "chest-lat"))
    with open(path, encoding="utf-8", newline="") as file:
        assert [(row["procedure_code"], row["condition_key"], row["remark"]) for row in csv.DictReader(file)] == [
            ("thx", "chest-lat", "Thorax"),
            ("HND", "hand-pa", ""),
        ]
    path.write_text("code,key\n1,2\n")
    assert procedures.find("THX") is not None  # what was read before stays in force
    assert "must name the columns" in procedures.problem
    with pytest.raises(ImgdashError, match="cannot be read"):
        procedures.set(Procedure("HND", "hand-pa"))
    assert path.read_text() == "code,key\n1,2\n"
    path.unlink()
    procedures.set(Procedure("HND", "hand-pa"))
    procedures.set(Procedure("hnd", "hand-lat"))
    assert [row.condition_key for row in Procedures(path).all()] == ["hand-lat"]
    procedures.remove("Hnd")
    with pytest.raises(ImgdashError, match="No procedure"):
        procedures.remove("Hnd")
    with pytest.raises(ImgdashError, match="needs a code"):
        procedures.set(Procedure(" "))


def test_doctor_reads_the_table(tmp_path: Path) -> None:
    site_file = tmp_path / "site.toml"
    site_file.write_text("[station]\ndicom_port = 0\nhl7_port = 0\n")

    def said() -> tuple[str, str]:
        return next(
            (check.level, check.finding) for check in examine_site(site_file) if check.what == "ordered procedures"
        )

    assert said()[0] == "ok"
    Procedures(tmp_path / "procedures.csv").set(Procedure("THX", "chest-pa-old"))
    assert said() == ("problem", "no such condition key: chest-pa-old")
