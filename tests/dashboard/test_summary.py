"""Who the patient is, in the corner of the image."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from imgdash.dashboard.review import summary
from imgdash.model import Finding, ImageHeader, Judgement, Patient
from tests.store import domain


@pytest.fixture
def header() -> ImageHeader:
    return domain.header(1, acquired_at=datetime(2026, 3, 10, 8))


@pytest.mark.parametrize(
    ("birth", "told"),
    [
        ("19630310", "1963-03-10  (63 y)"),
        ("19630311", "1963-03-11  (62 y)"),
        ("20240311", "2024-03-11  (23 months)"),
        ("20240310", "2024-03-10  (2 y)"),
        ("20260310", "2026-03-10  (0 months)"),
        # Not born yet: the date is wrong, or the clock of the modality.
        ("20270101", "2027-01-01"),
        ("1963", "1963"),
        ("", ""),
    ],
)
def test_the_age_at_the_exposure_stands_beside_the_birth_date(header: ImageHeader, birth: str, told: str) -> None:
    assert summary.born(replace(header, patient=Patient("P", birth_date=birth))) == told


def test_information_is_corrected_where_it_is_what_is_wrong() -> None:
    missing = Finding("information", "111217", "Body Part Examined is missing.", correctable=True)
    uncertain = Finding("field", "111221", "The irradiated field is uncertain.", correctable=True)
    assert summary.finding(missing)["correctable"]
    assert not summary.finding(uncertain)["correctable"]


def test_of_an_image_that_was_asked_for_again_it_is_said_where_that_stands(header: ImageHeader) -> None:
    asked = replace(
        header, state="requested", judgement=Judgement(storage=(Finding("unreadable", "111221", "Broken."),))
    )
    assert "Requests" in " ".join(summary.unreadable(asked))
