"""The medical network of Fig. 1 around one apparatus: every peer and output apparatus that a site file names."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import stat
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from imgdash import config
from imgdash.config import Peer, Site
from imgdash.model import ImgdashError
from imgdash.simulate.catalogue import Kind
from imgdash.simulate.faults import carry_out
from imgdash.simulate.image_header import Station
from imgdash.simulate.machine import Address, Machine
from imgdash.simulate.modality import Modality, Surroundings
from imgdash.simulate.peers import kind_of, sends_raw
from imgdash.simulate.printer import Printer
from imgdash.simulate.programme import Programme
from imgdash.simulate.ris import Ris
from imgdash.simulate.storage import Storage

logger = logging.getLogger(__name__)
# By which part a detector's blur has grown in its last quality control: its MTF leaves the demonstration's limit.
_WEAR = 0.18


class Network:
    """The other machines of Fig. 1, in one process.

    Parameters
    ----------
    site
        The apparatus's site file: its peers and output apparatus are started on the ports it names.
    folder
        Where raw exposures, stored images and films go.
    count, pace
        First images to send, and images per second. 0 images: the machines only answer.
    only
        Names of the machines to start; all of them if empty.
    apparatus
        ``{"dicom": (host, port), "hl7": (host, port)}`` where the apparatus chose its ports itself.
    poll_seconds
        How often a modality asks for its worklist.
    faults
        Faults to order before anything starts, as `imgdash.simulate.faults.parse` reads them.
    quality_months
        For so many months the first DR sends its quality control, once the first images are ordered.
    """

    def __init__(
        self,
        site: Site,
        folder: Path,
        *,
        count: int = 12,
        pace: float = 0.5,
        seed: int = 1,
        only: Sequence[str] = (),
        apparatus: Mapping[str, tuple[str, int]] | None = None,
        poll_seconds: float = 1.0,
        faults: Sequence[str] = (),
        quality_months: int = 0,
    ) -> None:
        self.site = site
        self._folder = folder
        # Of another seed, other patients and other numbers of orders: those of an earlier run of this day are taken.
        self._seed = seed
        self._poll_seconds = poll_seconds
        self._quality_months = quality_months
        self._stopping = threading.Event()
        known = dict(apparatus or {})
        host = "127.0.0.1" if site.station.host in ("0.0.0.0", "::", "") else site.station.host
        dicom_host, dicom_port = known.get("dicom", (host, site.station.dicom_port))
        if not dicom_port:
            raise ImgdashError(
                "The site file lets the apparatus choose its DICOM port, so the machines do not know it.",
                "Set station.dicom_port.",
            )
        self._apparatus = Address(site.station.ae_title, dicom_host, dicom_port)
        self._query = known.get("query", (host, site.station.query_port or 0))[1]
        self._hl7 = known.get("hl7", (host, site.station.hl7_port))
        names = {peer.name for peer in site.peers} | {output.name for output in site.apparatus}
        if unknown := set(only) - names:
            raise ImgdashError(f"No machine {sorted(unknown)} in the site file.", "Check the names.")
        self.machines: dict[str, Machine] = {}
        self._make(set(only))
        carry_out(faults, {name: (machine.conduct, machine.services) for name, machine in self.machines.items()})
        self.programme = self._programme(count, pace, seed)

    def _make(self, only: set[str]) -> None:
        ris_peer = next(iter(self.site.peers_of("ris")), None)
        ris = _address(ris_peer) if ris_peer else None
        for output in self.site.apparatus:
            if only and output.name not in only:
                continue
            address = Address(output.ae_title, output.host, output.port)
            folder = self._folder / output.name
            if output.kind == "storage":
                self.machines[output.name] = Storage(address, folder, {self._apparatus.ae_title: self._apparatus})
            elif output.kind == "printer":
                self.machines[output.name] = Printer(address, folder)
        for peer in self.site.peers:
            if only and peer.name not in only:
                continue
            if peer.kind == "ris":
                hl7 = self._hl7 if self._hl7[1] else None
                self.machines[peer.name] = Ris(
                    _address(peer), peer.hl7_port, hl7, peer.hl7_order, first=1 + 1000 * (self._seed - 1) % 100_000
                )
            elif peer.kind == "modality":
                self.machines[peer.name] = self._modality(peer, ris)

    def _modality(self, peer: Peer, ris: Address | None) -> Modality:
        readers = [other.name for other in self.site.peers_of("modality") if kind_of(other) == "CR"]
        # The second plate reader is of an older make.
        bits = 10 if peer.name in readers[1:] else 12
        station = Station(peer.ae_title or peer.name, kind_of(peer), self.site.station.institution, bits)
        at = self._apparatus
        work = Address(at.ae_title, at.host, self._query) if peer.ups_pull and self._query else None
        return Modality(
            _address(peer), station, Surroundings(at, ris, work), self._folder / peer.name,
            sends_raw=sends_raw(peer), plan=lambda accession: self.programme.plan(accession),
            poll_seconds=self._poll_seconds,
        )  # fmt: skip

    def _programme(self, count: int, pace: float, seed: int) -> Programme:
        ris = next((machine for machine in self.machines.values() if isinstance(machine, Ris)), None)
        stations: dict[str, Kind] = {}
        raw = []
        for peer in self.site.peers_of("modality"):
            if peer.name in self.machines:
                stations[peer.ae_title or peer.name] = kind_of(peer)
                if sends_raw(peer):
                    raw.append(peer.ae_title or peer.name)
        # Without a RIS of ours nobody books; the modalities still work off the worklist of the real one.
        return Programme(ris or Ris(Address("NONE", "127.0.0.1", 0)), stations if ris else {}, raw,
                         count=count, pace=pace, seed=seed)  # fmt: skip

    def start(self) -> Self:
        """Start every machine, then the programme.

        Raises
        ------
        ImgdashError
            If a port is taken; what was started already is stopped again.
        """
        try:
            for machine in self.machines.values():
                machine.start()
        except ImgdashError:
            self.stop()
            raise
        threading.Thread(target=self.programme.run, args=(self._stopping,), name="programme", daemon=True).start()
        if self._quality_months:
            threading.Thread(target=self._control, name="quality", daemon=True).start()
        return self

    def _control(self) -> None:
        """After the first images: who looks at the station sees those of patients first."""
        while not self.programme.finished.wait(0.2):
            if self._stopping.is_set():
                return
        modalities = [machine for machine in self.machines.values() if isinstance(machine, Modality)]
        if detector := next((machine for machine in modalities if machine.station.kind == "DX"), None):
            detector.control(self._quality_months, wear=_WEAR)

    def stop(self) -> None:
        """Stop the programme and every machine."""
        self._stopping.set()
        for machine in self.machines.values():
            machine.stop()

    def status(self) -> dict[str, Any]:
        """Counts of each machine and of the programme; no patient data."""
        told: dict[str, Any] = {name: machine.status() for name, machine in self.machines.items()}
        told["faults due"] = {name: machine.conduct.due for name, machine in self.machines.items()}
        told["programme"] = {"booked": self.programme.booked, "finished": self.programme.finished.is_set()}
        return told

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()


def _address(peer: Peer) -> Address:
    return Address(peer.ae_title or peer.name, peer.host, peer.port)


def main(
    site: Path,
    folder: Path | None = None,
    count: int = 12,
    pace: float = 0.5,
    seed: int = 1,
    only: Sequence[str] = (),
    faults: Sequence[str] = (),
    quality_months: int = 0,
) -> None:
    """Run the network until standard input closes (a pipe or a terminal) or a signal comes.

    Parameters
    ----------
    folder
        ``network/`` beside the site file if not given.
    """
    loaded = config.load(site)
    _give_memory_back()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    _end_with_standard_input(ended)
    with Network(
        loaded, folder or loaded.folder / "network", count=count, pace=pace, seed=seed, only=only, faults=faults,
        quality_months=quality_months,
    ):  # fmt: skip
        ended.wait()


def _give_memory_back() -> None:
    """Let the C library return the pixels of each image to the system instead of keeping them for later."""
    arena_max, mmap_threshold = -8, -3
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return  # Not glibc: it has its own ways.
    mallopt(arena_max, 2)
    mallopt(mmap_threshold, 256 * 1024)


def _end_with_standard_input(ended: threading.Event) -> None:
    """Whoever started us ends us by going away; /dev/null says nothing, so it is not listened to."""
    try:
        descriptor = sys.stdin.fileno()
        mode = os.fstat(descriptor).st_mode
    except (AttributeError, OSError, ValueError):
        return
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(descriptor)):
        return

    def wait() -> None:
        try:
            while os.read(descriptor, 4096):
                continue
        except OSError as error:
            logger.debug("standard input: %s", error.strerror)
        ended.set()

    threading.Thread(target=wait, name="standard-input", daemon=True).start()


__all__ = ["Network", "main"]
