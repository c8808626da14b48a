"""What a request starts from, what the site's policies do, and reports that are none of ours (R2, R7)."""

from __future__ import annotations

import json

import pytest
from pydicom.dataset import Dataset

from imgdash.confirm import Actions
from imgdash.model import APPARATUS, Event, Finding, ImgdashError, Judgement, NotAllowed
from imgdash.request.answers import candidates
from imgdash.request.ups_events import facts
from imgdash.store import rows
from imgdash.store.steps import asked_about, withdraw_proposals
from tests.confirm.making import header, put
from tests.request.peers import Ris, event
from tests.request.waiting import has_trouble

UNFIT = Judgement(storage=(Finding("processing", "111219", "Too narrow."),))


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


def test_what_is_proposed_is_known_from_then_on_and_void_once_the_image_is_confirmed(
    store, site_with, requests_of, user
) -> None:
    """Of most images it is known without asking that nothing was requested; here it was in memory that nothing is."""
    image = put(store, header("bad"))
    site = site_with()
    requests = requests_of(site, start=False)
    assert (requests.alive(image.image_id), candidates(store)) == ([], [])
    proposal = requests.propose(image.image_id, reason="111219")
    assert requests.alive(image.image_id) == [proposal]
    assert candidates(store) == [], "nobody was asked yet"
    Actions(store, site, requests.conditions).confirm(image.image_id, user)
    assert store.request(proposal.request_id).state == "withdrawn"
    assert requests.alive(image.image_id) == []


def test_what_was_asked_for_is_a_candidate_for_other_images_until_it_is_over(
    store, site_with, requests_of, user
) -> None:
    image = put(store, header("bad"))
    requests = requests_of(site_with(), start=False)
    assert candidates(store) == []
    asked = requests.create(image.image_id, user, reason="111219")
    assert [one.request for one in candidates(store)] == [asked]
    assert candidates(store, image.image_id) == []
    requests.withdraw(asked.request_id, user)
    assert candidates(store) == []


def test_a_proposal_made_in_the_same_batch_is_withdrawn(store) -> None:
    """Where they are committed together, memory does not know of it yet."""
    image = put(store, header("bad")).image_id
    assert image not in asked_about(store)

    def change_(change) -> None:
        data = {
            "image_id": image,
            "state": "proposed",
            "to": "ris",
            "peer": "ris",
            "ask": "reradiograph",
            "reason": "111211",
        }
        change.emit(Event("request", "r", "register", {**data, "round": 1, "chain": "r"}))
        withdraw_proposals(change, image, "ann", "confirmed")

    store.write(change_)
    assert store.query("select state from request") == [{"state": "withdrawn"}]


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
