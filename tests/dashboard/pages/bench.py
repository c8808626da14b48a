"""The page of condition keys in a test: shown, and tried out."""

from __future__ import annotations

from imgdash.dashboard.pages.conditions import Conditions
from tests.dashboard.pages.desk import Desk

KEY = "hand"


def shown(desk: Desk, **query: str) -> Conditions:
    """The page with an image on it."""
    page = desk.show(Conditions, **query)
    desk.until(lambda: page.bench.board.tried)
    return page


def try_out(desk: Desk, page: Conditions, **values: float | str) -> None:
    """Move sliders, and wait until it is shown."""
    number = page.bench.tuner.seen + 1
    dotted = {name.replace("__", "."): value for name, value in values.items()}
    page.bench.tuner._handle_msg({"trial": dotted, "number": number})
    desk.until(lambda: page.bench.tuner.seen >= number)
