"""Whether a HIS/RIS answers its worklist; only asked, nothing is kept."""

from __future__ import annotations

from imgdash.config import Peer, Site
from imgdash.receive import worklist


def orders(site: Site, peer: Peer) -> str:
    """How many orders its worklist has.

    Raises
    ------
    PeerFailed
        If it does not answer, or with a failure.
    """
    found = len(worklist.poll(site, peer))
    return f"answers, with {found} order{'' if found == 1 else 's'} from yesterday to tomorrow"
