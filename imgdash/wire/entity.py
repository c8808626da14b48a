"""pynetdicom's application entity, with what it leaves undone where a peer is quicker than it."""

from __future__ import annotations

import socket
import threading
from typing import Any

from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.fsm import TRANSITION_TABLE
from pynetdicom.transport import T_CONNECT, AssociationSocket

_DATA_TO_SEND = "Evt9"


class _Socket(AssociationSocket):
    """pynetdicom's socket, closed also when connecting failed or the peer was first; not waiting for Nagle."""

    trouble: OSError | None = None

    def connect(self, primitive: T_CONNECT) -> None:
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().connect(primitive)

    def _shutdown_socket(self) -> None:
        connection = self.socket
        self.trouble = self.trouble or getattr(connection, "trouble", None)
        super()._shutdown_socket()  # leaves it open where the peer was first to end the connection
        if connection is not None:
            connection.close()


class _Checkpoint:
    """Where the thread of an association stops while another one sends on it and waits for the answer.

    pynetdicom asks only whether that thread said that it stops. It also says so where it goes on just then, and on a
    busy machine it may get to look for messages as late as the answer is there: it took it, and who had asked waited in
    vain. Whoever closes this waits for a thread that stops afterwards.
    """

    def __init__(self, association: Association) -> None:
        self._association = association
        self._open = True
        self._changed = threading.Condition()

    def set(self) -> None:
        """Let the thread go on."""
        with self._changed:
            self._open = True
            self._changed.notify_all()

    def clear(self) -> None:
        """Have the thread stop; it says when it has."""
        association = self._association
        with self._changed:
            self._open = False
            # The thread itself sends while it serves a request, and one that has ended stops no more.
            if threading.current_thread() is not association and not association._kill:
                association._is_paused = False

    def wait(self) -> None:
        """Of the thread: stop here while this is closed."""
        with self._changed:
            while not self._open:
                self._association._is_paused = True
                self._changed.wait()


def _steady(event: evt.Event) -> None:
    _answer_before_release(event.assoc)
    event.assoc._reactor_checkpoint = _Checkpoint(event.assoc)
    wrapped = event.assoc.dul.socket
    shut_down = wrapped._shutdown_socket

    def close() -> None:
        connection = wrapped.socket
        shut_down()
        if connection is not None:
            connection.close()

    wrapped._shutdown_socket = close


# For the handlers of a pynetdicom server: its connections are closed also where the peer was first to end them.
STEADY = (evt.EVT_CONN_OPEN, _steady)


class Entity(AE):
    """pynetdicom's application entity; the connections that it makes itself end well in any case."""

    def _create_socket(self, assoc: Association, address: Any, tls_args: Any) -> AssociationSocket:
        _answer_before_release(assoc)
        assoc._reactor_checkpoint = _Checkpoint(assoc)
        created = _Socket(assoc, address=address)
        created.tls_args = tls_args
        return created


def _answer_before_release(assoc: Association) -> None:
    """Release an association only after what the peer asked on it is answered.

    A peer may report a storage commitment on the association of the request, while the requestor is about to release
    it. pynetdicom's `release` would not wait for the answer, which has no place after it (PS3.8 7.2.2): its thread
    would end with an error, and the peer wait in vain. What comes between the two all the same is dropped.
    """
    machine, dul, answering = assoc.dul.state_machine, assoc.dul, threading.RLock()
    act, serve, release = machine.do_action, assoc._serve_request, assoc.release

    def do_action(event: str) -> None:
        if event == _DATA_TO_SEND and (event, machine.current_state) not in TRANSITION_TABLE:
            dul.to_provider_queue.get_nowait()
            return
        act(event)

    def serve_request(message: Any, context_id: int) -> None:
        with answering:
            serve(message, context_id)

    def release_answered() -> None:
        with answering:
            pass  # not held while releasing: that waits for the thread that answers
        release()

    machine.do_action, assoc._serve_request, assoc.release = do_action, serve_request, release_answered


__all__ = ["STEADY", "Entity"]
