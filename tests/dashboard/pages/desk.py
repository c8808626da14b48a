"""A page without a browser: its callbacks are called, its properties looked at, its document's turns taken here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bokeh.document import Document
from panel.io.state import set_curdoc

from imgdash import Apparatus
from imgdash.dashboard.page import Page
from imgdash.dashboard.session import Session
from imgdash.model import Actor
from tests.helpers import wait_until

P = TypeVar("P", bound=Page)


@dataclass
class Desk:
    """One user's document.

    Attributes
    ----------
    toasts
        ``(kind, text, remedy)`` of what was said.
    does
        Buttons of the latest message: words → what they do.
    """

    apparatus: Apparatus
    actor: Actor
    document: Document = field(default_factory=Document)
    toasts: list[tuple[str, str, str]] = field(default_factory=list)

    does: Mapping[str, Callable[[], None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.session = Session(self.apparatus, self.actor, self.document)
        self.session.tell = self._told
        self.pages: list[Page] = []

    def _told(self, text: str, kind: str = "info", detail: str = "", **more: Any) -> None:
        self.toasts.append((kind, text, detail))
        self.does = more.get("does") or {}

    def show(self, page_class: type[P], **query: Any) -> P:
        """A page as the shell shows it."""
        # Said, for where it is not, Bokeh takes the document of whichever thread took its turn last.
        with set_curdoc(self.document):
            page = page_class(self.session)
            self.document.add_root(page.view().get_root(self.document))
        self.session.listen(page.update)
        page.update(())
        if query:
            page.open(**query)
        self.pages.append(page)
        return page

    def until(self, condition: Callable[[], Any], within: float = 20.0) -> Any:
        """Take the document's turns until the condition holds."""

        def turn() -> Any:
            for callback in list(self.document.session_callbacks):
                callback.callback()
            return condition()

        return wait_until(turn, within=within)

    def close(self) -> None:
        """The tab is gone."""
        self.session.close()
