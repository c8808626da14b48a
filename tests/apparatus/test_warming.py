"""A first start after an installation gets the kernels ready by itself, in a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from imgdash import Apparatus
from imgdash.process import warming
from tests.apparatus.sites import site
from tests.helpers import wait_until


def test_the_apparatus_compiles_ahead_when_it_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with Apparatus(site(tmp_path / "site")):
        assert wait_until(lambda: warming.stamp().exists(), within=90)
