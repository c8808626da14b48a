"""The queue of an image forming apparatus: films by Basic Grayscale Print Management (F6)."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from pynetdicom import evt
from pynetdicom.sop_class import PresentationLUT, PrintJob

from imgdash.config import OutputApparatus
from imgdash.model import ImgdashError, QueueEntry
from imgdash.output import printing, registry
from imgdash.output.delivery import Formed
from imgdash.output.film import Page
from imgdash.output.film_format import grid
from imgdash.output.former import Former
from imgdash.output.queue import Queue
from imgdash.store.store import Store
from imgdash.wire.dicom import associate

# How long a film with room for more images of the same study waits for them.
FILL_SECONDS: Final = 20.0


@dataclass(frozen=True)
class _Format:
    """What the images of one film share: the study, and all that concerns the film."""

    boxes: int
    same: tuple[str, ...]


class FilmQueue(Queue):
    """Prints films; whether an interrupted one came out, only a person can say."""

    def __init__(
        self,
        apparatus: OutputApparatus,
        store: Store,
        former: Former,
        calling_ae: str,
        *,
        fill_seconds: float = FILL_SECONDS,
    ) -> None:
        super().__init__(apparatus, store, former)
        self.calling_ae = calling_ae
        self.fill_seconds = fill_seconds
        self._ready_at: dict[str, float] = {}

    @contextmanager
    def connect(self) -> Iterator[Any]:
        """An association with a printer that is not in FAILURE."""
        with associate(
            self.calling_ae,
            self.apparatus.ae_title,
            self.apparatus.host,
            self.apparatus.port,
            [printing.META, PresentationLUT, PrintJob],
            self.apparatus.timeout_seconds,
            [(evt.EVT_N_EVENT_REPORT, lambda event: (0x0000, None))],
        ) as assoc:
            self.trouble = printing.check_printer(assoc, self.apparatus.ae_title)
            yield assoc

    def recover(self) -> None:
        """It may be printed or not: sending it again could give the same film twice."""
        left = registry.in_state(self.store, self.name, "sending")
        if left:
            registry.doubt(self.store, left, "imgdash was stopped while it was printed: look whether the film is there")

    def work(self) -> bool:
        """A film that is full, or has waited long enough to become so."""
        return bool(self._sheet())

    def next_due(self) -> float | None:
        """When the next film has waited long enough."""
        return min(self._ready_at.values(), default=None)

    def converse(self, assoc: Any) -> None:
        """Print film after film."""
        while self.may_go:
            self.woken.clear()
            self.take_note()
            sheet = self._sheet()
            if not sheet:
                return
            self.deliver(assoc, sheet)

    def send(self, assoc: Any, formed: Sequence[Formed]) -> None:
        """One film."""
        pages = [Page.load(made.path) for made in formed]
        entries = [made.entry for made in formed]
        # The condition key may want another size or density than the site file.
        apparatus = formed[0].job.apparatus
        warnings = printing.print_film(
            assoc, apparatus, pages, priority=any(entry.priority for entry in entries), label="imgdash"
        )
        said = f", with a warning: {'; '.join(dict.fromkeys(warnings))}" if warnings else ""
        registry.finish(self.store, entries, f"printed by {self.apparatus.ae_title}{said}")

    def left(self, entry_id: str) -> None:
        """Nothing is kept about single entries."""

    def _sheet(self) -> list[QueueEntry]:
        """The images of the next film: those at the head of the queue that go together."""
        head = self.turns.next(1)
        if not head:
            return []
        wanted = self._format(head[0])
        if wanted.boxes == 1:
            return head
        head = self.turns.next(wanted.boxes)
        sheet = list(itertools.takewhile(lambda entry: self._format(entry) == wanted, head))
        ready = self._ready_at.setdefault(head[0].entry_id, time.monotonic() + self.fill_seconds)
        # What comes behind them goes on another film: nobody can join these any more.
        full = len(sheet) == wanted.boxes or len(sheet) < len(head) or any(entry.priority for entry in sheet)
        if not full and ready > time.monotonic():
            return []
        self._ready_at.clear()
        return sheet

    def _format(self, entry: QueueEntry) -> _Format:
        try:
            job = self.former.job(entry, self.apparatus)
            across, down = grid(job.apparatus.layout)
        except ImgdashError:
            return _Format(1, (entry.entry_id,))  # it is said when it is formed
        film = job.apparatus
        return _Format(
            across * down, (job.header.study_uid, film.film_size, film.layout, film.orientation, film.medium)
        )
