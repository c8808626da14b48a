"""What the simulated machines have in common: an AE title, a port, handlers whose failures become a status."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any, NamedTuple, Self

from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.sop_class import Verification
from pynetdicom.transport import ThreadedAssociationServer

from imgdash.model.errors import ImgdashError
from imgdash.simulate.faults import Conduct, delayed
from imgdash.wire import dicom
from imgdash.wire.entity import STEADY, Entity
from imgdash.wire.identity import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

logger = logging.getLogger(__name__)

SUCCESS = 0x0000
# PS3.7 annex C.
PROCESSING_FAILURE, NO_SUCH_INSTANCE, DUPLICATE_INSTANCE = 0x0110, 0x0112, 0x0111
INVALID_ATTRIBUTE, MISSING_ATTRIBUTE, UNRECOGNISED_OPERATION = 0x0106, 0x0120, 0x0211
MAX_ASSOCIATIONS = 40


class Address(NamedTuple):
    """Where a DICOM application entity listens."""

    ae_title: str
    host: str
    port: int


class Machine:
    """A DICOM machine on one port, its handlers called on pynetdicom's association threads.

    Parameters
    ----------
    address
        Its AE title, host and port; port 0 lets the system choose.
    """

    def __init__(self, address: Address, conduct: Conduct | None = None) -> None:
        self.address = address
        self.conduct = conduct or Conduct()
        # What it can be ordered to fail in.
        self.services: set[str] = set()
        self._ae = Entity(address.ae_title)
        self._ae.implementation_class_uid = IMPLEMENTATION_CLASS_UID
        self._ae.implementation_version_name = IMPLEMENTATION_VERSION_NAME
        self._ae.require_called_aet = True
        self._ae.maximum_associations = MAX_ASSOCIATIONS
        self._ae.maximum_pdu_size = dicom.MAX_PDU
        self._ae.network_timeout = 60
        self._ae.add_supported_context(Verification)
        self._handlers: list[tuple[Any, Callable[[evt.Event], Any]]] = [STEADY]
        self._server: ThreadedAssociationServer | None = None
        self.stopping = threading.Event()

    def offer(
        self, sop_class: str, transfer_syntaxes: Sequence[str] | None = None, *, both_roles: bool = False
    ) -> None:
        """Accept a presentation context; `both_roles` where the peer may be provider as well."""
        role = True if both_roles else None
        if transfer_syntaxes is None:
            self._ae.add_supported_context(sop_class, scu_role=role, scp_role=role)
        else:
            self._ae.add_supported_context(sop_class, list(transfer_syntaxes), scu_role=role, scp_role=role)

    def on(self, event: Any, service: str, handle: Callable[[evt.Event], Any]) -> None:
        """Answer a service; faults that are ordered of it come before `handle` sees anything."""
        self.services.add(service)
        query = event in (evt.EVT_C_FIND, evt.EVT_C_MOVE, evt.EVT_C_GET)
        answer = self._queried if query else self._served
        self._handlers.append((event, lambda call: answer(call, event, service, handle)))

    def _served(self, call: evt.Event, event: Any, service: str, handle: Callable[[evt.Event], Any]) -> Any:
        fault = self.conduct.take(service)
        # pynetdicom wants the data set beside the status for all but these.
        pair = event not in (evt.EVT_C_STORE, evt.EVT_N_DELETE)
        if fault is not None and fault.kind in ("refuse", "wrong answer", "drop"):
            if fault.kind == "drop":
                call.assoc.abort()
            status = fault.status if fault.kind == "refuse" else SUCCESS
            return (status, Dataset() if fault.kind == "wrong answer" else None) if pair else status
        delayed(fault, "slow", self.stopping.wait)
        answer = _named(call, handle(call)) if event is evt.EVT_N_CREATE else handle(call)
        delayed(fault, "late ack", self.stopping.wait)
        return answer

    def _queried(self, call: evt.Event, event: Any, service: str, handle: Callable[[evt.Event], Any]) -> Iterator[Any]:
        """The same for the query services, which pynetdicom wants a generator of."""
        fault = self.conduct.take(service)
        delayed(fault, "slow", self.stopping.wait)
        if fault is None or fault.kind in ("slow", "late ack"):
            yield from handle(call)
            delayed(fault, "late ack", self.stopping.wait)
            return
        if fault.kind == "drop":
            call.assoc.abort()
        if event is evt.EVT_C_MOVE:
            # Where to, then how many: pynetdicom asks for that before it takes a status.
            yield next(iter(handle(call)))
        if event is not evt.EVT_C_FIND:
            yield int(fault.kind == "refuse")
        if fault.kind == "refuse":
            yield fault.status, None

    def start(self) -> Self:
        """Listen.

        Raises
        ------
        ImgdashError
            If the port is taken.
        """
        _, host, port = self.address
        try:
            self._server = self._ae.start_server((host, port), block=False, evt_handlers=self._handlers)
        except OSError as error:
            raise ImgdashError(
                f"{self.address.ae_title} cannot listen on {host}:{port}: {error.strerror or error}.",
                "End the program that holds the port, or change it in the site file.",
            ) from None
        assert self._server is not None
        self.address = Address(self.address.ae_title, host, int(self._server.server_address[1]))
        self._begin()
        return self

    def _begin(self) -> None:
        """Threads of the machine's own, once it listens."""

    def stop(self) -> None:
        """Stop listening; associations under way are finished, or end with their peer."""
        self.stopping.set()
        if self._server is not None:
            self._server.shutdown()
            self._server = None

    def status(self) -> dict[str, Any]:
        """Counts, for the screen and for tests; no patient data."""
        return {}

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()


def _named(call: evt.Event, answer: tuple[int, Dataset | None]) -> tuple[int, Dataset | None]:
    """Give pynetdicom the new instance's UID where it looks for it, if the requester left the choice to us."""
    status, ds = answer
    if ds is not None and "SOPInstanceUID" in ds:
        if call.request.AffectedSOPInstanceUID is None:
            ds.AffectedSOPInstanceUID = ds.SOPInstanceUID
        del ds.SOPInstanceUID
    return status, ds


def text_of(ds: Dataset, keyword: str) -> str:
    """An attribute as text; empty where it is missing."""
    value = ds.get(keyword)
    return "" if value is None else str(value)


__all__ = [
    "DUPLICATE_INSTANCE",
    "INVALID_ATTRIBUTE",
    "MISSING_ATTRIBUTE",
    "NO_SUCH_INSTANCE",
    "PROCESSING_FAILURE",
    "SUCCESS",
    "UNRECOGNISED_OPERATION",
    "Address",
    "Conduct",
    "Machine",
    "text_of",
]
