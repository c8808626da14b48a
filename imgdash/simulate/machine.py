"""What the simulated machines have in common: an AE title, a port, handlers whose failures become a status."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, NamedTuple, Self

from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.sop_class import Verification
from pynetdicom.transport import ThreadedAssociationServer

from imgdash.model.errors import ImgdashError
from imgdash.wire import dicom
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


@dataclass
class Conduct:
    """How a machine behaves, so that a test or a demonstration can order faults.

    Attributes
    ----------
    refuse
        Service (``c-store``, ``n-create``, …) → the status it is answered with, without further ado.
    """

    refuse: dict[str, int] = field(default_factory=dict)


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
        self._ae = AE(address.ae_title)
        self._ae.implementation_class_uid = IMPLEMENTATION_CLASS_UID
        self._ae.implementation_version_name = IMPLEMENTATION_VERSION_NAME
        self._ae.require_called_aet = True
        self._ae.maximum_associations = MAX_ASSOCIATIONS
        self._ae.maximum_pdu_size = dicom.MAX_PDU
        self._ae.network_timeout = 60
        self._ae.add_supported_context(Verification)
        self._handlers: list[tuple[Any, Callable[[evt.Event], Any]]] = []
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
        """Answer a service; what `Conduct.refuse` names is refused before `handle` sees it."""
        # pynetdicom wants the data set beside the status for these, and a generator for the query services.
        pair = event not in (evt.EVT_C_STORE, evt.EVT_N_DELETE)

        def answer(call: evt.Event) -> Any:
            refused = self.conduct.refuse.get(service)
            if refused is not None:
                return (refused, None) if pair else refused
            return _named(call, handle(call)) if event is evt.EVT_N_CREATE else handle(call)

        def answers(call: evt.Event) -> Any:
            refused = self.conduct.refuse.get(service)
            if refused is None:
                yield from handle(call)
            elif event is evt.EVT_C_MOVE:
                yield None, None
            else:
                if event is evt.EVT_C_GET:
                    yield 1
                yield refused, None

        query = event in (evt.EVT_C_FIND, evt.EVT_C_MOVE, evt.EVT_C_GET)
        self._handlers.append((event, answers if query else answer))

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
        """Stop listening; associations under way are aborted."""
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


def wildcard_match(wanted: str, value: str) -> bool:
    """Single value and wild card matching (PS3.4 C.2.2.2.1, C.2.2.2.4), without regard to case; empty matches all."""
    pattern, text = wanted.strip().casefold(), value.strip().casefold()
    if not pattern or pattern == "*":
        return True
    # Dynamic programming over the pattern: no regular expression is made of what a peer sends.
    reachable = {0}
    for sign in pattern:
        if sign == "*":
            reachable = set(range(min(reachable), len(text) + 1)) if reachable else set()
        else:
            reachable = {at + 1 for at in reachable if at < len(text) and sign in ("?", text[at])}
    return len(text) in reachable


def date_match(wanted: str, value: str) -> bool:
    """Range matching of dates (PS3.4 C.2.2.2.5): ``20260101-20260131``, open at either end."""
    wanted = wanted.strip()
    if "-" not in wanted:
        return not wanted or wanted == value
    first, last = wanted.split("-", 1)
    return bool(value) and (not first or first <= value) and (not last or value <= last)


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
    "date_match",
    "text_of",
    "wildcard_match",
]
