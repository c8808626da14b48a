"""The strip sends what changed, and the whole where that is no more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from imgdash.dashboard.strip import Strip, difference

Item = dict[str, Any]


def applied(before: Sequence[Item], patch: dict[str, Any]) -> list[Item]:
    """What the script does with a difference."""
    items = [item for item in before if item["id"] not in patch["cut"]]
    for place, item in patch["put"]:
        items.insert(place, item)
    return items


ITEMS = [{"id": str(number), "state": "awaiting"} for number in range(10)]
DONE = {"id": "3", "state": "confirmed"}
NEW = {"id": "new", "state": "awaiting"}


@pytest.mark.parametrize(
    ("after", "sent"),
    [
        ([*ITEMS, NEW], 1),
        ([NEW, *ITEMS], 1),
        (ITEMS[1:], 0),
        # Confirmed: it changes and goes to the end.
        ([*ITEMS[:3], *ITEMS[4:], DONE], 1),
        ([*ITEMS[:3], DONE, *ITEMS[4:]], 1),
        ([NEW, *ITEMS[:3], *ITEMS[5:], DONE], 2),
        (ITEMS[:1], 0),
        ([], 0),
    ],
)
def test_a_difference_makes_the_new_list_of_the_old_one(after: list[Item], sent: int) -> None:
    patch = difference(ITEMS, after)
    assert patch
    assert applied(ITEMS, patch) == after
    assert len(patch["put"]) == sent


def test_the_whole_is_sent_where_a_difference_is_no_less_or_says_too_little() -> None:
    assert difference([], ITEMS) is None
    assert difference(ITEMS, ITEMS[::-1]) is None
    assert difference(ITEMS, list(ITEMS)) == {}


def test_a_script_that_missed_a_difference_gets_the_whole_once() -> None:
    told: list[dict[str, Any]] = []
    strip = Strip(on_message=told.append)
    sent: list[dict[str, Any]] = []
    strip.send = lambda **message: sent.append(message)  # type: ignore[method-assign]
    strip.items = ITEMS
    assert strip.whole == {"serial": 1, "items": ITEMS}
    strip.items = [*ITEMS, NEW]
    strip.items = [*ITEMS, NEW]
    assert [(one["base"], one["serial"]) for one in sent] == [(1, 2)]
    assert strip.whole["serial"] == 1
    # It was drawn before the difference came: nothing to do. Or it was not: the whole.
    strip._handle_msg({"have": 2})
    assert strip.whole["serial"] == 1
    strip._handle_msg({"have": 1})
    assert strip.whole == {"serial": 2, "items": [*ITEMS, NEW]}
    strip._handle_msg({"image": "3"})
    assert told == [{"image": "3"}]
