"""Who was not let in is written down for the audit, as a message file: not too often, however often it calls."""

from __future__ import annotations

from datetime import UTC, datetime

from imgdash.receive.journal import Journal
from imgdash.wire.admission import Limiter


class Refusals:
    """Notes refusals in a journal; the apparatus takes them up like any other message."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._limiter = Limiter()

    def note(self, calling: str, called: str, host: str, reason: str) -> str:
        """Write one down; returns the name of its file, or '' where the same was said a moment ago.

        Parameters
        ----------
        calling, called
            AE titles, or what the two ends of an HL7 message call themselves; '' where nothing was said yet.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        if not self._limiter.allows((calling, called, host, reason)):
            return ""
        return self._journal.write_message(
            {
                "service": "refused",
                "calling_ae": calling,
                "called_ae": called,
                "host": host,
                "received_at": datetime.now(UTC).isoformat(),
                "reason": reason,
            }
        )
