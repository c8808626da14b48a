"""Durable writing into ``incoming/``: what is answered with Success is on disk, whole, under its final name.

Temporary file in the same folder → fsync → rename → fsync of the folder (ARCHITECTURE decision 2).
"""

from __future__ import annotations

import ctypes
import errno
import itertools
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from imgdash.receive.steps import Steps

IMAGE_SUFFIX: Final = ".dcm"
MESSAGE_SUFFIX: Final = ".msg.json"
PARTIAL_SUFFIX: Final = ".part"
FULL: Final = frozenset([errno.ENOSPC, errno.EDQUOT])

# So much is handed to the disk at a time while more arrives, so that the fsync at the end finds little left to
# do: measured 15-35 % more images of 10 MB per second. Smaller pieces cost more than they gain.
WRITE_BEHIND: Final = 1 << 20
_START_WRITING: Final = 2  # SYNC_FILE_RANGE_WRITE; Python's os module does not have the call

_numbers = itertools.count(1)
_sync_file_range: Any = getattr(ctypes.CDLL(None), "sync_file_range", None)
if _sync_file_range is not None:
    _sync_file_range.argtypes = [ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint]


class Entry:
    """One file of the journal while it is written; nothing of it is seen under its name before `commit`."""

    def __init__(self, journal: Journal, suffix: str) -> None:
        self._journal = journal
        # Never a name from a peer: UIDs with ``../`` in them are only content.
        self.name = f"{time.time_ns()}-{os.getpid()}-{next(_numbers)}{suffix}"
        self._partial = self.name + PARTIAL_SUFFIX
        self._written = self._handed_on = 0
        self._file = os.open(
            self._partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640, dir_fd=journal.folder
        )

    def write(self, data: bytes | memoryview) -> None:
        """Append `data`.

        Raises
        ------
        OSError
            With an errno of `FULL` when there is no room.
        """
        written = os.write(self._file, data)
        self._written += written
        while written < len(data):
            data = memoryview(data)[written:]
            written = os.write(self._file, data)
            self._written += written
        behind = self._written - self._handed_on
        if behind >= WRITE_BEHIND and _sync_file_range is not None:
            # Only a hint: whether it worked, fsync will tell.
            _sync_file_range(self._file, self._handed_on, behind, _START_WRITING)
            self._handed_on = self._written

    def commit(self) -> None:
        """Make the file durable under its name."""
        folder = self._journal.folder
        os.fsync(self._file)
        os.rename(self._partial, self.name, src_dir_fd=folder, dst_dir_fd=folder)
        os.close(self._file)
        self._file = -1
        os.fsync(folder)

    def discard(self) -> None:
        """Remove what was written; nothing happens after `commit`."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
            os.unlink(self._partial, dir_fd=self._journal.folder)


class Journal:
    """The folder ``incoming/``.

    Parameters
    ----------
    minimum_free_bytes
        With less free, `has_room` is False.

    Attributes
    ----------
    steps
        Which performed procedure steps were begun and have ended.
    """

    def __init__(self, folder: Path | str, minimum_free_bytes: int = 0) -> None:
        self.folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self.steps = Steps(self.folder)
        self._minimum_free_bytes = minimum_free_bytes

    def has_room(self) -> bool:
        """Whether an image may be taken in."""
        space = os.fstatvfs(self.folder)
        return space.f_bavail * space.f_frsize >= self._minimum_free_bytes

    def image(self) -> Entry:
        """A new file for an image."""
        return Entry(self, IMAGE_SUFFIX)

    def write_message(self, message: Mapping[str, Any]) -> str:
        """Write `message` durably; returns the file's name."""
        entry = Entry(self, MESSAGE_SUFFIX)
        try:
            entry.write(json.dumps(message).encode("ascii"))
            entry.commit()
        except BaseException:
            entry.discard()
            raise
        return entry.name

    def close(self) -> None:
        """Let go of the folder; nothing can be written any more, and closing it again does nothing."""
        if self.folder >= 0:
            os.close(self.folder)
            self.folder = -1


def remove_partial(folder: Path, pid: int | None = None) -> int:
    """Remove what processes that no longer run (or the process `pid`) left half written; returns how many."""
    removed = 0
    for path in folder.glob(f"*-*-*{PARTIAL_SUFFIX}"):
        writer = path.name.split("-")[1]
        if writer == str(pid) if pid is not None else not _runs(writer):
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def _runs(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True
