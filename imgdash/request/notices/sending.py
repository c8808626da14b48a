"""Sending a notice by its protocol; what the peer says becomes an outcome in words."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from pydicom.dataset import Dataset
from pynetdicom.association import Association
from pynetdicom.sop_class import InstanceAvailabilityNotification, ModalityPerformedProcedureStep

from imgdash.config import Peer, Site
from imgdash.model import PeerFailed
from imgdash.model.codes import DETACHED_STUDY
from imgdash.wire import hl7, mllp
from imgdash.wire.dicom import associate, ended_early

_NO_SUCH_INSTANCE, _DUPLICATE = 0x0112, 0x0111
# PS3.7 annex C: the peer could not now.
_MAY_PASS: Final = frozenset({0x0110, 0x0213, 0xA700})


def send(site: Site, peer: Peer, kind: str, uid: str, content: Mapping[str, Any]) -> None:
    """Send a notice.

    Raises
    ------
    PeerFailed
        With ``retry=False`` where the peer has refused it for good.
    """
    if kind == "hl7":
        _hl7(site, peer, uid, str(content["hl7"]))
        return
    ds = Dataset.from_json(dict(content))
    sop_class, say = _HOW[kind]
    with associate(
        site.station.ae_title,
        peer.ae_title or "",
        peer.host,
        peer.port,
        [sop_class],
        peer.timeout_seconds,
        tls=site.tls(peer),
    ) as assoc:
        code = say(assoc, ds, sop_class, uid)
    if code == 0 or code & 0xF000 == 0xB000 or code in (0x0001, 0x0107, 0x0116, _DUPLICATE):
        return
    raise PeerFailed(
        f"{peer.name} refused the notice with status {code:#06x}.",
        "Switch it off for this peer, if it does not know it.",
        status=code,
        retry=code in _MAY_PASS,
    )


def _hl7(site: Site, peer: Peer, uid: str, text: str) -> None:
    answer = mllp.send(peer.host, peer.hl7_port, text.encode("utf-8"), peer.timeout_seconds, tls=site.tls(peer))
    outcome = hl7.check_ack(uid, answer)
    if outcome.code != "AA":
        said = f": {outcome.text}" if outcome.text else "."
        raise PeerFailed(
            f"{peer.name} answered the status with {outcome.code}{said}", "Look into its log.",
            status=outcome.code, retry=outcome.code == "AR",
        )  # fmt: skip


def _create(assoc: Association, ds: Dataset, sop_class: str, uid: str) -> int:
    return _code(assoc, lambda: assoc.send_n_create(ds, sop_class, uid))


def _set(assoc: Association, ds: Dataset, sop_class: str, uid: str) -> int:
    return _code(assoc, lambda: assoc.send_n_set(ds, sop_class, uid))


def _study(assoc: Association, ds: Dataset, sop_class: str, uid: str) -> int:
    """The study as it is now; one that the peer does not know yet is made."""
    code = _set(assoc, ds, sop_class, uid)
    return _create(assoc, ds, sop_class, uid) if code == _NO_SUCH_INSTANCE else code


def _code(assoc: Association, ask: Callable[[], tuple[Dataset, Any]]) -> int:
    began = time.monotonic()
    status, _ = ask()
    if (code := status.get("Status")) is not None:
        return int(code)
    if ended_early(began, assoc.dimse_timeout or 0.0):
        raise PeerFailed("The peer ended the association on the notice.", "Look into its log.", heard=True)
    raise PeerFailed("The peer did not answer the notice.", "Look into its log, or raise timeout_seconds.", silent=True)


_HOW: Final[dict[str, tuple[str, Callable[[Association, Dataset, str, str], int]]]] = {
    "availability": (InstanceAvailabilityNotification, _create),
    "study": (DETACHED_STUDY, _study),
    "mpps-create": (ModalityPerformedProcedureStep, _create),
    "mpps-set": (ModalityPerformedProcedureStep, _set),
}

__all__ = ["send"]
