"""From a notebook's kernel to its browser: Bokeh's figures are set without Panel, so somebody has to send them.

While all cells of a notebook run, what their views show is not yet in the browser: Panel tries each message again
until it is, in no order, so that an old picture may arrive last. Here nothing is sent before the browser is there;
Bokeh keeps the changes, and sends what they have become.

A comm that is open proves little: the browser passes over what arrives before it has built the views, and a page that
was loaded anew begins with what the views once were. So each view calls when it is built, until it hears an answer,
and with the answer comes everything that can have changed.
"""

from __future__ import annotations

from types import TracebackType
from typing import Final

import panel as pn
from bokeh.document.events import ColumnDataChangedEvent, DocumentChangedEvent, ModelChangedEvent
from bokeh.model import DataModel
from bokeh.models import Axis, ColorMapper, ColumnDataSource, Model, Range1d, Slider, Title
from panel.io.model import diff
from panel.io.notebook import push, push_on_root
from panel.viewable import Viewable
from tornado.ioloop import IOLoop

from imgdash.dashboard.component import Component, script

_AGAIN_SECONDS: Final = 0.2
# What the code of this package sets on models that are shown already; of components, everything that is not constant.
_CHANGING: Final[tuple[tuple[type[Model], tuple[str, ...]], ...]] = (
    (Range1d, ("start", "end")),
    (ColorMapper, ("palette", "low", "high")),
    (Slider, ("value",)),
    (Title, ("text",)),
    (Axis, ("axis_label",)),
)
_CONSTANT: Final = {name for name in Component.param if Component.param[name].constant}


class Hail(Component):
    """Calls when the views it lies among are built; takes no room."""

    _esm = script("hail.js")


class Sending:
    """``with sending:`` around what code changes; `push` after what a slider changed.

    Attributes
    ----------
    views
        Of which the roots they are shown in are sent.
    """

    def __init__(self) -> None:
        self.views: list[Viewable] = []
        self._hails: list[Hail] = []
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

    def hail(self) -> Hail:
        """What has to lie among `views`, so that they are sent what they have become meanwhile once they are built."""
        hail = Hail(on_message=lambda _: self._called(hail), width=0, height=0)
        self._hails.append(hail)
        return hail

    def _called(self, hail: Hail) -> None:
        self.push()
        for root in list(hail._models):
            _send_all(root)
        hail.send(heard=True)

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
        shown = {root for view in (*self.views, *self._hails) for root in view._models}
        comms = {root: view[-1] for root, view in pn.state._views.items() if root in shown}
        return {root: comm is None or bool(comm._comm) for root, comm in comms.items()}


def _send_all(ref: str) -> None:
    """Send one root everything that can have changed since it was made."""
    if ref not in pn.state._views:
        return
    _, root, document, comm = pn.state._views[ref]
    if comm is None:
        return
    events: list[DocumentChangedEvent] = []
    for model in root.references():
        if isinstance(model, ColumnDataSource):
            events.append(ColumnDataChangedEvent(document, model, "data", dict(model.data)))
            continue
        for name in _changing(model):
            events.append(ModelChangedEvent(document, model, name, getattr(model, name)))
    if (message := diff(document, events=events)) is not None:
        push(document, comm, msg=message)


def _changing(model: Model) -> list[str]:
    if isinstance(model, DataModel):
        return sorted(type(model).properties() - DataModel.properties() - _CONSTANT)
    return [name for kind, names in _CHANGING if isinstance(model, kind) for name in names]
