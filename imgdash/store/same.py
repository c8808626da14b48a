"""Answers that stay the same until something happens to their subjects: counts and choices that every page asks for."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from imgdash.model import Event

T = TypeVar("T")


class Same:
    """The last answer under each name, and what had happened when it was asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._happened: Counter[str] = Counter()
        self._answers: dict[str, tuple[tuple[int, ...], Any]] = {}
        self._asking: dict[str, threading.Lock] = {}

    def get(self, name: str, subjects: Iterable[str], read: Callable[[], T]) -> T:
        """The answer of `read`, asked again only after events of `subjects`; by one at a time."""
        of = tuple(subjects)
        with self._lock:
            asking = self._asking.setdefault(name, threading.Lock())
        with asking:
            with self._lock:
                # Before it is read: what happens meanwhile makes it old.
                now = tuple(self._happened[subject] for subject in of)
                known = self._answers.get(name)
            if known is not None and known[0] == now:
                answer: T = known[1]
                return answer
            answer = read()
            with self._lock:
                self._answers[name] = (now, answer)
            return answer

    def happened(self, subject: str) -> int:
        """How many commits there were with events of `subject`, since the start."""
        with self._lock:
            return self._happened[subject]

    def forget(self, events: Sequence[Event]) -> None:
        """These events were committed; called before anybody is told."""
        with self._lock:
            self._happened.update({event.subject for event in events})
