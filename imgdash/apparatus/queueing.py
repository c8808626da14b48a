"""The facade: the queues of the output apparatus (F2-F4, H2)."""

from __future__ import annotations

from imgdash.apparatus.parts import By, Parts
from imgdash.model import ImageHeader
from imgdash.store import steps


class Queueing(Parts):
    """Entries of a queue, and the switch of each apparatus."""

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

    def queue_move(self, entry_id: str, before: str | None, by: By, behind: str | None = None) -> None:
        """Put an entry before another one of its queue, or behind one; at the end where neither is told."""
        self.actions.queue_move(entry_id, before, self.actor(by), behind)

    def queue_step(self, entry_id: str, steps: int, by: By) -> None:
        """Move an entry by so many places, towards the front where negative, among what waits with its priority."""
        self.actions.queue_step(entry_id, steps, self.actor(by))

    def queue_switch(self, apparatus: str, on: bool, by: By) -> None:
        """Switch an output apparatus on or off; off, its queue waits."""
        self.actions.queue_switch(apparatus, on, self.actor(by))

    def destinations(self, image: ImageHeader) -> dict[str, bool]:
        """Output apparatus an image goes to → whether it is on; one that somebody switched off waits."""
        names = self.actions.destinations(image)
        return {name: steps.switched_on(self.store, name) for name in names}
