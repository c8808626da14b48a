"""A component is told what differs, in one change."""

from __future__ import annotations

import json

import numpy as np
import param
import pytest

from imgdash.dashboard.panels import Facts
from imgdash.dashboard.strip import Strip


def test_what_differs_is_set_at_once_and_the_same_is_not() -> None:
    strip = Strip(current="a", beyond={"awaiting": 3})
    seen: list[list[str]] = []

    def changed(*events: param.parameterized.Event) -> None:
        seen.append(sorted(event.name for event in events))

    strip.param.watch(changed, ["current", "across", "beyond", "picture"])
    strip.set(current="b", beyond={"awaiting": 3}, across=True)
    assert (strip.current, strip.across) == ("b", True)
    strip.set(current="b", beyond={"awaiting": 3}, across=True)
    assert seen == [["across", "current"]]
    strip.set(beyond={"awaiting": 2})
    assert seen == [["across", "current"], ["beyond"]]


def test_lists_go_as_text_and_nothing_looks_into_them() -> None:
    facts = Facts(sections=[{"title": "Patient", "rows": []}])
    root = facts.get_root()
    assert json.loads(root.data.sections) == [{"title": "Patient", "rows": []}]
    assert set(root.data.texts) == {"icons", "states", "sections"}
    facts.set(sections=[{"title": "Ärztin", "rows": [1.5, None]}], image="a")
    assert root.data.sections == '[{"title":"Ärztin","rows":[1.5,null]}]'
    assert root.data.image == "a"


def test_a_number_that_is_unknown_is_told_as_unknown() -> None:
    facts = Facts(sections=[{"rows": [float("nan"), np.float32(1.5), np.array([2.0, np.inf]), 3]}])
    assert json.loads(facts.get_root().data.sections) == [{"rows": [None, 1.5, [2.0, None], 3]}]
    with pytest.raises(TypeError, match="Facts is nothing"):
        facts.set(sections=[facts])
