"""The main controller 21: the one place where the stages are wired, and the one facade that pages,
notebooks, tests and the command line call.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import xarray as xr
from pydicom.dataset import Dataset

from imgdash import config
from imgdash.apparatus import health, peers
from imgdash.apparatus.health import QueueState
from imgdash.apparatus.intake import Intake
from imgdash.apparatus.messages import Messages
from imgdash.apparatus.orders import Orders
from imgdash.apparatus.registration import Registration
from imgdash.apparatus.reporting import Reporting
from imgdash.apparatus.screen import Screen, digest
from imgdash.apparatus.search import Search
from imgdash.apparatus.station import Station
from imgdash.apparatus.traffic import Traffic
from imgdash.apparatus.tuning import Tuning
from imgdash.config import Site
from imgdash.confirm import Actions, retention
from imgdash.model import APPARATUS, Actor, Event, ImageHeader, ImgdashError, NotFound, Order, Request
from imgdash.output import Outputs
from imgdash.process import Chain, form
from imgdash.receive import Receivers
from imgdash.records import emission, reports, sql
from imgdash.records.publish import Publisher
from imgdash.reduce import Reduced
from imgdash.request import Requests
from imgdash.store import header, pixels
from imgdash.store.conditions import Conditions
from imgdash.store.files import Files
from imgdash.store.reduced import ReducedImages
from imgdash.store.store import Store
from imgdash.store.users import Users
from imgdash.workers import Workers

_LOG = logging.getLogger(__name__)
_HOUSEKEEPING_SECONDS = 30.0

By = Actor | str


class Apparatus:
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
    tuning, reporting, station, search, traffic
        What concerns condition keys (C1), records (H3), the station itself (H1), and looking for images and orders.

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
        self._orders = Orders(self.site, self.store, self.conditions, self._requests)
        self.screen = Screen(self.files, self.reduced_images, self.conditions, self.workers, self._raw)
        self._registration = Registration(
            self.site, self.store, self.files, self.reduced_images, self.conditions, self._requests, self._arrived
        )
        messages = Messages(self.site, self.store, self.outputs, self._requests, self.files.quarantine)
        self._intake = Intake(
            self.files.incoming,
            self.workers,
            display_size=station.display_size,
            pitch_mm=station.processing_pitch_mm,
            raw_senders={peer.ae_title: peer.sends_raw for peer in self.site.peers if peer.ae_title and peer.sends_raw},
            register=self._registration.register,
            message=messages.take,
        )
        self._receivers = Receivers(self.site, on_file=self._intake.arrived)
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
        self._stopping = threading.Event()
        self._housekeeper = threading.Thread(target=self._keep_house, name="housekeeping", daemon=True)
        self.started_at: datetime | None = None

    # -- running ------------------------------------------------------------------------------------------

    def start(self) -> Self:
        """Listen, take what waits in ``incoming``, go on with queues and requests."""
        self._receivers.start()
        self._orders.start()
        self._intake.start()
        self.outputs.start()
        self._requests.start()
        self._publisher.start()
        self._housekeeper.start()
        self.started_at = datetime.now()
        return self

    def stop(self) -> None:
        """Stop listening first, then finish and write back."""
        self._stopping.set()
        for part in (self._receivers, self._orders, self._intake, self.outputs, self._requests):
            part.stop()
        self._publisher.stop()
        self.workers.stop()
        self.store.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def addresses(self) -> dict[str, tuple[str, int]]:
        """Where it listens: ``dicom`` and ``hl7``."""
        return {"dicom": self._receivers.address, "hl7": self._orders.address}

    @property
    def state(self) -> str:
        """``running`` or ``stopped``."""
        return "running" if self.started_at and not self._stopping.is_set() else "stopped"

    @property
    def arriving(self) -> int:
        """Files that are received but not yet registered."""
        return self._intake.waiting

    @property
    def receivers_alive(self) -> bool:
        """Whether every receiver process is at work."""
        return self._receivers.alive()

    def subscribe(self, listener: Callable[[Sequence[Event]], None]) -> Callable[[], None]:
        """Hear of every change after it is durable; returns the function that ends it.

        `listener` is called in the writer's thread and must only hand over.
        """
        return self.store.subscribe(listener)

    def health(self) -> dict[str, Any]:
        """Counts, no patient data: what ``/healthz`` answers."""
        return health.health(self)

    # -- looking ------------------------------------------------------------------------------------------

    def images(
        self, state: str | None = None, *, limit: int | None = None, where: str = "true", params: Sequence[Any] = ()
    ) -> list[ImageHeader]:
        """Image headers in order of receipt (H2), priority not regarded."""
        if state is not None:
            return self.store.images(f"state = ? and ({where})", [state, *params], limit=limit)
        return self.store.images(where, params, limit=limit)

    def latest_images(self, where: str, limit: int) -> list[ImageHeader]:
        """Image headers, latest first, at most `limit`."""
        return self.store.images(where, order="number desc", limit=limit)

    def image(self, image_id: str) -> ImageHeader:
        """One image header."""
        return self.store.image(image_id)

    def orders(self) -> list[Order]:
        """Reservation files, latest first."""
        return self.store.orders()

    def requests(self, state: str | None = None) -> list[Request]:
        """Requests for a better image, latest first."""
        return self.store.requests() if state is None else self.store.requests("state = ?", [state])

    def history(self, image_id: str) -> list[ImageHeader]:
        """The rounds an image went through, first to last, itself among them."""
        rounds = [self.image(image_id)]
        while rounds[0].replaces:
            rounds.insert(0, self.image(rounds[0].replaces))
        while rounds[-1].replaced_by:
            rounds.append(self.image(rounds[-1].replaced_by))
        return rounds

    def journal(self, subject: str | None = None, id: str | None = None, limit: int = 500) -> list[dict[str, Any]]:
        """What happened, latest first: seq, at, subject, id, event, by, why, data."""
        return self.store.query(
            "select * from journal where (? is null or subject = ?) and (? is null or id = ?) "
            "order by seq desc limit ?",
            [subject, subject, id, id, limit],
        )

    def queues(self) -> dict[str, QueueState]:
        """Each output apparatus with its queue (F2, F3)."""
        return health.queues(self)

    def check_peers(self) -> list[peers.PeerState]:
        """Ask every connection of the site whether it is there."""
        return peers.check(self._addressed_site())

    def peers(self) -> list[config.Peer | config.OutputApparatus]:
        """The machines the site file names."""
        return [*self.site.peers, *self.site.apparatus]

    # -- images -------------------------------------------------------------------------------------------

    def open(self, image_id: str) -> xr.DataArray:
        """Stored pixels, lazy, full resolution; coordinates in mm."""
        image = self.image(image_id)
        found = pixels.open_image(self.files.path(image_id), unprocessed=self._raw(image.sender))
        return found.assign_attrs(image.marked)

    def raw(self, image_id: str) -> np.ndarray:
        """Stored pixels as an array."""
        return np.asarray(self.open(image_id).values)

    def dataset(self, image_id: str) -> Dataset:
        """The header as it is now: the file's, with corrected information in it (C2)."""
        ds = header.read(self.files.path(image_id)).ds
        for keyword, value in self.image(image_id).edits.items():
            setattr(ds, keyword, value)
        return ds

    def chain(self, image_id: str, condition: str | None = None, overrides: Mapping[str, Any] | None = None) -> Chain:
        """The processing parameters an image has, or would have with another condition key."""
        return self.screen.chain(self.image(image_id), condition, overrides)

    def process(
        self, image_id: str, condition: str | None = None, overrides: Mapping[str, Any] | None = None
    ) -> xr.DataArray:
        """The processed image, uint16 P-values, full resolution (G1)."""
        image = self.image(image_id)
        if condition is not None and condition != image.condition:
            image = self._registration.recalculate(image, condition, self.reduced(image_id))
        return form(self.open(image_id), self.screen.chain(image, condition, overrides), image.parameters)

    def reduced(self, image_id: str) -> Reduced:
        """The reduced images (C3)."""
        return self.screen.reduced(image_id)

    def thumbnail(self, image_id: str) -> np.ndarray:
        """The processed thumbnail, uint8; the unprocessed one where it cannot be processed."""
        return self.reduced_images.thumbnail(image_id)

    def preview(self, image_id: str, chain: Chain | None = None) -> np.ndarray:
        """The processed display image, within milliseconds."""
        return self.screen.preview(self.image(image_id), chain)

    def frame(self, image_id: str, chain: Chain | None = None) -> Future[np.ndarray]:
        """The processed image for the screen in full resolution, kept for the next look."""
        return self.screen.frame(self.image(image_id), chain)

    def look(self, image_id: str, chain: Chain | None = None) -> str:
        """A short name of how an image looks now; it changes when the look does, so pages can cache by it."""
        image = self.image(image_id)
        return digest(chain or self.screen.chain(image), image)

    def _raw(self, sender: str) -> bool | None:
        peer = self.site.peer_by_ae(sender)
        return peer.sends_raw if peer else None

    # -- the reviewer (E1-E4) -----------------------------------------------------------------------------

    def actor(self, by: By) -> Actor:
        """Who acts; a name without an account acts as a general user."""
        if isinstance(by, Actor):
            return by
        if by == APPARATUS.name:
            return APPARATUS
        try:
            return self.users.role(by)
        except NotFound:
            return Actor(by, "user")

    def confirm(self, image_id: str, by: By) -> ImageHeader:
        """The image is good: it enters the queues of its output apparatus (E2)."""
        self.actions.confirm(image_id, self.actor(by))
        return self.image(image_id)

    def undo(self, image_id: str, by: By) -> ImageHeader:
        """Take a confirmation back, as long as nothing was sent."""
        self.actions.undo(image_id, self.actor(by))
        return self.image(image_id)

    def postpone(self, image_id: str, by: By) -> ImageHeader:
        """Not now: nothing is sent until it is reviewed (B2, E4)."""
        self.actions.postpone(image_id, self.actor(by))
        return self.image(image_id)

    def resume(self, image_id: str, by: By) -> ImageHeader:
        """End a postponement."""
        self.actions.resume(image_id, self.actor(by))
        return self.image(image_id)

    def protect(self, image_id: str, by: By, on: bool = True) -> ImageHeader:
        """Keep it after transmission until this is taken back (B2)."""
        self.actions.protect(image_id, self.actor(by), on)
        return self.image(image_id)

    def prioritise(self, image_id: str, by: By, on: bool = True) -> ImageHeader:
        """Emergency: to the top of every queue (B2)."""
        self.actions.prioritise(image_id, self.actor(by), on)
        return self.image(image_id)

    def edit(self, image_id: str, by: By, **attributes: str) -> ImageHeader:
        """Correct information of the image by DICOM keyword; the original stays in the file (R4, E3)."""
        file = header.attributes(header.read(self.files.path(image_id)).ds)
        edited = self.actions.edit(image_id, self.actor(by), attributes, attributes=file)
        # The emission record is not changed but amended, by a row of its own.
        self.store.write(lambda change: emission.follow(change, edited, self.actor(by).name, "corrected on the screen"))
        return edited

    def adjust(self, image_id: str, by: By, **changes: Any) -> ImageHeader:
        """Change condition key, parameters, output apparatus or overlays of an image (E3, E4).

        Parameters
        ----------
        **changes
            ``condition`` (key), ``overrides`` (dotted name → value), ``outputs`` (names), ``overlays``.
        """
        actor = self.actor(by)
        condition = changes.get("condition")
        if condition is not None and self.image(image_id).condition != condition:
            actor.require("process")
            image = self._registration.recalculate(self.image(image_id), condition, self.reduced(image_id))
            changes["condition_version"] = image.condition_version
            changes["parameters"] = image.parameters
            changes["judgement"] = image.judgement
        self.actions.adjust(image_id, actor, **changes)
        return self.image(image_id)

    def reject(self, image_id: str, by: By, reason: str, comment: str = "", kind: str = "reject") -> ImageHeader:
        """The image is not to be used; those who may hold it are told (R9)."""
        self.actions.reject(image_id, self.actor(by), reason, comment, kind)
        self._requests.reject_elsewhere(image_id, reason, comment)
        return self.image(image_id)

    def restore(self, image_id: str, by: By) -> ImageHeader:
        """A rejection was a mistake."""
        self.actions.restore(image_id, self.actor(by))
        return self.image(image_id)

    def delete(self, image_id: str, by: By) -> None:
        """Delete a rejected or replaced image and what was made from it (R7); its records stay."""
        self.actions.delete(image_id, self.actor(by))
        self._sweep()

    def hold(self, image_id: str, by: By) -> ImageHeader:
        """Say that `by` is looking at it, so that others are shown it."""
        self.actions.hold_image(image_id, self.actor(by))
        return self.image(image_id)

    def leave(self, image_id: str, by: By) -> None:
        """No longer looking at it."""
        self.actions.leave(image_id, self.actor(by))

    # -- requests (R1-R7) ---------------------------------------------------------------------------------

    def request(
        self,
        image_id: str,
        by: By = APPARATUS,
        *,
        reason: str,
        ask: str | None = None,
        to: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        comment: str = "",
    ) -> Request:
        """Ask the modality or HIS/RIS for a better image; it comes back and is matched by itself.

        Parameters
        ----------
        reason
            Code value in `imgdash.model.codes.REASONS`.
        ask
            One of `imgdash.model.ASKS`; None leaves it to the reason.
        to
            ``modality`` or ``ris``; None leaves it to the reason and the site's policies.
        parameters
            Processing parameters wanted, dotted name → value; None: those obtained here (R2).
        """
        return self._requests.create(
            image_id, self.actor(by), reason=reason, ask=ask, to=to, parameters=parameters, comment=comment
        )

    def suggest_request(self, image_id: str, reason: str, ask: str | None = None, to: str | None = None) -> Any:
        """What `request` would do for a reason: addressee, peer, ask, parameters obtained, and why."""
        return self._requests.suggest(image_id, reason, ask, to)

    def redirect_request(self, request_id: str, by: By, to: str | None = None) -> Request:
        """Send a refused or failed request again, to the same addressee or to the other one."""
        return self._requests.redirect(request_id, self.actor(by), to)

    def accept_request(self, request_id: str, by: By) -> Request:
        """Send a request that a policy proposed."""
        return self._requests.accept(request_id, self.actor(by))

    def withdraw_request(self, request_id: str, by: By) -> Request:
        """Take a request back; the image awaits its reviewer again."""
        return self._requests.withdraw(request_id, self.actor(by))

    # -- queues (F2-F4, H2) -------------------------------------------------------------------------------

    def queue_hold(self, entry_id: str, by: By) -> None:
        """Keep an entry back."""
        self.actions.queue_hold(entry_id, self.actor(by))

    def queue_release(self, entry_id: str, by: By) -> None:
        """Let a held entry go."""
        self.actions.queue_release(entry_id, self.actor(by))

    def queue_retry(self, entry_id: str, by: By) -> None:
        """Send what failed or is uncertain once more."""
        self.actions.queue_retry(entry_id, self.actor(by))

    def queue_finish(self, entry_id: str, by: By) -> None:
        """Say of an uncertain film that it is there."""
        self.actions.queue_finish(entry_id, self.actor(by))

    def queue_cancel(self, entry_id: str, by: By) -> None:
        """Take an entry out of its queue."""
        self.actions.queue_cancel(entry_id, self.actor(by))

    def queue_move(self, entry_id: str, before: str | None, by: By) -> None:
        """Put an entry before another one of its queue, or at the end (None)."""
        self.actions.queue_move(entry_id, before, self.actor(by))

    def queue_switch(self, apparatus: str, on: bool, by: By) -> None:
        """Switch an output apparatus on or off; off, its queue waits."""
        self.actions.queue_switch(apparatus, on, self.actor(by))

    # -- records (H3) -------------------------------------------------------------------------------------

    def report(self, name: str, **parameters: Any) -> Any:
        """One of the reports of `imgdash.records.reports.names()`, as a `pyarrow.Table`."""
        return reports.run(self.store, name, **parameters)

    def sql(self, text: str) -> Any:
        """A read-only DuckDB relation: ``.df()``, ``.arrow()``, ``.fetchall()``."""
        return sql.relation(self.store, text)

    def publish(self) -> None:
        """Publish the records now, for `imgdash query` and notebooks."""
        self._publisher.publish()

    def preference(self, user: str, key: str, default: Any = None) -> Any:
        """What a user set for himself (H4)."""
        return self.store.preference(f"user/{user}/{key}", default)

    def prefer(self, user: str, key: str, value: Any) -> None:
        """Keep a user's setting."""
        self.store.set("preference", f"user/{user}/{key}", user, value=value)

    def save_condition(self, condition: Any, by: By, note: str = "") -> Any:
        """Release a changed condition key as its next version (C1); needs the manager."""
        actor = self.actor(by)
        actor.require("condition")
        saved = self.conditions.save(condition, actor.name, note)
        self.store.write(
            lambda change: change.emit(
                Event("condition", saved.key, "release", {"version": saved.version}, actor.name, note)
            )
        )
        return saved

    # -- inside -------------------------------------------------------------------------------------------

    def _arrived(self, image: ImageHeader) -> None:
        _LOG.info("image %s registered as number %s", image.image_id, image.number)

    def _addressed_site(self) -> Site:
        return self.site

    def _keep_house(self) -> None:
        """What is due by time: changed condition files, rejected images whose time is over (R7)."""
        while not self._stopping.wait(_HOUSEKEEPING_SECONDS):
            try:
                self.conditions.refresh()
                self._sweep()
            except ImgdashError:
                _LOG.exception("housekeeping was not finished")

    def _sweep(self) -> None:
        for image_id in retention.sweep(self.store, self.site, self.files):
            self.reduced_images.delete(image_id)
            self.screen.forget(image_id)


def replace_site(site: Site, **station: Any) -> Site:
    """A site with other settings of its station, for tests and notebooks."""
    return site.model_copy(update={"station": site.station.model_copy(update=station)})


__all__ = ["Apparatus", "replace_site"]
