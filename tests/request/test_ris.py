"""Requests to HIS/RIS and their answers; requests withdrawn, restarted, never lost (R5-R7)."""

from __future__ import annotations

import socket

import pytest
from pydicom.dataset import Dataset

from imgdash.model import Order, Patient
from imgdash.request.facts import order_number
from imgdash.wire import hl7
from tests.confirm.making import header, put
from tests.helpers import wait_until
from tests.request.peers import Modality, Ris
from tests.request.waiting import has_trouble, in_state


def test_ris_reorders_and_the_new_exposure_is_known(store, site_with, requests_of, user) -> None:
    bad = put(store, header("bad"))
    with Ris().running() as ris:
        requests = requests_of(site_with(hl7=ris.port))
        asked = requests.create(bad.image_id, user, reason="111211", comment="far too little")
        assert (asked.to, asked.ask) == ("ris", "reradiograph")
        in_state(store, asked.request_id, "sent")
        told = hl7.parse(ris.messages[0].encode())
        assert (told.type, told.get("OBR-31.2")) == ("OMG^O19", "Under exposed")
    order = Order("o9", "A9", Patient("P1"), parent=order_number(asked.request_id), step_id="S9")
    for _ in range(2):
        answered = store.write(lambda change: requests.order_answers(change, order))
        assert (answered.state, [one["accession"] for one in answered.contents["orders"]]) == ("accepted", ["A9"])
    new = put(store, header("new", accession="A9", sender="CR56"))
    requests.answered(requests.match(new, Dataset()).request, new)
    assert store.image(bad.image_id).state == "replaced"
    assert store.image(new.image_id).round == 1


def test_a_modality_that_does_not_answer_keeps_no_order_waiting(store, site_with, requests_of, user) -> None:
    # It takes the connection, says nothing, and would be waited for as long as a test may last.
    with socket.create_server(("127.0.0.1", 0)) as silent, Ris().running() as ris:
        requests = requests_of(site_with(ups=silent.getsockname()[1], hl7=ris.port, seconds=150))
        stuck = requests.create(put(store, header("flat")).image_id, user, reason="111219")
        connected, _ = silent.accept()
        with connected:
            asked = requests.create(put(store, header("bad")).image_id, user, reason="111211")
            in_state(store, asked.request_id, "sent")
            assert store.request(stuck.request_id).state == "waiting"
            assert len(ris.messages) == 1


@pytest.mark.parametrize(
    ("answer", "state", "messages", "words"),
    [
        ("MSA|AE|{id}|no such procedure", "refused", 1, "in error (AE): no such procedure"),
        ("MSA|AR|{id}|queue full", "refused", 2, "rejected the order (AR): queue full Tried 2 times."),
        ("MSA|AA|SOMEBODY-ELSES", "failed", 3, "acknowledged message 'SOMEBODY-ELSES', not ours"),
        ("NTE|1||no acknowledgement", "failed", 3, "not ours"),
    ],
)
def test_negative_and_wrong_acknowledgements(
    store, site_with, requests_of, user, answer, state, messages, words
) -> None:
    bad = put(store, header("bad"))
    with Ris(answer=answer).running() as ris:
        requests = requests_of(site_with(hl7=ris.port))
        asked = requests.create(bad.image_id, user, reason="111211")
        ended = in_state(store, asked.request_id, state)
        assert words in ended.trouble
        # Resent as the same message to the byte, so that the peer can know it for a repeat.
        assert len(set(ris.messages)) == 1
        assert [hl7.parse(message.encode()).control_id for message in ris.messages] == [asked.message_id] * messages
    assert store.image(bad.image_id).state == "requested"


def test_silent_ris_times_out(store, site_with, requests_of, user) -> None:
    import socket

    bad = put(store, header("bad"))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        requests = requests_of(site_with(hl7=silent.getsockname()[1]))
        asked = requests.create(bad.image_id, user, reason="111211")
        assert "No HL7 answer" in has_trouble(store, asked.request_id, "within 1 s. Try 1 of 3.").trouble


def test_cancelled_order_of_his_ris_ends_the_request(store, site_with, requests_of, user) -> None:
    bad = put(store, header("bad"))
    requests = requests_of(site_with(), start=False)
    asked = requests.create(bad.image_id, user, reason="111211")
    order = Order("o9", "A9", Patient("P1"), parent=order_number(asked.request_id))
    store.write(lambda change: requests.order_answers(change, order))
    cancelled = Order("o9", "A9", Patient("P1"), parent=order_number(asked.request_id), state="cancelled")
    ended = store.write(lambda change: requests.order_answers(change, cancelled))
    assert (ended.state, ended.trouble) == ("refused", "HIS/RIS cancelled the order it had issued.")


def test_withdrawn_request_is_cancelled_at_its_addressee(store, site_with, requests_of, user) -> None:
    one, two, three = (put(store, header(name)) for name in "abc")
    with Modality().running() as modality, Ris().running() as ris:
        requests = requests_of(site_with(ups=modality.port, hl7=ris.port))
        made = [
            requests.create(one.image_id, user, reason="111219"),
            requests.create(two.image_id, user, reason="111211"),
        ]
        for request in made:
            in_state(store, request.request_id, "sent")
            requests.withdraw(request.request_id, user, "changed my mind")
        wait_until(lambda: modality.cancels == [made[0].request_id])
        wait_until(lambda: len(ris.messages) == 2)
        assert hl7.parse(ris.messages[1].encode()).get("ORC-1") == "CA"
        wait_until(lambda: store.request(made[1].request_id).contents["cancel"].startswith("acknowledged"))
        proposal = requests.propose(three.image_id, reason="111219")
        requests.withdraw(proposal.request_id, user)
    assert {store.image(image.image_id).state for image in (one, two, three)} == {"awaiting"}


def test_what_is_withdrawn_on_its_way_is_cancelled_all_the_same(store, site_with, requests_of, user) -> None:
    """Else HIS/RIS has an order for an exposure that nobody wants."""
    bad = put(store, header("bad"))
    with Ris().running() as ris:
        ris.open.clear()
        requests = requests_of(site_with(hl7=ris.port, timeout_seconds=30))
        asked = requests.create(bad.image_id, user, reason="111211")
        wait_until(lambda: len(ris.messages) == 1)
        requests.withdraw(asked.request_id, user)
        ris.open.set()
        wait_until(lambda: store.request(asked.request_id).contents.get("cancel", "").startswith("acknowledged"))
        assert ris.controls[1:] == ["CA"]
    assert store.request(asked.request_id).state == "withdrawn"


def test_what_is_withdrawn_before_its_turn_is_not_sent(store, site_with, requests_of, user) -> None:
    with Ris().running() as ris:
        ris.open.clear()
        requests = requests_of(site_with(hl7=ris.port, timeout_seconds=30), start=False)
        _, second = (requests.create(put(store, header(name)).image_id, user, reason="111211") for name in "ab")
        requests.start()
        wait_until(lambda: len(ris.messages) == 1)
        requests.withdraw(second.request_id, user)
        ris.open.set()
        wait_until(lambda: store.request(second.request_id).contents.get("cancel", "due") != "due")
        assert ris.controls.count("CA") == len(ris.controls) - 1 == 1


@pytest.mark.parametrize("state", ["waiting", "failed"])
def test_what_was_never_acknowledged_may_have_arrived(store, site_with, requests_of, user, state) -> None:
    bad = put(store, header("bad"))
    with Ris(answer="MSA|AA|SOMEBODY-ELSES").running() as ris:
        requests = requests_of(site_with(hl7=ris.port), patient=state == "waiting")
        asked = requests.create(bad.image_id, user, reason="111211")
        wait_until(lambda: (now := store.request(asked.request_id)).state == state and now.attempts)
        sent = len(ris.messages)
        requests.withdraw(asked.request_id, user)
        wait_until(lambda: "CA" in ris.controls[sent:])


def test_restart_with_a_waiting_request(store, site_with, requests_of, user) -> None:
    """The process died before the request was sent, and once more after it was sent but not noted down."""
    bad = put(store, header("bad"))
    dead = requests_of(site_with(), start=False)
    asked = dead.create(bad.image_id, user, reason="111219")
    with Modality().running() as modality:
        modality.items[asked.request_id] = Dataset()
        requests_of(site_with(ups=modality.port))
        in_state(store, asked.request_id, "sent")
        assert modality.creates == [asked.request_id]


def test_a_request_is_whole_after_the_store_was_reopened(tmp_path, site_with, user) -> None:
    from imgdash.request import Requests
    from imgdash.store.files import Files
    from imgdash.store.store import Store

    first = Store(tmp_path / "site")
    bad = put(first, header("bad"))
    requests = Requests(first, site_with(), files=Files(tmp_path / "site"))
    asked = requests.create(bad.image_id, user, reason="111219", parameters={"gradation.contrast": 2.0})
    requests.stop()
    first.close()
    (tmp_path / "site" / "imgdash.duckdb").unlink()
    again = Store(tmp_path / "site")
    assert again.request(asked.request_id) == asked
    assert again.image(bad.image_id).state == "requested"
    again.close()
