"""One image, or the images of one film: taken from the queue, formed, sent, and what came of it (F4, F5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from imgdash.config import OutputApparatus
from imgdash.model import ImgdashError, PeerFailed, QueueEntry
from imgdash.output import registry
from imgdash.output.former import Former
from imgdash.output.job import Job
from imgdash.output.trouble import Doubtful, Lost, Refused
from imgdash.output.turns import Turns
from imgdash.store.store import Store
from imgdash.workers import StationFull, WorkerDied


@dataclass(frozen=True)
class Formed:
    """An entry with its output image."""

    entry: QueueEntry
    job: Job
    path: Path


class Delivery:
    """Takes entries of one queue to its apparatus and journals the outcome."""

    def __init__(self, apparatus: OutputApparatus, store: Store, former: Former, turns: Turns) -> None:
        self._apparatus = apparatus
        self._store = store
        self._former = former
        self._turns = turns

    def run(self, entries: Sequence[QueueEntry], send: Callable[[Sequence[Formed]], None]) -> bool:
        """Deliver together.

        Parameters
        ----------
        send
            Sends what was formed and journals that it arrived.

        Returns
        -------
        Whether anything got through.

        Raises
        ------
        PeerFailed
            Where the apparatus has to be waited for.
        """
        formed = [made for entry in registry.take(self._store, entries) if (made := self._form(entry))]
        if not formed:
            return False
        taken = [made.entry for made in formed]
        try:
            send(formed)
        except Refused as error:
            for entry in taken:
                self._turns.refused(entry, error)
            return False
        except Lost as error:
            for entry in taken:
                self._turns.lost(entry, error)
            raise
        except Doubtful as error:
            registry.doubt(self._store, taken, str(error))
            raise
        except PeerFailed as error:
            for entry in taken:
                registry.again(self._store, entry, str(error), attempts=entry.attempts)
            raise
        self._turns.got_through(taken)
        for made in formed:
            made.path.unlink(missing_ok=True)
            made.job.presentation.unlink(missing_ok=True)
        return True

    def _form(self, entry: QueueEntry) -> Formed | None:
        """The formed image, or None where the entry had to step aside for it."""
        try:
            job = self._former.job(entry, self._apparatus)
            return Formed(entry, job, self._former.result(job))
        except WorkerDied as error:
            self._turns.refused(entry, error)
        except StationFull as error:
            self._turns.wait(entry, error)
        except Exception as error:  # whatever the image makes a worker raise
            reason = str(error) if isinstance(error, ImgdashError) else f"The image cannot be formed: {error!r}."
            registry.set_aside(self._store, entry, reason, attempts=entry.attempts + 1)
        return None
