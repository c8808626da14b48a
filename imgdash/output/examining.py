"""Whether an output apparatus does what output will ask of it; nothing is sent."""

from __future__ import annotations

import shutil

from pynetdicom.sop_class import PresentationLUT, PrintJob, StorageCommitmentPushModel

from imgdash.config import OutputApparatus, Site
from imgdash.model import PeerFailed
from imgdash.output import printing
from imgdash.output.encoding import SYNTAXES
from imgdash.output.folder import place
from imgdash.output.sop_class import SENT
from imgdash.output.storage import proposed
from imgdash.output.web import WHO, connection, judge
from imgdash.wire.dicom import associate, offered
from imgdash.wire.stow import Answer


def storage(site: Site, apparatus: OutputApparatus) -> str:
    """Which kinds of images it takes, and in which way.

    Raises
    ------
    PeerFailed
        If it takes none, or cannot be reached.
    """
    to, tls = _to(apparatus), site.tls(apparatus)
    taken = offered(site.station.ae_title, *to, proposed(apparatus), apparatus.timeout_seconds, tls=tls)
    kinds = {sop_class for sop_class, _ in taken}
    refused = [sop_class for sop_class in SENT if sop_class not in kinds]
    said = f"takes {len(kinds)} of {len(SENT)} kinds of images"
    if refused:
        said += f"; not {', '.join(sop_class.name.removesuffix(' Storage') for sop_class in refused)}"
    wanted = SYNTAXES[apparatus.transfer_syntax]
    if wanted.is_compressed and not any(syntax == wanted for _, syntax in taken):
        said += f"; none of them in {wanted.name}: they go uncompressed"
    return said


def commitment(site: Site, apparatus: OutputApparatus) -> str:
    """Whether it commits itself to what it stores.

    Raises
    ------
    PeerFailed
        If it does not, or cannot be reached.
    """
    to, contexts, tls = _to(apparatus), [StorageCommitmentPushModel], site.tls(apparatus)
    remedy = "Set commitment = false for it."
    offered(site.station.ae_title, *to, contexts, apparatus.timeout_seconds, tls=tls, remedy=remedy)
    return "offered; results must reach us on our DICOM port"


def film(site: Site, apparatus: OutputApparatus) -> str:
    """How the printer is (N-GET), and whether it takes a presentation LUT.

    Raises
    ------
    PeerFailed
        If it does not print, is in FAILURE, or cannot be reached.
    """
    to, contexts, tls = _to(apparatus), [printing.META, PresentationLUT, PrintJob], site.tls(apparatus)
    with associate(site.station.ae_title, *to, contexts, apparatus.timeout_seconds, tls=tls) as assoc:
        accepted = {context.abstract_syntax for context in assoc.accepted_contexts}
        if printing.META not in accepted:
            raise PeerFailed("It does not offer Basic Grayscale Print Management.", "Is it a printer?", retry=False)
        warning = printing.check_printer(assoc, apparatus.name)
    said = f"ready, but warns: {warning}" if warning else "ready"
    return said if PresentationLUT in accepted else f"{said}; takes no presentation LUT"


def web(site: Site, apparatus: OutputApparatus) -> str:
    """Whether a web storage is there and lets us in: a query for one study, which is not looked at.

    Raises
    ------
    PeerFailed
        If it cannot be reached, or refuses us.
    """
    with connection(site, apparatus) as connected:
        status, _ = connected.ask(WHO)
    if status in (200, 204):
        return "answers queries (QIDO-RS)"
    # Who only stores need not know queries; that it stores is seen with the first image.
    if status in (400, 405, 406, 501):
        return f"is there, but answers no queries (HTTP {status})"
    judge(apparatus, Answer(status))
    return f"answered with HTTP {status}"


def folder(site: Site, apparatus: OutputApparatus) -> str:
    """Whether a folder is there, may be written, and has room.

    Raises
    ------
    PeerFailed
        If not.
    """
    free = shutil.disk_usage(place(apparatus, site.folder)).free >> 20
    if free < site.station.minimum_free_mb:
        raise PeerFailed(f"{apparatus.path} has only {free} MB free.", "Make room.")
    return f"{free} MB free"


def _to(apparatus: OutputApparatus) -> tuple[str, str, int]:
    return apparatus.ae_title, apparatus.host, apparatus.port
