"""From a notebook's kernel to its browser: Bokeh's figures are set without Panel, so somebody has to send them.

While all cells of a notebook run, what their views show is not yet in the browser: Panel tries each message again
until it is, in no order, so that an old picture may arrive last. Here nothing is sent before the browser is there;
Bokeh keeps the changes, and sends what they have become.
"""

from __future__ import annotations

from types import TracebackType
from typing import Final

import panel as pn
from panel.io.notebook import push_on_root
from panel.viewable import Viewable
from tornado.ioloop import IOLoop

_AGAIN_SECONDS: Final = 0.2


class Sending:
    """``with sending:`` around what code changes; `push` after what a slider changed.

    Attributes
    ----------
    views
        Of which the roots they are shown in are sent.
    """

    def __init__(self) -> None:
        self.views: list[Viewable] = []
        self._depth = 0
        self._waiting = False

    def __enter__(self) -> Sending:
        self._depth += 1
        if not all(self._roots().values()):
            pn.state._hold = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._depth -= 1
        if self._depth == 0:
            pn.state._hold = False
            self.push()

    def push(self) -> None:
        """Send what was changed, as soon as the browser is there."""
        if self._depth:
            return
        roots = self._roots()
        for root, there in roots.items():
            if there:
                push_on_root(root)
        if not all(roots.values()) and not self._waiting:
            self._waiting = True
            IOLoop.current().call_later(_AGAIN_SECONDS, self._look_again)

    def _look_again(self) -> None:
        self._waiting = False
        self.push()

    def _roots(self) -> dict[str, bool]:
        """Roots that show one of the views, and whether each is in a browser."""
        shown = {root for view in self.views for root in view._models}
        comms = {root: view[-1] for root, view in pn.state._views.items() if root in shown}
        return {root: comm is None or bool(comm._comm) for root, comm in comms.items()}
