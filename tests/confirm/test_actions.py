"""A reviewer's actions: transactions, roles, two reviewers, queues (E1-E4, F3, H1, H2)."""

from __future__ import annotations

import errno
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from imgdash.confirm.retention import sweep
from imgdash.model import Event, ImgdashError, Judgement, NotAllowed, NotFound
from imgdash.model.image import Finding
from imgdash.store.files import Files
from tests.confirm.making import header, put, site


def states(store, image_id):
    return {entry.apparatus: entry.state for entry in store.queue("image_id = ?", [image_id])}


def test_confirm_registers_one_entry_for_each_apparatus(store, actions, user) -> None:
    image = put(store, header())
    confirmed = actions.confirm(image.image_id, user)
    assert (confirmed.state, confirmed.confirmed_by) == ("confirmed", "ann")
    entries = store.queue("image_id = ?", [image.image_id])
    assert {entry.apparatus for entry in entries} == {"STORE", "FILM"}
    assert {entry.entry_id for entry in entries} == {f"{image.image_id}@STORE#1", f"{image.image_id}@FILM#1"}
    assert len({entry.output_uid for entry in entries} | {image.sop_instance_uid}) == 3


def test_destinations_by_image_then_condition_then_site(store, actions, user) -> None:
    by_condition = put(store, header("hand", condition="hand-pa"))
    by_image = put(store, header("chosen", condition="hand-pa", outputs=("STORE",)))
    for image in (by_condition, by_image):
        actions.confirm(image.image_id, user)
    assert set(states(store, by_condition.image_id)) == {"FILM"}
    assert set(states(store, by_image.image_id)) == {"STORE"}


def test_no_destination_is_delivered_at_once_and_can_be_undone(store, actions, user) -> None:
    image = put(store, header(outputs=()))
    assert actions.confirm(image.image_id, user).state == "delivered"
    assert actions.undo(image.image_id, user).state == "awaiting"


def test_a_grace_time_before_sending_but_not_for_an_emergency(store, actions, user) -> None:
    image, emergency = put(store, header()), put(store, header("emergency", priority=True))
    for one in (image, emergency):
        actions.confirm(one.image_id, user, grace_s=5)
    waits = {entry.due_at - entry.registered_at for entry in store.queue("image_id = ?", [image.image_id])}
    assert waits == {timedelta(seconds=5)}
    assert {entry.due_at for entry in store.queue("image_id = ?", [emergency.image_id])} == {None}
    assert actions.undo(image.image_id, user).state == "awaiting"
    # Without a person who could take it back, nothing waits.
    actions.confirm(image.image_id, user)
    assert {e.due_at for e in store.queue("image_id = ? and state = 'waiting'", [image.image_id])} == {None}


def test_two_reviewers_never_confirm_the_same_image(store, actions, user, manager) -> None:
    image = put(store, header())

    def confirm(actor):
        try:
            return actions.confirm(image.image_id, actor).confirmed_by
        except NotAllowed as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(confirm, [user, manager]))
    refusals = [result for result in results if isinstance(result, NotAllowed)]
    winner = next(result for result in results if isinstance(result, str))
    assert len(refusals) == 1
    assert refusals[0].cause.startswith(f"Already confirmed by {winner} at ")
    assert len(store.queue()) == 2


def test_an_unfit_image_confirmed_by_a_person_is_journalled_as_such(store, actions, user) -> None:
    finding = Finding("size", "111220", "Too small for film.")
    image = put(store, header(judgement=Judgement(film=(finding,))))
    actions.confirm(image.image_id, user)
    line = store.query("select why from journal where id = ? and event = 'confirm'", [image.image_id])[0]
    assert line["why"] == "confirmed although not fit for film: Too small for film."


def test_undo_until_something_was_sent(store, actions, user) -> None:
    image = put(store, header())
    actions.confirm(image.image_id, user)
    undone = actions.undo(image.image_id, user)
    assert (undone.state, undone.confirmed_by) == ("awaiting", "")
    assert set(states(store, image.image_id).values()) == {"cancelled"}
    actions.confirm(image.image_id, user)
    store.transition("queue", f"{image.image_id}@STORE#2", "take")
    with pytest.raises(NotAllowed, match="sent to STORE already"):
        actions.undo(image.image_id, user)
    assert store.image(image.image_id).state == "confirmed"


def test_postponed_until_reviewed(store, actions, user) -> None:
    image = put(store, header())
    assert actions.postpone(image.image_id, user, "ask the radiologist").comment == "ask the radiologist"
    assert store.queue() == []
    assert actions.resume(image.image_id, user).state == "awaiting"
    actions.postpone(image.image_id, user)
    assert actions.confirm(image.image_id, user).state == "confirmed"


def test_priority_goes_to_the_top_of_every_queue(store, actions, user) -> None:
    first, second, third = (put(store, header(name)) for name in "abc")
    for image in (first, second):
        actions.confirm(image.image_id, user)
    actions.prioritise(third.image_id, user)
    actions.confirm(third.image_id, user)
    actions.prioritise(second.image_id, user)
    order = [entry.image_id for entry in store.queue("apparatus = 'STORE'")]
    assert order == [third.image_id, second.image_id, first.image_id]
    actions.prioritise(third.image_id, user, on=False)
    order = [entry.image_id for entry in store.queue("apparatus = 'STORE'")]
    assert order == [second.image_id, first.image_id, third.image_id]


def test_a_mark_is_turned_round_where_it_is_not_said(store, actions, user) -> None:
    image = put(store, header())
    assert [actions.protect(image.image_id, user, None).protected for _ in range(3)] == [True, False, True]
    assert [actions.prioritise(image.image_id, user, None).priority for _ in range(3)] == [True, False, True]


def test_moving_in_a_queue(store, actions, user) -> None:
    images = [put(store, header(name)) for name in "abcd"]
    for image in images:
        actions.confirm(image.image_id, user)
    a, b, c, d = (f"{image.image_id}@STORE#1" for image in images)

    def order():
        return [entry.entry_id for entry in store.queue("apparatus = 'STORE'")]

    actions.queue_move(d, a, user)
    assert order() == [d, a, b, c]
    actions.queue_move(a, None, user)
    assert order() == [d, b, c, a]
    for _ in range(60):  # a double halves only 52 times
        actions.queue_move(a, c, user)
        actions.queue_move(b, a, user)
        actions.queue_move(a, b, user)
    assert order() == [d, a, b, c]
    store.transition("queue", a, "take")
    with pytest.raises(NotAllowed):
        actions.queue_move(a, d, user)


def test_places_are_those_of_what_waits_with_the_same_priority(store, actions, user) -> None:
    images = [put(store, header(name)) for name in "abcdef"]
    actions.prioritise(images[5].image_id, user)
    for image in images:
        actions.confirm(image.image_id, user)
    a, b, c, d, e, f = (f"{image.image_id}@STORE#1" for image in images)
    # Neither is a place: one went away, one never comes before the others.
    store.transition("queue", b, "take")

    def order():
        entries = store.queue("apparatus = 'STORE' and state in ('waiting', 'held') and not priority")
        return [entry.entry_id for entry in entries]

    steps = [
        (d, -1, [a, d, c, e]), (d, -9, [d, a, c, e]), (d, 2, [a, c, d, e]), (d, 1, [a, c, e, d]), (d, 9, [a, c, e, d]),
        (a, 0, [a, c, e, d]),
    ]  # fmt: skip
    for entry, by, expected in steps:
        actions.queue_step(entry, by, user)
        assert order() == expected
    for entry, behind, expected in [(a, c, [c, a, e, d]), (a, d, [c, e, d, a]), (e, c, [c, e, d, a])]:
        actions.queue_move(entry, None, user, behind=behind)
        assert order() == expected
    # Behind what has priority is before all others.
    actions.queue_move(d, None, user, behind=f)
    assert order() == [d, c, e, a]
    for alone in (b, f):
        with pytest.raises(NotAllowed):
            actions.queue_step(alone, -1, user)


def test_what_stays_in_its_place_is_not_said_to_be_moved(store, actions, user) -> None:
    images = [put(store, header(name)) for name in "ab"]
    for image in images:
        actions.confirm(image.image_id, user)
    a, b = (f"{image.image_id}@STORE#1" for image in images)
    actions.queue_move(b, None, user, behind=a)
    actions.queue_step(a, -1, user)
    said = "select 1 from journal where why = 'moved in the queue'"
    assert store.query(said) == []
    actions.queue_step(a, 1, user)
    assert len(store.query(said)) == 1


def test_queue_actions(store, actions, user) -> None:
    image = put(store, header())
    actions.confirm(image.image_id, user)
    entry, film = f"{image.image_id}@STORE#1", f"{image.image_id}@FILM#1"
    actions.queue_hold(entry, user)
    actions.queue_release(entry, user)
    store.transition("queue", entry, "take")
    with pytest.raises(NotAllowed):
        actions.queue_hold(entry, user)
    with pytest.raises(NotAllowed):
        # It is on its way: it would go out twice.
        actions.queue_retry(entry, user)
    store.transition("queue", entry, "fail", trouble="refused", attempts=8)
    actions.queue_retry(entry, user)
    again = store.queue("entry_id = ?", [entry])[0]
    assert (again.state, again.attempts, again.trouble) == ("waiting", 0, "")
    store.transition("queue", entry, "take")
    store.transition("queue", entry, "finish")
    store.transition("queue", film, "take")
    store.transition("queue", film, "doubt")
    actions.queue_finish(film, user)
    assert store.image(image.image_id).state == "delivered"
    actions.queue_switch("FILM", False, user)
    assert store.preference("station/apparatus/FILM/off") is True
    with pytest.raises(NotFound):
        actions.queue_switch("NOBODY", False, user)


def test_corrected_information_is_judged_anew_and_needs_the_manager(store, actions, user, manager) -> None:
    image = put(store, header(view="", judgement=Judgement(storage=(Finding("information", "INFO-MISSING", "x"),))))
    with pytest.raises(NotAllowed, match="A manager may"):
        actions.edit(image.image_id, user, {"ViewPosition": "PA"})
    actions.postpone(image.image_id, user)
    after = actions.edit(image.image_id, manager, {"ViewPosition": "pa", "PatientID": "P9"})
    assert (after.state, after.view, after.patient.id, after.patient.name) == ("awaiting", "PA", "P9", "Phantom^Chest")
    assert after.edits == {"ViewPosition": "PA", "PatientID": "P9"}
    assert after.judgement.fit
    more = actions.edit(image.image_id, manager, {"PatientSex": "F"})
    assert set(more.edits) == {"ViewPosition", "PatientID", "PatientSex"}


def test_a_wrong_correction_changes_nothing(store, actions, manager) -> None:
    image = put(store, header())
    with pytest.raises(ImgdashError, match="YYYYMMDD"):
        actions.edit(image.image_id, manager, {"ViewPosition": "AP", "PatientBirthDate": "yesterday"})
    assert store.image(image.image_id).edits == {}


def test_adjusting_processing_and_destinations(store, actions, user) -> None:
    image = put(store, header())
    after = actions.adjust(
        image.image_id, user, condition="hand-pa", overrides={"gradation.contrast": 1.5}, outputs=["STORE"]
    )
    assert (after.condition, after.condition_version, after.outputs) == ("hand-pa", 1, ("STORE",))
    assert after.overrides == {"gradation.contrast": 1.5}
    judged = actions.adjust(image.image_id, user, condition="chest-pa", parameters={"di": 5.0})
    assert [finding.rule for finding in judged.judgement.findings] == ["exposure"]
    for wrong in (
        {"overrides": {"gradation.contrast": 99}},
        {"overrides": {"gradation.kontrast": 1}},
        {"condition": "../../etc"},
        {"outputs": ["NOBODY"]},
        {},
    ):
        with pytest.raises(ImgdashError):
            actions.adjust(image.image_id, user, **wrong)
    actions.confirm(image.image_id, user)
    with pytest.raises(NotAllowed, match="Take the confirmation back"):
        actions.adjust(image.image_id, user, outputs=[])


def test_reject_and_restore(store, actions, user, manager) -> None:
    image = put(store, header())
    actions.confirm(image.image_id, user)
    rejected = actions.reject(image.image_id, user, "111210", "moved")
    assert (rejected.state, rejected.reason, rejected.comment) == ("rejected", "111210", "moved")
    assert set(states(store, image.image_id).values()) == {"cancelled"}
    line = store.query("select why, data->>'kind' as kind from journal where event = 'reject'")[0]
    assert line == {"why": "Motion blur: moved", "kind": "reject"}
    with pytest.raises(NotAllowed):
        actions.restore(image.image_id, user)
    assert actions.restore(image.image_id, manager).state == "awaiting"
    with pytest.raises(ImgdashError, match="not a reason"):
        actions.reject(image.image_id, user, "111210; drop table image")


def test_a_repeat_is_archived_as_well(store, actions, user) -> None:
    image = put(store, header())
    actions.confirm(image.image_id, user)
    actions.reject(image.image_id, user, "111209", kind="repeat")
    assert set(states(store, image.image_id).values()) == {"waiting"}


@pytest.mark.parametrize("days", [0, 3])
def test_rejected_images_are_kept_for_a_time_then_deleted(store, actions, user, tmp_path, days) -> None:
    kept = site(tmp_path, station={"keep_rejected_days": days})
    files = Files(tmp_path)
    image, protected = put(store, header("x")), put(store, header("y", protected=True))
    for one in (image, protected):
        path = tmp_path / one.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"record")
        actions.reject(one.image_id, user, "111210")
    now = datetime.now()
    if days:
        assert sweep(store, kept, files, now + timedelta(days=days, seconds=-60)) == []
    assert sweep(store, kept, files, now + timedelta(days=days, seconds=60)) == [image.image_id]
    assert not (tmp_path / image.file).exists()
    assert (tmp_path / protected.file).exists()
    assert store.image(image.image_id).state == "deleted"


def test_a_file_left_over_by_a_crash_goes_at_the_next_sweep(store, actions, user, manager, tmp_path) -> None:
    image = put(store, header())
    path = tmp_path / image.file
    path.parent.mkdir(parents=True)
    path.write_bytes(b"record")
    actions.reject(image.image_id, user, "111210")
    actions.delete(image.image_id, manager)
    assert path.exists()
    assert sweep(store, site(tmp_path), Files(tmp_path)) == [image.image_id]
    assert not path.exists()
    assert sweep(store, site(tmp_path), Files(tmp_path)) == []


def test_a_file_that_cannot_be_deleted_keeps_no_other(
    store, actions, user, manager, tmp_path, monkeypatch, caplog
) -> None:
    files = Files(tmp_path)
    images = [put(store, header(name)) for name in ("stuck", "free")]
    for image in images:
        (tmp_path / image.file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / image.file).write_bytes(b"record")
        actions.reject(image.image_id, user, "111210")
        actions.delete(image.image_id, manager)
    delete = Files.delete

    def readonly(self: Files, image_id: str) -> None:
        if image_id == images[0].image_id:
            raise OSError(errno.EROFS, "Read-only file system")
        delete(self, image_id)

    with monkeypatch.context() as patched:
        patched.setattr(Files, "delete", readonly)
        assert sweep(store, site(tmp_path), files) == [images[1].image_id]
    assert "Read-only file system" in caplog.text
    assert sweep(store, site(tmp_path), files) == [images[0].image_id]


def test_delivered_images_only_where_the_site_says_so(store, actions, user, tmp_path) -> None:
    image = put(store, header(outputs=()))
    actions.confirm(image.image_id, user)
    later = datetime.now() + timedelta(days=400)
    assert sweep(store, site(tmp_path), Files(tmp_path), later) == []
    assert sweep(store, site(tmp_path, station={"auto_delete_delivered_days": 30}), Files(tmp_path), later)


def test_confirming_the_answer_closes_the_request(store, actions, user) -> None:
    request = {"image_id": "old", "chain": "r", "round": 1, "state": "answered", "to": "modality", "peer": "cr"}
    request.update(ask="processed", reason="111219")
    store.write(lambda change: change.emit(Event("request", "r", "register", request)))
    image = put(store, header(request_id="r", round=1))
    actions.confirm(image.image_id, user)
    assert store.request("r").state == "satisfied"
    actions.undo(image.image_id, user)
    assert store.request("r").state == "answered"
    actions.reject(image.image_id, user, "111219")
    assert store.request("r").state == "superseded"


def test_a_side_told_again_under_its_other_name_is_the_side(store, actions, manager) -> None:
    image = put(store, header(laterality="R")).image_id
    actions.edit(image, manager, {"Laterality": "L", "StationName": "S1"})
    edited = actions.edit(image, manager, {"ImageLaterality": "R"})
    assert (edited.edits, edited.laterality) == ({"ImageLaterality": "R", "StationName": "S1"}, "R")
    assert actions.edit(image, manager, {"Laterality": "L"}).marked["ImageLaterality"] == "L"
    with pytest.raises(ImgdashError, match="cannot be L and R"):
        actions.edit(image, manager, {"Laterality": "L", "ImageLaterality": "R"})
