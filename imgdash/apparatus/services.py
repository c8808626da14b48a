"""Each machine of the site and each of its services: whether it does what it will be asked for, in words.

`imgdash.apparatus.peers` only asks whether they are there, which takes no time; this asks for everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, TypeAlias

from imgdash.apparatus import peers
from imgdash.config import OutputApparatus, Peer, Site
from imgdash.model import ImgdashError
from imgdash.output import examining as output
from imgdash.receive import examining as receive
from imgdash.request import examining as request
from imgdash.retrieve import examining as retrieve

# Whether somebody is there is known sooner than an answer may take.
_SECONDS = 5.0
Machine: TypeAlias = Peer | OutputApparatus


@dataclass(frozen=True)
class ServiceState:
    """What was found of one service of one machine.

    Attributes
    ----------
    level
        ``ok``, ``warning`` (works, but somebody should know) or ``problem``.
    """

    machine: str
    service: str
    level: Literal["ok", "warning", "problem"]
    finding: str
    remedy: str = ""


def examine(site: Site) -> list[ServiceState]:
    """Ask every service of every machine; machines all at once, each in order."""
    if not site.machines:
        return []
    with ThreadPoolExecutor(max_workers=16) as pool:
        asked = [pool.submit(_machine, site, machine) for machine in site.machines]
        return [state for future in asked for state in future.result()]


def _machine(site: Site, machine: Machine) -> list[ServiceState]:
    return list(_found(site, machine))


def _found(site: Site, machine: Machine) -> Iterator[ServiceState]:
    if isinstance(machine, Peer) and machine.hl7_port:
        yield _there(machine, peers.connect(site, machine, min(_SECONDS, machine.timeout_seconds)))
    if isinstance(machine, OutputApparatus) and machine.kind in peers.LOOKED_AT:
        service, look = peers.LOOKED_AT[machine.kind]
        yield _answer(machine, service, lambda site: look(site, machine), site)
        return
    services = _services(machine)
    if not machine.port or not machine.ae_title:
        for service, _ in services:
            remedy = f"Set ae_title and port of {machine.name} in the site file."
            yield ServiceState(machine.name, service, "problem", "it has no AE title or no port", remedy)
        return
    echo = peers.echo(site, machine, min(_SECONDS, machine.timeout_seconds))
    yield _there(machine, echo)
    if not echo.ok and not echo.answers:
        # Nothing else can be better, and each would wait as long.
        return
    for service, ask in services:
        yield _answer(machine, service, ask, site)


def _answer(machine: Machine, service: str, ask: Callable[[Site], str], site: Site) -> ServiceState:
    try:
        return ServiceState(machine.name, service, "ok", ask(site))
    except ImgdashError as error:
        return ServiceState(machine.name, service, "problem", error.cause, error.remedy)


def _services(machine: Machine) -> list[tuple[str, Callable[[Site], str]]]:
    """What the site file says that the machine has."""
    found: list[tuple[str, Callable[[Site], str]]] = []
    if isinstance(machine, OutputApparatus):
        if machine.kind == "printer":
            return [("print", lambda site: output.film(site, machine))]
        found.append(("storage", lambda site: output.storage(site, machine)))
        if machine.commitment:
            found.append(("storage commitment", lambda site: output.commitment(site, machine)))
        if machine.iocm:
            found.append(("rejection notes", lambda site: request.notes(site, machine)))
        return found
    if machine.worklist:
        found.append(("worklist", lambda site: receive.orders(site, machine)))
    if machine.ups:
        found.append(("work items (UPS)", lambda site: request.work_items(site, machine)))
    if machine.availability or machine.detached_study or machine.mpps:
        found.append(("notices", lambda site: request.notices(site, machine)))
    if machine.resend:
        found.append(("re-sending (C-MOVE)", lambda site: request.resending(site, machine)))
    if machine.kind == "viewer" and machine.port:
        found.append(("destination of C-MOVE", lambda site: retrieve.destination(site, machine)))
    return found


def _there(machine: Machine, state: peers.PeerState) -> ServiceState:
    service = "C-ECHO" if state.service == "DICOM" else state.service
    if state.milliseconds is not None:
        return ServiceState(machine.name, service, "ok", f"{state.address} answered in {state.milliseconds:.0f} ms")
    # Who answers, but knows no C-ECHO, may know everything else.
    level: Literal["warning", "problem"] = "warning" if state.answers else "problem"
    return ServiceState(machine.name, service, level, f"{state.address}: {state.trouble}", state.remedy)
