"""The listener for HL7 orders: acknowledges, and takes a repeated message only once."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from imgdash.config import Site
from imgdash.model.errors import ImgdashError, Unreadable
from imgdash.model.image import Order
from imgdash.receive.order_senders import OrderSenders
from imgdash.receive.orders import TYPES, parse_orders
from imgdash.wire import hl7, mllp

logger = logging.getLogger(__name__)
REMEMBERED: Final = 10_000
MOST_UNKNOWN: Final = 20


class OrderServer:
    """Takes orders on ``station.hl7_port``, and over TLS on ``station.hl7_tls_port``.

    Who may connect is decided by its address, see `OrderSenders`. Others are closed without an answer, so that their
    orders wait in their queue while somebody corrects the site file.

    The acknowledgement says AA when `on_order` has returned for every order of the message, AE when one could
    not be taken, AR when the message is no order, came in the clear from a peer of ``tls = true``, or in the name of
    a peer from an address that is not its own. Who is refused is noted for the audit.

    Parameters
    ----------
    on_order
        Called with each order, one at a time. It may see an order again, after a restart or from a worklist.
    """

    def __init__(self, site: Site, on_order: Callable[[Order], None]) -> None:
        self._on_order = on_order
        # Sender, control id and content → the answer given (RELIABILITY: duplicate flood).
        self._answered: OrderedDict[tuple[str, str, bytes], bytes] = OrderedDict()
        # Messages of both ports are handled one at a time.
        self._lock = threading.Lock()
        station = site.station
        self._senders = OrderSenders(site)
        self._servers: dict[str, mllp.Server] = {}
        if not station.tls_required:
            self._servers["hl7"] = mllp.Server(
                station.host, station.hl7_port, self._take_clear, admit=self._senders.admits
            )
        if station.hl7_tls_port is not None:
            self._servers["hl7-tls"] = mllp.Server(
                station.host, station.hl7_tls_port, self._take_secured, admit=self._senders.admits, tls=site.credentials
            )
        self._site = site
        # Senders of orders (MSH-3) that no peer calls itself, and that this was said of.
        self._unknown: set[str] = set()

    def start(self) -> Self:
        """Listen.

        Raises
        ------
        ImgdashError
            If the port is taken.
        """
        try:
            for server in self._servers.values():
                server.start()
        except ImgdashError:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop listening."""
        for server in self._servers.values():
            server.stop()
        self._senders.close()

    @property
    def addresses(self) -> dict[str, tuple[str, int]]:
        """Where it listens: ``hl7``, and ``hl7-tls``, where the site file has ports for them."""
        return {name: server.address for name, server in self._servers.items()}

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens; in the clear, if it does."""
        return next(iter(self.addresses.values()))

    def alive(self) -> bool:
        """Whether it listens."""
        return all(server.alive for server in self._servers.values())

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    def _take_clear(self, data: bytes, host: str) -> bytes:
        with self._lock:
            return self._answer(data, host, secured=False)

    def _take_secured(self, data: bytes, host: str) -> bytes:
        with self._lock:
            return self._answer(data, host, secured=True)

    def _answer(self, data: bytes, host: str, *, secured: bool) -> bytes:
        try:
            message = hl7.parse(data)
        except Unreadable as error:
            return hl7.ack(None, "AR", error.cause)
        if reason := self._senders.unfit(message.get("MSH-3"), message.get("MSH-5"), host, secured=secured):
            # Before all else: what was acknowledged to somebody else tells a stranger nothing either.
            return hl7.ack(message, "AR", f"{reason[0].upper()}{reason[1:]}.")
        key = (message.get("MSH-3"), message.control_id, hashlib.sha256(data).digest())
        if key in self._answered:
            self._answered.move_to_end(key)
            return self._answered[key]
        answer, final = self._take(message)
        # What failed on our side may succeed when it is repeated, so that answer is not remembered.
        if final:
            self._answered[key] = answer
            if len(self._answered) > REMEMBERED:
                self._answered.popitem(last=False)
        return answer

    def _say_whose(self, application: str) -> None:
        """Where there are several HIS/RIS, what becomes of orders whose issuer is not known is told to none of them."""
        several = len(self._site.peers_of("ris")) > 1 and any(peer.hl7_status != "off" for peer in self._site.peers)
        if not several or application in self._unknown or len(self._unknown) >= MOST_UNKNOWN:
            return
        if self._site.issuer(application) is None:
            self._unknown.add(application)
            logger.warning(
                "orders of %r are of no peer of the site file, so nobody is told of their images: set hl7_application",
                application[:40],
            )

    def _take(self, message: hl7.Message) -> tuple[bytes, bool]:
        try:
            orders = parse_orders(message)
        except ImgdashError as error:
            logger.info("an HL7 message was refused: %s", error.cause)
            return hl7.ack(message, "AE" if message.type in TYPES else "AR", str(error)), True
        self._say_whose(message.get("MSH-3"))
        try:
            for _, order in orders:
                self._on_order(order)
        except Exception:
            # Boundary: the sender learns that it must repeat, the log why.
            logger.exception("an order could not be kept")
            return hl7.ack(message, "AE", "The order could not be kept; send it again."), False
        return hl7.ack(message, "AA"), True
