"""What is due by time is done, whatever failed the last time."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from imgdash import Apparatus
from tests.apparatus.sites import site
from tests.confirm.making import header, put
from tests.helpers import wait_until


def test_a_failure_ends_neither_the_other_work_nor_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with Apparatus(site(tmp_path / "site", station={"keep_rejected_days": 0})) as apparatus:

        def unreadable() -> None:
            raise OSError(errno.EIO, "Input/output error")

        monkeypatch.setattr(apparatus.conditions, "refresh", unreadable)
        wait_until(lambda: "Input/output error" in caplog.text)
        image = put(apparatus.store, header("bad"))
        apparatus.store.transition("image", image.image_id, "reject", "anna")
        wait_until(lambda: apparatus.store.image(image.image_id).state == "deleted")
        assert apparatus.alive["housekeeping"]
