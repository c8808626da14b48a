"""What the shell asks of a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from panel.viewable import Viewable

from imgdash.dashboard.session import Session
from imgdash.model import Event


class Page:
    """A page of the rail: made once for a tab, filled from the apparatus.

    Attributes
    ----------
    name, title, icon
        In the address, on the rail, and a name in `imgdash.dashboard.theme.ICONS`.
    keymap
        Keys as shipped that work while the page is shown: ``KeyboardEvent.key``, letters small → action.
    words
        Action of a key → what it does, for the sheet of keys.
    local
        Actions that a component in the browser carries out (event ``imgdash:key``).
    """

    name: ClassVar[str]
    title: ClassVar[str]
    icon: ClassVar[str]
    keymap: Mapping[str, str] = {}
    words: Mapping[str, str] = {}
    local: Sequence[str] = ()

    def __init__(self, session: Session) -> None:
        self.session = session

    def view(self) -> Viewable:
        """What is shown; called once."""
        raise AssertionError(f"{type(self).__name__} has no view")

    def update(self, events: Sequence[Event]) -> None:
        """Events of the apparatus since the last call; none when the page is shown for the first time."""

    def open(self, **query: Any) -> None:
        """A deep link, or ``session.go`` with these values."""

    def in_sight(self) -> None:
        """The page is in sight, for the first time or again."""

    def out_of_sight(self) -> None:
        """Another page is in sight now."""

    def key(self, action: str) -> None:
        """A key of `keymap` was pressed that is not in `local`."""

    def pressed(self, action: str, image: str) -> None:
        """A key as `key`, pressed while `image` was in sight in the browser; empty where none was."""
        self.key(action)

    def rekeyed(self, keys: Mapping[str, str]) -> None:
        """Keys in force, action → key: shown on buttons. Called before `view`, too."""

    def place(self) -> dict[str, str]:
        """What brings back what is shown now: values for `open`."""
        return {}

    def rights(self) -> None:
        """The actor's role has changed."""
        self.update(())

    def badge(self) -> tuple[int, str] | None:
        """Count and colour name on the rail (accent, warn, bad); runs in a thread, reads the apparatus only."""
        return None
