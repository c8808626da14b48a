"""Who the patient is, in the corner of the image."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from imgdash.dashboard.review import summary
from imgdash.model import ImageHeader, Patient
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
