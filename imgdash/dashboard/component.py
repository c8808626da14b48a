"""Components of our own: Python state, a DOM built by one of the scripts in web/."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import panel as pn
import param
from bokeh.document import Document
from bokeh.events import Event
from bokeh.model import Model
from panel.io.state import set_curdoc

from imgdash.dashboard.theme import ICONS, STATES

_OF_THE_LAYOUT = frozenset(pn.reactive.Reactive.param) | {"esm", "importmap"}


@cache
def web(name: str) -> str:
    """The text of a file of web/."""
    return files("imgdash.dashboard").joinpath("web", name).read_text(encoding="utf-8")


def script(*names: str) -> str:
    """Scripts of web/ as one module, web/dom.js before them. Works in notebooks too, where nothing is served.

    The last one draws; it finds what it is told as it was set here, see `Told`.
    """
    *parts, drawing = [web(name) for name in names]
    drawing = drawing.replace("export function render(", "function draws(")
    return "\n".join([web("dom.js"), *parts, drawing, _RENDER])


_RENDER = "export const render = (given) => draws({...given, model: told(given.model)})\n"


class Told(param.Parameter):
    """Lists and dictionaries that the script is told, as one text.

    Bokeh walks over a list at each change, looks for models in it, compares it and writes it part by part; a text it
    takes as it is. Only what the script does not set itself.
    """

    if TYPE_CHECKING:

        def __get__(self, component: object, owner: type) -> Any: ...

        def __set__(self, component: object, value: Any) -> None: ...


class Component(pn.custom.JSComponent):
    """Base of the components: the scripts get icons and words, and send messages to `on_message`.

    Parameters
    ----------
    on_message
        Called with each message that the script sends, in the document's thread.
    """

    icons = Told(default=ICONS, constant=True, doc="Name → path of an outline.")
    states = Told(default=STATES, constant=True, doc="State → colour, icon, word.")
    texts = param.List(default=[], constant=True, doc="Names of what goes as text.")
    margin = param.Parameter(default=0)

    _stylesheets: ClassVar[list[str]] = [web("component.css")]

    def __init__(self, on_message: Callable[[Any], None] | None = None, **params: Any) -> None:
        super().__init__(texts=self._texts(), **params)
        self._on_message = on_message

    @classmethod
    @cache
    def _texts(cls) -> list[str]:
        return [name for name, known in cls.param.objects(instance=False).items() if isinstance(known, Told)]

    def _process_param_change(self, params: dict[str, Any]) -> dict[str, Any]:
        """As Panel's; it never sees what goes as text."""
        texts = {name: _text(params[name]) for name in self._texts() if name in params}
        others = {name: value for name, value in params.items() if name not in texts}
        return {**super()._process_param_change(others), **texts}

    def _update_properties(self, *events: param.parameterized.Event, doc: Document) -> dict[str, Any]:
        """As Panel's, which asks the file system for its style sheets anew at each change of any property."""
        if any(event.name == "stylesheets" for event in events):
            return dict(super()._update_properties(*events, doc=doc))
        return dict(self._process_param_change({event.name: event.new for event in events}))

    def _update_model(
        self,
        events: dict[str, param.parameterized.Event],
        msg: dict[str, Any],
        root: Model,
        model: Model,
        doc: Document,
        comm: Any,
    ) -> None:
        """As Panel's, for what the script alone knows: no other models, nothing of the layout.

        Panel asks the outer model for each of these properties, which it never has: what Bokeh then prepares for an
        error message, and nobody reads, cost more than the change itself.
        """
        known = self._in_process__events.get(doc, {})
        data = {name: value for name, value in msg.items() if name not in known or value != known[name]}
        if model.children or _OF_THE_LAYOUT & data.keys():
            super()._update_model(events, msg, root, model, doc, comm)
            return
        ref = root.ref["id"]
        before = self._changing.pop(ref, None)
        try:
            with pn.io.hold(doc):
                self._changing[ref] = self._set_on_model(data, root, model.data)
        finally:
            self._changing.pop(ref, None)
            if before:
                self._changing[ref] = before

    def _process_bokeh_event(self, doc: Document, event: Event) -> None:
        """As Panel's, without its count of what is at work: two changes at each message, which no page shows."""
        with set_curdoc(doc):
            self._process_event(event)

    def _handle_msg(self, msg: Any) -> None:
        if self._on_message is not None:
            # Not held: what a key changes first, the image, is to be on its way first.
            self._on_message(msg)

    def set(self, **values: Any) -> None:
        """Set the parameters that differ, in one message: param takes as long over those that are the same."""
        changed = {name: value for name, value in values.items() if getattr(self, name) != value}
        if not changed:
            return
        # Not `param.update`: that notes all other parameters as well, to put back what a context changed.
        with param.parameterized.batch_call_watchers(self):
            for name, value in changed.items():
                setattr(self, name, value)

    def send(self, **message: Any) -> None:
        """Send a message to the script (``model.on('msg:custom', …)``)."""
        self._send_msg(_text(message))


def _text(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_number)
    except ValueError:
        return _text(_known(value))


def _known(value: Any) -> Any:
    """What is no number is no JSON either: an unknown value stays unknown."""
    if isinstance(value, dict):
        return {name: _known(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_known(one) for one in value]
    return value if not isinstance(value, float) or math.isfinite(value) else None


def _number(value: Any) -> Any:
    """A number of NumPy as one of Python, and its arrays as lists."""
    if isinstance(value, np.generic | np.ndarray):
        return _known(value.tolist())
    raise TypeError(f"{type(value).__name__} is nothing that a script is told")
