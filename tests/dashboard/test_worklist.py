"""The order of work, without a browser."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from imgdash.apparatus.awaiting import Awaiting
from imgdash.dashboard import keys
from imgdash.dashboard.review.worklist import WorkList, look, person
from imgdash.model import ImageHeader, ImgdashError, Patient


def header(number: int, state: str = "awaiting", **columns: object) -> ImageHeader:
    known = {
        "image_id": f"{number:032x}",
        "number": number,
        "state": state,
        "file": "",
        "sop_class_uid": "",
        "sop_instance_uid": "",
        "study_uid": "",
        "series_uid": "",
        "transfer_syntax": "",
        "sender": "CR1",
        "sender_host": "",
        "received_at": datetime(2024, 1, 2),
        "patient": Patient("P", "Doe^Jane"),
        "parameters": {"s_low": 0.1},
    }
    return ImageHeader(**{**known, **columns})  # type: ignore[arg-type]


def numbers(work: WorkList) -> list[int]:
    return [work[image_id].number for image_id in work.order()]


def test_emergencies_first_then_receipt_then_postponed() -> None:
    work = WorkList("rita")
    work.take([header(3), header(1, "postponed"), header(2), header(4, priority=True), header(5, "quarantined")])
    assert numbers(work) == [4, 2, 3, 5, 1]


def test_what_others_hold_is_passed_over_and_shown_as_theirs() -> None:
    work = WorkList("rita")
    work.take([header(1), header(2, held_by="mona"), header(3, held_by="rita")])
    assert [work[i].number for i in work.following(header(1).image_id, 5)] == [3]
    assert [item["held"] for item in work.items()] == ["", "mona", ""]


def test_what_others_go_on_with_comes_after_what_nobody_expects() -> None:
    expected = {header(2).image_id: 0, header(3).image_id: 1, header(5).image_id: 0}
    work = WorkList("rita", lambda: expected)
    work.take([header(n) for n in range(1, 5)])
    # Whoever gets there last may still have it first.
    assert [work[i].number for i in work.following(header(1).image_id, 5)] == [4, 3, 2]
    # An emergency waits for nobody.
    work.take([header(5, priority=True)])
    assert [work[i].number for i in work.following(header(1).image_id, 5)] == [4, 5, 3, 2]


def test_after_the_last_comes_the_first_again() -> None:
    work = WorkList("rita")
    work.take([header(1), header(2), header(3)])
    assert [work[i].number for i in work.following(header(3).image_id, 2)] == [1, 2]
    assert work.following("") == [header(1).image_id]


def test_finished_images_stay_behind_for_a_while_and_strangers_never_come_in() -> None:
    work = WorkList("rita")
    work.take([header(n) for n in range(1, 31)])
    work.take([header(99, "delivered")])
    assert 99 not in numbers(work)
    for n in range(1, 31):
        work.take([header(n, "confirmed")])
    assert numbers(work) == list(range(30, 18, -1))
    work.take([header(30)])
    assert numbers(work)[0] == 30
    assert all(item["over"] for item in work.items()[1:])


def test_a_decision_is_not_undone_by_what_was_read_before_it() -> None:
    work = WorkList("rita")
    work.take([header(1), header(2)])
    work.decide(header(1, "confirmed"))
    work.take([header(1)])
    assert numbers(work) == [2, 1]
    work.settled(header(1).image_id)
    work.take([header(1)])
    assert numbers(work) == [1, 2]


def part(first: int, count: int, beyond: int) -> Awaiting:
    return Awaiting([header(first + n) for n in range(count)], {"awaiting": beyond} if beyond else {})


def test_what_follows_the_part_that_is_listed_is_counted_only() -> None:
    work = WorkList("rita")
    work.read(part(1, 40, 4960))
    assert work.beyond == {"awaiting": 4960}
    # Changes of images whose turn has not come list nothing; an emergency, and what somebody opened, are listed.
    work.take([header(4000), header(41, "postponed")])
    assert len(numbers(work)) == 40
    work.take([header(4000, priority=True)])
    work.counted({"awaiting": 4959})
    work.take([header(3000)], header(3000).image_id)
    assert numbers(work) == [4000, *range(1, 41), 3000]
    assert work.beyond == {"awaiting": 4958}
    # What was postponed just now is listed, also once the records count it.
    work.decide(header(1, "postponed"))
    assert work.beyond == {"awaiting": 4958}
    work.counted({"awaiting": 4959, "postponed": 1})
    assert work.beyond == {"awaiting": 4958}


def test_more_is_read_where_work_comes_near_to_the_end_of_the_list() -> None:
    work = WorkList("rita")
    assert not work.scarce("")
    work.read(part(1, 40, 60))
    assert [work.scarce(header(n).image_id) for n in (1, 10, 11, 40)] == [False, False, True, True]
    # What is postponed, or was opened out of its turn, is after all that is listed, and asks for nothing.
    work.take([header(1, "postponed")])
    work.take([header(90)], header(90).image_id)
    assert not work.scarce(header(1).image_id)
    assert not work.scarce(header(90).image_id)
    # One that is finished has all of the list ahead.
    work.take([header(40, "confirmed")])
    assert not work.scarce(header(40).image_id)
    work.read(part(41, 60, 0))
    assert work.beyond == {}
    assert not work.scarce(header(100).image_id)


def test_a_list_that_grew_by_arrivals_is_cut_behind_the_image_that_is_shown() -> None:
    work = WorkList("rita")
    work.take([header(n) for n in range(1, 1001)])
    work.trim(header(500).image_id)
    assert len(numbers(work)) == 1000
    work.trim(header(100).image_id)
    assert numbers(work) == list(range(1, 220))
    assert work.beyond == {"awaiting": 781}
    work.take([header(1001), header(300)])
    assert len(numbers(work)) == 219


def test_a_look_changes_with_everything_pixels_depend_on_and_nothing_else() -> None:
    first = header(1)
    assert look(first) == look(replace(first, state="confirmed", held_by="mona", comment="x"))
    others = [
        replace(first, overrides={"gradation.contrast": 1.1}),
        replace(first, condition="hand"),
        replace(first, condition_version=2),
        replace(first, parameters={"s_low": 0.2}),
        replace(first, laterality="L"),
    ]
    assert len({look(first), *map(look, others)}) == len(others) + 1


@pytest.mark.parametrize(
    ("dicom", "words"),
    [("Doe^Jane^Ann^Dr", "Doe, Jane Ann"), ("Doe", "Doe"), ("", ""), ("Yamada^Tarou=山田^太郎", "Yamada, Tarou")],
)
def test_person_names(dicom: str, words: str) -> None:
    assert person(dicom) == words


def test_own_keys_replace_the_defaults_and_only_those_are_kept() -> None:
    mine = keys.chosen({"postpone": "q", "unknown": "y"})
    assert keys.keymap(mine)["q"] == "postpone"
    assert "p" not in keys.keymap(mine)
    assert keys.check(mine) == {"postpone": "q"}


@pytest.mark.parametrize("change", [{"postpone": "x"}, {"postpone": "Shift"}, {"nothing": "q"}])
def test_conflicts_and_impossible_keys_are_refused_in_words(change: dict[str, str]) -> None:
    with pytest.raises(ImgdashError) as refused:
        keys.check({**keys.chosen({}), **change})
    assert refused.value.remedy


def test_the_defaults_have_no_conflict() -> None:
    assert keys.check(keys.chosen({})) == {}
