"""What the dialogs of Review offer: nothing preselected that falsifies, nothing ticked that did nothing."""

from __future__ import annotations

from imgdash.dashboard.review import questions
from imgdash.dashboard.review.processing import inert_of
from imgdash.model import Judgement
from imgdash.model.image import Finding
from imgdash.process import Chain
from tests.dashboard.test_worklist import header

CHAIN = Chain.of({"frequency": {"amount": 1.5}, "gradation": {"contrast": 1.4}})
ADVICE = questions.Advice("111219", "processed", "CR1.")


def ticked(fields: list[dict]) -> set[str]:
    (rows,) = [field["rows"] for field in fields if field["name"] == "parameters"]
    return {row["name"] for row in rows if row["taken"]}


def test_a_rejection_has_no_reason_until_one_is_chosen() -> None:
    finding = Finding("exposure", "111211", "Too little.")
    fields = questions.reject(header(1, judgement=Judgement(storage=(finding,))))
    reason = fields[0]
    assert (reason["value"], reason["required"]) == ("", True)
    assert reason["options"][0][0] == ""
    assert "under exposed" in reason["hint"]


def test_what_is_asked_for_is_listed_first() -> None:
    fields = questions.request(header(1, parameters={"s_low": 0.1, "unprocessed": False}), CHAIN, ADVICE)
    (rows,) = [field["rows"] for field in fields if field["name"] == "parameters"]
    assert rows[0]["name"] == "gradation.contrast"
    assert len(rows) > 20


def test_parameters_obtained_here_are_asked_for() -> None:
    raw = header(1, parameters={"s_low": 0.1, "unprocessed": True})
    assert inert_of(raw, CHAIN) == set()
    assert {"frequency.amount", "gradation.contrast"} <= ticked(questions.request(raw, CHAIN, ADVICE))


def test_what_did_nothing_to_an_image_shown_as_sent_is_not_asked_for_unseen() -> None:
    sent = header(1, parameters={"s_low": 0.1, "unprocessed": False})
    assert "frequency.amount" in inert_of(sent, CHAIN)
    assert "gradation.contrast" not in inert_of(sent, CHAIN)
    assert ticked(questions.request(sent, CHAIN, ADVICE)) == {"gradation.contrast"}
    # Where the condition key processes it once more, everything acts.
    again = Chain.of({"frequency": {"amount": 1.5}, "automatic": {"processed": "process"}})
    assert inert_of(sent, again) == set()
