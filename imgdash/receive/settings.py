"""What a receiver process is told by its parent: one line of JSON, so that it needs neither site file nor pydantic."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal, Self


@dataclass(frozen=True)
class Settings:
    """Settings of one receiver process.

    Attributes
    ----------
    incoming
        Folder of the journal of what arrived.
    callers
        AE title that may call → addresses it may call from.
    max_connections
        Above it the connection that has been of no use for longest is closed.
    opening_seconds, idle_seconds, pdu_seconds
        Deadlines: for the association request (ARTIM, PS3.8 9.1.5), between messages, and for each part of a
        PDU (at most `stream.BUFFER_BYTES`) and the wait for the next PDU inside a message.
    """

    incoming: str
    ae_title: str = "IMGDASH"
    called_ae_check: bool = True
    open_to: Literal["known", "loopback", "all"] = "known"
    callers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    max_message_bytes: int = 2048 << 20
    minimum_free_bytes: int = 200 << 20
    max_connections: int = 64
    opening_seconds: float = 5.0
    idle_seconds: float = 300.0
    pdu_seconds: float = 15.0

    def to_line(self) -> str:
        """As one line."""
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def from_line(cls, line: str) -> Self:
        """Of one line."""
        content = json.loads(line)
        content["callers"] = {ae: tuple(hosts) for ae, hosts in content["callers"].items()}
        return cls(**content)

    def knows(self, ae_title: str, host: str) -> bool:
        """Whether `ae_title` is one that may call from the address `host`."""
        allowed = self.callers.get(ae_title, ())
        return host in allowed or (is_loopback(host) and any(is_loopback(address) for address in allowed))


def plain_address(host: str) -> str:
    """An address as a socket gives it, IPv4 inside IPv6 unwrapped and without scope."""
    address = ipaddress.ip_address(host.split("%", 1)[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def is_loopback(host: str) -> bool:
    """Whether `host` is an address of this machine's loopback."""
    return ipaddress.ip_address(host).is_loopback
