"""A printer whose answers the test decides: what DCMTK's cannot be told to do."""

from __future__ import annotations

import threading
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom import AE, evt
from pynetdicom.sop_class import (
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscaleImageBox,
    BasicGrayscalePrintManagementMeta,
    PresentationLUT,
    PrintJob,
)

from imgdash.wire.entity import STEADY


def film(port: int, **more: Any) -> dict[str, Any]:
    return {
        "name": "FILM",
        "kind": "printer",
        "ae_title": "FILM",
        "port": port,
        "dpi": 50,
        "film_size": "8INX10IN",
        **more,
    }


class Printer:
    """A printer whose state and answers the test decides.

    ``answers`` maps a step (``session``, ``lut``, ``film``, ``image``, ``print``) to its status. With ``jobs`` it has
    print jobs: they are ``fine``, or failed and it says so when it is ``asked``, or it has ``reported`` it; or each
    time it is asked it says the next of ``course``; ``deaf``, it hangs up on whoever asks.
    """

    def __init__(self, *, lut: bool = True, jobs: str = "", **answers: int) -> None:
        self.jobs = jobs
        self.sessions = self.reports = 0
        self.course: list[tuple[str, str]] = []
        self.after_first = 0x0000
        self.state = ("NORMAL", "")
        self.answers = answers
        self.silent = self.deaf = False
        self.release = threading.Event()
        self.films: list[list[Dataset]] = []
        self._boxes: list[Dataset] = []
        self.film: Dataset | None = None
        ae = AE("FILM")
        ae.add_supported_context(BasicGrayscalePrintManagementMeta)
        if lut:
            ae.add_supported_context(PresentationLUT)
        if jobs:
            ae.add_supported_context(PrintJob, scu_role=True, scp_role=True)
        handlers: Any = [
            STEADY,
            (evt.EVT_N_GET, self._get),
            (evt.EVT_N_CREATE, self._create),
            (evt.EVT_N_SET, self._set),
            (evt.EVT_N_ACTION, self._print),
            (evt.EVT_N_DELETE, lambda event: 0x0000),
        ]
        self.server: Any = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
        self.port = int(self.server.socket.getsockname()[1])

    def _get(self, event: Any) -> tuple[int, Dataset]:
        ds = Dataset()
        if event.request.RequestedSOPClassUID == PrintJob and self.deaf:
            event.assoc.abort()
            return 0x0110, ds
        if event.request.RequestedSOPClassUID == PrintJob and self.course:
            ds.ExecutionStatus, ds.ExecutionStatusInfo = self.course[0]
            self.course = self.course[1:] or self.course
            return 0x0000, ds
        if event.request.RequestedSOPClassUID == PrintJob:
            ds.ExecutionStatus, ds.ExecutionStatusInfo = (
                ("FAILURE", "FILM JAM") if self.jobs == "asked" else ("DONE", "")
            )
            return 0x0000, ds
        ds.PrinterStatus, ds.PrinterStatusInfo = self.state
        return 0x0000, ds

    def _create(self, event: Any) -> tuple[int, Dataset]:
        sop_class = event.request.AffectedSOPClassUID
        ds = Dataset()
        if sop_class == BasicFilmBox:
            self.film, self._boxes = event.attribute_list, []
            across, down = (int(number) for number in self.film.ImageDisplayFormat.split("\\")[1].split(","))
            ds.ReferencedImageBoxSequence = []
            for _ in range(across * down):
                item = Dataset()
                item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = BasicGrayscaleImageBox, generate_uid()
                ds.ReferencedImageBoxSequence.append(item)
        self.sessions += sop_class == BasicFilmSession
        step = {BasicFilmSession: "session", PresentationLUT: "lut", BasicFilmBox: "film"}[sop_class]
        return self.answers.get(step, 0x0000), ds

    def _set(self, event: Any) -> tuple[int, Dataset]:
        self._boxes.append(event.modification_list)
        return self.answers.get("image", 0x0000), Dataset()

    def _print(self, event: Any) -> tuple[int, Dataset | None]:
        if self.silent:
            self.release.wait(20)
        status = self.after_first if self.films and self.after_first else self.answers.get("print", 0x0000)
        answer, job = Dataset(), str(generate_uid(prefix=None))
        answer.ReferencedPrintJobSequence = [Dataset()]
        answer.ReferencedPrintJobSequence[0].ReferencedSOPClassUID = PrintJob
        answer.ReferencedPrintJobSequence[0].ReferencedSOPInstanceUID = job
        if status < 0xC000:
            self.films.append(self._boxes)
        if self.jobs in ("fine", "reported"):
            # Before its own answer, as a quick printer does.
            told = Dataset()
            told.ExecutionStatusInfo = "FILM JAM" if self.jobs == "reported" else "NORMAL"
            status_, _ = event.assoc.send_n_event_report(told, 4 if self.jobs == "reported" else 3, PrintJob, job)
            self.reports += status_.Status == 0x0000
        return status, answer if self.jobs else None

    def __enter__(self) -> Printer:
        return self

    def __exit__(self, *_: object) -> None:
        self.release.set()
        self.server.shutdown()
