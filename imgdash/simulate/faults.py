"""Faults that can be ordered from a simulated machine, so that a loop can be tried under trouble.

A machine's `Conduct` is a table with a row for each fault ordered: service, what goes wrong, how many times. Each
time the service is asked, the first row of it that is not used up is carried out; after the last the machine is well.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from imgdash.model.errors import ImgdashError

Kind = Literal["refuse", "slow", "wrong answer", "drop", "late ack"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
MEANING: Final[Mapping[Kind, str]] = {
    "refuse": "a failure status or a negative acknowledgement, and nothing is done",
    "slow": "it is done and answered after a while",
    "wrong answer": "Success is said although nothing was done; HL7: another message is acknowledged",
    "drop": "the connection is cut and nothing is done",
    "late ack": "it is done, and the answer comes after a while",
}
SECONDS: Final = 3.0
# What a service is refused with unless the order says otherwise (PS3.4 B.2.3, C.4.1.1.4, CC.2.5.3; PS3.7 annex C).
REFUSALS: Final[Mapping[str, int]] = {
    "c-store": 0xA700,
    "c-find": 0xA700,
    "c-move": 0xA702,
    "c-get": 0xA702,
    "ups": 0x0124,
}
PROCESSING_FAILURE: Final = 0x0110


@dataclass
class Fault:
    """One row of the table.

    Attributes
    ----------
    times
        How often it is still to happen; None: until `Conduct.mend`.
    status
        What a refusal says; 0 where the service has its own word for it.
    seconds
        How long ``slow`` and ``late ack`` take.
    happened
        How often it did.
    """

    service: str
    kind: Kind
    times: int | None = 1
    status: int = 0
    seconds: float = SECONDS
    happened: int = 0


class Conduct:
    """How a machine behaves: well, but for the faults that were ordered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def order(
        self, service: str, kind: Kind, times: int | None = 1, *, status: int = 0, seconds: float = SECONDS
    ) -> Fault:
        """Order a fault; it takes its turn after those ordered earlier for the same service."""
        status = status or REFUSALS.get(service, PROCESSING_FAILURE)
        fault = Fault(service, kind, times, status, seconds)
        with self._lock:
            self._faults.append(fault)
        return fault

    def take(self, service: str) -> Fault | None:
        """The fault that is due now, counted as happened; None: all is well."""
        with self._lock:
            for fault in self._faults:
                if fault.service == service and (fault.times is None or fault.times > 0):
                    fault.times = None if fault.times is None else fault.times - 1
                    fault.happened += 1
                    return fault
        return None

    def mend(self, service: str = "") -> None:
        """Nothing goes wrong any more, with one service or with all."""
        with self._lock:
            self._faults = [fault for fault in self._faults if service and fault.service != service]

    @property
    def table(self) -> tuple[Fault, ...]:
        """Every fault ordered, in that order."""
        with self._lock:
            return tuple(self._faults)

    @property
    def due(self) -> int:
        """Faults that have still to happen; those without end count once until they did."""
        return sum(fault.times if fault.times is not None else int(not fault.happened) for fault in self.table)


@dataclass(frozen=True)
class Ordered:
    """A fault as a command line orders it."""

    machine: str
    service: str
    kind: Kind
    times: int | None
    status: int
    seconds: float


def parse(text: str) -> Ordered:
    """``MACHINE:SERVICE:FAULT[:TIMES[:STATUS or SECONDS]]``, e.g. ``RIS58:hl7-order:late-ack:2:5``.

    TIMES 0 is for ever. A refusal may have a status such as ``0xA700``, a delay its seconds.

    Raises
    ------
    ImgdashError
        If it is not written so.
    """
    remedy = f"Write MACHINE:SERVICE:FAULT[:TIMES[:STATUS or SECONDS]]; faults are {', '.join(KINDS)}."
    parts = [part.strip() for part in text.split(":")]
    kind = parts[2].replace("-", " ").lower() if len(parts) > 2 else ""
    if kind not in KINDS or len(parts) > 5:
        raise ImgdashError(f"{text!r} orders no fault.", remedy)
    try:
        times = int(parts[3]) if len(parts) > 3 else 1
        detail = parts[4] if len(parts) > 4 else ""
        status = int(detail, 0) if detail and kind == "refuse" else 0
        seconds = float(detail) if detail and kind != "refuse" else SECONDS
    except ValueError:
        raise ImgdashError(f"{text!r} orders no fault: its numbers cannot be read.", remedy) from None
    if times < 0 or seconds < 0:
        raise ImgdashError(f"{text!r} orders no fault: a number is below 0.", remedy)
    return Ordered(parts[0], parts[1], kind, times or None, status, seconds)


def carry_out(texts: Iterable[str], machines: Mapping[str, tuple[Conduct, Iterable[str]]]) -> None:
    """Order what a command line says.

    Parameters
    ----------
    machines
        Name → its conduct and the services it can fail in.

    Raises
    ------
    ImgdashError
        If there is no such machine or service; then nothing is ordered.
    """
    ordered = [parse(text) for text in texts]
    for fault in ordered:
        if fault.machine not in machines:
            raise ImgdashError(f"No machine {fault.machine!r} to fail.", f"There are: {', '.join(machines)}.")
        services = sorted(machines[fault.machine][1])
        if fault.service not in services:
            raise ImgdashError(
                f"{fault.machine} cannot fail in {fault.service!r}.", f"It can in: {', '.join(services)}."
            )
    for fault in ordered:
        conduct = machines[fault.machine][0]
        conduct.order(fault.service, fault.kind, fault.times, status=fault.status, seconds=fault.seconds)


def delayed(fault: Fault | None, kind: Kind, wait: Callable[[float], object]) -> None:
    """Wait as long as `fault` says, if it is of this kind."""
    if fault is not None and fault.kind == kind:
        wait(fault.seconds)


__all__ = ["KINDS", "MEANING", "REFUSALS", "Conduct", "Fault", "Kind", "carry_out", "delayed", "parse"]
