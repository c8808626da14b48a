"""The query and retrieve provider: Verification, C-FIND, C-MOVE and C-GET, Patient Root and Study Root."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol, Self

from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_GET, C_MOVE
from pynetdicom.presentation import PresentationContext
from pynetdicom.sop_class import (
    PatientRootQueryRetrieveInformationModelFind,
    PatientRootQueryRetrieveInformationModelGet,
    PatientRootQueryRetrieveInformationModelMove,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
)

from imgdash.config import OutputApparatus, Peer, Site
from imgdash.model import Event, ImageHeader, ImgdashError, PeerFailed
from imgdash.retrieve import service
from imgdash.retrieve.keys import Level
from imgdash.retrieve.listener import Listener
from imgdash.retrieve.query import MOST_ANSWERS, PATIENT_ROOT, STUDY_ROOT, BadIdentifier, find, read_query, select
from imgdash.retrieve.service import Exchange, Request, Tally
from imgdash.store.files import Files
from imgdash.store.store import Store
from imgdash.wire.admission import Admission, callers
from imgdash.wire.dicom import associate, readable

logger = logging.getLogger(__name__)
OUT_OF_RESOURCES: Final = 0xA700
# SOP class → levels of its information model; for retrieval also the request it stands for.
QUERIES: Final[dict[str, tuple[Level, ...]]] = {
    PatientRootQueryRetrieveInformationModelFind: PATIENT_ROOT,
    StudyRootQueryRetrieveInformationModelFind: STUDY_ROOT,
}
RETRIEVALS: Final[dict[str, tuple[type[Request], tuple[Level, ...]]]] = {
    PatientRootQueryRetrieveInformationModelMove: (C_MOVE, PATIENT_ROOT),
    PatientRootQueryRetrieveInformationModelGet: (C_GET, PATIENT_ROOT),
    StudyRootQueryRetrieveInformationModelMove: (C_MOVE, STUDY_ROOT),
    StudyRootQueryRetrieveInformationModelGet: (C_GET, STUDY_ROOT),
}


class Also(Protocol):
    """Another service, with its own SOP classes; C-FIND in their contexts is its own."""

    sop_classes: tuple[str, ...]
    handlers: list[tuple[Any, Callable[[evt.Event], Any]]]

    def find(self, event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        """Answer a C-FIND."""


class QueryServer:
    """Lets diagnostic and reference terminals look at what the apparatus holds (N2).

    Images that are rejected, replaced, quarantined or deleted are not offered.

    Parameters
    ----------
    also
        Another service on the same port: work items to be fetched.
    corrected
        A data set of an image with corrected information in it, for images that have corrections; the others go
        out byte for byte. So what is found is what is sent.
    """

    def __init__(
        self,
        site: Site,
        store: Store,
        files: Files,
        *,
        corrected: Callable[[Path, ImageHeader], Dataset],
        also: Also | None = None,
    ) -> None:
        self._site, self._store, self._files, self._corrected = site, store, files, corrected
        self._also = also
        station = site.station
        rules = Admission(
            station.ae_title.strip(),
            station.called_ae_check,
            station.open_to,
            callers((machine.ae_title, machine.host) for machine in site.machines),
            site.secured_ae_titles(),
        )
        ports = {"query": (station.query_port, None), "query-tls": (station.query_tls_port, site.credentials)}
        self._listeners = {
            name: Listener(
                (station.host, port),
                rules,
                [*QUERIES, *RETRIEVALS, *(also.sop_classes if also else ())],
                [(evt.EVT_C_FIND, self._find), *(also.handlers if also else ())],
                serve=self._serve,
                refused=self._refused,
                tls=tls,
            )
            for name, (port, tls) in ports.items()
            if port is not None
        }

    def start(self) -> Self:
        """Listen, where the site file has a port for it.

        Raises
        ------
        ImgdashError
            If a port is taken.
        """
        try:
            for listener in self._listeners.values():
                listener.start()
        except ImgdashError:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop listening; what is being sent is aborted."""
        for listener in self._listeners.values():
            listener.stop()

    @property
    def addresses(self) -> dict[str, tuple[str, int]]:
        """Where it listens: ``query``, ``query-tls``."""
        return {name: listener.address for name, listener in self._listeners.items()}

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    # -- C-FIND -------------------------------------------------------------------------------------------

    def _find(self, event: evt.Event) -> Iterator[tuple[int | Dataset, Dataset | None]]:
        sop_class = str(event.context.abstract_syntax)
        if self._also is not None and sop_class in self._also.sop_classes:
            yield from self._also.find(event)
            return
        try:
            query = read_query(
                QUERIES[sop_class], _identifier(event), relational=service.relational(event.assoc, sop_class)
            )
        except BadIdentifier as error:
            yield _failure(error), None
            return
        for number, answer in enumerate(find(self._store, query, self._site.station.ae_title)):
            if event.is_cancelled:
                yield service.CANCELLED, None
                return
            if number == MOST_ANSWERS:
                yield _status(OUT_OF_RESOURCES, f"more than {MOST_ANSWERS} answers: ask more closely"), None
                return
            yield 0xFF01 if query.unsupported else service.PENDING, answer

    # -- C-MOVE and C-GET ---------------------------------------------------------------------------------

    def _serve(self, assoc: Association, request: Any, context: PresentationContext) -> bool:
        """Do a C-MOVE or C-GET; False if it is none of these, or in a context of another service."""
        sop_class = str(context.abstract_syntax)
        if sop_class not in RETRIEVALS or request.AffectedSOPClassUID != sop_class:
            return False
        kind, root = RETRIEVALS[sop_class]
        if not isinstance(request, kind):
            return False
        exchange = Exchange(assoc, request, context)
        try:
            images, level = select(self._store, root, exchange.identifier(), relational=exchange.relational)
        except BadIdentifier as error:
            exchange.respond(service.WRONG_IDENTIFIER, comment=str(error))
            return True
        if len(images) > service.MOST_IMAGES:
            exchange.respond(service.TOO_MANY, comment="more images than can be counted")
            return True
        tally = Tally(len(images))
        to, comment = assoc.requestor.ae_title, ""
        if isinstance(request, C_MOVE):
            to = str(request.MoveDestination).strip()
            status, comment = self._move(exchange, to, images, tally)
        else:
            status = service.transfer(exchange, assoc, images, self._sender(), tally)
        if images:
            self._note(assoc, images, tally, level, to)
        if not exchange.gone:
            exchange.respond(status, tally, comment)
        return True

    def _move(self, exchange: Exchange, to: str, images: list[ImageHeader], tally: Tally) -> tuple[int, str]:
        destination = self._destination(to)
        if destination is None:
            tally.give_up(images)
            return service.DESTINATION_UNKNOWN, "the site file has no port for this destination"
        if not images:
            return service.SUCCESS, ""
        send = self._sender(exchange.assoc.requestor.ae_title, int(exchange.request.MessageID))
        try:
            with associate(
                self._site.station.ae_title,
                to,
                destination.host,
                destination.port,
                service.contexts(images),
                destination.timeout_seconds,
                tls=self._site.tls(destination),
            ) as over:
                return service.transfer(exchange, over, images, send, tally), ""
        except PeerFailed as error:
            logger.warning("images could not be moved: %s", error.cause)
            tally.give_up(images)
            return service.NONE_SENT, error.cause

    def _destination(self, ae_title: str) -> Peer | OutputApparatus | None:
        """A machine of the site file; images go nowhere else."""
        return next(
            (
                machine
                for machine in self._site.machines
                if machine.port and (machine.ae_title or "").strip() == ae_title
            ),
            None,
        )

    def _sender(self, originator: str | None = None, message_id: int | None = None) -> service.Send:
        def send(over: Association, image: ImageHeader, number: int) -> int | None:
            what: Path | Dataset = self._files.path(image.image_id)
            if image.edits or not service.fits(over, image):
                what = self._corrected(what, image)
            answer = over.send_c_store(what, number, originator_aet=originator, originator_id=message_id)
            status = answer.get("Status")
            return None if status is None else int(status)

        return send

    # -- audit --------------------------------------------------------------------------------------------

    def _note(self, assoc: Association, images: list[ImageHeader], tally: Tally, level: str, to: str) -> None:
        """Who got which images is on record (PS3.15 A.5.3.6)."""
        facts = {
            "host": assoc.requestor.address,
            "to": to,
            "level": level,
            "sent": tally.completed + tally.warned,
            "failed": len(tally.failed),
            "images": [image.image_id for image in images[:100]],
        }
        event = Event("peer", assoc.requestor.ae_title, "retrieve", facts)
        self._store.submit(lambda change: change.emit(event))

    def _refused(self, calling_ae: str, host: str, reason: str) -> None:
        event = Event("peer", calling_ae, "refused", {"host": host}, why=reason)
        self._store.submit(lambda change: change.emit(event))


def _identifier(event: evt.Event) -> Dataset:
    try:
        return readable(event.identifier)
    except Exception as error:
        # Boundary: the decoder meets foreign bytes with whatever exception comes first.
        raise BadIdentifier(f"identifier cannot be read: {type(error).__name__}") from None


def _failure(error: BadIdentifier) -> Dataset:
    status = _status(service.WRONG_IDENTIFIER, str(error))
    if error.tag is not None:
        status.OffendingElement = [error.tag]
    return status


def _status(code: int, comment: str) -> Dataset:
    status = Dataset()
    status.Status = code
    status.ErrorComment = comment.encode("ascii", "replace").decode()[:64]
    return status
