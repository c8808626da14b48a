"""How a person arranges a page: columns of a list and their order, how wide its details are (H4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import param

from imgdash.dashboard.component import Component, script
from imgdash.dashboard.panels import Dialog
from imgdash.dashboard.session import Session

_NARROW, _WIDE = 240, 900


class Splitter(Component):
    """The edge between a list and its details, to be dragged; sends ``{"width": pixels}`` while it moves, then
    ``{"rests": pixels}``.
    """

    value = param.Integer(default=352, doc="Width of what is on its right.")
    bounds = param.Parameter(default=(_NARROW, _WIDE))
    width = param.Integer(default=5)

    _esm = script("splitter.js")


class Arranging:
    """Columns and details of one page, as who sits here wants them; kept in the records.

    Parameters
    ----------
    name
        Of the page.
    columns
        All there are, in the order as shipped; none where the list has cards.
    changed
        Called when other columns are to be shown.
    width
        Of the details, as shipped.
    """

    def __init__(
        self,
        session: Session,
        name: str,
        columns: Sequence[Mapping[str, Any]] = (),
        changed: Callable[[], None] = lambda: None,
        width: int = 352,
    ) -> None:
        self._session = session
        self._preference: Final = f"list/{name}"
        self._all = list(columns)
        self._changed = changed
        self._mine: dict[str, Any] = {}
        self._width: Final = width
        self.details: Any = None
        self.splitter = Splitter(on_message=self._drag, value=width, sizing_mode="stretch_height")
        self.dialog = Dialog(on_message=self._answered)
        self.tools = [
            *([{"name": "columns", "label": "Columns", "icon": "columns"}] if self._all else []),
            {"name": "details", "label": "Details", "icon": "panes"},
        ]

    @property
    def order(self) -> list[int]:
        """Places of the columns that are shown, among all there are."""
        names = [column["name"] for column in self._all]
        chosen = [names.index(name) for name in self._mine.get("columns", ()) if name in names]
        return chosen or list(range(len(names)))

    @property
    def columns(self) -> list[dict[str, Any]]:
        """The columns that are shown; where a person chose them, none is left out for want of width."""
        own = bool(self._mine.get("columns"))
        return [{**self._all[n], **({"rank": 0} if own else {})} for n in self.order]

    # -- as it is kept ------------------------------------------------------------------------------------

    def read(self) -> None:
        """Read what this person wants."""
        apparatus, name = self._session.apparatus, self._session.actor.name
        self._session.run(lambda: apparatus.preference(name, self._preference, {}) or {}, self._take)

    def _take(self, mine: Mapping[str, Any]) -> None:
        self._mine = dict(mine)
        if self._all:
            self._changed()
        width = self._mine.get("width", self._width)
        self._widen(int(width) if isinstance(width, int | float) else self._width)
        self.details.visible = self.splitter.visible = bool(self._mine.get("details", True))

    def _keep(self, **changes: Any) -> None:
        self._take({name: value for name, value in {**self._mine, **changes}.items() if value is not None})
        apparatus, name = self._session.apparatus, self._session.actor.name
        # The rest may have been changed in another tab.
        self._session.run(lambda: apparatus.prefer_parts(name, self._preference, changes))

    def reset(self) -> None:
        """As shipped: columns, details and their width."""
        self._keep(columns=None, details=None, width=None)

    # -- what a person does -------------------------------------------------------------------------------

    def use(self, tool: str) -> None:
        """A button of `tools`."""
        if tool == "details":
            self._keep(details=not self._mine.get("details", True))
        elif tool == "columns" and self._all:
            titles = {column["name"]: column["title"] for column in self._all}
            self.dialog.set(
                kind="columns", title="Columns of this list", submit="Show these", other="As shipped", error="",
                fields=[order_field([self._all[n]["name"] for n in self.order], titles)],
            )  # fmt: skip
            self.dialog.open = True

    def _answered(self, message: Mapping[str, Any]) -> None:
        known = [column["name"] for column in self._all]
        if "submit" in message:
            chosen = [name for name in (message.get("values") or {}).get("columns", ()) if name in known]
            if not chosen:
                self.dialog.error = "Choose at least one column."
                return
            self._keep(columns=chosen)
        elif "other" in message:
            self._keep(columns=None)
        self.dialog.open = False

    def _drag(self, message: Mapping[str, Any]) -> None:
        if "width" in message:
            self._widen(int(message["width"]))
        elif "rests" in message:
            self._keep(width=int(message["rests"]))

    def _widen(self, width: int) -> None:
        self.splitter.value = self.details.width = min(max(width, _NARROW), _WIDE)


def order_field(shown: Sequence[str], titles: Mapping[str, str]) -> dict[str, Any]:
    """The field of a dialog that asks which columns are shown, and in which order.

    Parameters
    ----------
    titles
        Name of each column there is → what people call it.
    """
    options = [[name, titles[name]] for name in (*shown, *(name for name in titles if name not in shown))]
    label = "Shown, from left to right"
    return {"name": "columns", "kind": "order", "label": label, "value": list(shown), "options": options}
