"""Storage commitment as its user: ask, and understand the result (PS3.4 Annex J)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom.sop_class import StorageCommitmentPushModel, StorageCommitmentPushModelInstance

from imgdash.model import PeerFailed, QueueEntry
from imgdash.output import registry
from imgdash.output.trouble import Refused
from imgdash.store.store import Store

# PS3.3 C.14.1.1.
_REASONS: Final = {
    0x0110: "processing failure",
    0x0112: "no such object instance",
    0x0119: "class-instance conflict",
    0x0122: "referenced SOP class not supported",
    0x0131: "duplicate transaction UID",
    0x0213: "resource limitation",
}


@dataclass(frozen=True)
class Result:
    """What a storage reported.

    Attributes
    ----------
    committed
        SOP Instance UIDs that it keeps.
    failed
        SOP Instance UID → why it does not keep it.
    """

    calling_ae: str
    transaction_uid: str
    committed: frozenset[str]
    failed: Mapping[str, str]

    @classmethod
    def of(cls, calling_ae: str, ds: Dataset) -> Result:
        """From the event information of an N-EVENT-REPORT."""
        failed = {}
        for item in ds.get("FailedSOPSequence") or ():
            code = item.get("FailureReason")
            why = _REASONS.get(code) or (f"failure reason {code:04X}" if isinstance(code, int) else "no reason given")
            failed[str(item.get("ReferencedSOPInstanceUID"))] = why
        return cls(
            calling_ae.strip(),
            str(ds.get("TransactionUID") or ""),
            frozenset(str(item.get("ReferencedSOPInstanceUID")) for item in ds.get("ReferencedSOPSequence") or ()),
            failed,
        )


def new_transaction() -> str:
    """A Transaction UID: never used before, so that a late answer cannot be taken for another one."""
    return str(generate_uid(prefix=None))


def ask(assoc: Any, transaction_uid: str, objects: Iterable[tuple[str, str]]) -> None:
    """Ask for commitment (N-ACTION) of ``(SOP class UID, SOP instance UID)``.

    Raises
    ------
    Refused
        The storage does not offer commitment, or refuses this request.
    PeerFailed
        The association ended.
    """
    if not any(cx.abstract_syntax == StorageCommitmentPushModel for cx in assoc.accepted_contexts):
        raise Refused(
            "The storage does not offer storage commitment.", "Set commitment = false for it in the site file."
        )
    request = Dataset()
    request.TransactionUID = transaction_uid
    request.ReferencedSOPSequence = [_reference(*item) for item in objects]
    try:
        status, _ = assoc.send_n_action(request, 1, StorageCommitmentPushModel, StorageCommitmentPushModelInstance)
    except (RuntimeError, ValueError) as error:
        raise PeerFailed("The association ended before commitment was asked for.", "It is asked again.") from error
    if "Status" not in status:
        raise PeerFailed("The storage did not answer the request for commitment.", "It is asked again.")
    if status.Status != 0x0000:
        raise Refused(
            f"The storage refused the request for commitment (status {status.Status:04X}).",
            "Look into its log; the image itself was stored.",
            status=status.Status,
        )


def _reference(sop_class_uid: str, sop_instance_uid: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = sop_class_uid
    item.ReferencedSOPInstanceUID = sop_instance_uid
    return item


def settle(store: Store, result: Result, apparatus: Mapping[str, tuple[str, int]]) -> list[QueueEntry]:
    """Finish what is committed, send again what is not.

    Parameters
    ----------
    apparatus
        Name of each storage → its AE title and how often one image may fail.

    Returns
    -------
    The entries that the result was about. One that knows neither the transaction nor the image is about none.
    """
    touched = []
    for entry in _concerned(store, result):
        if entry.apparatus not in apparatus:
            continue
        ae_title, attempts = apparatus[entry.apparatus]
        ours = entry.transaction_uid == result.transaction_uid
        if not ours and ae_title != result.calling_ae:
            continue
        if entry.output_uid in result.committed:
            # Also under a former Transaction UID: the storage keeps the image, however late it says so.
            registry.finish(store, [entry], f"committed by {result.calling_ae or entry.apparatus}")
        elif ours and entry.output_uid in result.failed:
            why = f"The storage does not keep the image: {result.failed[entry.output_uid]}."
            if entry.attempts + 1 >= attempts:
                registry.set_aside(store, entry, why, attempts=entry.attempts + 1)
            else:
                registry.again(store, entry, why, attempts=entry.attempts + 1)
        else:
            continue
        touched.append(entry)
    return touched


def _concerned(store: Store, result: Result) -> list[QueueEntry]:
    uids = [*result.committed, *result.failed]
    return store.queue("state = 'committing' and list_contains(?::varchar[], output_uid)", [uids]) if uids else []
