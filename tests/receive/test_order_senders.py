"""Who may send orders: by its address, in whose name, over TLS or not; who is refused is audited."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from imgdash.config import Site, parse
from imgdash.model.errors import PeerFailed
from imgdash.model.image import Order
from imgdash.receive import OrderServer
from imgdash.receive.messages import read
from imgdash.receive.order_senders import OrderSenders
from imgdash.wire import hl7, mllp

HERE, THERE, STRANGE = "192.0.2.1", "192.0.2.2", "203.0.113.9"
RIS = {"name": "ris", "kind": "ris", "ae_title": "RIS58", "host": HERE}
OTHER = {"name": "other", "kind": "ris", "hl7_application": "OTHER", "host": THERE}
SECURED = {**RIS, "tls": True}


def site(folder: Path, *peers: dict[str, Any], open_to: str = "known") -> Site:
    tls = {"tls_certificate": "c", "tls_key": "k", "tls_ca": "a"}
    settings = {"dicom_port": 0, "hl7_port": 0, "open_to": open_to, **tls}
    return parse({"station": settings, "peer": list(peers)}, folder / "site.toml")


def refused(folder: Path) -> list[tuple[str, str, str]]:
    found = [read(path) for path in sorted((folder / "incoming").glob("*.msg.json"))]
    assert {message.service for message in found} <= {"refused"}
    return [(message.calling_ae, message.host, message.reason) for message in found]


@pytest.mark.parametrize(
    ("host", "open_to", "admitted"),
    [
        (HERE, "known", True),
        (f"::ffff:{HERE}", "known", True),
        (STRANGE, "known", False),
        ("192.0.2.7", "known", False),  # of a modality, which has no orders to give
        (STRANGE, "loopback", False),
        ("127.0.0.1", "known", False),
        ("127.0.0.1", "loopback", True),
        (STRANGE, "all", True),
        ("", "all", False),
    ],
)
def test_only_his_ris_may_connect(tmp_path: Path, host: str, open_to: str, admitted: bool) -> None:
    modality = {"name": "cr", "kind": "modality", "ae_title": "CR51", "host": "192.0.2.7"}
    senders = OrderSenders(site(tmp_path, RIS, modality, open_to=open_to))
    assert senders.admits(host) is admitted
    assert senders.admits(host) is admitted
    noted = [("", host, "HL7 from an address of no HIS/RIS")] if host and not admitted else []
    assert refused(tmp_path) == noted  # once, however often it calls
    senders.close()


@pytest.mark.parametrize(
    ("peers", "sender", "host", "secured", "said"),
    [
        ([RIS, OTHER], "RIS58", HERE, False, ""),
        ([RIS, OTHER], "ENGINE", HERE, False, ""),
        ([RIS, OTHER], "OTHER", HERE, False, "not from this address"),
        ([RIS, OTHER], "OTHER", HERE, True, "not from this address"),
        ([SECURED, OTHER], "RIS58", HERE, True, ""),
        ([SECURED, OTHER], "RIS58", HERE, False, "over TLS"),
        ([SECURED, OTHER], "ENGINE", HERE, False, "over TLS"),
        ([SECURED, OTHER], "RIS58", THERE, False, "over TLS"),
        ([SECURED, OTHER], "ENGINE", THERE, False, ""),
    ],
)
def test_in_whose_name_and_how(
    tmp_path: Path, peers: list[dict[str, Any]], sender: str, host: str, secured: bool, said: str
) -> None:
    senders = OrderSenders(site(tmp_path, *peers))
    reason = senders.unfit(sender, "IMGDASH", host, secured=secured)
    assert (said in reason) if said else reason == ""
    assert refused(tmp_path) == ([(sender, host, reason)] if said else [])
    senders.close()


def test_a_secured_ris_of_this_machine_cannot_be_got_round_by_another_loopback_address(tmp_path: Path) -> None:
    senders = OrderSenders(site(tmp_path, {**SECURED, "host": "127.0.0.1"}))
    assert "over TLS" in senders.unfit("STRANGER", "IMGDASH", "127.0.0.2", secured=False)
    senders.close()


def test_a_stranger_is_cut_off_unread_and_the_audit_says_so(tmp_path: Path) -> None:
    taken: list[Order] = []
    order = hl7.build("OMG", "O19", [["PID", "1", "", "P1"], ["ORC", "CA", "PL1"]])
    with OrderServer(site(tmp_path, RIS), taken.append) as server:
        for _ in range(3):
            with pytest.raises(PeerFailed, match="HL7"):
                mllp.send(*server.address, order, 5)
    assert taken == []
    assert refused(tmp_path) == [("", "127.0.0.1", "HL7 from an address of no HIS/RIS")]


def test_who_speaks_in_the_name_of_another_is_told_and_audited(tmp_path: Path) -> None:
    taken: list[Order] = []
    segments = [["PID", "1", "", "P1"], ["ORC", "CA", "PL1"]]
    order = hl7.build("OMG", "O19", segments, sender=("OTHER", ""), control_id="C1")
    with OrderServer(site(tmp_path, {**RIS, "host": "127.0.0.1"}, OTHER), taken.append) as server:
        code, text = hl7.check_ack("C1", mllp.send(*server.address, order, 5))
    assert (code, text) == ("AR", "This sender is known, but not from this address.")
    assert taken == []
    assert [sender for sender, _, _ in refused(tmp_path)] == ["OTHER"]
