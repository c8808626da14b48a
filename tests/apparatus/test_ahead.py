"""Who expects which image next."""

from __future__ import annotations

from imgdash.apparatus.ahead import Ahead
from tests.helpers import wait_until


class Tab:
    """Somebody."""


def test_others_are_told_and_nobody_of_himself() -> None:
    ahead, mona, rita = Ahead(), Tab(), Tab()
    ahead.expect(mona, ["a", "d"])
    ahead.expect(rita, ["b"])
    assert (ahead.others(mona), ahead.others(rita)) == ({"b": 0}, {"a": 0, "d": 1})
    ahead.expect(mona, ["c"])
    assert ahead.others(rita) == {"c": 0}
    ahead.expect(mona, [])
    assert ahead.others(rita) == {}


def test_who_looks_at_one_image_for_long_keeps_nothing_from_others() -> None:
    ahead, mona, rita = Ahead(seconds=0.05), Tab(), Tab()
    ahead.expect(mona, ["a"])

    def over() -> bool:
        # Saying it again does not make it last.
        ahead.expect(mona, ["a"])
        return not ahead.others(rita)

    wait_until(over)


def test_an_image_that_comes_nearer_counts_from_when_it_was_expected_first() -> None:
    ahead, mona, rita = Ahead(seconds=0.05), Tab(), Tab()
    ahead.expect(mona, ["a", "b"])

    def over() -> bool:
        ahead.expect(mona, ["b", "c"])
        return "b" not in ahead.others(rita)

    wait_until(over)
    ahead.expect(mona, ["b", "d"])
    assert ahead.others(rita) == {"d": 1}


def test_who_is_gone_expects_nothing() -> None:
    ahead, mona, rita = Ahead(), Tab(), Tab()
    ahead.expect(mona, ["a"])
    del mona
    assert ahead.others(rita) == {}
