"""The journal: every transition, one JSON line each, durable before anybody is told that it happened.

It is the truth; the database is a projection of it. Lines are chained by SHA-256, so that an edit is seen.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from imgdash.model import Event, ImgdashError


@dataclass(frozen=True)
class Line:
    """An event with its place in the chain."""

    event: Event
    hash: str


def _encode(event: Event, previous: str) -> tuple[str, str]:
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
    digest = hashlib.sha256((previous + body).encode()).hexdigest()
    return body[:-1] + f',"hash":"{digest}"}}', digest


def _decode(text: str, previous: str) -> Line:
    raw: dict[str, Any] = json.loads(text)
    digest = raw.pop("hash")
    body = json.dumps(raw, ensure_ascii=False, separators=(",", ":"))
    if hashlib.sha256((previous + body).encode()).hexdigest() != digest:
        raise ValueError("hash does not fit")
    at = datetime.fromisoformat(raw["at"]).astimezone().replace(tzinfo=None) if raw["at"] else None
    return Line(Event(**{**raw, "at": at}), digest)


class Journal:
    """Append-only file ``journal/journal.jsonl``.

    Parameters
    ----------
    folder
        Made if missing. A line that was cut off by a crash, and so was never acknowledged, is put aside.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "journal.jsonl"
        self.seq = 0
        self.hash = ""
        self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._drop_torn_tail()
        for line in self.read():
            self.seq, self.hash = line.event.seq, line.hash
        _sync_folder(folder)

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
        if at < size:
            torn = os.pread(self._fd, size - at, at)
            with open(self.path.with_suffix(".torn"), "ab") as aside:
                aside.write(torn + b"\n")
            os.ftruncate(self._fd, at)
            os.fsync(self._fd)

    def append(self, events: Sequence[Event]) -> list[Line]:
        """Write and sync; all of them or none.

        Raises
        ------
        ImgdashError
            If the disk does not take them; the file is as it was before.
        """
        before, previous, lines, text = os.fstat(self._fd).st_size, self.hash, [], []
        for event in events:
            encoded, previous = _encode(event, previous)
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
            raise ImgdashError(
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
        previous = ""
        with open(self.path, encoding="utf-8") as file:
            for number, text in enumerate(file, 1):
                try:
                    line = _decode(text, previous)
                except (ValueError, KeyError, TypeError) as error:
                    raise ImgdashError(
                        f"The journal {self.path} was changed at line {number}: {error}.",
                        "Restore it from a copy; what stands before that line is whole.",
                    ) from None
                previous = line.hash
                if line.event.seq > after:
                    yield line

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
