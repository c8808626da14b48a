"""Codes, roles, errors and judgements."""

from __future__ import annotations

import re

import pydicom.sr.codedict
import pytest

from imgdash.model import NEEDS, ROLES, WORDS, Actor, Finding, ImgdashError, Judgement, NotAllowed, PeerFailed, codes


@pytest.mark.parametrize(
    ("table", "context_group"),
    [(codes.QUALITY_REASONS, "CID7011"), (codes.DISCONTINUATION_REASONS, "CID9301")],
)
def test_codes_are_those_of_the_standard(table: dict[str, codes.Code], context_group: str) -> None:
    """Against the context groups that pydicom takes from PS3.16."""
    group = getattr(pydicom.sr.codedict.codes, context_group.lower())
    standard = {getattr(group, name).value: getattr(group, name).meaning for name in group.dir()}
    assert {value: code.meaning for value, code in table.items()} == {value: standard[value] for value in table}
    assert {code.scheme for code in table.values()} == {"DCM"}


def test_titles_of_rejection_notes_are_those_of_the_standard() -> None:
    dcm = {code.value: code.meaning for code in map(_dcm, dir(pydicom.sr.codedict.codes.DCM)) if code}
    for code in (codes.REJECTED_QUALITY, codes.REJECTED_SAFETY, codes.REJECTED_WORKLIST, codes.RETENTION_EXPIRED):
        assert dcm[code.value] == code.meaning


def _dcm(name: str) -> pydicom.sr.coding.Code | None:
    found = getattr(pydicom.sr.codedict.codes.DCM, name, None)
    return found if isinstance(found, pydicom.sr.coding.Code) else None


def test_reasons_have_one_meaning_each() -> None:
    assert all(code.value == value for value, code in codes.REASONS.items())
    meanings = [code.meaning for code in codes.REASONS.values()]
    assert len(set(meanings)) == len(meanings)
    assert set(codes.QUALITY_REASONS) < set(codes.REASONS)


@pytest.mark.parametrize("name", ["gradation.contrast", "frequency.multi_band.gains"])
def test_a_processing_parameter_has_a_private_code(name: str) -> None:
    code = codes.parameter_code(name)
    assert code.scheme == codes.SCHEME
    assert code.value == name.upper()
    assert not re.search(r"[._]", code.meaning)
    assert len(codes.SCHEME) <= 16, "coding scheme designator is SH"


def test_a_higher_role_may_do_all_a_lower_one_may() -> None:
    for action in NEEDS:
        allowed = [Actor("x", role).may(action) for role in ROLES]
        assert allowed == sorted(allowed), action
        assert allowed[-1], action


def test_changing_information_needs_the_manager() -> None:
    """H1."""
    for action in ("edit", "condition", "users", "delete"):
        assert NEEDS[action] == "manager"
    with pytest.raises(
        NotAllowed, match=r"anna has the role of a user and may not correct .* images\. A manager may\."
    ):
        Actor("anna", "user").require("edit")
    Actor("bert", "manager").require("edit")


def test_each_action_is_said_in_words() -> None:
    assert WORDS.keys() == NEEDS.keys()
    with pytest.raises(NotAllowed, match=r"^Somebody has no account and may not look at images\. A user may\.$"):
        Actor("", "nobody").require("view")


def test_there_is_nobody_of_an_unknown_role() -> None:
    with pytest.raises(ImgdashError, match=r"no role 'boss' for 'u'\. There are: user, manager, maker"):
        Actor("u", "boss")  # type: ignore[arg-type]


def test_an_unknown_action_is_a_mistake_of_ours_and_not_allowed_by_accident() -> None:
    with pytest.raises(KeyError):
        Actor("x", "maker").may("fly")


def test_errors_say_cause_and_remedy() -> None:
    error = ImgdashError("The disk is full.", "Make room.")
    assert str(error) == "The disk is full. Make room."
    assert (error.cause, error.remedy) == ("The disk is full.", "Make room.")
    failed = PeerFailed("It refused.", status=0xA700, retry=False)
    assert (failed.status, failed.retry, str(failed)) == (0xA700, False, "It refused.")


def test_a_judgement_lists_each_finding_once() -> None:
    clipped = Finding("clipping", "111212", "x")
    small = Finding("size", "111220", "y")
    judgement = Judgement((clipped,), (clipped, small))
    assert judgement.findings == (clipped, small)
    assert not judgement.fit
    assert not Judgement((), (small,)).fit
    assert Judgement().fit
