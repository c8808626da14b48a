"""The strip of thumbnails: what changes in a long list goes to the browser, not the list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import param

from imgdash.dashboard.component import Component, Told, script

Item = Mapping[str, Any]


class Strip(Component):
    """Thumbnails; sends ``{"image": image_id}``, and ``{"more": true}`` where the end comes near and others follow.

    `items` is set as a whole as often as anything changes; the script gets the difference. It says which state it has
    when it is drawn, and asks for the whole where a difference is not from that state: so nothing is lost where a
    message came before the script was there.
    """

    whole = Told(default={"serial": 0, "items": []}, doc="Items and their serial number when last sent whole.")
    beyond = Told(default={}, doc="State → how many await that are not listed.")
    current = param.String(default="", doc="image_id that is open.")
    across = param.Boolean(default=False, doc="Beside each other instead of below each other.")
    picture = param.Integer(default=92, doc="Height of a picture, px.")

    _esm = script("strip.js")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._items: list[Item] = []
        self._serial = 0

    @property
    def items(self) -> list[Item]:
        """``{id, number, title, name, state, version, priority, protected, held, unfit, round, over}`` in order.

        An item that has not changed is the same object as before.
        """
        return self._items

    @items.setter
    def items(self, items: Sequence[Item]) -> None:
        before, self._items = self._items, list(items)
        patch = difference(before, self._items)
        if patch == {}:
            return
        self._serial += 1
        if patch is None:
            self._send_whole()
        else:
            self.send(base=self._serial - 1, serial=self._serial, **patch)

    def _send_whole(self) -> None:
        self.whole = {"serial": self._serial, "items": self._items}

    def _handle_msg(self, msg: Any) -> None:
        if "have" not in msg:
            super()._handle_msg(msg)
        elif msg["have"] != self._serial:
            self._send_whole()


def difference(before: Sequence[Item], after: Sequence[Item]) -> dict[str, Any] | None:
    """``{"cut": ids, "put": [[place, item], …]}`` that makes `after` of `before`; ``{}`` where they are the same.

    First what changed is cut out, then it is put in, from the first place to the last. None where that is no less than
    the whole, or where items changed places that have not changed themselves.
    """
    same = {id(item) for item in after}
    cut = [item["id"] for item in before if id(item) not in same]
    kept = [item for item in before if id(item) in same]
    there = {id(item) for item in kept}
    put = [[place, item] for place, item in enumerate(after) if id(item) not in there]
    if not cut and not put and len(before) == len(after) and all(a is b for a, b in zip(before, after, strict=True)):
        return {}
    if 2 * len(put) > len(after) or not all(
        a is b for a, b in zip(kept, (item for item in after if id(item) in there), strict=True)
    ):
        return None
    return {"cut": cut, "put": put}
