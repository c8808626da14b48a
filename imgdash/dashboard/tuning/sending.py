"""From a notebook's kernel to its browser: Bokeh's figures are set without Panel, so somebody has to send them.

While all cells of a notebook run, what their views show is not yet in the browser: Panel tries each message again
until it is, in no order, so that an old picture may arrive last. Here nothing is sent before the browser is there;
Bokeh keeps the changes, and sends what they have become.

A comm that is open proves little: the browser passes over what arrives before it has built the views, and a page that
was loaded anew begins with what the views once were. So each view calls when it is built, until it hears an answer.
The answer proves that the way is open: it asks once for everything that can have changed, and gets it once, however
many calls had to wait for a busy kernel.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final

import panel as pn
from bokeh.document.events import ColumnDataChangedEvent, DocumentPatchedEvent, ModelChangedEvent
from bokeh.model import DataModel
from bokeh.models import Axis, ColorMapper, ColumnDataSource, Model, Range1d, Slider, Title
from panel.io.model import diff
from panel.io.notebook import push, push_on_root
from panel.viewable import Viewable

from imgdash.dashboard.component import Component, script

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
    """Calls when the views it lies among are built, tells when they are gone; takes no room."""

    _esm = script("hail.js")


class Sending:
    """``with sending:`` around what code changes; `push` after what a slider changed.

    Attributes
    ----------
    views
        Of which the roots they are shown in are sent. What lies among them in each root is a `hail`.
    """

    def __init__(self) -> None:
        self.views: list[Viewable] = []
        self._depth = 0

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
        return (hail := Hail(on_message=lambda message: self._called(hail, message), width=0, height=0))

    def _called(self, hail: Hail, message: Mapping[str, Any]) -> None:
        root = message.get("built")
        if root is None:
            hail.send(heard=True)
        elif root in hail._models:
            _send_all(root)

    def push(self) -> None:
        """Send what was changed to each root that is in a browser; others get it when they call."""
        if self._depth:
            return
        for root, there in self._roots().items():
            if there:
                push_on_root(root)

    def _roots(self) -> dict[str, bool]:
        """Roots that show one of the views, and whether each is in a browser."""
        shown = {root for view in self.views for root in view._models}
        comms = {root: view[-1] for root, view in pn.state._views.items() if root in shown}
        return {root: comm is None or bool(comm._comm) for root, comm in comms.items()}


def _forget(_root: str) -> None:
    """Let documents go that no cell shows any more: Panel's table of style sheets, which refer to them, keeps them."""
    shown = {view[2] for view in pn.state._views.values()}
    for document in list(pn.state._stylesheets):
        if document not in shown and document.session_context is None:
            del pn.state._stylesheets[document]


pn.extension.add_delete_action(_forget)


def _send_all(ref: str) -> None:
    """Send one root everything that can have changed since it was made."""
    if ref not in pn.state._views:
        return
    _, root, document, comm = pn.state._views[ref]
    if comm is None:
        return
    events: list[DocumentPatchedEvent] = []
    for model in root.references():
        if isinstance(model, ColumnDataSource):
            events.append(ColumnDataChangedEvent(document, model, "data", dict(model.data)))
            continue
        for name in _changing(model):
            events.append(ModelChangedEvent(document, model, name, getattr(model, name)))
    # Of what waits, the rest alone: a change is not sent twice.
    told = {_what(event) for event in events}
    waiting = [event for event in document.callbacks._held_events if _what(event) not in told]
    document.callbacks._held_events = waiting
    if (message := diff(document, events=[*waiting, *events])) is not None:
        push(document, comm, msg=message)


def _what(event: DocumentPatchedEvent) -> tuple[Any, Any]:
    model = getattr(event, "model", None)
    return (model, event.attr) if model is not None and hasattr(event, "attr") else (event, None)


def _changing(model: Model) -> list[str]:
    if isinstance(model, DataModel):
        return sorted(type(model).properties() - DataModel.properties() - _CONSTANT)
    return [name for kind, names in _CHANGING if isinstance(model, kind) for name in names]
