"""What a modality of a site file is, as far as its entry says it."""

from __future__ import annotations

from imgdash.config import Peer
from imgdash.simulate.catalogue import Kind


def kind_of(peer: Peer) -> Kind:
    """What a modality makes, by its name: CT, DX (names with DR or DX), otherwise CR."""
    name = f"{peer.name} {peer.ae_title or ''}".upper()
    return "CT" if "CT" in name else "DX" if "DR" in name or "DX" in name else "CR"


def sends_raw(peer: Peer) -> bool:
    """Whether it sends unprocessed images by itself: as the site file says, otherwise a DR that can does."""
    if peer.sends_raw is not None:
        return peer.sends_raw
    return peer.unprocessed and kind_of(peer) == "DX"


__all__ = ["kind_of", "sends_raw"]
