"""The journal: every transition, one JSON line each, durable before anybody is told that it happened.

It is the truth; the database is a projection of it. Lines are chained by SHA-256, so that an edit is seen.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from imgdash.model import Event, ImgdashError, RecordsFailed


@dataclass(frozen=True)
class Line:
    """An event with its place in the chain."""

    event: Event
    hash: str


# What a line ends with: the hash of everything before it, and of the line before.
_HASH = ',"hash":"'
_TAIL = len(_HASH) + 64 + len('"}')
_START = '{"seq":'
# Stands before the hash where the line belongs together with the next one.
_MORE = ',"more":1'


def _digest(previous: str, body: str) -> str:
    return hashlib.sha256((previous + body).encode()).hexdigest()


def _encode(event: Event, previous: str, more: bool) -> tuple[str, str]:
    body = json.dumps(
        {
            "seq": event.seq,
            "at": event.at.astimezone().isoformat() if event.at else None,
            "subject": event.subject,
            "id": event.id,
            "event": event.event,
            "by": event.by,
            "why": event.why,
            "data": event.data,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )
    if more:
        body = f"{body[:-1]}{_MORE}}}"
    digest = _digest(previous, body)
    return f'{body[:-1]}{_HASH}{digest}"}}', digest


def _check(text: str, previous: str) -> tuple[int, str]:
    """Sequence number and hash of a line; the text itself is hashed, so that any changed byte is seen."""
    tail = text[-_TAIL:]
    digest = tail[len(_HASH) : -2]
    if not tail.startswith(_HASH) or _digest(previous, text[:-_TAIL] + "}") != digest:
        raise ValueError("its hash does not fit")
    return int(text[len(_START) : text.index(",")]), digest


def _decode(text: str) -> Line:
    raw: dict[str, Any] = json.loads(text)
    digest = raw.pop("hash")
    raw.pop("more", None)
    at = datetime.fromisoformat(raw["at"]).astimezone().replace(tzinfo=None) if raw["at"] else None
    return Line(Event(**{**raw, "at": at}), digest)


class Journal:
    """Append-only file ``journal/journal.jsonl``.

    Parameters
    ----------
    folder
        Made if missing. Lines that a crash cut off, or that lack the rest of what was written together with
        them, were never acknowledged: they are put aside in ``journal.torn``.

    Raises
    ------
    ImgdashError
        If another process has the journal open, or a line was changed.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "journal.jsonl"
        self.seq = 0
        self.hash = ""
        self._fd = -1
        self._lock = _lock(folder)
        try:
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            self._drop_torn_tail()
            self._drop_unfinished()
            _sync_folder(folder)
        except BaseException:
            self.close()
            raise

    def _drop_unfinished(self) -> None:
        """Check every line, and put aside those at the end whose companions are missing."""
        whole = 0
        at = 0
        for seq, digest, text in self._lines():
            at += len(text.encode()) + 1
            if not text[:-_TAIL].endswith(_MORE):
                whole, self.seq, self.hash = at, seq, digest
        self._drop(whole)

    def _drop_torn_tail(self) -> None:
        size = os.fstat(self._fd).st_size
        at = size
        while at > 0:
            step = min(65536, at)
            chunk = os.pread(self._fd, step, at - step)
            newline = chunk.rfind(b"\n")
            if newline >= 0:
                at = at - step + newline + 1
                break
            at -= step
        self._drop(at)

    def _drop(self, at: int) -> None:
        """Put aside what stands behind byte `at`."""
        size = os.fstat(self._fd).st_size
        if at == size:
            return
        with open(self.path.with_suffix(".torn"), "ab") as aside:
            aside.write(os.pread(self._fd, size - at, at) + b"\n")
        os.ftruncate(self._fd, at)
        os.fsync(self._fd)

    def append(self, events: Sequence[Event]) -> list[Line]:
        """Write and sync; all of them or none.

        Raises
        ------
        RecordsFailed
            If the disk does not take them; the file is as it was before.
        """
        before, previous, lines, text = os.fstat(self._fd).st_size, self.hash, [], []
        for number, event in enumerate(events, 1):
            encoded, previous = _encode(event, previous, more=number < len(events))
            text.append(encoded)
            lines.append(Line(event, previous))
        data = ("\n".join(text) + "\n").encode()
        try:
            written = os.write(self._fd, data)
            if written != len(data):
                raise OSError(28, "No space left on device")
            os.fsync(self._fd)
        except OSError as error:
            os.ftruncate(self._fd, before)
            raise RecordsFailed(
                f"The journal cannot be written: {error}.", "Make room on the disk of the site."
            ) from error
        self.seq, self.hash = events[-1].seq, previous
        return lines

    def read(self, after: int = 0) -> Iterator[Line]:
        """Every line with a sequence number above `after`, checked against the chain.

        Raises
        ------
        ImgdashError
            At the first line that was changed or is missing.
        """
        for seq, _, text in self._lines():
            if seq > after:
                yield _decode(text)

    def _lines(self) -> Iterator[tuple[int, str, str]]:
        return lines(self.path)

    def close(self) -> None:
        """Close the file; another process may open it then."""
        for fd in (self._fd, self._lock):
            if fd >= 0:
                os.close(fd)
        self._fd = self._lock = -1
        _HELD.discard(self.path.parent.resolve())


def lines(path: Path) -> Iterator[tuple[int, str, str]]:
    """Sequence number, hash and text of every line, checked against the chain; the journal may be in use.

    Raises
    ------
    ImgdashError
        At the first line that was changed or is missing.
    """
    previous = ""
    with open(path, "rb") as file:
        for number, raw in enumerate(file, 1):
            try:
                text = raw[:-1].decode()
                seq, previous = _check(text, previous)
            except ValueError as error:
                raise ImgdashError(
                    f"The journal {path} was changed at line {number}: {error}.",
                    "Restore it from a copy; what stands before that line is whole.",
                ) from None
            yield seq, previous, text


# Journals open in this process: a lock of the process does not keep the process itself out.
_HELD: set[Path] = set()


def _lock(folder: Path) -> int:
    """Keep others out before anything is read or mended.

    A file of its own, and a lock of the process: it is not inherited by a child that outlives us.
    """
    in_use = ImgdashError(
        f"{folder.parent} is in use by another process.", "Stop the other 'imgdash serve' of this site first."
    )
    if folder.resolve() in _HELD:
        raise in_use
    fd = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        raise in_use from None
    _HELD.add(folder.resolve())
    return fd


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
