"""Are the other machines there? C-ECHO for DICOM, a connection for HL7."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from imgdash.config import OutputApparatus, Peer, Site
from imgdash.model import PeerFailed
from imgdash.wire import dicom

VERIFICATION = "1.2.840.10008.1.1"


@dataclass(frozen=True)
class PeerState:
    """What one connection of the site answered.

    Attributes
    ----------
    service
        ``DICOM`` or ``HL7``.
    milliseconds
        None where it did not answer; `trouble` says why, and what to do.
    """

    name: str
    kind: str
    service: str
    address: str
    milliseconds: float | None
    trouble: str = ""
    remedy: str = ""

    @property
    def ok(self) -> bool:
        """Whether it answered."""
        return self.milliseconds is not None


def check(site: Site, timeout: float = 5.0) -> list[PeerState]:
    """Ask every peer and output apparatus of the site, all at once."""
    machines: list[Peer | OutputApparatus] = [*site.peers, *site.apparatus]
    with ThreadPoolExecutor(max_workers=16) as pool:
        asked = []
        for machine in machines:
            if machine.ae_title and machine.port:
                asked.append(pool.submit(_echo, site, machine, timeout))
            if isinstance(machine, Peer) and machine.hl7_port:
                asked.append(pool.submit(_connect, machine, timeout))
        return [future.result() for future in asked]


def _echo(site: Site, machine: Peer | OutputApparatus, timeout: float) -> PeerState:
    address = f"{machine.ae_title}@{machine.host}:{machine.port}"
    begun = time.monotonic()
    try:
        with dicom.associate(
            site.station.ae_title, machine.ae_title or "", machine.host, machine.port, [VERIFICATION], timeout
        ) as assoc:
            status = assoc.send_c_echo()
        if getattr(status, "Status", None) != 0:
            raise PeerFailed("C-ECHO was not answered with Success.", "Look at the peer's log.")
    except PeerFailed as error:
        return PeerState(machine.name, machine.kind, "DICOM", address, None, error.cause, error.remedy)
    return PeerState(machine.name, machine.kind, "DICOM", address, (time.monotonic() - begun) * 1000)


def _connect(peer: Peer, timeout: float) -> PeerState:
    address = f"{peer.host}:{peer.hl7_port}"
    begun = time.monotonic()
    try:
        socket.create_connection((peer.host, peer.hl7_port), timeout).close()
    except OSError as error:
        remedy = "Is its HL7 listener started, and are host and hl7_port right in the site file?"
        return PeerState(peer.name, peer.kind, "HL7", address, None, f"No connection: {error}.", remedy)
    return PeerState(peer.name, peer.kind, "HL7", address, (time.monotonic() - begun) * 1000)
