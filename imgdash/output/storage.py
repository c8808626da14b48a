"""The queue of an image storage: C-STORE, then storage commitment (F6)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import pydicom
from pydicom import uid
from pydicom.uid import UID
from pynetdicom import evt
from pynetdicom.sop_class import StorageCommitmentPushModel, Verification

from imgdash.config import OutputApparatus
from imgdash.model import NotAllowed, PeerFailed, QueueEntry
from imgdash.model.security import Credentials
from imgdash.output import commitment, registry
from imgdash.output.delivery import Formed
from imgdash.output.encoding import SYNTAXES
from imgdash.output.former import Former
from imgdash.output.queue import Queue
from imgdash.output.reports import serve_reports
from imgdash.output.sop_class import SENT
from imgdash.output.trouble import Lost, NoRoom, Refused
from imgdash.store.store import Store
from imgdash.wire.dicom import associate

PLAIN: Final = (uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian)
# How long an idle association is kept for a result to come on it; later ones come on an association of their own.
_LINGER_SECONDS: Final = 2.0
_OUT_OF_RESOURCES: Final = range(0xA700, 0xA800)
_NO_RESULT: Final = "The storage never said whether it keeps the image: look there, then retry or cancel."
_STORED: Final = (0x0000, 0xB000, 0xB006, 0xB007)


def proposed(apparatus: OutputApparatus) -> list[tuple[str, list[str]]]:
    """Contexts for every kind of image: in the transfer syntax wanted, and uncompressed where that is refused."""
    wanted = SYNTAXES[apparatus.transfer_syntax]
    contexts: list[tuple[str, list[str]]] = []
    for sop_class in SENT:
        contexts.append((sop_class, list(PLAIN) if wanted in PLAIN else [wanted]))
        if wanted not in PLAIN:
            contexts.append((sop_class, list(PLAIN)))
    return contexts


class StorageQueue(Queue):
    """Sends each image, and keeps it in the queue until the storage has committed itself to it."""

    def __init__(
        self,
        apparatus: OutputApparatus,
        store: Store,
        former: Former,
        calling_ae: str,
        *,
        tls: Credentials | None = None,
    ) -> None:
        super().__init__(apparatus, store, former)
        self.calling_ae = calling_ae
        self.tls = tls
        # Entry → monotonic time at which commitment is asked for again.
        self._overdue_at: dict[str, float] = {}

    @contextmanager
    def connect(self) -> Iterator[Any]:
        """An association for every kind of image, and commitment."""
        contexts: list[Any] = [Verification, StorageCommitmentPushModel, *proposed(self.apparatus)]
        with associate(
            self.calling_ae,
            self.apparatus.ae_title,
            self.apparatus.host,
            self.apparatus.port,
            contexts,
            self.apparatus.timeout_seconds,
            [(evt.EVT_N_EVENT_REPORT, self._reported)],
            tls=self.tls,
        ) as assoc:
            serve_reports(assoc)
            yield assoc

    def recover(self) -> None:
        """Sent again under the same SOP Instance UID, which is the same object twice: no harm done."""
        for entry in registry.in_state(self.store, self.name, "sending"):
            registry.again(self.store, entry, "imgdash was stopped while it was sent", attempts=entry.attempts)
        for entry in registry.in_state(self.store, self.name, "committing"):
            self._overdue_at.setdefault(entry.entry_id, time.monotonic() + self.apparatus.commitment_seconds)

    def work(self) -> bool:
        """Something to send, or an overdue commitment."""
        return bool(self.turns.next(1)) or bool(self._overdue())

    def next_due(self) -> float | None:
        """When the next commitment becomes overdue."""
        return min(self._overdue_at.values(), default=None)

    def converse(self, assoc: Any) -> None:
        """Send and ask until there is no more work and no result is expected on this association."""
        quiet_since = time.monotonic()
        while self.may_go:
            self.woken.clear()
            self.take_note()
            if overdue := self._overdue():
                self._ask_again(assoc, overdue[0])
            elif batch := self.turns.next(2):
                # The second is formed while the first is on its way.
                for entry in batch[1:]:
                    self.former.begin(entry, self.apparatus)
                self.deliver(assoc, batch[:1])
            else:
                now = time.monotonic()
                left = quiet_since + _LINGER_SECONDS - now
                if left <= 0 or not self._overdue_at or not assoc.is_established:
                    return
                self.woken.wait(max(0.0, min(left, *(at - now for at in self._overdue_at.values()))))
                continue
            quiet_since = time.monotonic()

    def send(self, assoc: Any, formed: Sequence[Formed]) -> None:
        """C-STORE one image, then ask for its commitment."""
        for made in formed:
            ds = self._readable(assoc, made)
            self._store(assoc, ds, made)
            if made.job.presentation.exists():
                self._store(assoc, self._accepted(assoc, pydicom.dcmread(made.job.presentation)), made)
            told = {"sop_class_uid": str(ds.SOPClassUID), "series_uid": str(ds.SeriesInstanceUID)}
            if not self.apparatus.commitment:
                registry.finish(self.store, [made.entry], f"stored by {self.apparatus.ae_title}", **told)
                continue
            # Written down before it is asked, so that no answer can be faster.
            transaction = commitment.new_transaction()
            registry.sent(self.store, made.entry, transaction, **told)
            self._overdue_at[made.entry.entry_id] = time.monotonic() + self.apparatus.commitment_seconds
            self._ask(assoc, made.entry, transaction, str(ds.SOPClassUID))

    def _readable(self, assoc: Any, made: Formed) -> pydicom.FileDataset:
        """The formed data set in a transfer syntax that the storage takes."""
        ds = self._accepted(assoc, pydicom.dcmread(made.path))
        syntaxes = {cx.transfer_syntax[0] for cx in assoc.accepted_contexts if cx.abstract_syntax == ds.SOPClassUID}
        if ds.file_meta.TransferSyntaxUID.is_compressed and ds.file_meta.TransferSyntaxUID not in syntaxes:
            with self.former.again_as(made.job, uid.ExplicitVRLittleEndian) as path:
                ds = pydicom.dcmread(path)
        return ds

    def _accepted(self, assoc: Any, ds: pydicom.FileDataset) -> pydicom.FileDataset:
        if not any(cx.abstract_syntax == ds.SOPClassUID for cx in assoc.accepted_contexts):
            raise Refused(
                f"{self.apparatus.ae_title} does not take {UID(ds.SOPClassUID).name}.",
                "Choose another sop_class, or annotate, for it in the site file, then retry.",
                retry=False,
            )
        return ds

    def _store(self, assoc: Any, ds: pydicom.FileDataset, made: Formed) -> None:
        who = self.apparatus.ae_title
        if not assoc.is_established:
            raise PeerFailed(f"{who} ended the association.", "It is tried again.")
        try:
            answer = assoc.send_c_store(ds, priority=1 if made.entry.priority else 0)
        except (RuntimeError, ValueError, AttributeError) as error:
            raise Lost(f"{who}: the image could not be sent: {error}.", "It is tried again.") from error
        if "Status" not in answer:
            raise Lost(
                f"{who} ended the association, or did not answer, while the image was sent.", "It is tried again."
            )
        status = int(answer.Status)
        if status in _STORED:
            return
        comment = f" ({answer.ErrorComment})" if answer.get("ErrorComment") else ""
        if status in _OUT_OF_RESOURCES:
            raise NoRoom(
                f"{who} is out of resources (status {status:04X}){comment}.", "Make room there.", status=status
            )
        raise Refused(
            f"{who} refused the image (status {status:04X}){comment}.",
            "Look into its log; correct the image or the site file, then retry.",
            status=status,
            # PS3.7 annex C: SOP class not supported, not authorised: the same again is refused again.
            retry=status not in (0x0122, 0x0124),
        )

    # -- commitment ---------------------------------------------------------------------------------------

    def left(self, entry_id: str) -> None:
        """An entry is not waiting for its commitment any more; a note of a former try may come late."""
        entry = registry.by_entry(self.store, entry_id)
        if entry is None or entry.state != "committing":
            self._overdue_at.pop(entry_id, None)

    def settle(self, result: commitment.Result) -> None:
        """Take in what the storage reported."""
        commitment.settle(self.store, result, {self.name: (self.apparatus.ae_title, self.apparatus.attempts)})

    def _overdue(self) -> list[str]:
        now = time.monotonic()
        return [entry_id for entry_id, at in self._overdue_at.items() if at <= now]

    def _ask_again(self, assoc: Any, entry_id: str) -> None:
        entry = registry.by_entry(self.store, entry_id)
        if entry is None or entry.state != "committing":
            self._overdue_at.pop(entry_id, None)
            return
        attempts = entry.attempts + 1
        if attempts >= self.apparatus.attempts:
            self._overdue_at.pop(entry_id, None)
            try:
                registry.set_aside(self.store, entry, entry.trouble or _NO_RESULT, attempts=attempts)
            except NotAllowed:
                return  # the result came in this moment
            return
        transaction = commitment.new_transaction()
        registry.asked(self.store, entry, transaction, attempts)
        self._overdue_at[entry_id] = time.monotonic() + self.apparatus.commitment_seconds
        self._ask(assoc, entry, transaction, registry.sop_class_sent(self.store, entry))

    def _ask(self, assoc: Any, entry: QueueEntry, transaction: str, sop_class: str) -> None:
        try:
            commitment.ask(assoc, transaction, [(sop_class, entry.output_uid)])
        except PeerFailed as error:
            # The image is stored; it stays in the queue and is asked for again.
            registry.note(self.store, entry, why="commitment could not be asked for", trouble=str(error))

    def _reported(self, event: Any) -> tuple[int, None]:
        """N-EVENT-REPORT on the association it was asked on."""
        self.settle(commitment.Result.of(self.apparatus.ae_title, event.event_information))
        return 0x0000, None
