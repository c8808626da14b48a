"""What output asks of storages, film printers and web storages, and what it writes on media."""

from __future__ import annotations

from pynetdicom.sop_class import (
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscaleImageBox,
    PresentationLUT,
    Printer,
    PrintJob,
    StorageCommitmentPushModel,
    Verification,
)

from imgdash.output import dicomdir
from imgdash.output.encoding import SYNTAXES
from imgdash.output.printing import META
from imgdash.output.sop_class import SENT
from imgdash.output.storage import PLAIN
from imgdash.output.web import METADATA, WHO
from imgdash.wire.conformance import Service
from imgdash.wire.stow import MULTIPART, STUDIES


def requested() -> list[Service]:
    """As requestor of associations."""
    syntaxes = tuple(str(syntax) for syntax in dict.fromkeys((*PLAIN, *SYNTAXES.values())))
    services = [Service(str(Verification), "SCU", ("C-ECHO",))]
    services += [Service(str(sop_class), "SCU", ("C-STORE",), syntaxes) for sop_class in SENT]
    services.append(Service(str(StorageCommitmentPushModel), "SCU", ("N-ACTION", "N-EVENT-REPORT")))
    services.append(Service(str(META), "SCU", (), remark="with the four that follow"))
    for sop_class, operations in (
        (BasicFilmSession, ("N-CREATE", "N-DELETE")),
        (BasicFilmBox, ("N-CREATE", "N-ACTION", "N-DELETE")),
        (BasicGrayscaleImageBox, ("N-SET",)),
        (Printer, ("N-GET",)),
        (PresentationLUT, ("N-CREATE",)),
        (PrintJob, ("N-GET", "N-EVENT-REPORT")),
    ):
        services.append(Service(str(sop_class), "SCU", operations))
    return services


def web() -> list[tuple[str, str, str]]:
    """As user agent of web services (PS3.18): transaction, request after the url of the site file, remark."""
    return [
        ("Store (STOW-RS)", f"POST {STUDIES}", f"{MULTIPART}; the answer as application/dicom+json"),
        ("Search (QIDO-RS)", f"GET {WHO}", "once for each connection: whether it lets us in"),
        ("Retrieve metadata (WADO-RS)", f"GET {METADATA}", "where the answer does not say that an image is kept"),
    ]


def media() -> tuple[list[str], list[str]]:
    """As file-set creator (PS3.10, PS3.11): kinds of directory records, transfer syntaxes of the images."""
    syntaxes = [str(syntax) for name, syntax in SYNTAXES.items() if name != "implicit"]
    return list(dicomdir.RECORDS), syntaxes
