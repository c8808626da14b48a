"""Who may associate: AE titles with the addresses they may call from, the same for every DICOM port of the station."""

from __future__ import annotations

import ipaddress
import logging
import socket
import threading
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

logger = logging.getLogger(__name__)
OpenTo: TypeAlias = Literal["known", "loopback", "all"]


class Rules(Protocol):
    """What decides who may associate: the fields of `Admission`."""

    @property
    def ae_title(self) -> str:
        """Our own."""

    @property
    def called_ae_check(self) -> bool:
        """Whether a caller must name it."""

    @property
    def open_to(self) -> OpenTo:
        """Who may call besides those named."""

    @property
    def callers(self) -> Mapping[str, tuple[str, ...]]:
        """AE title → addresses it may call from."""

    @property
    def secured_callers(self) -> Collection[str]:
        """Those of them that may call over TLS only."""


@dataclass(frozen=True)
class Admission:
    """The rules of one port, see `Rules`."""

    ae_title: str
    called_ae_check: bool = True
    open_to: OpenTo = "known"
    callers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    secured_callers: Collection[str] = ()


@dataclass(frozen=True)
class Refusal:
    """Why an association is rejected: result, source, diagnostic of PS3.8 table 9-21, and words."""

    result: int
    source: int
    diagnostic: int
    words: str


def admit(rules: Rules, calling_ae: str, called_ae: str, host: str, *, secured: bool = False) -> Refusal | None:
    """Why the caller may not associate, or None if it may.

    Parameters
    ----------
    secured
        Whether it came over TLS, with a certificate that is believed.
    """
    if rules.called_ae_check and called_ae != rules.ae_title:
        return Refusal(1, 1, 7, "called AE title not recognized")
    if calling_ae in rules.secured_callers and not secured:
        return Refusal(1, 1, 1, "this AE title must come over TLS")
    if is_open_to(rules.open_to, host) or is_among(host, rules.callers.get(calling_ae, ())):
        return None
    if calling_ae in rules.callers:
        return Refusal(1, 1, 3, "calling AE title known, but not from this address")
    return Refusal(1, 1, 3, "calling AE title not recognized")


def is_open_to(open_to: OpenTo, host: str) -> bool:
    """Whether anybody may call from this address."""
    return open_to == "all" or (open_to == "loopback" and is_loopback(host))


def is_among(host: str, allowed: Collection[str]) -> bool:
    """Whether an address is one of those; on loopback each stands for all."""
    return host in allowed or (is_loopback(host) and any(is_loopback(address) for address in allowed))


def callers(machines: Iterable[tuple[str | None, str]]) -> dict[str, tuple[str, ...]]:
    """AE titles with their hosts as AE titles with their addresses; host names are looked up here."""
    found: dict[str, set[str]] = {}
    for ae_title, host in machines:
        if ae_title:
            found.setdefault(ae_title.strip(), set()).update(addresses(host))
    return {ae_title: tuple(sorted(hosts)) for ae_title, hosts in found.items()}


def addresses(host: str) -> set[str]:
    """The addresses of a host of the site file, looked up now; none where it is not found."""
    try:
        return {plain_address(str(info[4][0])) for info in socket.getaddrinfo(host, None)}
    except OSError as error:
        logger.warning("the host %r of the site file is not found (%s): it may not call", host, error.strerror)
        return set()


def plain_address(host: str) -> str:
    """An address as a socket gives it, IPv4 inside IPv6 unwrapped and without scope."""
    address = ipaddress.ip_address(host.split("%", 1)[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def is_loopback(host: str) -> bool:
    """Whether `host` is an address of this machine's loopback."""
    return ipaddress.ip_address(host).is_loopback


class Limiter:
    """Lets the same thing through once in `seconds`, and no more than `burst` different ones in that time.

    For lines of the audit that a stranger causes (RELIABILITY.md).
    """

    def __init__(self, seconds: float = 60.0, burst: int = 20) -> None:
        self._seconds, self._burst = seconds, burst
        self._seen: dict[object, float] = {}
        self._lock = threading.Lock()

    def allows(self, what: object) -> bool:
        """Whether to go on with `what`."""
        now = time.monotonic()
        with self._lock:
            self._seen = {key: at for key, at in self._seen.items() if now - at < self._seconds}
            if what in self._seen or len(self._seen) >= self._burst:
                return False
            self._seen[what] = now
            return True


__all__ = [
    "Admission",
    "Limiter",
    "OpenTo",
    "Refusal",
    "Rules",
    "addresses",
    "admit",
    "callers",
    "is_among",
    "is_loopback",
    "is_open_to",
    "plain_address",
]
