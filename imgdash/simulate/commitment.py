"""Storage commitment, push model (PS3.4 annex J): both ends of it, as simulated machines need them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom import build_role, evt
from pynetdicom.sop_class import StorageCommitmentPushModel, StorageCommitmentPushModelInstance

from imgdash.model.errors import PeerFailed
from imgdash.simulate.faults import Fault, delayed
from imgdash.simulate.machine import SUCCESS, Address, Machine
from imgdash.wire import dicom

logger = logging.getLogger(__name__)
NO_SUCH_OBJECT = 0x0112


def offer(machine: Machine, held: Callable[[str], bool], requester: Callable[[str], Address | None]) -> None:
    """Let `machine` take commitment requests; the result goes out on an association of its own.

    Parameters
    ----------
    held
        Whether a SOP Instance UID is stored.
    requester
        AE title → where it listens for the result; None: the result goes back on the same association.
    """
    machine.offer(StorageCommitmentPushModel, both_roles=True)
    machine.services.add("commitment-report")

    def requested(event: evt.Event) -> tuple[int, Dataset | None]:
        fault = machine.conduct.take("commitment-report")
        if fault is not None and fault.kind == "drop":
            return SUCCESS, None
        lost = fault is not None and fault.kind in ("refuse", "wrong answer")
        answers = (lambda uid: False) if lost else held
        result, failed = _result(event.action_information, answers, machine.address.ae_title)
        to = requester(str(event.assoc.requestor.ae_title).strip())
        kind = 2 if failed else 1
        target: Callable[[], None]
        if to is None:
            association = event.assoc

            def target() -> None:
                _wait(machine, fault)
                association.send_n_event_report(
                    result, kind, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
                )
        else:

            def target() -> None:
                _wait(machine, fault)
                _report(machine.address.ae_title, to, result, kind)

        threading.Thread(target=target, name="commitment", daemon=True).start()
        return SUCCESS, None

    machine.on(evt.EVT_N_ACTION, "n-action", requested)


def _wait(machine: Machine, fault: Fault | None) -> None:
    delayed(fault, "slow", machine.stopping.wait)
    delayed(fault, "late ack", machine.stopping.wait)


def _result(request: Dataset, held: Callable[[str], bool], ae_title: str) -> tuple[Dataset, bool]:
    result = Dataset()
    result.TransactionUID = request.TransactionUID
    result.RetrieveAETitle = ae_title
    good, bad = [], []
    for item in request.ReferencedSOPSequence:
        answer = reference(str(item.ReferencedSOPClassUID), str(item.ReferencedSOPInstanceUID))
        if held(str(item.ReferencedSOPInstanceUID)):
            good.append(answer)
        else:
            answer.FailureReason = NO_SUCH_OBJECT
            bad.append(answer)
    if good:
        result.ReferencedSOPSequence = good
    if bad:
        result.FailedSOPSequence = bad
    return result, bool(bad)


def _report(calling: str, to: Address, result: Dataset, kind: int) -> None:
    try:
        with dicom.associate(
            calling, to.ae_title, to.host, to.port, [StorageCommitmentPushModel],
            ext_neg=[build_role(StorageCommitmentPushModel, scp_role=True)],
        ) as association:  # fmt: skip
            association.send_n_event_report(
                result, kind, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
            )
    except PeerFailed as error:
        logger.info("commitment result not delivered: %s", error)


def request(calling: str, to: Address, objects: Iterable[tuple[str, str]]) -> str:
    """Ask `to` to commit itself to (SOP class, SOP instance) pairs.

    Returns
    -------
    The transaction UID, new at each call; the result comes to the caller's own port.

    Raises
    ------
    PeerFailed
        If the peer does not take the request.
    """
    transaction = generate_uid(prefix=None)
    action = Dataset()
    action.TransactionUID = transaction
    action.ReferencedSOPSequence = [reference(sop_class, uid) for sop_class, uid in objects]
    with dicom.associate(calling, to.ae_title, to.host, to.port, [StorageCommitmentPushModel]) as association:
        status, _ = association.send_n_action(
            action, 1, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
        )  # fmt: skip
    if status.get("Status") != SUCCESS:
        raise PeerFailed(f"{to.ae_title} refused the commitment request.", status=status.get("Status"))
    return str(transaction)


def reference(sop_class_uid: str, sop_instance_uid: str) -> Dataset:
    """An item of a referenced SOP sequence."""
    item = Dataset()
    item.ReferencedSOPClassUID = sop_class_uid
    item.ReferencedSOPInstanceUID = sop_instance_uid
    return item


__all__ = ["offer", "reference", "request"]
