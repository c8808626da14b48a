"""The journal: what was acknowledged is there, what was edited is seen."""

from __future__ import annotations

import os
import resource
import signal
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgdash.model import Event, ImgdashError
from imgdash.store.journal import Journal

_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",))),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=("Cs",))), inner, max_size=3)
    ),
    max_leaves=8,
)


def event(seq: int, **data: object) -> Event:
    return Event(
        "image", f"i{seq}", "set", data, by="Müller^X", why="why", seq=seq, at=datetime(2025, 3, 1, 12, 0, seq % 60)
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal of five lines, written one by one."""
    journal = Journal(tmp_path)
    for seq in range(1, 6):
        journal.append([event(seq, comment=f"Zeile {seq}")])
    journal.close()
    return journal.path


def reopened(path: Path) -> Journal:
    return Journal(path.parent)


def test_what_was_appended_is_read_back_after_reopening(tmp_path: Path) -> None:
    events = [event(seq, name="山田^太郎", value=1.5, nested={"a": [1, None]}) for seq in (1, 2, 3)]
    journal = Journal(tmp_path)
    journal.append(events[:2])
    journal.append(events[2:])
    journal.close()
    journal = reopened(journal.path)
    assert [line.event for line in journal.read()] == events
    assert [line.event.seq for line in journal.read(after=2)] == [3]
    assert journal.seq == 3
    journal.close()


@settings(deadline=None)
@given(data=st.dictionaries(st.text(st.characters(exclude_categories=("Cs",)), max_size=8), _JSON, max_size=4))
def test_every_json_value_survives(tmp_path_factory: pytest.TempPathFactory, data: dict[str, object]) -> None:
    journal = Journal(tmp_path_factory.mktemp("journal"))
    journal.append([event(1, **{}), Event("image", "i", "set", data, seq=2)])
    journal.close()
    journal = reopened(journal.path)
    assert [line.event.data for line in journal.read(after=1)] == [data]
    journal.close()


@pytest.mark.parametrize("cut", [1, 2, 40, 120])
def test_a_torn_last_line_is_put_aside_and_the_rest_kept(path: Path, cut: int) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    journal = reopened(path)
    assert journal.seq == 4
    journal.append([event(5, comment="again")])
    assert [line.event.seq for line in journal.read()] == [1, 2, 3, 4, 5]
    journal.close()
    last = whole.splitlines()[-1]
    assert (path.parent / "journal.torn").read_bytes() == (last + b"\n")[:-cut] + b"\n"


def test_lines_written_together_are_kept_together(path: Path) -> None:
    """Power may fail between two lines of one transaction; half a transaction never happened."""
    journal = reopened(path)
    journal.append([event(6), event(7), event(8)])
    journal.close()
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:7]))
    journal = reopened(path)
    assert journal.seq == 5
    journal.append([event(6, comment="the next transaction")])
    assert [line.event.seq for line in journal.read()] == [1, 2, 3, 4, 5, 6]
    journal.close()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"Zeile 3", b"Zeile 4"),
        (b'"by":"M\xc3\xbcller^X","why":"why","data":{"comment":"Zeile 3"}', b'"by":"other","why":"why","data":{}'),
        (b'"seq":3,', b'"seq": 3,'),
        (b"Zeile 3", b"Zeile \xff"),
    ],
)
def test_an_edited_line_is_named(path: Path, before: bytes, after: bytes) -> None:
    content = path.read_bytes()
    assert before in content
    path.write_bytes(content.replace(before, after))
    for _ in range(2):
        # The second time too: whoever was refused keeps nobody out.
        with pytest.raises(ImgdashError, match="changed at line 3"):
            reopened(path)


def test_a_line_taken_out_is_noticed(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2] + lines[3:]))
    with pytest.raises(ImgdashError, match="changed at line 3"):
        reopened(path)


def test_lines_that_changed_places_are_noticed(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], lines[2], lines[1], *lines[3:]]))
    with pytest.raises(ImgdashError, match="changed at line 2"):
        reopened(path)


def test_a_full_disk_takes_all_lines_or_none(path: Path) -> None:
    """RLIMIT_FSIZE lets a write end short, as a full disk does."""
    journal = reopened(path)
    size = path.stat().st_size
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 300, limit[1]))
    try:
        with pytest.raises(ImgdashError, match="Make room"):
            journal.append([event(seq, comment="x" * 100) for seq in (6, 7)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.stat().st_size == size
    journal.append([event(6)])
    assert [line.event.seq for line in journal.read()] == [1, 2, 3, 4, 5, 6]
    journal.close()


def test_only_the_owner_may_read_it(path: Path) -> None:
    assert os.stat(path).st_mode & 0o077 == 0
