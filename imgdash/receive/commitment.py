"""Storage commitment as its provider (PS3.4 annex J): we say which images we hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pydicom.dataset import Dataset
from pynetdicom import build_role
from pynetdicom.sop_class import StorageCommitmentPushModel, StorageCommitmentPushModelInstance

from imgdash.config import OutputApparatus, Peer, Site
from imgdash.model.errors import PeerFailed
from imgdash.receive.messages import Message
from imgdash.wire.dicom import associate

ALL_HELD, SOME_NOT_HELD = 1, 2
NO_SUCH_INSTANCE: Final = 0x0112


def result(message: Message, held: Callable[[str], bool], retrieve_ae: str) -> Dataset:
    """The event information that answers a ``commitment-request``.

    Parameters
    ----------
    held
        Whether the image of a SOP Instance UID is kept here.
    """
    request = message.dataset or Dataset()
    kept, missing = [], []
    for item in request.get("ReferencedSOPSequence") or ():
        reference = Dataset()
        reference.ReferencedSOPClassUID = item.get("ReferencedSOPClassUID", "")
        reference.ReferencedSOPInstanceUID = item.get("ReferencedSOPInstanceUID", "")
        if held(str(reference.ReferencedSOPInstanceUID)):
            kept.append(reference)
        else:
            reference.FailureReason = NO_SUCH_INSTANCE
            missing.append(reference)
    answer = Dataset()
    answer.TransactionUID = request.get("TransactionUID", "")
    answer.RetrieveAETitle = retrieve_ae
    if kept:
        answer.ReferencedSOPSequence = kept
    if missing:
        answer.FailedSOPSequence = missing
    return answer


def answer(site: Site, message: Message, held: Callable[[str], bool]) -> Dataset:
    """Report to whoever asked, on an association of our own, and return what was reported.

    Raises
    ------
    PeerFailed
        If the asking AE title has no address in the site file, or cannot be reached, or does not take the report.
    """
    peer = _asker(site, message.calling_ae)
    report = result(message, held, site.station.ae_title)
    event = SOME_NOT_HELD if report.get("FailedSOPSequence") else ALL_HELD
    # We are the provider, although we open this association (PS3.7 D.3.3.4).
    role = build_role(StorageCommitmentPushModel, scp_role=True)
    contexts = [StorageCommitmentPushModel]
    with associate(
        site.station.ae_title,
        message.calling_ae,
        peer.host,
        peer.port,
        contexts,
        peer.timeout_seconds,
        ext_neg=[role],
        tls=site.tls(peer),
    ) as assoc:
        status, _ = assoc.send_n_event_report(
            report, event, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
        )
    if status.get("Status") != 0x0000:
        raise PeerFailed(
            f"{peer.name} did not take the result of storage commitment.",
            "Look into its log; it will ask again.",
            status=status.get("Status"),
        )
    return report


def _asker(site: Site, ae_title: str) -> Peer | OutputApparatus:
    machines: list[Peer | OutputApparatus] = [*site.peers, *site.apparatus]
    for machine in machines:
        if machine.ae_title and machine.ae_title.strip() == ae_title and machine.port:
            return machine
    raise PeerFailed(
        f"{ae_title!r} asked for storage commitment, but the site file has no port for it.",
        "Name it as a peer with host and port.",
        retry=False,
    )
