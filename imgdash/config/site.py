"""The whole site file: its tables, what must hold between them, and what is looked up in them."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import model_validator

from imgdash.config.machines import OutputApparatus, Peer, Station
from imgdash.config.rules import Exposure, Fitness, Limit, Requests
from imgdash.config.types import Section
from imgdash.model.errors import NotFound
from imgdash.model.security import Credentials


class Site(Section):
    """The whole site file."""

    station: Station = Station()
    peers: tuple[Peer, ...] = ()
    apparatus: tuple[OutputApparatus, ...] = ()
    requests: Requests = Requests()
    fitness: Fitness = Fitness()
    exposure: tuple[Exposure, ...] = ()
    quality: tuple[Limit, ...] = ()
    folder: Path = Path()

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [peer.name for peer in self.peers] + [apparatus.name for apparatus in self.apparatus]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"names used twice: {', '.join(sorted(twice))}")
        folders = [apparatus.path for apparatus in self.apparatus if apparatus.kind == "folder"]
        if len(set(folders)) < len(folders):
            raise ValueError("two folders have the same path")
        return self

    @model_validator(mode="after")
    def _work_can_be_fetched(self) -> Self:
        fetching = [peer.name for peer in self.peers if peer.ups_pull]
        if fetching and self.station.query_port is None and self.station.query_tls_port is None:
            raise ValueError(f"{', '.join(fetching)} fetch work items (ups_pull), but the station has no query_port")
        if nameless := [peer.name for peer in self.peers if peer.ups_pull and not peer.ae_title]:
            raise ValueError(f"ups_pull needs an ae_title: {', '.join(nameless)}")
        return self

    @model_validator(mode="after")
    def _secured(self) -> Self:
        station = self.station
        files = (station.tls_certificate, station.tls_key, station.tls_ca)
        ports = (station.dicom_tls_port, station.hl7_tls_port, station.query_tls_port)
        if any(files) and not all(files):
            raise ValueError("tls_certificate, tls_key and tls_ca belong together")
        wanted = [machine.name for machine in self.machines if machine.tls]
        if not all(files) and (wanted or station.tls_required or any(port is not None for port in ports)):
            raise ValueError("TLS needs tls_certificate, tls_key and tls_ca of the station")
        if station.tls_required:
            clear = [peer.name for peer in self.peers if not peer.tls]
            clear += [apparatus.name for apparatus in self.apparatus if not apparatus.secure]
            if clear:
                raise ValueError(f"tls_required, but without tls = true: {', '.join(clear)}")
            if station.query_port is not None:
                raise ValueError("tls_required, so query_port must be query_tls_port")
        return self

    @property
    def credentials(self) -> Credentials | None:
        """Our certificate and whom we trust, or None where nothing is secured."""
        station = self.station
        if station.tls_certificate is None or station.tls_key is None or station.tls_ca is None:
            return None
        return Credentials(
            str(self.folder / station.tls_certificate),
            str(self.folder / station.tls_key),
            str(self.folder / station.tls_ca),
            station.tls_host_names,
        )

    def tls(self, machine: Peer | OutputApparatus) -> Credentials | None:
        """How to connect with `machine`: None for in the clear."""
        return self.credentials if machine.tls else None

    def authority(self, apparatus: OutputApparatus) -> Path | None:
        """Certificates of those who may have signed that of a web storage; None: as usual."""
        return self.folder / apparatus.tls_ca if apparatus.tls_ca else None

    @property
    def machines(self) -> tuple[Peer | OutputApparatus, ...]:
        """Every machine that is named."""
        return (*self.peers, *self.apparatus)

    def output(self, name: str) -> OutputApparatus:
        """The output apparatus called `name`."""
        for apparatus in self.apparatus:
            if apparatus.name == name:
                return apparatus
        raise NotFound(f"No output apparatus {name!r}.", f"The site file has {[a.name for a in self.apparatus]}.")

    def peer(self, name: str) -> Peer:
        """The peer called `name`."""
        for peer in self.peers:
            if peer.name == name:
                return peer
        raise NotFound(f"No peer {name!r}.", f"The site file has {[p.name for p in self.peers]}.")

    def peer_by_ae(self, ae_title: str) -> Peer | None:
        """The peer that calls itself `ae_title`, or None."""
        return next((peer for peer in self.peers if peer.ae_title == ae_title.strip()), None)

    def limit(self, quantity: str, sender: str) -> tuple[float | None, float | None]:
        """Least and greatest value of a quantity of quality control: the sender's own limit goes before all others'."""
        fitting = [limit for limit in self.quality if limit.quantity == quantity and limit.sender in (None, sender)]
        found = min(fitting, key=lambda limit: limit.sender is None, default=None)
        return (found.low, found.high) if found else (None, None)

    def peers_of(self, kind: str) -> tuple[Peer, ...]:
        """Every peer of a kind."""
        return tuple(peer for peer in self.peers if peer.kind == kind)

    def destinations(self, chosen: tuple[str, ...] | None, by_condition: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Where an image goes: as chosen for it, else as its condition key says, else the site's defaults (F2).

        Raises
        ------
        NotFound
            If one of them is not an apparatus of this site.
        """
        if chosen is None:
            chosen = by_condition or tuple(apparatus.name for apparatus in self.apparatus if apparatus.default)
        return tuple(self.output(name).name for name in dict.fromkeys(chosen))

    def secured_ae_titles(self) -> tuple[str, ...]:
        """Calling AE titles that may associate over TLS only."""
        return tuple(machine.ae_title.strip() for machine in self.machines if machine.tls and machine.ae_title)

    def known_ae_titles(self) -> frozenset[str]:
        """Calling AE titles that may associate."""
        return frozenset(
            [peer.ae_title for peer in self.peers if peer.ae_title]
            + [apparatus.ae_title for apparatus in self.apparatus if apparatus.ae_title]
        )

    def issuer(self, source: str) -> Peer | None:
        """The peer that an order comes from, by its `source`: MSH-3, or the name of the worklist; None: not known."""
        return next((peer for peer in self.peers if peer.calls_itself(source)), None)
