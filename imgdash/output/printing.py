"""Basic Grayscale Print Management as its user (PS3.4 Annex H): one film on one association."""

from __future__ import annotations

from collections.abc import Sequence
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
    0xB601: "no printing of the film session",
    0xB602: "no printing of the film session",
    0xB603: "the film box has no image",
    0xB604: "an image was reduced to fit",
    0xB605: "density range or LUT was changed by the printer",
    0xB609: "an image was cropped to fit",
    0xB60A: "an image was decimated to fit",
}
# The printer cannot do it now; the same film may be printed later.
_BUSY: Final = {
    0xC601: "its queue is full",
    0xC602: "its queue is full",
    0xC605: "it has too little memory",
    0xC616: "there is an association with another print request",
}
_IMAGE: Final = {
    0xC603: "the image is larger than the image box",
    0xC613: "the combined print image is larger than the film box",
    0xC600: "the film session has no film box",
}


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


def print_film(
    assoc: Any, apparatus: OutputApparatus, pages: Sequence[Page], *, priority: bool, label: str
) -> list[str]:
    """Print one film.

    Parameters
    ----------
    pages
        One for each image box, in the order of their positions; there may be fewer than boxes.
    priority
        Print Priority (2000,0020) HIGH.
    label
        Film Session Label (2000,0050); no patient data.

    Returns
    -------
    What the printer warned of; the film comes out all the same.

    Raises
    ------
    Refused, PeerFailed, Lost
        Nothing was printed.
    Doubtful
        It was told to print, and then never answered.
    """
    who = apparatus.ae_title
    warnings: list[str] = []
    session = film_objects.session(apparatus, priority, label)
    session_uid, _ = _create(assoc, session, BasicFilmSession, who, warnings)
    lut_uid = _presentation_lut(assoc, who, warnings)
    box = film_objects.film_box(apparatus, pages[0], session_uid, lut_uid)
    box_uid, made = _create(assoc, box, BasicFilmBox, who, warnings)
    references = list((made or Dataset()).get("ReferencedImageBoxSequence") or ())
    if len(references) < len(pages):
        raise Refused(f"{who} made no image box for {pages[0].layout}.", "Choose a layout that it has.", retry=False)
    for position, (page, reference) in enumerate(zip(pages, references, strict=False), 1):
        content = film_objects.image_box(apparatus, page, position)
        answer, _ = _call(
            lambda content=content, uid=reference.ReferencedSOPInstanceUID: assoc.send_n_set(
                content, BasicGrayscaleImageBox, uid, meta_uid=META
            ),
            f"{who} did not answer while the image was sent",
        )
        _judge(answer, who, "does not take the image", warnings)
    _tell_to_print(assoc, box_uid, who, warnings)
    _tidy(assoc, box_uid, session_uid)
    return warnings


def _tell_to_print(assoc: Any, box_uid: str, who: str, warnings: list[str]) -> None:
    try:
        answer, _ = _call(
            lambda: assoc.send_n_action(None, 1, BasicFilmBox, box_uid, meta_uid=META),
            f"{who} was told to print and did not answer",
        )
    except Lost as error:
        raise Doubtful(
            error.cause, "Look whether the film is there: then finish the entry, or send it again."
        ) from error
    _judge(answer, who, "does not print", warnings)


def _tidy(assoc: Any, box_uid: str, session_uid: str) -> None:
    """Film box and session go; the film is on its way, so what fails here is of no account."""
    for uid, sop_class in ((box_uid, BasicFilmBox), (session_uid, BasicFilmSession)):
        try:
            _call(lambda uid=uid, sop_class=sop_class: assoc.send_n_delete(sop_class, uid, meta_uid=META), "")
        except PeerFailed:
            return


def _presentation_lut(assoc: Any, who: str, warnings: list[str]) -> str | None:
    """A Presentation LUT of shape IDENTITY: what we send are P-values (PS3.14). None where it is not offered."""
    if not any(cx.abstract_syntax == PresentationLUT for cx in assoc.accepted_contexts):
        warnings.append("the printer has no presentation LUT: it uses its own curve")
        return None
    ds = Dataset()
    ds.PresentationLUTShape = "IDENTITY"
    uid, _ = _create(assoc, ds, PresentationLUT, who, warnings, meta=None)
    return uid


def _create(
    assoc: Any, ds: Dataset, sop_class: str, who: str, warnings: list[str], meta: str | None = META
) -> tuple[str, Dataset | None]:
    uid = str(generate_uid(prefix=None))
    answer, made = _call(lambda: assoc.send_n_create(ds, sop_class, uid, meta_uid=meta), f"{who} ended the association")
    _judge(answer, who, "does not take the film", warnings)
    return str(answer.get("AffectedSOPInstanceUID") or uid), made


def _call(send: Any, trouble: str) -> tuple[Dataset, Dataset | None]:
    try:
        answer, attributes = send()
    except (RuntimeError, ValueError) as error:
        raise Lost(f"{trouble}: {error}.", "It is tried again.") from error
    if "Status" not in answer:
        raise Lost(f"{trouble}.", "It is tried again.")
    return answer, attributes


def _judge(answer: Dataset, who: str, trouble: str, warnings: list[str]) -> None:
    """Warning ≠ failure: with a warning the film comes out."""
    status = int(answer.Status)
    if status == 0x0000:
        return
    if status in _WARNINGS or 0xB000 <= status < 0xC000:
        warnings.append(_WARNINGS.get(status, f"warning {status:04X}"))
        return
    if status in _BUSY:
        raise PeerFailed(
            f"{who} {trouble}: {_BUSY[status]} (status {status:04X}).", "It is tried again.", status=status
        )
    why = _IMAGE.get(status, str(answer.get("ErrorComment") or "no reason given"))
    raise Refused(
        f"{who} {trouble}: {why} (status {status:04X}).", "Check film size, layout and medium.", status=status
    )
