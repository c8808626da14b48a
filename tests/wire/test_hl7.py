"""HL7 v2 messages: escaping, character sets, acknowledgements; hl7apy reads what we build."""

from __future__ import annotations

import pytest
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message
from hypothesis import given, settings
from hypothesis import strategies as st

from imgdash.model.codes import REASONS, Code
from imgdash.model.errors import PeerFailed, Unreadable
from imgdash.wire import hl7

HOSTILE = "Müller|^~\\&\r\nEVN|1\x1c\r山田\\X0D\\"


def test_what_is_built_is_read_back_however_foreign_the_text() -> None:
    message = hl7.parse(hl7.build("ORM", "O01", [["NTE", "1", "", HOSTILE], ["OBX", "1", "ST", ["a", ["b&", "c"]]]]))
    assert message.get("NTE-3") == HOSTILE.replace("\r\n", "\n").replace("\x1c\r", "\x1c\n")
    assert (message.get("OBX-3.2.1"), message.get("OBX-3.2.2"), message.get("OBX-3.1")) == ("b&", "c", "a")
    assert [segment.name for segment in message.segments()] == ["MSH", "NTE", "OBX"]


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=30))
@settings(max_examples=60, deadline=None)
def test_any_text_survives_a_field(text: str) -> None:
    message = hl7.build("ADT", "A08", [["ZZZ", [text, "end"]]])
    assert message.count(b"\r") == 2
    assert hl7.parse(message).get("ZZZ-1.1") == ("" if text == '""' else text)


def test_hl7apy_validates_an_order_of_ours() -> None:
    segments = [
        ["PID", "1", "", hl7.Repeat([["4711", "", "", "HOSP"], ["0815"]]), "", ["Doe", "Jane"], "", "19700101", "F"],
        ["ORC", "NW", "P1", "", "", "", "", "", ["P0", "F0"]],
        ["OBR", "1", "P1", "", Code("CHESTPA", "99LOC", "Chest PA"), *[""] * 26, REASONS["111209"]],
    ]
    parsed = parse_message(
        hl7.build("OMG", "O19", segments).decode(), validation_level=VALIDATION_LEVEL.TOLERANT, find_groups=True
    )
    assert parsed.validate()
    order = parsed.OMG_O19_ORDER
    assert order.OBR.OBR_31.OBR_31_1.value == "111209"
    assert order.OBR.OBR_4.OBR_4_3.value == "99LOC"
    assert [pid.PID_3_1.value if hasattr(pid, "PID_3_1") else pid.CX_1.value for pid in
            parsed.OMG_O19_PATIENT.PID.PID_3] == ["4711", "0815"]  # fmt: skip


def test_positions_absent_null_and_repeated() -> None:
    message = hl7.parse(b'MSH|^~\\&|A|B||||| ADT^A08|7|P|2.3\nPID|1||1^^^H~2^^^G||""|\n')
    assert message.get("PID-3[2].1") == "2"
    assert message.get("PID-3[2].4") == "G"
    assert message.get("PID-3[9].1") == message.get("PID-5") == message.get("PID-30.2") == message.get("OBX-5") == ""
    assert message.get("PID-3") == "1^^^H"
    assert message.segments("PID")[0].repetitions(3) == 2


@pytest.mark.parametrize(
    ("declared", "codec"),
    [("8859/1", "latin-1"), ("UNICODE UTF-8", "utf-8"), ("", "utf-8"), ("", "latin-1")],
)
def test_character_set_of_msh_18(declared: str, codec: str) -> None:
    data = f"MSH|^~\\&|||||1||ADT^A08|1|P|2.5||||||{declared}\rPID|||1||Müller".encode(codec)
    assert hl7.parse(data).get("PID-5.1") == "Müller"


def test_japanese_by_iso_ir87() -> None:
    data = b"MSH|^~\\&|||||1||ADT^A08|1|P|2.5||||||ASCII~ISO IR87\rPID|||1||" + "山田^太郎".encode("iso2022_jp")
    assert hl7.parse(data.replace(b"ASCII~", b"")).get("PID-5.2") == "太郎"
    assert hl7.parse(data).get("PID-5.2") == "太郎"


@pytest.mark.parametrize("data", [b"", b"MSH", b"PID|1", b"MSH|^~\\&|||||1||A|1|P|2||||||KLINGON\r", b"\xff" * 40])
def test_what_is_no_message_is_said(data: bytes) -> None:
    with pytest.raises(Unreadable):
        hl7.parse(data)


def test_acknowledgements() -> None:
    order = hl7.parse(hl7.build("ORM", "O01", control_id="X1", sender=("RIS", "HOSP"), receiver=("IMGDASH", "XR")))
    rejected = hl7.ack(order, "AR", "unknown | procedure")
    assert hl7.check_ack("X1", rejected) == ("AR", "unknown | procedure")
    answer = hl7.parse(rejected)
    assert (answer.get("MSH-3"), answer.get("MSH-5"), answer.type) == ("IMGDASH", "RIS", "ACK^O01")
    with pytest.raises(PeerFailed, match=r"X1.*not ours"):
        hl7.check_ack("X2", rejected)
    with pytest.raises(PeerFailed, match="code is 'ZZ'"):
        hl7.check_ack("X1", rejected.replace(b"MSA|AR", b"MSA|ZZ"))
    with pytest.raises(PeerFailed, match="not an HL7 acknowledgement"):
        hl7.check_ack("X1", b"HTTP/1.1 400 Bad Request")
