"""What a machine shows of itself and trusts in others, when connections are secured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Credentials:
    """Files of a TLS node (PEM).

    Attributes
    ----------
    certificate, key
        Our own certificate, with those between it and the authority, and its private key without a password.
    authority
        Certificates of whoever signed those of our peers; nobody else's are believed.
    host_names
        Whether the certificate of a machine that we connect to must also name its host. Devices often have
        certificates that name only themselves.
    """

    certificate: str
    key: str
    authority: str
    host_names: bool = False
