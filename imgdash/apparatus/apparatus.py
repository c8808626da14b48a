"""The main controller 21: the one place where the stages are wired, and the one facade that pages,
notebooks, tests and the command line call.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from imgdash import config
from imgdash.apparatus import health
from imgdash.apparatus.ahead import Ahead
from imgdash.apparatus.intake import Intake
from imgdash.apparatus.last_resort import LastResort
from imgdash.apparatus.messages import Messages
from imgdash.apparatus.ordering import Ordering
from imgdash.apparatus.orders import Orders
from imgdash.apparatus.quality import Quality
from imgdash.apparatus.queueing import Queueing
from imgdash.apparatus.recording import Recording
from imgdash.apparatus.reporting import Reporting
from imgdash.apparatus.requesting import Requesting
from imgdash.apparatus.reviewing import Reviewing
from imgdash.apparatus.screen import Screen
from imgdash.apparatus.search import Search
from imgdash.apparatus.station import Station
from imgdash.apparatus.told import Told
from imgdash.apparatus.traffic import Traffic
from imgdash.apparatus.tuning import Tuning
from imgdash.apparatus.viewings import Viewings
from imgdash.config import Site
from imgdash.confirm import Actions
from imgdash.model import Event, ImageHeader, ImgdashError
from imgdash.output import Outputs
from imgdash.output.as_received import corrected
from imgdash.receive import Receivers
from imgdash.records.publish import Publisher
from imgdash.request import Requests
from imgdash.retrieve import QueryServer
from imgdash.store.conditions import Conditions
from imgdash.store.files import Files
from imgdash.store.procedures import Procedures
from imgdash.store.reduced import ReducedImages
from imgdash.store.store import Store
from imgdash.store.users import Users
from imgdash.workers import Workers

_LOG = logging.getLogger(__name__)
_HOUSEKEEPING_SECONDS = 30.0
# Where the site deletes what is rejected "at once" (R7).
_AT_ONCE_SECONDS = 1.0


class Apparatus(Reviewing, Requesting, Queueing, Recording):
    """The image management apparatus 50: everything but the web page.

    Parameters
    ----------
    site
        Path of a site file, or a checked site. Ports given as 0 are chosen by the system; see `addresses`.

    Examples
    --------
    >>> with Apparatus("site.toml") as apparatus:
    ...     for image in apparatus.images(state="awaiting"):
    ...         apparatus.confirm(image.image_id, by="anna")

    Attributes
    ----------
    tuning, reporting, station, search, traffic, ordering, told
        What concerns condition keys (C1), records (H3), the station itself (H1), looking for images and orders,
        ordered procedures (D4), and what other machines are told.

    Raises
    ------
    ImgdashError
        If the site file does not fit, a port is taken, or another process serves this site.
    """

    def __init__(self, site: Site | Path | str) -> None:
        self.site = site if isinstance(site, Site) else config.load(site)
        self.site_file = None if isinstance(site, Site) else Path(site)
        self.folder = self.site.folder
        station = self.site.station
        self.store = Store(self.folder)
        self.files = Files(self.folder)
        self.conditions = Conditions(self.folder / "conditions")
        self.reduced_images = ReducedImages(self.folder / "reduced", station.display_size)
        self.users = Users(self.folder / "users.toml")
        self.workers = Workers(station.workers, station.worker_memory_mb)
        self.actions = Actions(self.store, self.site, self.conditions)
        self.outputs = Outputs(self.store, self.site, self.conditions, self.files, self.workers)
        self._requests = Requests(self.store, self.site, files=self.files, conditions=self.conditions)
        procedures = Procedures(self.folder / "procedures.csv")
        self.ordering = Ordering(self.store, self.conditions, procedures)
        self._orders = Orders(self.site, self.store, self.conditions, procedures, self._requests)
        self.screen = Screen(self.files, self.reduced_images, self.conditions, self.workers, self._raw)
        self.ahead = Ahead()
        self.viewings = Viewings(self.store)
        self._registration = LastResort(
            self.site,
            self.store,
            self.files,
            self.reduced_images,
            self.conditions,
            self._requests,
            self._arrived,
            self.workers,
        )
        messages = Messages(self.site, self.store, self.outputs, self._requests, self.files)
        self._intake = Intake(
            self.files.incoming,
            self.workers,
            display_size=station.display_size,
            pitch_mm=station.processing_pitch_mm,
            raw_senders={peer.ae_title: peer.sends_raw for peer in self.site.peers if peer.ae_title and peer.sends_raw},
            prepare=self._registration.prepare,
            register=self._registration.register,
            give_up=self._registration.give_up,
            message=messages.take,
            ready=self.screen.kernels.wait_elsewhere,
        )
        self._quality = Quality(self.site, self.store, self.files, self.conditions, self.workers)
        self._receivers = Receivers(self.site, on_file=self._intake.arrived)
        self._queries = QueryServer(
            self.site,
            self.store,
            self.files,
            corrected=lambda path, image: corrected(path, image, station),
            also=self._requests.worklist,
        )
        self._publisher = Publisher(self.store, self.folder / "records")
        self.tuning = Tuning(
            self.site,
            self.store,
            self.conditions,
            self.reduced,
            lambda image_id: dict(self.open(image_id).attrs),
            self.save_condition,
        )
        self.reporting = Reporting(self.store, self.folder, self.publish)
        self.station = Station(self, self._receivers, self._publisher)
        self.search = Search(self.store)
        self.traffic = Traffic(self.store, self.site)
        self.told = Told(self.store)
        self._stopping = threading.Event()
        self._housekeeper = threading.Thread(target=self._keep_house, name="housekeeping", daemon=True)
        self.started_at: datetime | None = None

    # -- running ------------------------------------------------------------------------------------------

    def start(self) -> Self:
        """Listen, take what waits in ``incoming``, go on with queues and requests."""
        self.screen.kernels.prepare()
        self._receivers.start()
        self._orders.start()
        self._quality.start()
        self._intake.start()
        self.outputs.start()
        self._requests.start()
        self._queries.start()
        self._publisher.start()
        self._housekeeper.start()
        self.started_at = datetime.now()
        return self

    def stop(self) -> None:
        """Stop listening first, then finish and write back."""
        self._stopping.set()
        self.screen.kernels.stop()
        for part in (self._queries, self._receivers, self._orders, self._intake, self.outputs, self._requests):
            part.stop()
        self._quality.stop()
        self._publisher.stop()
        self.workers.stop()
        try:
            self.viewings.keep()
        except ImgdashError as error:
            _LOG.warning("who looked at images last was not recorded: %s", error.cause)
        self.store.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def addresses(self) -> dict[str, tuple[str, int]]:
        """Where it listens: ``dicom``, ``hl7``, ``query``, and the same with ``-tls``, as the site file says."""
        return {**self._receivers.addresses, **self._orders.addresses, **self._queries.addresses}

    @property
    def state(self) -> str:
        """``running`` or ``stopped``."""
        return "running" if self.started_at and not self._stopping.is_set() else "stopped"

    @property
    def arriving(self) -> int:
        """Files that are received but not yet registered."""
        return self._intake.waiting

    @property
    def prepared(self) -> bool:
        """Whether what arrives is examined at once; not in the first minute of the first start on a machine."""
        return self.screen.kernels.compiled

    @property
    def receivers_alive(self) -> bool:
        """Whether every receiver process is at work."""
        return self._receivers.alive()

    @property
    def alive(self) -> dict[str, bool]:
        """Part of the apparatus → whether it is at work; what is not was ended by a fault, and is to be told."""
        return {
            "receivers": self.receivers_alive,
            "intake": self._intake.alive,
            "workers": self.workers.alive,
            "housekeeping": self._housekeeper.is_alive(),
        }

    def subscribe(self, listener: Callable[[Sequence[Event]], None]) -> Callable[[], None]:
        """Hear of every change after it is durable; returns the function that ends it.

        `listener` is called in the writer's thread or in that of who looks at an image, and must only hand over.
        """
        return self.store.subscribe(listener)

    def health(self) -> dict[str, Any]:
        """Counts, no patient data: what ``/healthz`` answers."""
        return health.health(self)

    def how_many(self, state: str) -> int:
        """Images in this state."""
        return int(self.store.query("select count(*) n from image where state = ?", [state])[0]["n"])

    # -- inside -------------------------------------------------------------------------------------------

    def _arrived(self, image: ImageHeader) -> None:
        _LOG.info("image %s registered as number %s", image.image_id, image.number)

    def _keep_house(self) -> None:
        """What is due by time: changed condition files, rejected images whose time is over (R7)."""
        at_once = self.site.station.keep_rejected_days == 0
        while not self._stopping.wait(_AT_ONCE_SECONDS if at_once else _HOUSEKEEPING_SECONDS):
            for work in (self.conditions.refresh, self._sweep, self.viewings.keep):
                try:
                    work()
                except Exception:  # whatever it was, the other work, and the next time, go on
                    _LOG.exception("housekeeping was not finished")


def replace_site(site: Site, **station: Any) -> Site:
    """A site with other settings of its station, for tests and notebooks."""
    return site.model_copy(update={"station": site.station.model_copy(update=station)})


__all__ = ["Apparatus", "replace_site"]
