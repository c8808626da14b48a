"""pynetdicom's acceptor, with bounds on what a peer may occupy (RELIABILITY.md), and our rules of admission.

Where too many connections are without an association, the one that got nowhere for longest makes room.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from pydicom.uid import UID
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.fsm import InvalidEventError
from pynetdicom.presentation import PresentationContext, build_context
from pynetdicom.sop_class import Verification
from pynetdicom.transport import RequestHandler, ThreadedAssociationServer

from imgdash.model import ImgdashError
from imgdash.model.security import Credentials
from imgdash.retrieve.bounds import SENDING_SECONDS, Bounds, cut_off
from imgdash.retrieve.roles import agree, offer_storage
from imgdash.wire import dicom
from imgdash.wire.admission import Limiter, Refusal, Rules, admit, plain_address
from imgdash.wire.identity import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from imgdash.wire.tls import HANDSHAKE_SECONDS, server, words

logger = logging.getLogger(__name__)
OPENING_SECONDS: Final = 5.0
IDLE_SECONDS: Final = 60.0
ASSOCIATIONS: Final = 16
OPENING: Final = 16

Serve: TypeAlias = Callable[[Association, Any, PresentationContext], bool]
Handlers: TypeAlias = Sequence[tuple[Any, Callable[[evt.Event], Any]]]


class Listener:
    """Accepts associations on one port, from whom `rules` admit.

    Parameters
    ----------
    sop_classes
        What is offered besides Verification. Storage is accepted only where the peer wants to be its provider,
        for C-GET.
    serve
        Called with association, request and context first; True if it did the request, False leaves it to
        pynetdicom and `handlers`.
    refused
        Called with calling AE title, address and reason of who was not admitted, not too often.
    tls
        Speak TLS, with certificates on both sides; None: in the clear.
    """

    def __init__(
        self,
        address: tuple[str, int],
        rules: Rules,
        sop_classes: Sequence[str],
        handlers: Handlers,
        *,
        serve: Serve,
        refused: Callable[[str, str, str], None],
        tls: Credentials | None = None,
    ) -> None:
        self.address = address
        self.tls = tls
        self.serve = serve
        self._rules, self._refused, self._limiter = rules, refused, Limiter()
        self._sop_classes = sop_classes
        self._handlers = [
            *handlers,
            (evt.EVT_REQUESTED, self._admit),
            (evt.EVT_SOP_EXTENDED, agree),
            (evt.EVT_C_ECHO, lambda event: 0x0000),
        ]
        self._server: _Server | None = None

    def start(self) -> None:
        """Listen.

        Raises
        ------
        ImgdashError
            If the port is taken, or the host is not of this machine.
        """
        ae = AE(self._rules.ae_title)
        ae.implementation_class_uid = UID(IMPLEMENTATION_CLASS_UID)
        ae.implementation_version_name = IMPLEMENTATION_VERSION_NAME
        ae.maximum_pdu_size = dicom.MAX_PDU
        ae.acse_timeout, ae.dimse_timeout, ae.network_timeout = OPENING_SECONDS, SENDING_SECONDS, IDLE_SECONDS
        # Our own bounds come first, and do not count connections that never became an association.
        ae.maximum_associations = 10 * (ASSOCIATIONS + OPENING)
        secured = None if self.tls is None else server(self.tls)
        contexts = [build_context(sop_class) for sop_class in (Verification, *self._sop_classes)]
        try:
            self._server = _Server(self, ae, self.address, contexts, self._handlers, secured)
        except OSError as error:
            host, port = self.address
            raise ImgdashError(
                f"Cannot listen for queries on {host}:{port}: {error.strerror or error}.",
                "Choose another query_port in the site file, or end the program that holds it.",
            ) from None
        self.address = self._server.server_address[:2]
        threading.Thread(target=self._server.serve_forever, args=(0.1,), name="query", daemon=True).start()

    def stop(self) -> None:
        """Stop listening and abort what is open."""
        listening, self._server = self._server, None
        if listening is not None:
            listening.shutdown()
            for assoc in listening.open():
                if assoc.is_established:
                    assoc.abort()
                else:
                    cut_off(assoc)

    def _admit(self, event: evt.Event) -> None:
        assoc = event.assoc
        try:
            refusal = self._refusal(assoc)
            if refusal is None:
                offer_storage(assoc)
                return
        except Exception:
            # Boundary: pynetdicom would go on and accept after a failure here.
            logger.exception("an association could not be judged")
            refusal = Refusal(2, 2, 1, "failure of ours")
        assoc.acse.send_reject(refusal.result, refusal.source, refusal.diagnostic)
        assoc.kill()

    def _refusal(self, assoc: Association) -> Refusal | None:
        request = assoc.requestor.primitive
        calling, called = request.calling_ae_title.strip(), request.called_ae_title.strip()
        assoc.requestor.ae_title = calling
        host = plain_address(assoc.requestor.address)
        refusal = admit(self._rules, calling, called, host, secured=self.tls is not None)
        if refusal is not None:
            self.not_admitted(calling, host, refusal.words)
            return refusal
        if self._server is not None and sum(other.is_established for other in self._server.open()) >= ASSOCIATIONS:
            return Refusal(2, 3, 2, "too many associations")
        return None

    def not_admitted(self, calling_ae: str, host: str, reason: str) -> None:
        """Say so in the log and, not too often, in the audit."""
        logger.warning("association from %s refused: %s", host, reason)
        if self._limiter.allows((calling_ae, host, reason)):
            self._refused(calling_ae, host, reason)


class _Server(ThreadedAssociationServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self,
        listener: Listener,
        ae: AE,
        address: tuple[str, int],
        contexts: list[PresentationContext],
        handlers: Handlers,
        secured: ssl.SSLContext | None,
    ) -> None:
        self.listener, self.secured = listener, secured
        self._opened: dict[Association, float] = {}
        self._shaking: dict[ssl.SSLSocket, None] = {}
        self._lock = threading.Lock()
        super().__init__(ae, address, ae.ae_title, contexts, None, list(handlers), _Handler)
        ae._servers.append(self)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """On a thread of its own: the handshake of TLS, then pynetdicom's."""
        if self.secured is not None:
            request.settimeout(HANDSHAKE_SECONDS)
            try:
                request = self.secured.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
                self._shake_hands(request)
            except OSError as error:
                self.listener.not_admitted(
                    "", plain_address(client_address[0]), f"TLS handshake failed: {words(error)}"
                )
                request.close()
                return
        super().finish_request(request, client_address)

    def _shake_hands(self, connection: ssl.SSLSocket) -> None:
        """The handshake; of those under way, each with a thread, the oldest makes room."""
        with self._lock:
            self._shaking[connection] = None
            oldest = next(iter(self._shaking)) if len(self._shaking) > OPENING else None
            if oldest is not None:
                del self._shaking[oldest]
        if oldest is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(oldest, socket.SHUT_RDWR)
        try:
            connection.do_handshake()
        finally:
            with self._lock:
                self._shaking.pop(connection, None)

    def open(self) -> list[Association]:
        """The associations whose threads run, or are about to."""
        with self._lock:
            self._opened = {assoc: at for assoc, at in self._opened.items() if assoc.ident is None or assoc.is_alive()}
            return list(self._opened)

    def admit_connection(self, assoc: Association) -> None:
        """Take a connection in; of those without an association, the oldest makes room."""
        opening = [other for other in self.open() if not other.is_established]
        with self._lock:
            self._opened[assoc] = time.monotonic()
        if len(opening) >= OPENING:
            cut_off(min(opening, key=lambda other: self._opened.get(other, 0.0)))

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say it in the log instead of on standard error."""
        logger.warning("a connection from %s failed: %s", client_address[0], type(sys.exc_info()[1]).__name__)


class _Handler(RequestHandler):
    def _create_association(self) -> Association:
        assoc = super()._create_association()
        assoc.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        Bounds(assoc)
        _outlive(assoc)
        ours: _Server = self.server
        _serve_first(assoc, ours.listener.serve)
        ours.admit_connection(assoc)
        return assoc


def _outlive(assoc: Association) -> None:
    """End a connection whose peer does what no state allows; pynetdicom's thread would end with an error."""
    act = assoc.dul.state_machine.do_action

    def do_action(event: str) -> None:
        try:
            act(event)
        except InvalidEventError:
            # For instance a release that is asked for twice, as dcmjs-dimse does now and then.
            logger.warning("a connection from %s was ended: out of step", plain_address(assoc.requestor.address))
            # As pynetdicom does where its own thread fails; to wait for the thread would be to wait for itself.
            assoc.is_aborted, assoc.is_established = True, False
            assoc._kill = assoc.dul._kill_thread = True
            cut_off(assoc)

    assoc.dul.state_machine.do_action = do_action


def _serve_first(assoc: Association, serve: Serve) -> None:
    """Let `serve` have each request before pynetdicom's services."""
    otherwise = assoc._serve_request

    def serve_request(message: Any, context_id: int) -> None:
        context = assoc._accepted_cx.get(context_id)
        if context is None or not message.is_valid_request:
            otherwise(message, context_id)
            return
        assoc.dimse.cancel_req = {}
        # Sub-operations of C-GET use this association, which waits for its reactor to be at rest.
        assoc._is_paused = True
        try:
            done = serve(assoc, message, context)
        except Exception:
            # Boundary: one peer's request is not the others'. No data of patients is in the traceback.
            logger.exception("a request could not be served")
            assoc.abort()
            return
        finally:
            assoc._is_paused = False
            assoc.dimse.cancel_req = {}
        if not done:
            otherwise(message, context_id)

    assoc._serve_request = serve_request


__all__ = ["Listener"]
