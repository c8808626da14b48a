"""Whether a terminal can be the destination of C-MOVE; nothing is sent."""

from __future__ import annotations

from typing import Final

from pydicom.uid import (
    UID,
    ComputedRadiographyImageStorage,
    CTImageStorage,
    DigitalXRayImageStorageForPresentation,
    DigitalXRayImageStorageForProcessing,
)

from imgdash.config import Peer, Site
from imgdash.wire.dicom import offered

_USUAL: Final = (
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
    DigitalXRayImageStorageForProcessing,
    CTImageStorage,
)


def destination(site: Site, peer: Peer) -> str:
    """Which of the usual images it takes.

    Raises
    ------
    PeerFailed
        If it takes none, or cannot be reached.
    """
    found = offered(
        site.station.ae_title,
        peer.ae_title or "",
        peer.host,
        peer.port,
        _USUAL,
        peer.timeout_seconds,
        tls=site.tls(peer),
        remedy="Without a Storage SCP there it can only fetch images by C-GET.",
    )
    kinds = dict.fromkeys(sop_class for sop_class, _ in found)
    return f"takes {', '.join(UID(sop_class).name.removesuffix(' Storage') for sop_class in kinds)}"
