"""Other machines are told what becomes of images and steps: HL7 status, availability, study, steps; none is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message
from pydicom.dataset import Dataset

from imgdash.apparatus.told import Told
from imgdash.confirm import Actions
from imgdash.model import Actor, Event, Order, Patient
from imgdash.request import Requests
from imgdash.simulate.ris import Ris
from imgdash.simulate.ris_inbox import HL7_ERROR
from imgdash.store import rows
from imgdash.store.rows import read_json
from imgdash.store.store import Store
from tests.confirm import making
from tests.confirm.making import header, put
from tests.helpers import free_ports, wait_until
from tests.request.conftest import QUICK
from tests.simulate.making import address, booking

MANAGER = Actor("max", "manager")
ORDER = Order("A1/S1", "A1", Patient("P1"), placer_number="PL1", filler_number="FI1", step_id="S1",
              procedure_code="HANDPA", procedure_text="Hand PA")  # fmt: skip


@pytest.fixture
def ris() -> Iterator[Ris]:
    with Ris(address("RIS58")) as made:
        yield made


@pytest.fixture
def told(
    store: Store, ris: Ris, requests_of: Callable[..., Requests], tmp_path
) -> Callable[..., tuple[Requests, Actions]]:
    """Requests whose HIS/RIS wants to know what the arguments say."""

    def make(hl7_port: int = 0, **wishes: Any) -> tuple[Requests, Actions]:
        peer = {"name": "ris", "kind": "ris", "ae_title": "RIS58", "port": ris.address.port, "timeout_seconds": 2}
        peers = [{**peer, "hl7_port": hl7_port or ris.hl7_address[1], **wishes}]
        storage = {"name": "STORE", "kind": "storage", "ae_title": "STORE54", "port": 1, "iocm": False}
        site = making.site(tmp_path, peer=peers, apparatus=[storage])
        requests = requests_of(site)
        store.write(lambda change: change.emit(Event("order", ORDER.order_id, "new", rows.order_columns(ORDER))))
        wait_until(lambda: store.query("select 1 from preference where id = 'station/notices-read'"))
        return requests, Actions(store, site, requests.conditions)

    return make


def arrive(store: Store, name: str, **more: Any) -> str:
    image = put(store, header(name, state="received", order_id="A1/S1", step_id="S1", **more))
    store.transition("image", image.image_id, "examine")
    return image.image_id


def deliver(store: Store, actions: Actions, image_id: str) -> str:
    """As the outputs do; returns the SOP Instance UID that the storage has."""
    actions.confirm(image_id, MANAGER)
    (entry,) = store.queue("image_id = ?", [image_id])
    store.transition("queue", entry.entry_id, "take")
    store.transition("queue", entry.entry_id, "sent", sop_class_uid="1.2.840.10008.5.1.4.1.1.1.1", series_uid="2.25.7")
    store.transition("queue", entry.entry_id, "finish")
    store.transition("image", image_id, "deliver")
    return entry.output_uid


@pytest.mark.parametrize("kind", ["ORU^R01", "OMI^O23"])
def test_his_ris_hears_how_far_its_order_is(store, ris, told, kind) -> None:
    requests, actions = told(hl7_status=kind)
    bad, good = arrive(store, "bad"), arrive(store, "good")
    requests.create(bad, MANAGER, reason="111211")
    requests.withdraw(store.requests()[0].request_id, MANAGER)
    actions.reject(bad, MANAGER, "111210", "moved")
    deliver(store, actions, good)
    expected = ["IP/R", "IP/R", "HD/R", "IP/R", "DC/X", "CM/F"]
    wait_until(lambda: ris.reported == [("hl7", f"A1 {state}") for state in expected])
    rows_ = wait_until(lambda: store.query("select * from notice where state = 'sent' order by created_at, place"))
    messages = [read_json(row["content"])["message"]["hl7"] for row in rows_]
    for message in messages:
        parse_message(message.replace("\n", "\r"), validation_level=VALIDATION_LEVEL.TOLERANT, find_groups=True)
    rejected = messages[4]
    assert f"|{kind}^" in rejected
    assert "111210^Motion blur^DCM" in rejected


def test_what_happened_in_one_change_is_told_in_its_order(store, ris, told) -> None:
    told(hl7_status="ORU^R01")
    image = put(store, header("one", state="received", order_id="A1/S1")).image_id
    events = ["examine", *["request", "withdraw"] * 6]
    store.write(lambda change: [change.transition("image", image, event) for event in events])
    wait_until(lambda: len(ris.reported) == len(events))
    assert [state for _, state in ris.reported] == ["A1 IP/R", *["A1 HD/R", "A1 IP/R"] * 6]


def test_an_image_without_order_is_nobodys_status(store, ris, told) -> None:
    told(hl7_status="ORU^R01")
    image = put(store, header("stray", state="received", order_id=""))
    store.transition("image", image.image_id, "examine")
    arrive(store, "known")
    wait_until(lambda: ris.reported)
    assert len(ris.reported) == len(store.query("select 1 from notice")) == 1


def test_where_an_image_can_be_had_and_where_no_longer(store, ris, told) -> None:
    _, actions = told(availability=True)
    image = arrive(store, "one")
    uid = deliver(store, actions, image)
    wait_until(lambda: ris.reported == [("availability", f"{uid} ONLINE at STORE54")])
    actions.reject(image, MANAGER, "111209")
    wait_until(lambda: ris.reported[1:] == [("availability", f"{uid} UNAVAILABLE at STORE54")])
    actions.restore(image, MANAGER)
    wait_until(lambda: ris.reported[2:] == [("availability", f"{uid} ONLINE at STORE54")])


def test_a_system_of_old_hears_by_detached_study_management(store, ris, told) -> None:
    requests, _ = told(detached_study=True)
    image = arrive(store, "one")
    requests.create(image, MANAGER, reason="111211", comment="far too little")
    wait_until(lambda: len(ris.reported) == 2)
    # ARRIVED made the study, since it was not known; STARTED changed it.
    assert ris.reported == [("study", "ARRIVED"), ("study", "STARTED Under exposed. far too little")]


def test_steps_are_forwarded_and_ended_where_the_entry_was_wrong(store, ris, told) -> None:
    requests, actions = told(mpps=True)
    booked = ris.book(booking(1))
    step, item = Dataset(), Dataset()
    item.ScheduledProcedureStepID = "S1"
    step.ScheduledStepAttributesSequence, step.PerformedProcedureStepStatus = [item], "IN PROGRESS"
    begun = {"state": "IN PROGRESS", "step_id": "S1", "accession": "A1"}

    def begin(change: Any) -> None:
        change.emit(Event("step", "1.2.8", "start", begun))
        requests.outbox.forward(change, "mpps-create", "1.2.8", step)

    store.write(begin)
    requests.wake()
    wait_until(lambda: booked.state == "started")
    image = arrive(store, "one")
    actions.reject(image, MANAGER, "111210")  # of this the rejection note speaks, not the step
    actions.restore(image, MANAGER)
    actions.reject(image, MANAGER, "113038")
    wait_until(lambda: booked.state == "discontinued")
    notices = store.query("select kind, what from notice order by created_at")
    assert [(row["kind"], row["what"].split(":")[-1].strip()) for row in notices] == [
        ("mpps-create", "in progress"),
        ("mpps-set", "incorrect worklist entry selected"),
    ]


def test_late_repeated_refused_in_order(store, ris, told) -> None:
    (later,) = free_ports(1)
    told(hl7_port=later, hl7_status="ORU^R01")
    for name in ("one", "two"):
        arrive(store, name, accession=name)
    waiting = wait_until(lambda: [row for row in store.query("select * from notice") if row["attempts"]])
    assert len(waiting) == 1  # the second waits its turn
    with Ris(address("RIS58"), later) as back:
        back.conduct.order("hl7-order", "late ack", seconds=2.2)
        # What was acknowledged too late is sent again, and taken once.
        wait_until(lambda: len(store.query("select 1 from notice where state = 'sent'")) == 2)
        assert back.reported == [("hl7", "one IP/R"), ("hl7", "two IP/R")]
        back.conduct.order("hl7-order", "refuse", status=HL7_ERROR)
        arrive(store, "three", accession="three")
        failed = wait_until(lambda: store.query("select * from notice where state = 'failed'"))
        assert "answered the status with AE" in failed[0]["trouble"]
        # A person has mended what was wrong there, and lets it be told again.
        heard = Told(store)
        assert heard.counts() == {"waiting": 0, "sent": 2, "failed": 1}
        heard.again(heard.notices(state="failed")[0]["notice_id"], MANAGER)
        wait_until(lambda: heard.counts()["sent"] == 3)
        assert back.reported[2:] == [("hl7", "three IP/R")]


@pytest.mark.parametrize(
    ("source", "wishes", "heard"),
    [
        ("RIS58", {}, ["ours"]),
        ("theirs", {}, ["theirs"]),
        ("ENGINE 7", {"hl7_application": "Engine 7"}, ["theirs"]),
        ("nobody", {}, []),
        ("RIS58", {"hl7_status_of": "all"}, ["ours", "theirs"]),
        ("nobody", {"hl7_status_of": "all"}, ["theirs"]),
    ],
)
def test_only_who_issued_an_order_hears_of_it(store, requests_of, tmp_path, source, wishes, heard) -> None:
    peer = {"kind": "ris", "hl7_port": 1, "timeout_seconds": 1, "hl7_status": "ORU^R01"}
    peers = [{**peer, "name": "ours", "ae_title": "RIS58"}, {**peer, "name": "theirs", **wishes}]
    requests_of(making.site(tmp_path, peer=peers))
    order = replace(ORDER, source=source)
    store.write(lambda change: change.emit(Event("order", order.order_id, "new", rows.order_columns(order))))
    wait_until(lambda: store.query("select 1 from preference where id = 'station/notices-read'"))
    image = arrive(store, "one")
    last = store.query("select max(seq) as seq from journal where id = ?", [image])[0]["seq"]
    wait_until(lambda: int(store.preference("station/notices-read") or 0) >= last)
    assert [row["machine"] for row in store.query("select machine from notice order by machine")] == heard


@pytest.mark.parametrize(
    ("wish", "service"), [({"hl7_status": "ORU^R01"}, "hl7-order"), ({"detached_study": True}, "n-set")]
)
def test_what_a_machine_always_hangs_up_on_does_not_stand_before_the_rest(store, ris, told, wish, service) -> None:
    told(**wish)
    ris.conduct.order(service, "drop", times=QUICK.attempts)
    poison, _ = (arrive(store, name, accession=name) for name in ("poison", "two"))
    heard = Told(store)
    wait_until(lambda: heard.counts() == {"waiting": 0, "sent": 1, "failed": 1})
    (failed,) = heard.notices(state="failed")
    assert failed["image_id"] == poison
    assert failed["trouble"]
    heard.again(failed["notice_id"], MANAGER)
    wait_until(lambda: heard.counts() == {"waiting": 0, "sent": 2, "failed": 0})


def test_who_answers_nonsense_has_answered(store, ris, told) -> None:
    told(hl7_status="ORU^R01")
    ris.conduct.order("hl7-order", "wrong answer", times=QUICK.attempts)
    arrive(store, "one")
    (failed,) = wait_until(lambda: Told(store).notices(state="failed"))
    assert "acknowledged message" in failed["trouble"]


def test_who_is_away_or_silent_is_waited_for_without_end(store, told) -> None:
    (later,) = free_ports(1)
    told(hl7_port=later, hl7_status="ORU^R01", timeout_seconds=0.2)
    arrive(store, "one")
    wait_until(lambda: [row for row in Told(store).notices() if row["attempts"] >= QUICK.attempts])
    with Ris(address("RIS58"), later) as back:
        silent = back.conduct.order("hl7-order", "late ack", times=QUICK.attempts + 1, seconds=0.3)
        back.conduct.order("hl7-order", "refuse", times=QUICK.rejected - 1)
        wait_until(lambda: Told(store).counts()["sent"])
        assert silent.times == 0


def test_a_crash_tells_nothing_twice_and_the_past_is_left_alone(store, ris, told, requests_of) -> None:
    arrive(store, "before it was switched on")
    requests, _ = told(hl7_status="ORU^R01")
    requests.stop()
    arrive(store, "while it was off")
    again = requests_of(requests.site)
    again.wake()
    wait_until(lambda: len(ris.reported) == 1)
    again.stop()
    requests_of(requests.site).wake()
    arrive(store, "later")
    wait_until(lambda: len(ris.reported) == 2)
    assert len(store.query("select 1 from notice")) == 2


def test_nobody_wants_to_know(store, told) -> None:
    """Then nothing is written down."""
    arrive(store, "one")
    assert store.query("select 1 from notice") == []
