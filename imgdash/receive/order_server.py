"""The listener for HL7 orders: acknowledges, and takes a repeated message only once."""

from __future__ import annotations

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from imgdash.config import Site
from imgdash.model.errors import ImgdashError, Unreadable
from imgdash.model.image import Order
from imgdash.receive.orders import TYPES, parse_orders
from imgdash.wire import hl7, mllp

logger = logging.getLogger(__name__)
REMEMBERED: Final = 10_000


class OrderServer:
    """Takes orders on ``station.hl7_port``.

    The acknowledgement says AA when `on_order` has returned for every order of the message, AE when one could
    not be taken, AR when the message is no order.

    Parameters
    ----------
    on_order
        Called with each order, one at a time. It may see an order again, after a restart or from a worklist.
    """

    def __init__(self, site: Site, on_order: Callable[[Order], None]) -> None:
        self._on_order = on_order
        # Sender, control id and content → the answer given (RELIABILITY: duplicate flood).
        self._answered: OrderedDict[tuple[str, str, bytes], bytes] = OrderedDict()
        self._server = mllp.Server(site.station.host, site.station.hl7_port, self._handle)

    def start(self) -> Self:
        """Listen.

        Raises
        ------
        ImgdashError
            If the port is taken.
        """
        self._server.start()
        return self

    def stop(self) -> None:
        """Stop listening."""
        self._server.stop()

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        return self._server.address

    def alive(self) -> bool:
        """Whether it listens."""
        return self._server.alive

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    def _handle(self, data: bytes) -> bytes:
        try:
            message = hl7.parse(data)
        except Unreadable as error:
            return hl7.ack(None, "AR", error.cause)
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

    def _take(self, message: hl7.Message) -> tuple[bytes, bool]:
        try:
            orders = parse_orders(message)
        except ImgdashError as error:
            logger.info("an HL7 message was refused: %s", error.cause)
            return hl7.ack(message, "AE" if message.type in TYPES else "AR", str(error)), True
        try:
            for _, order in orders:
                self._on_order(order)
        except Exception:
            # Boundary: the sender learns that it must repeat, the log why.
            logger.exception("an order could not be kept")
            return hl7.ack(message, "AE", "The order could not be kept; send it again."), False
        return hl7.ack(message, "AA"), True
