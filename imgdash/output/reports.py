"""N-EVENT-REPORT on an association that we opened: of storage commitment, of printers and print jobs."""

from __future__ import annotations

from typing import Any

from pynetdicom.dimse_primitives import N_EVENT_REPORT


def serve_reports(assoc: Any) -> None:
    """Answer reports also while an answer of the storage is waited for.

    pynetdicom takes the next message, whatever it is, for the answer to what it sent, and aborts when it is
    a request.
    """
    receive = assoc.dimse.get_msg

    def get_msg(block: bool = False) -> tuple[Any, Any]:
        while True:
            context_id, message = receive(block)
            if block and isinstance(message, N_EVENT_REPORT) and message.is_valid_request:
                assoc._serve_request(message, context_id)
                continue
            return context_id, message

    assoc.dimse.get_msg = get_msg
