"""What a receiver process is told by its parent: one line of JSON, so that it needs neither site file nor pydantic."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Self

from imgdash.model.security import Credentials
from imgdash.wire.admission import OpenTo


@dataclass(frozen=True)
class Settings:
    """Settings of one receiver process.

    Attributes
    ----------
    incoming
        Folder of the journal of what arrived.
    callers, secured_callers
        AE title that may call → addresses it may call from; those of them that may over TLS only.
    tls
        Certificate, key and authority for the socket that speaks TLS, or None.
    max_connections
        Above it the connection that has been of no use for longest is closed.
    opening_seconds, idle_seconds, pdu_seconds
        Deadlines: for the association request (ARTIM, PS3.8 9.1.5), between messages, and for each part of a
        PDU (at most `stream.BUFFER_BYTES`) and the wait for the next PDU inside a message.
    """

    incoming: str
    ae_title: str = "IMGDASH"
    called_ae_check: bool = True
    open_to: OpenTo = "known"
    callers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    secured_callers: tuple[str, ...] = ()
    tls: Credentials | None = None
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
        content["secured_callers"] = tuple(content["secured_callers"])
        content["tls"] = Credentials(**content["tls"]) if content["tls"] else None
        return cls(**content)
