"""Are the other machines there? C-ECHO for DICOM, a connection for HL7, a query for DICOMweb."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from imgdash.config import OutputApparatus, Peer, Site
from imgdash.model import PeerFailed
from imgdash.output import examining
from imgdash.wire import dicom, mllp

# What is asked of output apparatus that are spoken to in another way than DICOM's own.
LOOKED_AT = {"web": ("DICOMweb", examining.web), "folder": ("folder", examining.folder)}
VERIFICATION = "1.2.840.10008.1.1"


@dataclass(frozen=True)
class PeerState:
    """What one connection of the site answered.

    Attributes
    ----------
    service
        ``DICOM``, ``HL7``, ``DICOMweb`` or ``folder``.
    milliseconds
        None where it did not answer; `trouble` says why, and what to do.
    answers
        Whether it is there all the same: it speaks DICOM, but not C-ECHO.
    """

    name: str
    kind: str
    service: str
    address: str
    milliseconds: float | None
    trouble: str = ""
    remedy: str = ""
    answers: bool = False

    @property
    def ok(self) -> bool:
        """Whether it answered."""
        return self.milliseconds is not None


def check(site: Site, timeout: float = 5.0) -> list[PeerState]:
    """Ask every peer and output apparatus of the site, all at once."""
    with ThreadPoolExecutor(max_workers=16) as pool:
        asked = []
        for machine in site.machines:
            if isinstance(machine, OutputApparatus) and machine.kind in LOOKED_AT:
                asked.append(pool.submit(look, site, machine))
            elif machine.ae_title and machine.port:
                asked.append(pool.submit(echo, site, machine, timeout))
            if isinstance(machine, Peer) and machine.hl7_port:
                asked.append(pool.submit(connect, site, machine, timeout))
        return [future.result() for future in asked]


def echo(site: Site, machine: Peer | OutputApparatus, timeout: float = 5.0) -> PeerState:
    """C-ECHO of a machine."""
    address = f"{machine.ae_title}@{machine.host}:{machine.port}"
    begun = time.monotonic()
    try:
        with dicom.associate(
            site.station.ae_title,
            machine.ae_title or "",
            machine.host,
            machine.port,
            [VERIFICATION],
            timeout,
            tls=site.tls(machine),
        ) as assoc:
            status = assoc.send_c_echo()
        if getattr(status, "Status", None) != 0:
            raise PeerFailed("C-ECHO was not answered with Success.", "Look at the peer's log.")
    except PeerFailed as error:
        # A context that is not accepted: somebody is there who knows no C-ECHO.
        answers = not error.retry and error.status is None
        return PeerState(machine.name, machine.kind, "DICOM", address, None, error.cause, error.remedy, answers)
    return PeerState(machine.name, machine.kind, "DICOM", address, (time.monotonic() - begun) * 1000)


def look(site: Site, apparatus: OutputApparatus) -> PeerState:
    """A folder or a web storage."""
    service, ask = LOOKED_AT[apparatus.kind]
    begun = time.monotonic()
    try:
        ask(site, apparatus)
    except PeerFailed as error:
        address = apparatus.address
        return PeerState(apparatus.name, apparatus.kind, service, address, None, error.cause, error.remedy)
    passed = (time.monotonic() - begun) * 1000
    return PeerState(apparatus.name, apparatus.kind, service, apparatus.address, passed)


def connect(site: Site, peer: Peer, timeout: float = 5.0) -> PeerState:
    """A connection to the HL7 listener of a peer, which is closed again."""
    address = f"{peer.host}:{peer.hl7_port}"
    begun = time.monotonic()
    try:
        mllp.reach(peer.host, peer.hl7_port, timeout, tls=site.tls(peer))
    except PeerFailed as error:
        return PeerState(peer.name, peer.kind, "HL7", address, None, error.cause, error.remedy)
    return PeerState(peer.name, peer.kind, "HL7", address, (time.monotonic() - begun) * 1000)
