"""The loop through a modality closes by itself, and every way it can end is a state with a text (R1-R6)."""

from __future__ import annotations

from pydicom.dataset import Dataset

from imgdash.confirm import Actions
from imgdash.model import Actor
from imgdash.model.codes import UPS_REFUSED
from imgdash.request.ups_events import facts
from imgdash.store.conditions import Conditions
from imgdash.wire.dicom import code_item, items_to_parameters, parameters_to_items
from tests.confirm.making import header, put
from tests.helpers import wait_until
from tests.request.peers import Modality, Ris, event
from tests.request.waiting import in_state


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
        requests.answered(requests.match(again, ds).request, again, ds)
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


def test_a_lost_report_is_made_up_for(store, site_with, requests_of, user) -> None:
    """The peer has promised to report and never does: neither a cancellation nor a result is missed."""
    bad, worse = put(store, header("bad")), put(store, header("worse"))
    with Modality().running() as modality:
        requests = requests_of(site_with(ups=modality.port, requests={"fallback": False}))
        asked, other = (requests.create(image.image_id, user, reason="111219") for image in (bad, worse))
        for request in (asked, other):
            assert in_state(store, request.request_id, "sent").contents["subscription"] == "subscribed"
        new = put(store, header("new"))
        requests.answered(store.request(asked.request_id), new)
        modality.complete(
            asked.request_id, [("1.2", new.sop_instance_uid)], parameters_to_items({"gradation.gamma": 1})
        )
        wait_until(lambda: store.request(asked.request_id).contents.get("performed") == {"gradation.gamma": 1})
        modality.items[other.request_id].ProcedureStepState = "CANCELED"
        assert "cancelled the work item" in in_state(store, other.request_id, "refused").trouble


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


def test_asked_again_it_is_another_work_item(store, site_with, requests_of, user) -> None:
    """What a modality has cancelled stays cancelled there, and it knows the UID."""
    bad, new = put(store, header("bad")), put(store, header("new", body_part="HAND"))
    with Modality().running() as modality:
        requests = requests_of(site_with(ups=modality.port, requests={"fallback": False}))
        asked = requests.create(bad.image_id, user, reason="111219")
        in_state(store, asked.request_id, "sent")
        cancelled = facts(event(asked.request_id, ProcedureStepState="CANCELED"))
        requests.ups_event(cancelled)
        requests.redirect(asked.request_id, user)
        again = in_state(store, asked.request_id, "sent")
        assert modality.creates == [asked.request_id, again.workitem_uid]
        assert again.workitem_uid != asked.request_id
        replaced = modality.items[again.workitem_uid].ReplacedProcedureStepSequence[0]
        assert replaced.ReferencedSOPInstanceUID == asked.request_id
        # A late word about the former one is not about this one.
        requests.ups_event(cancelled)
        assert store.request(asked.request_id).state == "sent"
        # An image that was made for the former one is an answer all the same.
        named, reference = Dataset(), Dataset()
        reference.ReferencedSOPInstanceUID = asked.request_id
        named.ReferencedPerformedProcedureStepSequence = [reference]
        assert requests.match(new, named).request.request_id == asked.request_id
        modality.complete(again.workitem_uid, [("1.2", new.sop_instance_uid)], [])
        requests.ups_event(facts(event(again.workitem_uid, ProcedureStepState="COMPLETED")))
        assert in_state(store, asked.request_id, "answered").answer == new.image_id


def test_a_refused_one_was_never_a_work_item(store, site_with, requests_of, user) -> None:
    bad = put(store, header("bad"))
    with Modality(status=0x0124).running() as modality:
        requests = requests_of(site_with(ups=modality.port, requests={"fallback": False}))
        asked = requests.create(bad.image_id, user, reason="111219")
        in_state(store, asked.request_id, "refused")
        modality.status = 0x0000
        requests.redirect(asked.request_id, user)
        again = in_state(store, asked.request_id, "sent")
        assert list(modality.items) == [again.workitem_uid]
        assert "ReplacedProcedureStepSequence" not in modality.items[again.workitem_uid]


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


def test_the_same_bytes_again(store, site_with, requests_of, user) -> None:
    """Whoever can see the image reviews it; what nobody can see still cannot be read, and a person decides."""
    requests = requests_of(site_with(), start=False)
    seen, unread = put(store, header("seen")), put(store, header("unread", state="quarantined", condition=""))
    asked = [requests.create(image.image_id, user, reason="UNREADABLE", ask="resend") for image in (seen, unread)]
    for image in (seen, unread):
        store.write(lambda change, image=image: requests.received_again(change, image.image_id))
    assert [store.image(image.image_id).state for image in (seen, unread)] == ["awaiting", "quarantined"]
    assert [store.request(request.request_id).state for request in asked] == ["answered", "superseded"]
    assert [store.image(image.image_id).round for image in (seen, unread)] == [1, 1]
    # One round more, of the same chain.
    again = requests.create(unread.image_id, user, reason="UNREADABLE", ask="resend")
    assert (again.round, again.chain) == (2, asked[1].request_id)


def test_an_unreadable_image_is_in_quarantine_whatever_is_taken_back(store, site_with, requests_of, user) -> None:
    requests = requests_of(site_with(), start=False)
    actions = Actions(store, requests.site, requests.conditions)
    image = put(store, header("unread", state="quarantined", condition="")).image_id
    asked = requests.create(image, user, reason="UNREADABLE")
    requests.withdraw(asked.request_id, user)
    assert store.image(image).state == "quarantined"
    actions.reject(image, user, "111221")
    assert actions.restore(image, Actor("max", "manager")).state == "quarantined"


def test_an_unreadable_answer_ends_its_round_and_replaces_nothing_that_can_be_seen(
    store, site_with, requests_of, user
) -> None:
    requests = requests_of(site_with(), start=False)
    bad = put(store, header("bad"))
    asked = requests.create(bad.image_id, user, reason="111219")
    broken = put(store, header("broken", state="quarantined", condition=""))
    requests.answered(store.request(asked.request_id), broken)
    old, new = store.image(bad.image_id), store.image(broken.image_id)
    assert (old.state, old.replaced_by) == ("awaiting", "")
    assert (new.state, new.round, new.replaces) == ("quarantined", 1, old.image_id)
    assert store.request(asked.request_id).state == "superseded"
    second = requests.create(new.image_id, user, reason="UNREADABLE")
    assert (second.round, second.chain) == (2, asked.request_id)
    whole = put(store, header("whole"))
    requests.answered(store.request(second.request_id), whole)
    assert (store.image(broken.image_id).state, store.image(whole.image_id).round) == ("replaced", 2)
