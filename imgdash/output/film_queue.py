"""The queue of an image forming apparatus: films by Basic Grayscale Print Management (F6)."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.sop_class import PresentationLUT, Printer, PrintJob

from imgdash.config import OutputApparatus
from imgdash.model import ImgdashError, QueueEntry
from imgdash.model.security import Credentials
from imgdash.output import film, printing, registry
from imgdash.output.delivery import Formed
from imgdash.output.film_format import grid
from imgdash.output.former import Former
from imgdash.output.print_jobs import PrintJobs
from imgdash.output.queue import Queue
from imgdash.output.reports import serve_reports
from imgdash.store.store import Store
from imgdash.wire.dicom import associate

# How long a film with room for more images of the same study waits for them.
FILL_SECONDS: Final = 20.0
# Event Type IDs (PS3.4 H.4.6.3, H.4.7.3).
_WARNING, _FAILURE = 2, 3
_JOB_STATES: Final = {3: "DONE", 4: "FAILURE"}


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
        tls: Credentials | None = None,
    ) -> None:
        super().__init__(apparatus, store, former)
        self.calling_ae = calling_ae
        self.tls = tls
        self.fill_seconds = fill_seconds
        self._ready_at: dict[str, float] = {}
        self.jobs = PrintJobs(apparatus, store)

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
            [(evt.EVT_N_EVENT_REPORT, self._event)],
            tls=self.tls,
        ) as assoc:
            serve_reports(assoc)
            self.trouble = printing.check_printer(assoc, self.apparatus.ae_title)
            yield assoc

    def recover(self) -> None:
        """It may be printed or not: sending it again could give the same film twice."""
        left = registry.in_state(self.store, self.name, "sending")
        if left:
            registry.doubt(self.store, left, "imgdash was stopped while it was printed: look whether the film is there")
        self.jobs.recover()

    def work(self) -> bool:
        """A film that is full, or has waited long enough to become so; a print job to look at."""
        return self.jobs.due() or bool(self._sheet())

    def next_due(self) -> float | None:
        """When the next film has waited long enough, or the next print job is looked at."""
        return min([*self._ready_at.values(), *filter(None, [self.jobs.next_due()])], default=None)

    def converse(self, assoc: Any) -> None:
        """Print film after film; as long as it prints, the association is kept: the printer reports on it."""
        while self.may_go:
            self.woken.clear()
            self.take_note()
            if self.jobs.due():
                self.jobs.look(assoc)
            elif sheet := self._sheet():
                self.deliver(assoc, sheet)
            elif self.jobs.next_due() is None or not assoc.is_established:
                return
            else:
                times = [at for at in (self.next_due(), self.turns.next_due()) if at is not None]
                self.woken.wait(max(0.0, min(times) - time.monotonic()))

    def send(self, assoc: Any, formed: Sequence[Formed]) -> None:
        """One film."""
        boxes = [film.load(made.path) for made in formed]
        # Several images share a film, or one image has several.
        films = [[pages[0] for pages in boxes]] if len(boxes) > 1 else [[page] for page in boxes[0]]
        entries = [made.entry for made in formed]
        # The condition key may want another size or density than the site file.
        apparatus = formed[0].job.apparatus
        printed = printing.print_films(
            assoc, apparatus, films, priority=any(entry.priority for entry in entries), label="imgdash"
        )
        warnings = dict.fromkeys([*printed.warnings, *(page.warning for pages in boxes for page in pages)])
        said = "; ".join(filter(None, warnings))
        many = f" on {len(films)} films" if len(films) > 1 else ""
        why = f"printed by {self.apparatus.ae_title}{many}" + (f", with a warning: {said}" if said else "")
        self.jobs.printed(assoc, entries, printed.jobs, why)

    def _event(self, event: Any) -> tuple[int, None]:
        """N-EVENT-REPORT of a print job (PS3.4 H.4.7) or of the printer (H.4.6)."""
        content = event.event_information or Dataset()
        if event.request.AffectedSOPClassUID == PrintJob and event.event_type in _JOB_STATES:
            job, info = str(event.request.AffectedSOPInstanceUID), str(content.get("ExecutionStatusInfo") or "")
            self.jobs.heard(job, _JOB_STATES[event.event_type], info)
            self.woken.set()
        if event.request.AffectedSOPClassUID == Printer and event.event_type in (_WARNING, _FAILURE):
            self.trouble = str(content.get("PrinterStatusInfo") or "")
        return 0x0000, None

    def left(self, entry_id: str) -> None:
        """Somebody decided on an entry whose print job was followed."""
        self.jobs.left(entry_id)

    def _sheet(self) -> list[QueueEntry]:
        """The images of the next film: those at the head of the queue that go together."""
        head = self.turns.next(1)
        if not head:
            self._ready_at.clear()
            return []
        wanted = self._format(head[0])
        if wanted.boxes == 1:
            return head
        head = self.turns.next(wanted.boxes)
        sheet = list(itertools.takewhile(lambda entry: self._format(entry) == wanted, head))
        ready = self._ready_at.get(head[0].entry_id, time.monotonic() + self.fill_seconds)
        # Of the present one alone: the time of one that was taken out of the queue would be due for ever.
        self._ready_at = {head[0].entry_id: ready}
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
        wanted = job.apparatus
        return _Format(
            across * down, (job.header.study_uid, wanted.film_size, wanted.layout, wanted.orientation, wanted.medium)
        )
