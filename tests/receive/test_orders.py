"""Orders in: HL7 messages as hospitals send them, repeated, broken, in bulk."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from hl7apy.core import Message as Hl7apyMessage

from imgdash.config import parse
from imgdash.model.errors import ImgdashError
from imgdash.model.image import Order, Patient
from imgdash.receive import OrderServer
from imgdash.receive.orders import moment, parse_order, parse_orders
from imgdash.wire import hl7, mllp
from tests.receive.conftest import site_in

# As IHE RAD-4 fills it.
ORM = (
    rb"""MSH|^~\&|RIS|HOSP|IMGDASH|XR|20260711101500||ORM^O01^ORM_O01|M1|P|2.3.1||||||8859/1
PID|1||4711^^^HOSP||M"""
    b"\xfc"
    rb"""ller^J"""
    b"\xf6"
    rb"""rg^K^Jr^Dr||19700102|M
PV1|1|O
ORC|NW|PL1^RIS|FI1^RIS||SC||1^once^^20260711113000^^S|PL0&RIS^FI0&RIS||||77^House^Greg
OBR|1|PL1^RIS|FI1^RIS|CHESTPA^Chest PA^L|||||||||||^^^CHEST&Chest&DCM^L|77^House^Greg||ACC1|R1|S1|CR51|||CR|||||||^Cough
NTE|1||gown \T\ gloves
NTE|2||no jewellery
ZDS|1.2.840.1^Application^DICOM
""".replace(b"\n", b"\r")
)


def test_an_order_as_ihe_has_it() -> None:
    control, order = parse_order(hl7.parse(ORM))
    assert control == "new"
    assert dataclasses.replace(order, received_at=None) == Order(
        order_id="ACC1/S1",
        accession="ACC1",
        patient=Patient("4711", "Müller^Jörg^K^Dr^Jr", "M", "19700102"),
        placer_number="PL1",
        placer_namespace="RIS",
        filler_number="FI1",
        procedure_code="CHESTPA",
        procedure_text="Chest PA",
        step_id="S1",
        study_uid="1.2.840.1",
        modality="CR",
        station_ae="CR51",
        body_part="CHEST",
        physician="House^Greg",
        indication="Cough",
        instructions="gown & gloves\nno jewellery",
        scheduled_at=datetime(2026, 7, 11, 11, 30),
        priority=True,
        parent="PL0^FI0",
        source="RIS",
    )


def omi(control: str = "NW", **steps: str) -> bytes:
    """OMI^O23 with one IPC for each step."""
    names = hl7.Repeat([["Yamada", "Tarou", "", "", "", "", "L", "A"], ["山田", "太郎", "", "", "", "", "L", "I"]])
    return hl7.build(
        "OMI",
        "O23",
        [
            ["PID", "1", "", ["P9"], "", names, "", "1980", "U"],
            ["ORC", control, "PL9", "FI9"],
            ["TQ1", "1", *[""] * 5, "20260712080000", "", ["R"]],
            ["OBR", "1", "PL9", "FI9", ["HAND", "Hand", "L"]],
            *[
                ["IPC", "ACC9", "RP9", "1.2.9", step, [modality], "", "", "", "CR51"]
                for step, modality in steps.items()
            ],
        ],
        control_id="M9",
    )


def test_each_scheduled_step_of_an_imaging_order_is_an_order() -> None:
    orders = [order for _, order in parse_orders(hl7.parse(omi(S1="CR", S2="DX")))]
    assert [(order.order_id, order.modality, order.station_ae) for order in orders] == [
        ("ACC9/S1", "CR", "CR51"),
        ("ACC9/S2", "DX", "CR51"),
    ]
    assert orders[0].patient == Patient("P9", "Yamada^Tarou=山田^太郎", "", "1980")
    assert orders[0].scheduled_at == datetime(2026, 7, 12, 8)
    assert not orders[0].priority


@pytest.mark.parametrize(("code", "control"), [("XO", "change"), ("CA", "cancel"), ("DC", "cancel"), ("SN", "new")])
def test_changed_and_cancelled(code: str, control: str) -> None:
    found, order = parse_order(hl7.parse(omi(code, S1="CR")))
    assert (found, order.state) == (control, "cancelled" if control == "cancel" else "new")


def test_an_order_built_by_hl7apy() -> None:
    message = Hl7apyMessage("OMG_O19", version="2.5.1")
    message.msh.msh_9 = "OMG^O19^OMG_O19"
    message.msh.msh_10 = "H1"
    group = message.add_group("OMG_O19_PATIENT")
    group.pid.pid_3, group.pid.pid_5 = "P5", "Doe^Jane"
    order = message.add_group("OMG_O19_ORDER")
    order.orc.orc_1, order.orc.orc_2 = "NW", "PL5"
    order.obr.obr_4 = "KNEEAP^Knee AP^L"
    _, found = parse_order(hl7.parse(message.to_er7().encode()))
    assert (found.order_id, found.patient.name, found.procedure_code) == ("PL5", "Doe^Jane", "KNEEAP")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ((b"ORM^O01^ORM_O01", b"ADT^A08"), "not an order"),
        ((b"4711^^^HOSP", b""), "no patient number"),
        ((b"ORC|NW", b"ORC|ZZ"), "'ZZ' is not supported"),
        ((b"ORC|NW", b"ZZZ|NW"), "no ORC"),
    ],
)
def test_what_is_missing_is_said(change: tuple[bytes, bytes], words: str) -> None:
    with pytest.raises(ImgdashError, match=words):
        parse_orders(hl7.parse(ORM.replace(*change)))


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("20260711", datetime(2026, 7, 11)),
        ("202607111230", datetime(2026, 7, 11, 12, 30)),
        ("20260711123015.123", datetime(2026, 7, 11, 12, 30, 15)),
        ("2026", None),
        ("", None),
        ("tomorrow!", None),
        ("20261399", None),
    ],
)
def test_time_stamps(text: str, time: datetime | None) -> None:
    assert moment(text) == time


def test_a_time_stamp_of_another_zone_is_the_same_moment() -> None:
    there = moment("20260711120000+0900")
    assert there is not None
    assert there.astimezone() == datetime.fromisoformat("2026-07-11T12:00:00+09:00")


class TestServer:
    """The listener, over MLLP."""

    @pytest.fixture
    def taken(self) -> list[Order]:
        return []

    @pytest.fixture
    def server(self, tmp_path: Path, taken: list[Order]) -> Iterator[OrderServer]:
        def take(order: Order) -> None:
            if order.patient.id == "BROKEN":
                taken.append(order)
                raise OSError("disk")
            taken.append(order)

        with OrderServer(site_in(tmp_path), take) as server:
            yield server

    def ask(self, server: OrderServer, message: bytes) -> hl7.AckOutcome:
        return hl7.check_ack(hl7.parse(message).control_id, mllp.send(*server.address, message))

    def test_an_order_is_taken_once_however_often_it_is_sent(self, server: OrderServer, taken: list[Order]) -> None:
        for _ in range(5):
            assert self.ask(server, ORM).code == "AA"
        # The same control id with other content is another message.
        assert self.ask(server, ORM.replace(b"|NW|", b"|CA|")).code == "AA"
        assert [(order.order_id, order.state) for order in taken] == [("ACC1/S1", "new"), ("ACC1/S1", "cancelled")]

    def test_refusals(self, server: OrderServer, taken: list[Order]) -> None:
        assert self.ask(server, ORM.replace(b"ORM^O01^ORM_O01", b"ADT^A08"))[0] == "AR"
        code, text = self.ask(server, ORM.replace(b"4711^^^HOSP", b""))
        assert (code, text) == ("AE", "The order has no patient number. Send it in PID-3.")
        assert b"MSA|AR|" in mllp.send(*server.address, b"GARBAGE")
        assert taken == []

    def test_whose_orders_they_are_is_asked_once_where_there_are_several(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        ris = {"kind": "ris", "hl7_port": 1, "hl7_status": "ORU^R01"}
        peers = [{**ris, "name": "one"}, {**ris, "name": "two", "hl7_application": "KNOWN"}]
        station = {"dicom_port": 0, "hl7_port": 0}
        site = parse({"station": station, "peer": peers}, tmp_path / "site.toml")
        with OrderServer(site, lambda order: None) as server:
            for number, sender in enumerate((b"ENGINE", b"ENGINE", b"known")):
                message = ORM.replace(b"|" + hl7.parse(ORM).get("MSH-3").encode() + b"|", b"|" + sender + b"|", 1)
                control_id = hl7.parse(ORM).control_id.encode()
                assert self.ask(server, message.replace(control_id, b"M%d" % number)).code == "AA"
        said = [record.getMessage() for record in caplog.records if "hl7_application" in record.getMessage()]
        assert len(said) == 1
        assert "'ENGINE'" in said[0]

    def test_our_failure_is_not_remembered(
        self, server: OrderServer, taken: list[Order], caplog: pytest.LogCaptureFixture
    ) -> None:
        broken = ORM.replace(b"4711", b"BROKEN")
        assert [self.ask(server, broken).code for _ in range(2)] == ["AE", "AE"]
        assert len(taken) == 2
        assert "ller" not in caplog.text
