"""DICOM associations as a service user, with the peer's reason in words when one fails."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from pynetdicom import AE, _config, evt
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext, build_context
from pynetdicom.transport import T_CONNECT, AssociationSocket

from imgdash.model.errors import PeerFailed
from imgdash.wire.identity import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from imgdash.wire.items import code_item, items_to_parameters, parameters_to_items, read_code

# pynetdicom writes identifiers (patient data) into its log unless told not to.
_config.LOG_HANDLER_LEVEL = "none"
_config.LOG_REQUEST_IDENTIFIERS = False
_config.LOG_RESPONSE_IDENTIFIERS = False
# Its errors are raised here in words; its own lines would say them twice.
logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)

MAX_PDU = 262_144
Context: TypeAlias = str | tuple[str, Sequence[str]] | PresentationContext


class _Socket(AssociationSocket):
    """pynetdicom's socket, closed also when connecting failed or the peer was first; not waiting for Nagle."""

    def connect(self, primitive: T_CONNECT) -> None:
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().connect(primitive)

    def _shutdown_socket(self) -> None:
        connection = self.socket
        super()._shutdown_socket()  # leaves it open where the peer was first to end the connection
        if connection is not None:
            connection.close()


class _Requestor(AE):
    def _create_socket(self, assoc: Association, address: Any, tls_args: Any) -> AssociationSocket:
        created = _Socket(assoc, address=address)
        created.tls_args = tls_args
        return created


@contextmanager
def associate(
    calling_ae: str,
    called_ae: str,
    host: str,
    port: int,
    contexts: Sequence[Context],
    timeout: float = 10.0,
    handlers: Sequence[tuple[Any, ...]] = (),
    ext_neg: Sequence[Any] = (),
    *,
    require_all: bool = False,
) -> Iterator[Association]:
    """An established association; released at the end of the block, aborted if the block raises.

    Parameters
    ----------
    contexts
        Abstract syntax UIDs, or ``(UID, [transfer syntax UIDs])``, or pynetdicom contexts; 128 at most.
    timeout
        Seconds for connecting, for negotiation, and for each answer.
    handlers, ext_neg
        pynetdicom's event handlers and extended negotiation items (role selection).
    require_all
        Also fail when the peer accepts only some of the contexts.

    Raises
    ------
    PeerFailed
        Saying whether the peer was not there, rejected (and why), aborted, or accepted none of the contexts.
        A rejection marked permanent has ``retry=False``.
    """
    who = f"{called_ae} at {host}:{port}"
    seen: list[str] = []
    ae = _Requestor(calling_ae)
    ae.implementation_class_uid = IMPLEMENTATION_CLASS_UID
    ae.implementation_version_name = IMPLEMENTATION_VERSION_NAME
    ae.connection_timeout = ae.acse_timeout = ae.dimse_timeout = timeout
    ae.network_timeout = timeout * 2
    try:
        assoc = ae.associate(
            host,
            port,
            [_context(context) for context in contexts],
            ae_title=called_ae,
            max_pdu=MAX_PDU,
            ext_neg=list(ext_neg) or None,
            evt_handlers=[*handlers, (evt.EVT_CONN_OPEN, lambda event: seen.append("open"))],
        )
    except OSError as error:
        raise PeerFailed(f"{who} cannot be reached: {error.strerror or error}.", "Check host and port.") from None
    if not assoc.is_established:
        raise _failure(assoc, who, bool(seen), timeout)
    if require_all and assoc.rejected_contexts:
        refused = _names(assoc.rejected_contexts)
        assoc.release()
        raise PeerFailed(f"{who} does not accept {refused}.", "Choose what it supports.", retry=False)
    try:
        yield assoc
    except BaseException:
        assoc.abort()
        raise
    if assoc.is_established:
        assoc.release()


def _context(context: Context) -> PresentationContext:
    if isinstance(context, PresentationContext):
        return context
    if isinstance(context, tuple):
        return build_context(context[0], list(context[1]))
    return build_context(context)


def _names(contexts: Sequence[PresentationContext]) -> str:
    return ", ".join(dict.fromkeys(str(context.abstract_syntax.name) for context in contexts))


def _failure(assoc: Association, who: str, connected: bool, timeout: float) -> PeerFailed:
    if not connected:
        return PeerFailed(
            f"{who} cannot be reached: nothing listens there, or no answer within {timeout:g} s.",
            "Check host, port and that it runs.",
        )
    answer = assoc.acceptor.primitive
    if assoc.is_rejected and answer is not None:
        return PeerFailed(
            f"{who} rejected the association: {answer.reason_str} ({answer.source_str}, {answer.result_str}).",
            f"Check the AE titles on both sides; we call ourselves {assoc.ae.ae_title!r}.",
            status=answer.diagnostic,
            # PS3.8 9.3.4: result 1 is permanent. A called or calling title that is not known can be made known.
            retry=answer.result != 1,
        )
    if answer is not None and assoc.rejected_contexts:
        return PeerFailed(
            f"{who} accepts none of: {_names(assoc.rejected_contexts)}.", "Choose what it supports.", retry=False
        )
    return PeerFailed(f"{who} aborted or did not answer the association within {timeout:g} s.", "Look into its log.")


__all__ = [
    "MAX_PDU",
    "associate",
    "code_item",
    "items_to_parameters",
    "parameters_to_items",
    "read_code",
]
