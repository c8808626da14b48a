"""What awaits is read in the order of work, a part at a time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from imgdash import Apparatus
from imgdash.apparatus.awaiting import OPEN, place
from tests.apparatus.sites import radiograph, send, site
from tests.helpers import wait_until


@pytest.fixture(scope="module")
def apparatus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apparatus]:
    """Nine images await: the third is an emergency, the second postponed, the first confirmed."""
    folder = tmp_path_factory.mktemp("awaiting")
    with Apparatus(site(folder)) as apparatus:
        files = [radiograph(folder / f"{n}.dcm", 64, PatientID=f"P{n}") for n in range(10)]
        assert send(apparatus, *files).returncode == 0
        headers = wait_until(lambda: len(found := apparatus.images(state="awaiting")) == 10 and found)
        apparatus.confirm(headers[0].image_id, by="anna")
        apparatus.postpone(headers[1].image_id, by="anna")
        apparatus.prioritise(headers[2].image_id, by="anna")
        yield apparatus


def test_parts_follow_each_other_in_the_order_of_work(apparatus: Apparatus) -> None:
    everything = [header.number for header in apparatus.images() if header.state in OPEN]
    expected = [everything[1], *everything[2:], everything[0]]
    seen, last = [], None
    while True:
        part = apparatus.awaiting(4, last)
        seen += [header.number for header in part.headers]
        assert sum(part.beyond.values()) == len(expected) - len(seen)
        if not part.beyond:
            break
        last = place(part.headers[-1])
        assert part.beyond == apparatus.beyond(last)
    assert seen == expected


def test_a_part_that_ends_with_the_last_one_says_that_none_follow(apparatus: Apparatus) -> None:
    assert apparatus.awaiting(9).beyond == {}
    assert apparatus.awaiting(8).beyond == {"postponed": 1}
    assert apparatus.awaiting(4, place(apparatus.awaiting(9).headers[-1])).headers == []
