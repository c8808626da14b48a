"""The queue of a web storage: STOW-RS (PS3.18 10.5), with the outcomes that C-STORE has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from imgdash.config import OutputApparatus, Site
from imgdash.model import PeerFailed
from imgdash.output import registry
from imgdash.output.delivery import Formed
from imgdash.output.exporting import Exporting
from imgdash.output.former import Former
from imgdash.output.trouble import Lost, NoRoom, Refused
from imgdash.store.store import Store
from imgdash.wire.stow import STUDIES, Answer, Connection

# Not about this image: every image would get the same answer.
_OF_THE_STORAGE: Final = {
    401: ("wants to know who we are", "Set authorization for it in the site file."),
    403: ("does not let us store", "Give imgdash the right to store there, or check its authorization."),
    404: ("has no STOW-RS there", "Its url is what stands before /studies."),
    405: ("has no STOW-RS there", "Its url is what stands before /studies."),
}
WHO: Final = f"{STUDIES}?limit=1"
METADATA: Final = f"{STUDIES}/{{study}}/series/{{series}}/instances/{{instance}}/metadata"
_MEDIA_TYPE: Final = 415
_NO_ROOM: Final = 507
_UNTAKEN: Final = {
    413: "the image is too large for it",
    _MEDIA_TYPE: "it does not take this media type or transfer syntax",
}
# Failure Reason (PS3.18 table 10.5.3-1, PS3.7 annex C): out of resources; it is there already, which the same
# object sent again may well be; SOP class not supported.
_OUT_OF_RESOURCES, _DUPLICATE, _NO_SOP_CLASS = range(0xA700, 0xA800), 0x0111, 0x0122


def connection(site: Site, apparatus: OutputApparatus) -> Connection:
    """How to reach a web storage.

    Raises
    ------
    PeerFailed
        If our own certificate, or the file with the authorization, cannot be used.
    """
    return Connection(
        apparatus.url,
        apparatus.timeout_seconds,
        tls=site.tls(apparatus),
        authority=site.authority(apparatus),
        authorization=site.folder / apparatus.authorization if apparatus.authorization else None,
    )


class WebQueue(Exporting):
    """Posts each image, with its presentation state in the same request."""

    def __init__(self, apparatus: OutputApparatus, store: Store, former: Former, site: Site) -> None:
        super().__init__(apparatus, store, former)
        self._site = site

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection with a web storage that lets us in.

        Who refuses an image for want of a right may end the connection while it is on its way, and its answer is lost.
        """
        with connection(self._site, self.apparatus) as connected:
            status, _ = connected.ask(WHO)
            if status in (401, 403):
                judge(self.apparatus, Answer(status))
            yield connected

    def interrupt(self, assoc: Connection) -> None:
        """End the connection."""
        assoc.close()

    def send(self, assoc: Any, formed: Sequence[Formed]) -> None:
        """Post one image."""
        for made in formed:
            files = [made.path, *([made.job.presentation] if made.job.presentation.exists() else [])]
            header = pydicom.dcmread(made.path, stop_before_pixels=True)
            answer = _posted(assoc, files)
            if answer.status == _MEDIA_TYPE and header.file_meta.TransferSyntaxUID.is_compressed:
                with self.former.again_as(made.job, ExplicitVRLittleEndian) as files[0]:
                    answer = _posted(assoc, files)
            warned = judge(self.apparatus, answer)
            if str(header.SOPInstanceUID) not in answer.kept:
                self._look(assoc, header)
            told = {"sop_class_uid": str(header.SOPClassUID), "series_uid": str(header.SeriesInstanceUID)}
            registry.finish(self.store, [made.entry], f"stored by {self.apparatus.name}{warned}", **told)

    def _look(self, storage: Connection, header: Dataset) -> None:
        """It reported no failure, nor that it has the image."""
        # The study's is foreign: it must not become another path.
        study, series, instance = (
            quote(str(uid), safe="")
            for uid in (header.StudyInstanceUID, header.SeriesInstanceUID, header.SOPInstanceUID)
        )
        status, _ = storage.ask(METADATA.format(study=study, series=series, instance=instance))
        if status != 200:
            raise Refused(
                f"{self.apparatus.name} reported success, but does not have the image (HTTP {status}).",
                "Look into its log.",
                status=status,
            )


def _posted(storage: Connection, files: Sequence[Path]) -> Answer:
    try:
        return storage.store(files)
    except PeerFailed as error:
        raise Lost(error.cause, error.remedy) from error


def judge(apparatus: OutputApparatus, answer: Answer) -> str:
    """What an answer means; returns the warning, '' where there is none.

    Raises
    ------
    Refused
        The storage works, but not with this image.
    Lost
        Whose fault it was is not known yet.
    PeerFailed
        The storage has to be waited for, or to be set right.
    """
    who, status = apparatus.name, answer.status
    failed = {uid: reason for uid, reason in answer.failed.items() if reason != _DUPLICATE}
    if failed:
        reason = next(iter(failed.values()))
        if reason in _OUT_OF_RESOURCES:
            raise NoRoom(f"{who} is out of resources (reason {reason:04X}).", "Make room there.", status=reason)
        raise Refused(
            f"{who} refused the image (reason {reason:04X}).",
            "Look into its log; correct the image or the site file, then retry.",
            status=reason,
            retry=reason != _NO_SOP_CLASS,
        )
    if answer.success or answer.failed:
        reasons = ", ".join(f"{reason:04X}" for reason in answer.warned.values())
        return f", with a warning: {reasons}" if reasons else ""
    if status in _OF_THE_STORAGE:
        trouble, remedy = _OF_THE_STORAGE[status]
        raise PeerFailed(f"{who} {trouble} (HTTP {status}).", remedy, status=status)
    if status == _NO_ROOM:
        raise NoRoom(f"{who} has no room (HTTP {status}): {answer.text}", "Make room there.", status=status)
    if status == 500:
        # Overloaded or broken storages say so (503, 502, 504); a fault in this request may be this image's.
        raise Lost(f"{who} failed (HTTP 500): {answer.text}", "It is tried again.", status=status)
    if 300 <= status < 400 or status == 429 or status > 500:
        trouble = "is somewhere else" if status < 400 else "cannot store now"
        raise PeerFailed(f"{who} {trouble} (HTTP {status}): {answer.text}", "It is tried again.", status=status)
    why = _UNTAKEN.get(status, answer.text or "no reason given")
    raise Refused(
        f"{who} refused the image (HTTP {status}): {why}.",
        "Check transfer_syntax and sop_class for it in the site file, then retry.",
        status=status,
        retry=status not in _UNTAKEN,
    )
