"""A copy of the published records that stays as it is while it is read; costs links, not bytes."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from imgdash.model import ImgdashError
from imgdash.records.partitions import LOCK, MANIFEST, Manifest, read


def take(records: Path, into: Path) -> Manifest:
    """Link what is published in `records` into the empty folder `into`; all tables are of one moment.

    The publisher replaces files by renaming: what was linked before stays as it was.

    Raises
    ------
    ImgdashError
        If nothing has been published.
    """
    with _shared(records):
        manifest = read(records)
        if manifest is None:
            raise ImgdashError(f"No records are published in {records}.", "Start 'imgdash serve' once.")
        for name in manifest.files():
            target = into / name
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(records / name, target)
            except OSError:
                # Another file system, or files of another user: copied, then.
                shutil.copyfile(records / name, target)
    (into / MANIFEST).write_text(manifest.render(), encoding="utf-8")
    return manifest


@contextmanager
def _shared(records: Path) -> Iterator[None]:
    try:
        fd = os.open(records / LOCK, os.O_RDONLY)
    except OSError:
        # Nothing was ever published here, or the folder is a copy without its lock.
        yield
        return
    try:
        fcntl.flock(fd, fcntl.LOCK_SH)
        yield
    finally:
        os.close(fd)
