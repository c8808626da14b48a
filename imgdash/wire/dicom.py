"""DICOM associations as a service user, with the peer's reason in words when one fails."""

from __future__ import annotations

import logging
import queue
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from pydicom.dataset import Dataset
from pynetdicom import _config, evt
from pynetdicom.association import Association
from pynetdicom.pdu_primitives import A_ASSOCIATE
from pynetdicom.presentation import PresentationContext, build_context

from imgdash.model.errors import PeerFailed
from imgdash.model.security import Credentials
from imgdash.wire.entity import Entity
from imgdash.wire.identity import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from imgdash.wire.items import code_item, items_to_parameters, parameters_to_items, read_code
from imgdash.wire.tls import secured, words

# pynetdicom writes identifiers (patient data) into its log unless told not to.
_config.LOG_HANDLER_LEVEL = "none"
_config.LOG_REQUEST_IDENTIFIERS = False
_config.LOG_RESPONSE_IDENTIFIERS = False
# A file that is sent by its path goes out byte for byte, without being decoded.
_config.STORE_SEND_CHUNKED_DATASET = True
# Its errors are raised here in words; its own lines would say them twice.
logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)

MAX_PDU = 262_144
Context: TypeAlias = str | tuple[str, Sequence[str]] | PresentationContext


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
    tls: Credentials | None = None,
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
    tls
        Connect over TLS (PS3.15 B.12), None in the clear.

    Raises
    ------
    PeerFailed
        Saying whether the peer was not there, rejected (and why), aborted, or accepted none of the contexts.
        A rejection marked permanent has ``retry=False``.
    """
    who = f"{called_ae} at {host}:{port}"
    context = secured(tls)
    began = time.monotonic()
    seen: list[str] = []
    ae = Entity(calling_ae)
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
            tls_args=None if context is None else (context, host),
        )
    except OSError as error:
        raise PeerFailed(f"{who} cannot be reached: {error.strerror or error}.", "Check host and port.") from None
    if not assoc.is_established:
        raise _failure(assoc, who, bool(seen), timeout, early=ended_early(began, timeout))
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


def offered(
    calling_ae: str,
    called_ae: str,
    host: str,
    port: int,
    contexts: Sequence[Context],
    timeout: float = 10.0,
    *,
    tls: Credentials | None = None,
    remedy: str = "Choose what it supports.",
) -> list[tuple[str, str]]:
    """Which of `contexts` a peer accepts, as abstract and transfer syntax; nothing else is done.

    Parameters
    ----------
    remedy
        What to do where it accepts none of them.

    Raises
    ------
    PeerFailed
        As `associate`.
    """
    try:
        with associate(calling_ae, called_ae, host, port, contexts, timeout, tls=tls) as assoc:
            accepted = assoc.accepted_contexts
            return [(str(context.abstract_syntax), str(context.transfer_syntax[0])) for context in accepted]
    except PeerFailed as error:
        if error.retry or error.status is not None:
            raise
        raise PeerFailed(error.cause, remedy, retry=False) from None


def ended_early(began: float, timeout: float) -> bool:
    """Whether an answer that did not come was cut off by the peer: before the time for it was over.

    pynetdicom tells an abort, a closed connection and silence in the same way.

    Parameters
    ----------
    began
        When it was asked, by the monotonic clock.
    """
    return time.monotonic() - began < timeout


def readable(ds: Dataset) -> Dataset:
    """`ds` with its texts in UTF-8 where it does not say what they are in, as DCMTK's tools send them."""
    if "SpecificCharacterSet" not in ds:
        ds.SpecificCharacterSet = "ISO_IR 192"
        try:
            ds.decode()
        except (UnicodeError, ValueError):
            del ds.SpecificCharacterSet
    return ds


def _context(context: Context) -> PresentationContext:
    if isinstance(context, PresentationContext):
        return context
    if isinstance(context, tuple):
        return build_context(context[0], list(context[1]))
    return build_context(context)


def _names(contexts: Sequence[PresentationContext]) -> str:
    return ", ".join(dict.fromkeys(str(context.abstract_syntax.name) for context in contexts))


def _failure(assoc: Association, who: str, connected: bool, timeout: float, *, early: bool) -> PeerFailed:
    trouble = getattr(assoc.dul.socket, "trouble", None)
    if isinstance(trouble, ssl.SSLError):
        return PeerFailed(
            f"{who} cannot be reached over TLS: {words(trouble)}.",
            "Check the certificates on both sides, and whether this is its port for TLS.",
        )
    if not connected:
        return PeerFailed(
            f"{who} cannot be reached: nothing listens there, or no answer within {timeout:g} s.",
            "Check host, port and that it runs.",
        )
    answer = assoc.acceptor.primitive or _unread(assoc)
    if answer is not None and answer.result:
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
    did = "aborted the association" if early else f"did not answer the association within {timeout:g} s"
    return PeerFailed(f"{who} {did}.", "Look into its log.", heard=early)


def _unread(assoc: Association) -> A_ASSOCIATE | None:
    """The answer that pynetdicom received and did not look at.

    Where the peer rejects and closes before the thread that asked has woken up from connecting, pynetdicom
    (`_negotiate_as_requestor`) takes the closed socket for one that never connected.
    """
    try:
        found = assoc.dul.to_user_queue.get_nowait()
    except queue.Empty:
        return None
    return found if isinstance(found, A_ASSOCIATE) else None


__all__ = [
    "MAX_PDU",
    "Entity",
    "associate",
    "code_item",
    "ended_early",
    "items_to_parameters",
    "offered",
    "parameters_to_items",
    "read_code",
    "readable",
]
