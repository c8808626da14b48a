"""The bench from a Python prompt: what a slider can do a line can, and what cannot be is said with what can."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from imgdash import Apparatus
from imgdash.dashboard.theme import apply
from imgdash.dashboard.tuning.cells import cell_of, summary
from imgdash.dashboard.tuning.workbench import Workbench
from imgdash.model import Actor, ImgdashError, NotAllowed, NotFound
from tests.apparatus.sites import radiograph, send, site
from tests.helpers import wait_until

KEY = "hand"


@pytest.fixture(scope="module")
def apparatus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apparatus]:
    """A station with one image of a hand."""
    folder = tmp_path_factory.mktemp("bench")
    apply()
    with Apparatus(site(folder)) as running:
        running.users.add("mona", "manager", "a long password")
        assert send(running, radiograph(folder / "hand.dcm", 200)).returncode == 0
        wait_until(lambda: running.images("awaiting"))
        yield running


@pytest.fixture
def bench(apparatus: Apparatus) -> Workbench:
    return Workbench(apparatus, KEY, by=Actor("rita", "user"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda bench: bench.change(contrast=1.2), "no processing step 'contrast'. Steps are"),
        (lambda bench: bench.reset("gradation.contrst"), "no parameter gradation.contrst. There are: frequency."),
        (lambda bench: bench.look("diff"), "no mode 'diff'. It shows: before, difference, straight, regions."),
        (lambda bench: bench.compare_with(77), r"'hand' has no version 77. It has: (\d, )*1\.$"),
        (lambda bench: bench.image("nothing"), r"no image 'nothing' of this key. It has: \w+ \(number 1\)."),
        (lambda bench: bench.line(7), "no height 7. It lies between 0"),
        (lambda bench: bench.replay(0), "0 images cannot be replayed."),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(
    bench: Workbench, wrong: Callable[[Workbench], Any], said: str
) -> None:
    before = bench.chain, bench.bench.board.mode, bench.tried.image_id
    with pytest.raises(ImgdashError, match=said):
        wrong(bench)
    assert (bench.chain, bench.bench.board.mode, bench.tried.image_id) == before


def test_a_key_or_an_image_that_is_not_there_makes_no_bench(apparatus: Apparatus) -> None:
    with pytest.raises(NotFound, match=r"No condition key 'hnd'. There are: abdomen-erect"):
        Workbench(apparatus, "hnd", by="mona")
    with pytest.raises(NotFound, match="no image 'nothing'"):
        Workbench(apparatus, KEY, by="mona", image_id="nothing")
    with pytest.raises(ImgdashError, match=r"no state 'awaitin'. They have: awaiting, confirmed"):
        apparatus.images("awaitin")


def test_who_tunes_is_a_user_of_the_station_and_a_manager_releases(apparatus: Apparatus, bench: Workbench) -> None:
    bench.change(**{"gradation.contrast": 1.3})
    with pytest.raises(NotAllowed, match="manager"):
        bench.save("steeper")
    bench.reset("gradation.contrast")
    assert bench.changes == []
    manager = Workbench(apparatus, KEY, by="mona")
    manager.change(**{"gradation.contrast": 1.3})
    manager.look("difference")
    assert [change.name for change in manager.changes] == ["gradation.contrast"]
    saved = manager.save("steeper")
    assert (saved.author, saved.version) == ("mona", apparatus.conditions.get(KEY).version)
    manager.compare_with(saved.version - 1)
    assert [change.former for change in manager.changes] == [apparatus.tuning.chain(KEY, 1).gradation.contrast]
    manager.replay(1)
    assert manager.summary.startswith("1 image ·")
    # A little more that is lost stands in the numbers beside it: it is not said to be none.
    assert manager.summary.endswith("none loses over 1 % more in black or white than before")
    [one] = manager.replayed
    # The words of the charts below it and of the line above.
    assert {"S low", "S high"} <= {number["label"] for number in cell_of(one)["numbers"]}
    for lost, words in ((0.005, "none loses over 1 %"), (0.02, "1 loses over 1 %")):
        worse = replace(one.before.numbers, black=(one.before.numbers.black or 0) + lost)
        assert words in summary([replace(one, after=replace(one.after, numbers=worse))])
