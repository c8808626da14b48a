"""From a notebook to its browser: nothing before the views are built, then the last state once; the gone let go."""

from __future__ import annotations

import gc
import json
import weakref
from typing import Any

import holoviews as hv
import panel as pn
import pytest
from bokeh.document import Document
from bokeh.models import ColumnDataSource, Plot, Range1d
from bokeh.plotting import figure
from panel.io.model import add_to_doc
from pyviz_comms import Comm

from imgdash.dashboard.drawn import Drawn
from imgdash.dashboard.theme import apply
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


class Shown:
    """A figure in one place of a notebook, with what calls from there."""

    def __init__(self, sending: Sending) -> None:
        apply()
        drawn, self.wire, document = Drawn(), Wire(), Document()
        drawn.lay([drawn.part("now", hv.Curve(([0.0], [0.0]), "x", "y"))])
        sending.views.append(drawn.view)
        self.hail = sending.hail()
        root = pn.Column(drawn.view, SLIDER, self.hail)._render_model(document, self.wire)
        add_to_doc(root, document, True)
        self.root, self.source = root.ref["id"], root.select_one({"type": ColumnDataSource})

    def built(self) -> None:
        """The browser has built its views, and has heard the answer to its call."""
        self.wire._comm = True
        self.hail._handle_msg({"built": self.root})


@pytest.fixture
def sending() -> Sending:
    return Sending()


@pytest.fixture
def shown(sending: Sending) -> tuple[Sending, ColumnDataSource, Wire]:
    """A figure as a notebook shows it."""
    view = Shown(sending)
    return sending, view.source, view.wire


def put(source: ColumnDataSource, value: float) -> None:
    """As a bench does: Bokeh's sources itself, other things by Panel, which sends at once."""
    source.data = {"x": [value], "y": [value]}
    SLIDER.value = value


def test_what_cells_do_before_the_browser_is_there_arrives_as_it_ended(sending: Sending) -> None:
    view = Shown(sending)
    for value in (1.0, 2.0, 3.0):
        with sending:
            put(view.source, value)
    assert view.wire.sent == []
    view.built()
    assert view.wire.sent == [[3.0]]


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
    (root,) = hail._models
    for _ in range(2):
        # The browser had not built its views yet, or has lost them.
        wire.sent.clear()
        wire.told.clear()
        for call in (1, 2, 3):
            hail._handle_msg({"call": call})
        # Calls that waited for a busy kernel are answered, no more.
        assert {name for name, _ in wire.told} == {"heard"}
        assert wire.sent == []
        hail._handle_msg({"built": root})
        assert wire.sent == [[4.0]]
        assert {("end", 9), ("said", "tried")} <= {(name, new) for name, new in wire.told if name in ("end", "said")}
        # What does not change is not sent again.
        assert not {"icons", "states", "esm"} & {name for name, _ in wire.told}


def test_a_view_that_is_built_costs_the_others_nothing(sending: Sending) -> None:
    first, second = Shown(sending), Shown(sending)
    first.built()
    first.wire.sent.clear()
    second.hail._handle_msg({"built": first.root})
    assert first.wire.sent == [], "a call for another place"
    second.built()
    assert len(second.wire.sent) == 1
    assert first.wire.sent == []


def test_what_is_gone_is_let_go_and_sent_nothing(sending: Sending) -> None:
    first, second = Shown(sending), Shown(sending)
    first.built()
    second.built()
    gone, wire, there = weakref.ref(first.hail), first.wire, second.root
    # As the browser says it when the output of a cell was cleared, or the cell run again.
    pn.extension._process_comm_msg({"event_type": "delete", "id": first.root})
    wire.sent.clear()
    put(first.source, 7.0)
    del first
    gc.collect()
    assert gone() is None
    assert set(sending._roots()) == {there}
    sending.push()
    assert wire.sent == []


def test_each_place_that_shows_a_figure_shows_what_it_has_become() -> None:
    apply()
    drawn = Drawn()
    drawn.lay([drawn.part("now", hv.Curve(([0.0], [0.0]), "x", "y"))])
    first = drawn.view.get_root(Document())
    drawn.set("now", {"x": [1.0], "y": [2.0]})
    drawn.range(x=(0.0, 5.0))
    second = drawn.view.get_root(Document())
    for value in (2.0, 3.0):
        for root in (first, second):
            assert root.select_one({"type": ColumnDataSource}).data["y"] == [value]
            assert root.select_one({"type": Plot}).x_range.end == 5.0
        drawn.set("now", {"x": [1.0], "y": [3.0]})
