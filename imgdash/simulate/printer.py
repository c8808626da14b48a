"""Image forming apparatus 55: Basic Grayscale Print Management (PS3.4 annex H); each film becomes a PNG picture."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.sop_class import (
    BasicAnnotationBox,
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscaleImageBox,
    BasicGrayscalePrintManagementMeta,
    PresentationLUT,
    PrinterInstance,
    PrintJob,
)
from pynetdicom.sop_class import (
    Printer as PrinterClass,
)

from imgdash.simulate.commitment import reference
from imgdash.simulate.film import Film, render
from imgdash.simulate.machine import (
    INVALID_ATTRIBUTE,
    MISSING_ATTRIBUTE,
    NO_SUCH_INSTANCE,
    SUCCESS,
    UNRECOGNISED_OPERATION,
    Address,
    Conduct,
    Machine,
)  # fmt: skip

logger = logging.getLogger(__name__)
# Event types of the print job (PS3.4 H.4.5.2); statuses of PS3.4 H.4.1.2.3, H.4.2.2.4, H.4.3.1.2.3
SESSION_WITHOUT_FILM, FILM_WITHOUT_IMAGE, EMPTY_PAGE = 0xC600, 0xC603, 0xB603
PRINT_ACTION = 1
JOB_PRINTING, JOB_DONE, JOB_FAILURE = 2, 3, 4
MAX_IMAGE_BOXES = 64


@dataclass
class _Sheets:
    """What one association has made: session, films, look-up tables."""

    sessions: dict[str, Dataset] = field(default_factory=dict)
    films: dict[str, Film] = field(default_factory=dict)
    events: list[tuple[str, int, str]] = field(default_factory=list)
    luts: dict[str, Dataset] = field(default_factory=dict)

    def film_of_box(self, uid: str) -> Film | None:
        return next((f for f in self.films.values() if uid in f.image_boxes or uid in f.annotations), None)


class Printer(Machine):
    """A film printer.

    Parameters
    ----------
    folder
        Where the pictures of the films go.
    """

    def __init__(self, address: Address, folder: Path, conduct: Conduct | None = None) -> None:
        super().__init__(address, conduct)
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.films: list[Path] = []
        self.jobs: dict[str, tuple[str, str]] = {}
        self.printer_status = ("NORMAL", "")
        self._lock = threading.Lock()
        self._sheets: dict[Association, _Sheets] = {}
        self.offer(BasicGrayscalePrintManagementMeta)
        for sop_class in (PrintJob, BasicAnnotationBox, PresentationLUT, PrinterClass):
            self.offer(sop_class, both_roles=sop_class is PrintJob)
        self.on(evt.EVT_N_CREATE, "n-create", self._create)
        self.on(evt.EVT_N_SET, "n-set", self._set)
        self.on(evt.EVT_N_ACTION, "n-action", self._action)
        self.on(evt.EVT_N_GET, "n-get", self._get)
        self.on(evt.EVT_N_DELETE, "n-delete", self._delete)
        for ended in (evt.EVT_RELEASED, evt.EVT_ABORTED, evt.EVT_CONN_CLOSE):
            self._handlers.append((ended, self._forget))

    def status(self) -> dict[str, Any]:
        """How many films were printed."""
        return {"films": len(self.films)}

    def _of(self, event: evt.Event) -> _Sheets:
        with self._lock:
            sheets = self._sheets.setdefault(event.assoc, _Sheets())
            due, sheets.events = sheets.events, []
        for told in due:
            _tell(event.assoc, *told)
        return sheets

    def _forget(self, event: evt.Event) -> None:
        with self._lock:
            self._sheets.pop(event.assoc, None)

    def _create(self, event: evt.Event) -> tuple[int, Dataset | None]:
        sheets, attributes = self._of(event), event.attribute_list
        sop_class = event.request.AffectedSOPClassUID
        uid = str(event.request.AffectedSOPInstanceUID or generate_uid(prefix=None))
        attributes.SOPInstanceUID = uid
        if sop_class == BasicFilmSession:
            sheets.sessions[uid] = attributes
        elif sop_class == PresentationLUT:
            sheets.luts[uid] = attributes
        elif sop_class == BasicFilmBox:
            return self._create_film(sheets, attributes, uid)
        else:
            return UNRECOGNISED_OPERATION, None
        return SUCCESS, attributes

    def _create_film(self, sheets: _Sheets, attributes: Dataset, uid: str) -> tuple[int, Dataset | None]:
        if not attributes.get("ImageDisplayFormat"):
            return MISSING_ATTRIBUTE, None
        session = attributes.get("ReferencedFilmSessionSequence") or []
        session_uid = str(session[0].ReferencedSOPInstanceUID) if session else ""
        if session_uid not in sheets.sessions:
            return NO_SUCH_INSTANCE, None
        film = Film(uid, session_uid, attributes)
        if sum(film.layout) > MAX_IMAGE_BOXES:
            return INVALID_ATTRIBUTE, None
        film.settings.MediumType = sheets.sessions[session_uid].get("MediumType") or "BLUE FILM"
        film.image_boxes = {str(generate_uid(prefix=None)): None for _ in range(sum(film.layout))}
        attributes.ReferencedImageBoxSequence = [reference(BasicGrayscaleImageBox, box) for box in film.image_boxes]
        if attributes.get("AnnotationDisplayFormatID"):
            film.annotations = {str(generate_uid(prefix=None)): None for _ in range(6)}
            attributes.ReferencedBasicAnnotationBoxSequence = [
                reference(BasicAnnotationBox, box) for box in film.annotations
            ]
        for item in attributes.get("ReferencedPresentationLUTSequence") or []:
            film.lut = sheets.luts.get(str(item.ReferencedSOPInstanceUID))
        sheets.films[uid] = film
        return SUCCESS, attributes

    def _set(self, event: evt.Event) -> tuple[int, Dataset | None]:
        sheets, changes = self._of(event), event.modification_list
        uid = str(event.request.RequestedSOPInstanceUID)
        if (film := sheets.film_of_box(uid)) is not None:
            if uid in film.annotations:
                film.annotations[uid] = changes
            elif not changes.get("BasicGrayscaleImageSequence"):
                # An image box set without an image is erased (PS3.4 H.4.3.1.2.2).
                film.image_boxes[uid] = None
            elif trouble := _image_trouble(changes.BasicGrayscaleImageSequence[0]):
                return trouble, None
            else:
                film.image_boxes[uid] = changes
        elif uid in sheets.films:
            sheets.films[uid].settings.update(changes)
        elif uid in sheets.sessions:
            sheets.sessions[uid].update(changes)
        else:
            return NO_SUCH_INSTANCE, None
        return SUCCESS, changes

    def _action(self, event: evt.Event) -> tuple[int, Dataset | None]:
        if event.action_type != PRINT_ACTION:
            return UNRECOGNISED_OPERATION, None
        sheets, uid = self._of(event), str(event.request.RequestedSOPInstanceUID)
        if uid in sheets.sessions:
            films = [film for film in sheets.films.values() if film.session_uid == uid]
            if not films:
                return SESSION_WITHOUT_FILM, None
        elif uid in sheets.films:
            films = [sheets.films[uid]]
        else:
            return NO_SUCH_INSTANCE, None
        filled = [film for film in films if any(film.image_boxes.values())]
        if not filled:
            return (FILM_WITHOUT_IMAGE if uid in sheets.films else EMPTY_PAGE), None
        job = str(generate_uid(prefix=None))
        self.jobs[job] = ("PENDING", "NORMAL")
        threading.Thread(target=self._print, args=(sheets, job, filled), name="print", daemon=True).start()
        answer = Dataset()
        answer.ReferencedPrintJobSequence = [reference(PrintJob, job)]
        return SUCCESS, answer

    def _print(self, sheets: _Sheets, job: str, films: list[Film]) -> None:
        self._report(sheets, job, JOB_PRINTING, "NORMAL")
        try:
            for film in films:
                now = datetime.now()
                with self._lock:
                    path = self.folder / f"film-{len(self.films) + 1:04d}-{now:%Y%m%dT%H%M%S}.png"
                    cv2.imwrite(str(path), render(film, f"{self.address.ae_title}  {now:%Y-%m-%d %H:%M}"))
                    self.films.append(path)
        except (ValueError, AttributeError, cv2.error) as error:
            logger.warning("a film could not be printed: %s", type(error).__name__)
            self._report(sheets, job, JOB_FAILURE, "INVALID PAGE DES")
            return
        self._report(sheets, job, JOB_DONE, "NORMAL")

    def _report(self, sheets: _Sheets, job: str, kind: int, info: str) -> None:
        """Remember the job's state, and tell it when the requester speaks next.

        pynetdicom cannot wait for the answer to a report and for the requester's next message at the same time.
        """
        self.jobs[job] = ({JOB_PRINTING: "PRINTING", JOB_DONE: "DONE"}.get(kind, "FAILURE"), info)
        with self._lock:
            sheets.events.append((job, kind, info))

    def _get(self, event: evt.Event) -> tuple[int, Dataset | None]:
        self._of(event)
        answer, uid = Dataset(), str(event.request.RequestedSOPInstanceUID)
        if uid in self.jobs:
            answer.ExecutionStatus, answer.ExecutionStatusInfo = self.jobs[uid]
            return SUCCESS, answer
        if uid != PrinterInstance:
            return NO_SUCH_INSTANCE, None
        answer.PrinterStatus, answer.PrinterStatusInfo = self.printer_status
        answer.PrinterName = self.address.ae_title
        answer.Manufacturer = "imgdash simulation"
        answer.ManufacturerModelName = "Film printer 55"
        return SUCCESS, answer

    def _delete(self, event: evt.Event) -> int:
        sheets, uid = self._of(event), str(event.request.RequestedSOPInstanceUID)
        if uid in sheets.sessions:
            del sheets.sessions[uid]
            sheets.films = {key: film for key, film in sheets.films.items() if film.session_uid != uid}
        elif uid in sheets.films:
            del sheets.films[uid]
        elif uid in sheets.luts:
            del sheets.luts[uid]
        else:
            return NO_SUCH_INSTANCE
        return SUCCESS


def _image_trouble(image: Dataset) -> int:
    """Status for pixels that cannot be printed; 0 if they can."""
    needed = ("Rows", "Columns", "BitsAllocated", "BitsStored", "PixelData")
    if any(image.get(keyword) is None for keyword in needed):
        return MISSING_ATTRIBUTE
    wanted = int(image.Rows) * int(image.Columns) * (np.dtype(np.uint8).itemsize if image.BitsAllocated == 8 else 2)
    return 0 if len(image.PixelData) >= wanted > 0 else INVALID_ATTRIBUTE


def _tell(assoc: Association, job: str, kind: int, info: str) -> None:
    """Report the print job's state on the association it came by, if that still lives and was agreed on."""
    agreed = any(context.abstract_syntax == PrintJob for context in assoc.accepted_contexts)
    if not assoc.is_established or not agreed:
        return
    event = Dataset()
    event.ExecutionStatusInfo = info
    try:
        assoc.send_n_event_report(event, kind, PrintJob, job)
    except (RuntimeError, ValueError) as error:
        # Released in the meantime: the requester did not wait for it.
        logger.debug("print job event not sent: %s", error)


__all__ = ["Printer"]
