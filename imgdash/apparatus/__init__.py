"""The main controller: wires the stages, offers the facade."""

from imgdash.apparatus.apparatus import Apparatus, replace_site
from imgdash.apparatus.health import QueueState
from imgdash.apparatus.peers import PeerState

__all__ = ["Apparatus", "PeerState", "QueueState", "replace_site"]
