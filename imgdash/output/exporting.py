"""What the queues of a folder and of a web storage have in common: each image is there when it was accepted."""

from __future__ import annotations

from typing import Any

from imgdash.output import registry
from imgdash.output.queue import Queue


class Exporting(Queue):
    """One image after the other, in order; sent again after a stop, since the same object twice does no harm."""

    def recover(self) -> None:
        """Sent again under the same SOP Instance UID."""
        for entry in registry.in_state(self.store, self.name, "sending"):
            registry.again(self.store, entry, "imgdash was stopped while it was sent", attempts=entry.attempts)

    def work(self) -> bool:
        """Something to send."""
        return bool(self.turns.next(1))

    def next_due(self) -> float | None:
        """Nothing happens by itself."""
        return None

    def converse(self, assoc: Any) -> None:
        """Send until there is no more."""
        while self.may_go:
            self.woken.clear()
            self.take_note()
            batch = self.turns.next(2)
            if not batch:
                return
            # The second is formed while the first is on its way.
            for entry in batch[1:]:
                self.former.begin(entry, self.apparatus)
            self.deliver(assoc, batch[:1])

    def left(self, entry_id: str) -> None:
        """Nothing is kept about single entries."""
