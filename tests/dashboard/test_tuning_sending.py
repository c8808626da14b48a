"""From a notebook to its browser: nothing before the browser is there, then the last state."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import panel as pn
import pytest
from bokeh.document import Document
from bokeh.models import ColumnDataSource, Range1d
from bokeh.plotting import figure
from panel.io.model import add_to_doc
from pyviz_comms import Comm

from imgdash.dashboard.tuning.controls import Modes
from imgdash.dashboard.tuning.sending import Sending

SLIDER = pn.widgets.FloatSlider(start=-1, end=9)


class Wire(Comm):
    """A comm that keeps what goes over it; `_comm` is set once the other side is there, as Jupyter's is."""

    def __init__(self) -> None:
        super().__init__()
        self._comm: Any = None
        self.sent: list[list[float]] = []
        self.told: list[tuple[str, Any]] = []

    def send(self, data: Any = None, metadata: Any = None, buffers: Any = ()) -> None:
        """Keep the values of x that a patch sets."""
        for event in json.loads(data or "{}").get("events", ()):
            if event["kind"] == "ModelChanged":
                self.told.append((event["attr"], event["new"]))
            elif event["kind"] == "MessageSent":
                self.told.append(("heard", True))
            if event["kind"] != "ColumnDataChanged":
                continue
            self.sent.append(dict(event["data"]["entries"])["x"])


@pytest.fixture
def shown() -> tuple[Sending, ColumnDataSource, Wire]:
    """A figure as a notebook shows it."""
    source = ColumnDataSource({"x": [0.0], "y": [0.0]})
    plot = figure()
    plot.line("x", "y", source=source)
    pane, document, wire = pn.pane.Bokeh(plot), Document(), Wire()
    root = pn.Column(pane, SLIDER)._render_model(document, wire)
    add_to_doc(root, document, True)
    sending = Sending()
    sending.views.append(pane)
    return sending, source, wire


def put(source: ColumnDataSource, value: float) -> None:
    """As a bench does: Bokeh's sources itself, other things by Panel, which sends at once."""
    source.data = {"x": [value], "y": [value]}
    SLIDER.value = value


def test_what_cells_do_before_the_browser_is_there_arrives_as_it_ended(
    shown: tuple[Sending, ColumnDataSource, Wire],
) -> None:
    sending, source, wire = shown

    async def notebook() -> None:
        for value in (1.0, 2.0, 3.0):
            with sending:
                put(source, value)
        assert wire.sent == []
        wire._comm = True
        async with asyncio.timeout(10):
            while not wire.sent:
                await asyncio.sleep(0.02)

    asyncio.run(notebook())
    # Each change is sent as what it has become meanwhile.
    assert {tuple(values) for values in wire.sent} == {(3.0,)}


def test_once_it_is_there_every_change_goes_at_once(shown: tuple[Sending, ColumnDataSource, Wire]) -> None:
    sending, source, wire = shown
    wire._comm = True
    with sending:
        put(source, 1.0)
        with sending:
            put(source, 2.0)
    assert wire.sent[-1] == [2.0]
    put(source, 4.0)
    sending.push()
    assert wire.sent[-1] == [4.0]


def test_an_error_in_a_cell_does_not_keep_later_ones_from_being_seen(
    shown: tuple[Sending, ColumnDataSource, Wire],
) -> None:
    sending, source, wire = shown
    wire._comm = True
    with pytest.raises(ZeroDivisionError), sending:
        put(source, 1 / 0)
    assert not pn.state._hold
    with sending:
        put(source, 5.0)
    assert wire.sent == [[5.0]]


def test_views_that_call_are_sent_all_that_was_passed_over_or_was_before_the_page_was_loaded_anew() -> None:
    source = ColumnDataSource({"x": [0.0], "y": [0.0]})
    plot = figure(x_range=Range1d(0, 1), y_range=Range1d(0, 1))
    plot.line("x", "y", source=source)
    pane, modes, wire, sending = pn.pane.Bokeh(plot), Modes(said="before"), Wire(), Sending()
    sending.views.append(pane)
    hail = sending.hail()
    document = Document()
    add_to_doc(pn.Column(pane, modes, hail)._render_model(document, wire), document, True)
    wire._comm = True
    with sending:
        source.data = {"x": [4.0], "y": [4.0]}
        plot.x_range.end = 9
        modes.said = "tried"
    for _ in range(2):
        # The browser had not built its views yet, or has lost them.
        wire.sent.clear()
        wire.told.clear()
        hail._handle_msg({"call": 1})
        assert wire.sent == [[4.0]]
        assert {("end", 9), ("said", "tried")} <= {(name, new) for name, new in wire.told if name in ("end", "said")}
        # What does not change is not sent again, and the answer comes last.
        assert not {"icons", "states", "esm"} & {name for name, _ in wire.told}
        assert wire.told[-1][0] == "heard"
