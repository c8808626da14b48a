"""Lifecycles: complete, without dead ends, and with the ways the patent's flow needs."""

from __future__ import annotations

import pytest

from imgdash.model import IMAGE, LIFECYCLES, QUEUE, REQUEST, Lifecycle, NotAllowed

ALL = pytest.mark.parametrize("lifecycle", LIFECYCLES.values(), ids=LIFECYCLES)


def reachable(lifecycle: Lifecycle, start: str) -> set[str]:
    found, new = {start}, {start}
    while new:
        new = {after for (at, _), after in lifecycle.table.items() if at in new} - found
        found |= new
    return found


@ALL
def test_every_state_can_be_reached_from_a_birth(lifecycle: Lifecycle) -> None:
    assert set().union(*(reachable(lifecycle, start) for start in lifecycle.start)) == lifecycle.states


@ALL
def test_nothing_is_stuck_before_its_end(lifecycle: Lifecycle) -> None:
    for state in lifecycle.states:
        assert reachable(lifecycle, state) & lifecycle.final, f"{lifecycle.subject} {state} never ends"


@ALL
def test_final_states_are_states(lifecycle: Lifecycle) -> None:
    assert lifecycle.final <= lifecycle.states
    assert lifecycle.start <= lifecycle.states


@ALL
def test_what_is_offered_is_allowed_and_nothing_else(lifecycle: Lifecycle) -> None:
    events = {event for _, event in lifecycle.table}
    for state in lifecycle.states:
        for event in events:
            offered = event in lifecycle.events(state)
            assert lifecycle.allows(state, event) == offered
            if offered:
                assert lifecycle.next(state, event) in lifecycle.states
            else:
                with pytest.raises(NotAllowed, match=f"{state!r}, which does not allow {event!r}"):
                    lifecycle.next(state, event)


def walk(lifecycle: Lifecycle, state: str, *events: str) -> str:
    for event in events:
        state = lifecycle.next(state, event)
    return state


@pytest.mark.parametrize(
    ("events", "end"),
    [
        (("examine", "confirm", "deliver"), "delivered"),
        (("examine", "postpone", "resume", "confirm", "deliver"), "delivered"),
        (("examine", "postpone", "confirm"), "confirmed"),
        (("examine", "request", "replace"), "replaced"),
        (("examine", "confirm", "deliver", "request", "replace", "delete"), "deleted"),
        (("examine", "reject", "restore", "confirm"), "confirmed"),
        (("examine", "request", "withdraw"), "awaiting"),
        (("quarantine", "request", "replace"), "replaced"),
        (("examine", "confirm", "undo"), "awaiting"),
    ],
)
def test_ways_of_an_image(events: tuple[str, ...], end: str) -> None:
    """Fig. 4: S3 to S16."""
    assert walk(IMAGE, "received", *events) == end


@pytest.mark.parametrize(
    ("events", "end"),
    [
        (("take", "sent", "finish"), "done"),
        (("take", "finish"), "done"),
        (("take", "retry", "take", "sent", "retry", "take", "sent", "finish"), "done"),
        (("take", "fail", "retry", "take", "finish"), "done"),
        (("take", "doubt", "finish"), "done"),
        (("take", "doubt", "retry"), "waiting"),
        (("hold", "release", "cancel"), "cancelled"),
    ],
)
def test_ways_of_a_queue_entry(events: tuple[str, ...], end: str) -> None:
    assert walk(QUEUE, "waiting", *events) == end


def test_what_is_being_sent_cannot_be_held_or_cancelled() -> None:
    """It may have arrived already."""
    for event in ("hold", "cancel"):
        assert not QUEUE.allows("sending", event)


@pytest.mark.parametrize(
    ("events", "end"),
    [
        (("accept", "send", "start", "answer", "satisfy"), "satisfied"),
        (("accept", "send", "refuse", "redirect", "send", "answer", "satisfy"), "satisfied"),
        (("accept", "send", "fail", "answer", "dissatisfy"), "superseded"),
        (("withdraw",), "withdrawn"),
    ],
)
def test_ways_of_a_request(events: tuple[str, ...], end: str) -> None:
    assert walk(REQUEST, "proposed", *events) == end
