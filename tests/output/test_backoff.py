"""Waiting times: doubling, capped, and never endless."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgdash.output.backoff import Backoff, delay


def test_it_doubles_up_to_the_cap() -> None:
    assert [delay(failures, 2, 300) for failures in range(10)] == [0, 2, 4, 8, 16, 32, 64, 128, 256, 300]


@settings(deadline=None)
@given(st.integers(0, 10**9), st.floats(0.01, 10), st.floats(10, 1000))
def test_it_never_exceeds_the_cap_whatever_happens(failures: int, first: float, cap: float) -> None:
    assert 0 <= delay(failures, first, cap) <= cap


def test_a_person_may_cut_it_short_and_success_forgets() -> None:
    backoff = Backoff(10, 100)
    assert backoff.left() == 0
    assert backoff.failed() == 10
    assert backoff.left() == pytest.approx(10, abs=1)
    backoff.now()
    assert backoff.left() == 0
    assert backoff.failed() == 20, "the failures were not forgotten"
    backoff.succeeded()
    assert (backoff.left(), backoff.failed()) == (0, 10)
