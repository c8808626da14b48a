"""Whether a modality takes what requests would ask of it, and a storage its rejection notes; nothing is sent."""

from __future__ import annotations

from collections.abc import Sequence

from pydicom.uid import ExplicitVRLittleEndian, KeyObjectSelectionDocumentStorage
from pynetdicom.sop_class import (
    InstanceAvailabilityNotification,
    ModalityPerformedProcedureStep,
    StudyRootQueryRetrieveInformationModelMove,
    UnifiedProcedureStepPush,
    UnifiedProcedureStepWatch,
)

from imgdash.config import OutputApparatus, Peer, Site
from imgdash.model import PeerFailed
from imgdash.model.codes import DETACHED_STUDY
from imgdash.wire.dicom import Context, offered


def work_items(site: Site, peer: Peer) -> str:
    """Whether it takes UPS Push work items, and subscriptions to them.

    Raises
    ------
    PeerFailed
        If it does not, or cannot be reached.
    """
    contexts = [UnifiedProcedureStepPush, UnifiedProcedureStepWatch]
    accepted = _offered(site, peer, contexts, "Set ups = false for it.")
    if UnifiedProcedureStepPush not in accepted:
        raise PeerFailed("It does not take UPS Push work items.", "Set ups = false for it.", retry=False)
    if UnifiedProcedureStepWatch not in accepted:
        return "takes work items, but no subscriptions: it is asked how they stand"
    return "takes work items and subscriptions"


def resending(site: Site, peer: Peer) -> str:
    """Whether it can be asked to send an image again (C-MOVE).

    Raises
    ------
    PeerFailed
        If it cannot, or cannot be reached.
    """
    _offered(site, peer, [StudyRootQueryRetrieveInformationModelMove], "Set resend = false for it.")
    return "offers C-MOVE, Study Root; it must know our AE title as a destination"


def notes(site: Site, apparatus: OutputApparatus) -> str:
    """Whether it takes rejection notes (key object selections).

    Raises
    ------
    PeerFailed
        If it does not, or cannot be reached.
    """
    contexts = [(KeyObjectSelectionDocumentStorage, [ExplicitVRLittleEndian])]
    _offered(site, apparatus, contexts, "Set iocm = false for it.")
    return "takes key object selections; whether it hides what they reject, only its maker can say"


def notices(site: Site, peer: Peer) -> str:
    """Whether it takes what it is told of images and steps.

    Raises
    ------
    PeerFailed
        Naming the switch of what it does not take.
    """
    wanted = {
        "availability": (peer.availability, InstanceAvailabilityNotification),
        "detached_study": (peer.detached_study, DETACHED_STUDY),
        "mpps": (peer.mpps, ModalityPerformedProcedureStep),
    }
    switched_on = {name: sop_class for name, (on, sop_class) in wanted.items() if on}
    switches = " or ".join(f"{name} = false" for name in switched_on)
    accepted = _offered(site, peer, list(switched_on.values()), f"Set {switches} for it.")
    if missing := [name for name, sop_class in switched_on.items() if sop_class not in accepted]:
        raise PeerFailed(f"It does not take: {', '.join(missing)}.", f"Set {missing[0]} = false for it.", retry=False)
    return f"takes {', '.join(switched_on)}"


def _offered(site: Site, machine: Peer | OutputApparatus, contexts: Sequence[Context], remedy: str) -> set[str]:
    to = (machine.ae_title or "", machine.host, machine.port)
    tls = site.tls(machine)
    found = offered(site.station.ae_title, *to, contexts, machine.timeout_seconds, tls=tls, remedy=remedy)
    return {sop_class for sop_class, _ in found}
