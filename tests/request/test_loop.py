"""The loop closes by itself, and every way it can end is a state with a text (R1-R7), with real peers."""

from __future__ import annotations

import json

import pytest
from pydicom.dataset import Dataset

from imgdash.confirm import Actions
from imgdash.model import APPARATUS, Event, Finding, ImgdashError, Judgement, NotAllowed, Order, Patient
from imgdash.model.codes import UPS_REFUSED
from imgdash.request.facts import order_number
from imgdash.request.ups_events import facts
from imgdash.store import rows
from imgdash.store.conditions import Conditions
from imgdash.wire import hl7
from imgdash.wire.dicom import code_item, items_to_parameters, parameters_to_items
from tests.confirm.making import header, put
from tests.helpers import wait_until
from tests.request.peers import Modality, Ris, event

UNFIT = Judgement(storage=(Finding("processing", "111219", "Too narrow."),))


def in_state(store, request_id, *states):
    return wait_until(lambda: (request := store.request(request_id)).state in states and request)


def has_trouble(store, request_id, words):
    return wait_until(lambda: words in (request := store.request(request_id)).trouble and request)


# -- modality ------------------------------------------------------------------------------------------------


def test_modality_regenerates_and_the_loop_closes(store, site_with, requests_of, user, tmp_path) -> None:
    bad = put(store, header("bad"))
    with Modality().running() as modality:
        site = site_with(ups=modality.port)
        requests = requests_of(site)
        wanted = {"gradation.contrast": 1.5}
        first = requests.create(bad.image_id, user, reason="111219", parameters=wanted, comment="too flat")
        assert store.image(bad.image_id).state == "requested"
        sent = in_state(store, first.request_id, "sent")
        assert sent.contents["subscription"] == "subscribed"
        assert modality.subscribers == [(first.request_id, "IMGDASH")]
        item = modality.items[first.request_id]
        assert items_to_parameters(item.ScheduledProcessingParametersSequence)["gradation.contrast"] == 1.5
        requests.ups_event(facts(event(first.request_id, ProcedureStepState="IN PROGRESS")))
        assert store.request(first.request_id).state == "accepted"

        again = put(store, header("again"))
        ds = Dataset()
        reference = Dataset()
        reference.ReferencedSOPInstanceUID = bad.sop_instance_uid
        ds.SourceImageSequence = [reference]
        ds.AcquisitionDeviceProcessingDescription = "S-curve 7"
        requests.answered(requests.match(again, ds), again, ds)
        modality.complete(first.request_id, [("1.2", again.sop_instance_uid)], parameters_to_items(wanted))
        requests.ups_event(facts(event(first.request_id, ProcedureStepState="COMPLETED")))
        known = wait_until(lambda: store.request(first.request_id).contents.get("performed"))
        assert known == wanted

        old, new = store.image(bad.image_id), store.image(again.image_id)
        assert (old.state, old.replaced_by) == ("replaced", new.image_id)
        assert (new.state, new.replaces, new.round, new.request_id) == ("awaiting", old.image_id, 1, first.request_id)
        answered = store.request(first.request_id)
        assert (answered.state, answered.answer) == ("answered", new.image_id)
        assert answered.contents["modality"]["description"] == "S-curve 7"

        # Still not good: the second round replaces the first work item and belongs to the same chain.
        second = requests.create(new.image_id, user, reason="111219")
        assert (second.round, second.chain) == (2, first.request_id)
        assert store.request(first.request_id).state == "superseded"
        in_state(store, second.request_id, "sent")
        replaced = modality.items[second.request_id].ReplacedProcedureStepSequence[0]
        assert replaced.ReferencedSOPInstanceUID == first.request_id
        third = put(store, header("third"))
        requests.answered(store.request(second.request_id), third)
    actions = Actions(store, site, Conditions(tmp_path / "conditions"))
    actions.confirm(third.image_id, user)
    assert store.request(second.request_id).state == "satisfied"
    assert store.image(third.image_id).round == 2


def test_result_named_after_the_image_was_here(store, site_with, requests_of, user) -> None:
    """The image gives no hint, the work item's output information does."""
    bad = put(store, header("bad"))
    with Modality().running() as modality:
        requests = requests_of(site_with(ups=modality.port))
        asked = requests.create(bad.image_id, user, reason="111219")
        in_state(store, asked.request_id, "sent")
        new = put(store, header("new", body_part="HAND"))
        assert requests.match(new, Dataset()) is None
        modality.complete(asked.request_id, [("1.2", new.sop_instance_uid)], [])
        requests.ups_event(facts(event(asked.request_id, ProcedureStepState="COMPLETED")))
        in_state(store, asked.request_id, "answered")
    assert store.image(new.image_id).replaces == bad.image_id


def test_peer_without_events_is_asked_for_the_state(store, site_with, requests_of, user) -> None:
    bad = put(store, header("bad"))
    with Modality(watch=False).running() as modality:
        requests = requests_of(site_with(ups=modality.port))
        asked = requests.create(bad.image_id, user, reason="111219")
        assert "UPS Watch" in in_state(store, asked.request_id, "sent").contents["subscription"]
        modality.items[asked.request_id].ProcedureStepState = "IN PROGRESS"
        in_state(store, asked.request_id, "accepted")
        new = put(store, header("new"))
        modality.complete(asked.request_id, [("1.2", new.sop_instance_uid)], [])
        in_state(store, asked.request_id, "answered")


def test_answer_before_the_acknowledgement(store, site_with, requests_of, user) -> None:
    bad, new = put(store, header("bad")), put(store, header("new"))
    requests = requests_of(site_with(), start=False)
    asked = requests.create(bad.image_id, user, reason="111219")
    requests.ups_event(facts(event(asked.request_id, ProcedureStepState="IN PROGRESS")))
    assert store.request(asked.request_id).state == "accepted"
    requests.answered(store.request(asked.request_id), new)
    requests.answered(store.request(asked.request_id), new)
    assert store.request(asked.request_id).state == "answered"


def test_decided_before_it_was_known_for_an_answer(store, site_with, requests_of, user) -> None:
    requests = requests_of(site_with(), start=False)
    actions = Actions(store, requests.site, requests.conditions)
    old = [put(store, header(name)) for name in ("one", "two")]
    asked = [requests.create(image.image_id, user, reason="111219") for image in old]
    confirmed, unfit = put(store, header("confirmed")), put(store, header("unfit"))
    actions.confirm(confirmed.image_id, user)
    later = requests.create(unfit.image_id, user, reason="111219")
    for request, answer in zip(asked, (confirmed, unfit), strict=True):
        requests.answered(request, answer)
    assert [store.request(request.request_id).state for request in asked] == ["satisfied", "superseded"]
    later = store.request(later.request_id)
    assert (later.chain, later.round) == (asked[1].request_id, 2)


def test_lost_answer_of_n_create_is_no_second_work_item(store, site_with, requests_of, user) -> None:
    bad = put(store, header("bad"))
    with Modality(silent_first=True).running() as modality:
        requests = requests_of(site_with(ups=modality.port))
        asked = requests.create(bad.image_id, user, reason="111219")
        in_state(store, asked.request_id, "sent")
        assert modality.creates == [asked.request_id] * 2
        assert len(modality.items) == 1


def test_refusal_falls_back_to_his_ris(store, site_with, requests_of, user) -> None:
    bad = put(store, header("bad"))
    with Modality(status=0x0124).running() as modality, Ris().running() as ris:
        requests = requests_of(site_with(ups=modality.port, hl7=ris.port))
        asked = requests.create(bad.image_id, user, reason="111219")
        sent = in_state(store, asked.request_id, "sent")
        assert (sent.to, sent.peer, len(ris.messages)) == ("ris", "ris", 1)
        assert modality.creates == [asked.request_id]
    whys = [row["why"] for row in store.query("select why from journal where event in ('refuse', 'redirect')")]
    assert whys == [
        "cr refused the work item with status 0x0124.",
        "cr refused the work item with status 0x0124. HIS/RIS is asked instead.",
    ]


def test_performer_cancels(store, site_with, requests_of, user) -> None:
    bad = put(store, header("bad"))
    with Modality().running() as modality:
        requests = requests_of(site_with(ups=modality.port, requests={"fallback": False}))
        asked = requests.create(bad.image_id, user, reason="111219")
        in_state(store, asked.request_id, "sent")
        told = {
            "ProcedureStepState": "CANCELED",
            "ReasonForCancellation": "raw data is gone",
            "ProcedureStepDiscontinuationReasonCodeSequence": [code_item(UPS_REFUSED)],
        }
        requests.ups_event(facts(event(asked.request_id, **told)))
    refused = store.request(asked.request_id)
    assert refused.state == "refused"
    assert refused.trouble == (
        "cr cancelled the work item: Workitem assignment rejected by assigned resource; raw data is gone."
    )
    assert store.image(bad.image_id).state == "requested"


def test_unreachable_modality_without_fallback_fails_with_a_text_and_can_be_sent_again(
    store, site_with, requests_of, user, free_port
) -> None:
    bad = put(store, header("bad"))
    requests = requests_of(site_with(ups=free_port, requests={"fallback": False}))
    asked = requests.create(bad.image_id, user, reason="111219")
    failed = in_state(store, asked.request_id, "failed")
    assert "cannot be reached" in failed.trouble
    assert failed.trouble.endswith("Tried 3 times.")
    with Ris().running() as ris:
        other = requests_of(site_with(ups=free_port, hl7=ris.port))
        other.redirect(asked.request_id, user, to="ris")
        assert in_state(store, asked.request_id, "sent").to == "ris"


def test_move_asks_for_the_same_image_again(store, site_with, requests_of, user, tmp_path) -> None:
    from tests.confirm import making

    bad = put(store, header("bad", state="quarantined"))
    with Modality().running() as modality:
        cr = {"name": "cr", "kind": "modality", "ae_title": "CR51", "port": modality.port, "resend": True}
        site = making.site(tmp_path, peer=[cr], requests={"fallback": False})
        requests = requests_of(site)
        asked = requests.create(bad.image_id, user, reason="UNREADABLE")
        assert (asked.to, asked.ask) == ("modality", "resend")
        refused = in_state(store, asked.request_id, "refused", "failed")
        assert modality.moves[0] == ("IMGDASH", bad.sop_instance_uid)
        assert "cr" in refused.trouble
        # It came all the same, as the very same bytes.
        assert requests.received_again(bad.image_id).state == "answered"
    assert store.image(bad.image_id).state == "awaiting"


# -- HIS/RIS -------------------------------------------------------------------------------------------------


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
    assert requests.order_answers(order).state == "accepted"
    assert requests.order_answers(order).contents["orders"][0]["accession"] == "A9"
    new = put(store, header("new", accession="A9", sender="CR56"))
    requests.answered(requests.match(new, Dataset()), new)
    assert store.image(bad.image_id).state == "replaced"
    assert store.image(new.image_id).round == 1


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
        # Resent as the same message, so that the peer can know it for a repeat.
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
    requests.order_answers(order)
    cancelled = Order("o9", "A9", Patient("P1"), parent=order_number(asked.request_id), state="cancelled")
    ended = requests.order_answers(cancelled)
    assert (ended.state, ended.trouble) == ("refused", "HIS/RIS cancelled the order it had issued.")


# -- withdrawing, restarting, never losing -------------------------------------------------------------------


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


# -- rules ---------------------------------------------------------------------------------------------------


def test_parameters_start_from_those_obtained(store, site_with, requests_of, user) -> None:
    image = put(store, header("bad", overrides={"frequency.amount": 1.1}))
    requests = requests_of(site_with(), start=False)
    offered = requests.suggest(image.image_id, "111219")
    assert (offered.to, offered.peer, offered.ask) == ("modality", "cr", "processed")
    assert offered.parameters["gradation.contrast"] == 1.3
    assert offered.parameters["frequency.amount"] == 1.1
    with pytest.raises(ImgdashError, match="out of bounds"):
        requests.create(image.image_id, user, reason="111219", parameters={"gradation.contrast": 99})
    assert requests.create(image.image_id, user, reason="111219").parameters == offered.parameters


def test_one_request_at_a_time(store, site_with, requests_of, user) -> None:
    image = put(store, header("bad"))
    requests = requests_of(site_with(), start=False)
    proposal = requests.propose(image.image_id, reason="111219")
    assert store.image(image.image_id).state == "awaiting"
    requests.create(image.image_id, user, reason="111211")
    assert store.request(proposal.request_id).state == "withdrawn"
    with pytest.raises(NotAllowed, match="ris was asked for a better one already"):
        requests.create(image.image_id, user, reason="111211")


def test_entries_that_wait_are_called_back(store, site_with, requests_of, user, tmp_path) -> None:
    image = put(store, header("bad"))
    site = site_with()
    requests = requests_of(site, start=False)
    Actions(store, site, requests.conditions).confirm(image.image_id, user)
    requests.create(image.image_id, user, reason="111219")
    assert {entry.state for entry in store.queue()} == {"cancelled"}


@pytest.mark.parametrize(
    ("policy", "state", "image_state"),
    [("automatic", "waiting", "requested"), ("proposed", "proposed", "awaiting"), ("off", None, "awaiting")],
)
def test_policies(store, site_with, requests_of, policy, state, image_state) -> None:
    rules = [{"rule": "processing", "policy": policy, "ask": "unprocessed"}]
    requests = requests_of(site_with(requests={"rules": rules}), start=False)
    image = put(store, header("bad", judgement=UNFIT))
    made = requests.by_policy(image, image.judgement)
    assert (made.state if made else None) == state
    assert store.image(image.image_id).state == image_state
    if made:
        assert (made.ask, made.by, made.comment) == ("unprocessed", "imgdash", "Too narrow.")
        assert requests.by_policy(store.image(image.image_id), image.judgement) is None


def test_automatic_rounds_end_with_a_person(store, site_with, requests_of, user) -> None:
    site = site_with(requests={"rules": [{"rule": "processing", "policy": "automatic"}], "rounds": 2})
    requests = requests_of(site, start=False)
    image = put(store, header("round 0", judgement=UNFIT))
    for number in (1, 2):
        made = requests.by_policy(image, UNFIT)
        assert (made.state, made.round) == ("waiting", number)
        answer = put(store, header(f"round {number}", judgement=UNFIT))
        requests.answered(made, answer)
        image = store.image(answer.image_id)
    proposal = requests.by_policy(image, UNFIT)
    assert (proposal.state, proposal.round, proposal.chain) == ("proposed", 3, made.chain)
    assert "After 2 rounds a person decides." in proposal.comment
    accepted = requests.accept(proposal.request_id, user)
    assert (accepted.state, accepted.by, store.image(image.image_id).state) == ("waiting", "ann", "requested")


def test_what_only_film_minds_is_no_reason_where_no_film_is_made(store, site_with, requests_of) -> None:
    rules = [{"rule": "size", "policy": "automatic"}]
    requests = requests_of(site_with(requests={"rules": rules}), start=False)
    small = Judgement(film=(Finding("size", "111220", "Too small for film."),))
    stored = put(store, header("stored", outputs=("STORE",)))
    assert requests.by_policy(stored, small) is None
    printed = put(store, header("printed", outputs=("FILM",)))
    assert requests.by_policy(printed, small).state == "waiting"


def test_nobody_to_ask_leaves_the_image_in_the_work_list(store, site_with, requests_of) -> None:
    rules = [{"rule": "processing", "policy": "automatic"}]
    requests = requests_of(site_with(hl7=0, requests={"rules": rules}), start=False)
    image = put(store, header("bad", sender="STRANGER"))
    assert requests.by_policy(image, UNFIT) is None
    assert store.image(image.image_id).state == "awaiting"
    why = store.query("select why from journal where id = ? and event = 'set'", [image.image_id])[0]["why"]
    assert "No HIS/RIS takes orders over HL7" in why


def test_overdue_answer_is_marked(store, site_with, requests_of, user) -> None:
    bad = put(store, header("bad"))
    with Ris().running() as ris:
        requests = requests_of(site_with(hl7=ris.port, requests={"answer_hours": 1e-7}))
        asked = requests.create(bad.image_id, user, reason="111211")
        has_trouble(store, asked.request_id, "overdue")


def test_reports_on_foreign_work_items_do_nothing(store, site_with, requests_of) -> None:
    requests = requests_of(site_with(), start=False)
    assert requests.ups_event(facts(event("1.2.3", ProcedureStepState="COMPLETED"))) is None
    assert requests.ups_event(facts({"sop_instance_uid": "", "event_type_id": None, "dataset": None})) is None
    request = {"image_id": "x", "chain": "r", "round": 1, "state": "sent", "to": "ris", "peer": "ris"}
    request.update(ask="processed", reason="111219", contents={})
    store.write(lambda change: change.emit(Event("request", "r", "register", request)))
    assert requests.ups_event(facts(event("r", ProcedureStepState="COMPLETED"))).state == "sent"


def test_progress_is_shown(store, site_with, requests_of, user) -> None:
    bad = put(store, header("bad"))
    requests = requests_of(site_with(), start=False)
    asked = requests.create(bad.image_id, APPARATUS, reason="111219")
    progress = Dataset()
    progress.ProcedureStepProgress = "40"
    progress.ProcedureStepProgressDescription = "filtering"
    requests.ups_event(facts(event(asked.request_id, 3, ProcedureStepProgressInformationSequence=[progress])))
    assert store.request(asked.request_id).contents["progress"] == "40 % filtering"
    assert json.dumps(rows.request_columns(store.request(asked.request_id)))
