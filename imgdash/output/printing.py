"""Basic Grayscale Print Management as its user (PS3.4 Annex H): a session of one or several films."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom.sop_class import (
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscaleImageBox,
    BasicGrayscalePrintManagementMeta,
    PresentationLUT,
    Printer,
    PrinterInstance,
    PrintJob,
)

from imgdash.config import OutputApparatus
from imgdash.model import PeerFailed
from imgdash.output import film_objects
from imgdash.output.film import Page
from imgdash.output.trouble import Doubtful, Lost, Refused

META: Final = BasicGrayscalePrintManagementMeta
# Printer Status, Printer Status Info: others are optional, and DCMTK refuses the whole request for one of them.
_STATUS: Final = [0x21100010, 0x21100020]
# PS3.4 H.4: warnings; the film comes out.
_WARNINGS: Final = {
    0x0107: "some attributes were not taken",
    0x0116: "a value was changed by the printer",
    0xB600: "memory allocation is not supported",
    0xB601: "films of one session are printed one by one",
    0xB602: "an empty film was printed",
    0xB603: "an empty film was printed",
    0xB604: "the image was reduced to fit",
    0xB605: "the density range was changed by the printer",
    0xB609: "the image was cropped to fit",
    0xB60A: "the image was decimated to fit",
}
# What no longer is what was sent, in a film that says it is true to size; and what is no film of the image at all.
_RESIZED: Final = frozenset({0xB604, 0xB609, 0xB60A})
_EMPTY: Final = frozenset({0xB602, 0xB603})
# The printer cannot do it now; the same film may be printed later.
_BUSY: Final = {0xC601: "its queue is full", 0xC602: "its queue is full", 0xC605: "it has too little memory"}
_IMAGE: Final = {
    0xC600: "the film session has no film box",
    0xC603: "the image is larger than the image box",
    0xC613: "the combined print image is larger than the film box",
    0xC616: "the film before was not printed",
}
_LOOK: Final = "Look at the film: then finish the entry, or send it again."


@dataclass
class Printed:
    """What the printer said.

    Attributes
    ----------
    warnings
        The film comes out all the same.
    jobs
        SOP Instance UIDs of the print jobs.
    """

    warnings: list[str] = field(default_factory=list)
    jobs: list[str] = field(default_factory=list)
    statuses: set[int] = field(default_factory=set)

    def warn(self, status: int) -> None:
        """A status of `_WARNINGS`."""
        self.statuses.add(status)
        self.warnings.append(_WARNINGS.get(status, f"warning {status:04X}"))


def check_printer(assoc: Any, who: str) -> str:
    """Ask the printer how it is; returns its warning, '' where there is none or it does not say.

    Raises
    ------
    PeerFailed
        FAILURE, or no answer: nothing is sent to it.
    """
    _, attributes = _call(
        lambda: assoc.send_n_get(_STATUS, Printer, PrinterInstance, meta_uid=META),
        f"{who} does not say how it is",
    )
    told = attributes or Dataset()
    state, info = str(told.get("PrinterStatus") or "NORMAL"), str(told.get("PrinterStatusInfo") or "")
    if state == "FAILURE":
        raise PeerFailed(
            f"{who} reports FAILURE: {info or 'no reason given'}.", "Mend it; the queue goes on by itself."
        )
    return info if state == "WARNING" else ""


def print_films(
    assoc: Any, apparatus: OutputApparatus, films: Sequence[Sequence[Page]], *, priority: bool, label: str
) -> Printed:
    """Print the films of one image, or one film of several images, in one session.

    Parameters
    ----------
    films
        Of each the image boxes, in the order of their positions; there may be fewer than boxes.
    priority
        Print Priority (2000,0020) HIGH.
    label
        Film Session Label (2000,0050); no patient data.

    Raises
    ------
    Refused, PeerFailed, Lost
        Nothing was printed.
    Doubtful
        It was told to print, and then never answered; or not every film is as it was sent.
    """
    who, said = apparatus.ae_title, Printed()
    session = film_objects.session(apparatus, priority, label)
    session_uid, _ = _create(assoc, session, BasicFilmSession, who, said)
    lut_uid = _presentation_lut(assoc, who, said)
    for number, pages in enumerate(films):
        try:
            _film(assoc, apparatus, pages, session_uid, lut_uid, said)
        except Doubtful:
            raise
        except PeerFailed as error:
            if isinstance(error, Refused):
                _delete(assoc, BasicFilmSession, session_uid)
            if number == 0:
                raise
            raise Doubtful(
                f"{error.cause.rstrip('.')}: of {len(films)} films only {number} came out.", _LOOK
            ) from error
    _delete(assoc, BasicFilmSession, session_uid)
    return said


def _film(
    assoc: Any, apparatus: OutputApparatus, pages: Sequence[Page], session_uid: str, lut_uid: str | None, said: Printed
) -> None:
    who = apparatus.ae_title
    box = film_objects.film_box(apparatus, pages[0], session_uid, lut_uid)
    box_uid, made = _create(assoc, box, BasicFilmBox, who, said)
    references = list((made or Dataset()).get("ReferencedImageBoxSequence") or ())
    if len(references) < len(pages):
        raise Refused(f"{who} made no image box for {pages[0].layout}.", "Choose a layout that it has.", retry=False)
    said.statuses.clear()
    for position, (page, reference) in enumerate(zip(pages, references, strict=False), 1):
        content = film_objects.image_box(apparatus, page, position)
        answer, _ = _call(
            lambda content=content, uid=reference.ReferencedSOPInstanceUID: assoc.send_n_set(
                content, BasicGrayscaleImageBox, uid, meta_uid=META
            ),
            f"{who} did not answer while the image was sent",
        )
        _judge(answer, who, "does not take the image", said)
    true = any(page.true for page in pages)
    if true and said.statuses & _RESIZED:
        _delete(assoc, BasicFilmBox, box_uid)
        raise Refused(
            f"{who} would not print in true size: {'; '.join(said.warnings)}.",
            "Check film_size and dpi, or set true_size = false.",
            retry=False,
        )
    _tell_to_print(assoc, box_uid, who, said)
    if said.statuses & _EMPTY or (true and said.statuses & _RESIZED):
        raise Doubtful(f"{who} printed another film than was sent: {'; '.join(said.warnings)}.", _LOOK)
    _delete(assoc, BasicFilmBox, box_uid)


def job_state(assoc: Any, job_uid: str) -> tuple[str, str]:
    """Execution Status (2100,0020) of a print job and why, or two empty texts where the printer knows of it no more.

    Raises
    ------
    Lost
        It gave no answer.
    """
    answer, attributes = _call(
        lambda: assoc.send_n_get([0x21000020, 0x21000030], PrintJob, job_uid), "The printer does not say how the job is"
    )
    if answer.Status != 0x0000 or attributes is None:
        return "", ""
    return str(attributes.get("ExecutionStatus") or ""), str(attributes.get("ExecutionStatusInfo") or "")


def _tell_to_print(assoc: Any, box_uid: str, who: str, said: Printed) -> None:
    try:
        answer, attributes = _call(
            lambda: assoc.send_n_action(None, 1, BasicFilmBox, box_uid, meta_uid=META),
            f"{who} was told to print and did not answer",
        )
    except Lost as error:
        raise Doubtful(
            error.cause, "Look whether the film is there: then finish the entry, or send it again."
        ) from error
    _judge(answer, who, "does not print", said)
    for item in (attributes or Dataset()).get("ReferencedPrintJobSequence") or ():
        said.jobs.append(str(item.ReferencedSOPInstanceUID))


def _delete(assoc: Any, sop_class: str, uid: str) -> None:
    """What fails here is of no account: the film is on its way, and it ends with the association at the latest."""
    with contextlib.suppress(PeerFailed):
        _call(lambda: assoc.send_n_delete(sop_class, uid, meta_uid=META), "")


def _presentation_lut(assoc: Any, who: str, said: Printed) -> str | None:
    """A Presentation LUT of shape IDENTITY: what we send are P-values (PS3.14). None where it is not offered."""
    if not any(cx.abstract_syntax == PresentationLUT for cx in assoc.accepted_contexts):
        said.warnings.append("the printer has no presentation LUT: it uses its own curve")
        return None
    ds = Dataset()
    ds.PresentationLUTShape = "IDENTITY"
    uid, _ = _create(assoc, ds, PresentationLUT, who, said, meta=None)
    return uid


def _create(
    assoc: Any, ds: Dataset, sop_class: str, who: str, said: Printed, meta: str | None = META
) -> tuple[str, Dataset | None]:
    uid = str(generate_uid(prefix=None))
    answer, made = _call(lambda: assoc.send_n_create(ds, sop_class, uid, meta_uid=meta), f"{who} ended the association")
    _judge(answer, who, "does not take the film", said)
    return str(answer.get("AffectedSOPInstanceUID") or uid), made


def _call(send: Any, trouble: str) -> tuple[Dataset, Dataset | None]:
    try:
        answer, attributes = send()
    except (RuntimeError, ValueError) as error:
        raise Lost(f"{trouble}: {error}.", "It is tried again.") from error
    if "Status" not in answer:
        raise Lost(f"{trouble}.", "It is tried again.")
    return answer, attributes


def _judge(answer: Dataset, who: str, trouble: str, said: Printed) -> None:
    """Warning ≠ failure: with a warning the film comes out."""
    status = int(answer.Status)
    if status == 0x0000:
        return
    if status in _WARNINGS or 0xB000 <= status < 0xC000:
        said.warn(status)
        return
    if status in _BUSY:
        raise PeerFailed(
            f"{who} {trouble}: {_BUSY[status]} (status {status:04X}).", "It is tried again.", status=status
        )
    why = _IMAGE.get(status, str(answer.get("ErrorComment") or "no reason given"))
    raise Refused(
        f"{who} {trouble}: {why} (status {status:04X}).", "Check film size, layout and medium.", status=status
    )
