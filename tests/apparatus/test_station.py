"""The journal's chain: any changed byte is found."""

from __future__ import annotations

from pathlib import Path

from imgdash import Apparatus
from imgdash.model import Actor
from tests.apparatus.sites import site


def test_a_changed_byte_of_the_journal_is_found(tmp_path: Path) -> None:
    with Apparatus(site(tmp_path)) as apparatus:
        manager = Actor("mona", "manager")
        for name in ("nina", "nora", "nele"):
            apparatus.station.set_user(name, "user", "a long password", manager)
        whole = apparatus.station.verify()
        assert whole.whole
        assert whole.lines == 3
        path = apparatus.store.journal.path
        written = path.read_bytes()
        path.write_bytes(written.replace(b"nora", b"nova"))
        found = apparatus.station.verify()
        assert not found.whole
        assert found.lines == 1
        assert "line 2" in found.trouble
        assert found.remedy
        path.write_bytes(written)
        assert apparatus.station.verify().whole
