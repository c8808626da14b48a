"""Who may send orders: the HIS/RIS of the site file from their addresses, and whom ``open_to`` lets in."""

from __future__ import annotations

import logging

from imgdash.config import Peer, Site
from imgdash.receive.journal import Journal
from imgdash.receive.refusals import Refusals
from imgdash.wire.admission import addresses, is_among, is_open_to, plain_address

logger = logging.getLogger(__name__)
# Of names that a sender gives itself.
_LONGEST = 40


class OrderSenders:
    """The rules for HL7, where nothing but the address cannot be invented; host names are looked up here.

    Who is refused is noted in ``incoming/``, as the receivers do.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        # Peer → the addresses it may call from.
        self._addresses = {peer.name: addresses(peer.host) for peer in site.peers}
        incoming = site.folder / "incoming"
        incoming.mkdir(parents=True, exist_ok=True)
        self._journal = Journal(incoming)
        self._refusals = Refusals(self._journal)

    def close(self) -> None:
        """Let go of the folder."""
        self._journal.close()

    def admits(self, host: str) -> bool:
        """Whether a machine at this address may send orders at all; '' is one that is gone again."""
        if not host:
            return False
        host = plain_address(host)
        if self._at(host) or self._is_open_to(host):
            return True
        self._refused("", "", host, "HL7 from an address of no HIS/RIS")
        return False

    def unfit(self, sender: str, receiver: str, host: str, *, secured: bool) -> str:
        """Why a message from `sender` (MSH-3) to `receiver` (MSH-5) may not come this way, or ''."""
        host = plain_address(host)
        peer = self._site.issuer(sender)
        # Who does not call itself by any peer's name is taken for one of those that are there.
        senders = self._at(host) if peer is None else [peer]
        reason = ""
        if not secured and senders and all(one.tls for one in senders):
            reason = "this sender must come over TLS"
        elif peer is not None and not is_among(host, self._addresses[peer.name]) and not self._is_open_to(host):
            reason = "this sender is known, but not from this address"
        if reason:
            self._refused(sender[:_LONGEST], receiver[:_LONGEST], host, reason)
        return reason

    def _at(self, host: str) -> list[Peer]:
        """The HIS/RIS at an address."""
        return [peer for peer in self._site.peers_of("ris") if is_among(host, self._addresses[peer.name])]

    def _is_open_to(self, host: str) -> bool:
        return is_open_to(self._site.station.open_to, host)

    def _refused(self, sender: str, receiver: str, host: str, reason: str) -> None:
        logger.warning("HL7 from %s refused: %s", host, reason)
        try:
            self._refusals.note(sender, receiver, host, reason)
        except OSError as error:
            logger.warning("the refusal could not be written down: %s", error.strerror)
