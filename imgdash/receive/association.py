"""The acceptor's side of one association: PDUs in, DIMSE messages handled, responses out (PS3.8 9, PS3.7 6.3).

A blocking loop on a thread of its own. P-DATA goes from the socket into one buffer and from there to the
file: no queue, no hand-over between threads, nothing that grows with what a peer sends.
"""

from __future__ import annotations

import logging
import socket
import ssl
import struct
import time
from collections.abc import Callable, Mapping
from typing import Final

from imgdash.receive import command as dimse
from imgdash.receive import negotiation
from imgdash.receive.command import Command, Operation
from imgdash.receive.journal import Journal
from imgdash.receive.secure import SecureStream
from imgdash.receive.settings import Settings
from imgdash.receive.stream import BUFFER_BYTES, NotSecured, PeerGone, Stream, TooSlow
from imgdash.receive.tasks import Caller, Task, task_for
from imgdash.wire.admission import admit

logger = logging.getLogger(__name__)
COMMAND_BYTES: Final = 16_384
# More than the agreed maximum, for peers that count the header wrongly; far less than what could hurt.
P_DATA_BYTES: Final = 1 << 20
OPENING, IDLE, RECEIVING = 0, 1, 2

ASSOCIATE_RQ, P_DATA, RELEASE_RQ, ABORT = 0x01, 0x04, 0x05, 0x07


class ProtocolError(Exception):
    """The peer broke PS3.8; `reason` is the A-ABORT reason of table 9-26."""

    def __init__(self, reason: int, words: str) -> None:
        super().__init__(words)
        self.reason = reason


UNRECOGNIZED_PDU, UNEXPECTED_PDU, INVALID_VALUE = 1, 2, 6


class Association:
    """One connection, from its acceptance to its end.

    Attributes
    ----------
    phase, since
        What it is doing (`OPENING`, `IDLE`, `RECEIVING`) and when it last got on, by the monotonic clock:
        who is cut off first when there are too many.
    """

    def __init__(
        self,
        connection: socket.socket,
        host: str,
        settings: Settings,
        journal: Journal,
        announce: Callable[[str], None],
        refused: Callable[[Caller, str], None],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.phase, self.since = OPENING, time.monotonic()
        self.stopping = False
        self._host, self._settings, self._journal = host, settings, journal
        self._announce, self._refused = announce, refused
        self._secured = tls is not None
        self._stream = _stream(connection, settings.opening_seconds, tls)
        self._caller = Caller("", "", host)
        self._contexts: Mapping[int, tuple[str, str]] = {}
        self._max_pdu = 0
        # The message that is coming in.
        self._context_id = 0
        self._command = bytearray()
        self._received = 0
        self._task: Task | None = None

    def run(self) -> None:
        """Serve until the peer releases, aborts, breaks the protocol or is too slow."""
        try:
            self._stream.secure()
            if self._open():
                self._serve()
        except NotSecured as error:
            self._refused(self._caller, str(error))
        except PeerGone:
            logger.debug("connection closed by the peer")
        except TooSlow:
            logger.info("connection from %s cut off: too slow", self._host)
            self._stream.hang_up(negotiation.abort(0))
        except ProtocolError as error:
            logger.warning("association from %s aborted: %s", self._host, error)
            self._stream.hang_up(negotiation.abort(error.reason))
        finally:
            if self._task is not None:
                self._task.discard()
            self._stream.close()

    def evict(self) -> None:
        """Cut the connection off; called by another thread."""
        self._stream.interrupt()

    def stop(self) -> None:
        """Finish the message in hand, then end; called by another thread."""
        self.stopping = True
        if self.phase != RECEIVING:
            self._stream.end_of_input()

    def _open(self) -> bool:
        kind, length = struct.unpack(">BxI", self._stream.read(6))
        if kind != ASSOCIATE_RQ:
            raise ProtocolError(UNEXPECTED_PDU, f"PDU type {kind} instead of an association request")
        if length > BUFFER_BYTES:
            raise ProtocolError(INVALID_VALUE, f"association request of {length} bytes")
        body = bytes(self._stream.read(length))
        try:
            request = negotiation.parse_request(struct.pack(">BxI", kind, length) + body)
        except ValueError as error:
            raise ProtocolError(INVALID_VALUE, str(error)) from None
        self._caller = Caller(request.calling_ae, request.called_ae, self._host)
        refusal = admit(self._settings, request.calling_ae, request.called_ae, self._host, secured=self._secured)
        if refusal is not None:
            self._stream.hang_up(negotiation.rejection(refusal))
            self._refused(self._caller, refusal.words)
            return False
        accepted = negotiation.accept(request)
        self._contexts, self._max_pdu = accepted.contexts, accepted.max_pdu
        self._stream.send(accepted.pdu)
        return True

    def _serve(self) -> None:
        self._rest()
        while not (self.stopping and self.phase == IDLE):
            kind, length = struct.unpack(">BxI", self._stream.read(6))
            if kind == P_DATA:
                self._p_data(length)
            elif kind == RELEASE_RQ:
                self._stream.hang_up(negotiation.release_reply())
                return
            elif kind == ABORT:
                raise PeerGone
            else:
                raise ProtocolError(UNEXPECTED_PDU if 1 <= kind <= 7 else UNRECOGNIZED_PDU, f"PDU type {kind}")
        self._stream.hang_up(negotiation.abort(0))

    def _p_data(self, length: int) -> None:
        if length > P_DATA_BYTES:
            raise ProtocolError(INVALID_VALUE, f"PDU of {length} bytes")
        self._get_on()
        stream = self._stream
        while length:
            if length < 6:
                raise ProtocolError(INVALID_VALUE, "presentation data value cut off")
            size, context_id, control = struct.unpack(">IBB", stream.read(6))
            size -= 2
            length -= size + 6
            if size < 0 or length < 0:
                raise ProtocolError(INVALID_VALUE, "presentation data value does not fit its PDU")
            self._begin_fragment(context_id, control & 1, size)
            while size:
                part = stream.read(min(size, BUFFER_BYTES))
                size -= len(part)
                if control & 1:
                    self._command += part
                else:
                    self._task.write(part)  # type: ignore[union-attr]
            if control & 2:
                self._end_of_part(control & 1)

    def _begin_fragment(self, context_id: int, is_command: int, size: int) -> None:
        if context_id not in self._contexts:
            raise ProtocolError(INVALID_VALUE, f"presentation context {context_id} was not accepted")
        if (is_command == 1) != (self._task is None):
            raise ProtocolError(UNEXPECTED_PDU, "command and data set out of order")
        if self._context_id not in (0, context_id):
            raise ProtocolError(INVALID_VALUE, "presentation context changes inside a message")
        self._context_id = context_id
        # The header counts too, so that endless empty fragments come to an end.
        self._received += size + 6
        limit = COMMAND_BYTES if is_command else self._settings.max_message_bytes
        if self._received > limit:
            raise ProtocolError(0, f"message above {limit} bytes")

    def _end_of_part(self, is_command: int) -> None:
        if not is_command:
            self._finish()
            return
        try:
            request = dimse.decode(bytes(self._command))
        except ValueError as error:
            raise ProtocolError(INVALID_VALUE, str(error)) from None
        self._command.clear()
        operation = int(request[dimse.COMMAND_FIELD])
        if operation == Operation.C_CANCEL or operation & dimse.RESPONSE:
            # Nothing here can be cancelled, and nothing was asked of the peer.
            self._rest()
            return
        self._task = task_for(request, self._contexts[self._context_id], self._caller, self._journal)
        if request[dimse.DATA_SET_TYPE] == dimse.NO_DATA_SET:
            self._finish()

    def _finish(self) -> None:
        assert self._task is not None
        task, context_id = self._task, self._context_id
        answer = task.finish()
        self._task = None
        try:
            self._send_command(context_id, answer)
        finally:
            # Even when the peer is gone: the file is there, and a repeat of it will be a duplicate.
            if task.name:
                self._announce(task.name)
        self._rest()

    def _send_command(self, context_id: int, answer: Command) -> None:
        data = dimse.encode(answer)
        # A PDU's length counts the PDV header of 6 bytes; 0 means no limit.
        step = self._max_pdu - 6 if self._max_pdu > 6 else len(data)
        pdus = bytearray()
        for start in range(0, len(data), step):
            part = data[start : start + step]
            control = 3 if start + step >= len(data) else 1
            pdus += struct.pack(">BxIIBB", P_DATA, len(part) + 6, len(part) + 2, context_id, control) + part
        self._stream.send(bytes(pdus))

    def _get_on(self) -> None:
        self.since = time.monotonic()
        if self.phase != RECEIVING:
            self.phase = RECEIVING
            self._stream.within(self._settings.pdu_seconds)

    def _rest(self) -> None:
        self._context_id, self._received = 0, 0
        self.phase, self.since = IDLE, time.monotonic()
        self._stream.within(self._settings.idle_seconds)


def _stream(connection: socket.socket, seconds: float, tls: ssl.SSLContext | None) -> Stream:
    return Stream(connection, seconds) if tls is None else SecureStream(connection, seconds, tls)
