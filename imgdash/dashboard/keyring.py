"""A person's own keys: read when the tab is opened, changed on the sheet of keys, kept in the records (H4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from imgdash.dashboard import keys
from imgdash.dashboard.page import Page
from imgdash.dashboard.panels import Dialog
from imgdash.dashboard.session import Session
from imgdash.model import ImgdashError

_PREFERENCE = "keys"


class Keyring:
    """Which key does what on which page, for who sits here.

    Parameters
    ----------
    pages
        Name → page.
    changed
        Called when other keys are in force.
    """

    def __init__(self, session: Session, pages: Mapping[str, Page], changed: Callable[[], None]) -> None:
        self._session = session
        self._pages = pages
        self._changed = changed
        self._own: dict[str, str] = {}
        self.dialog = Dialog(on_message=self._answered)

    def of(self, page: Page) -> dict[str, str]:
        """Action → key in force on a page."""
        return keys.chosen(self._own, {**keys.EVERYWHERE, **keys.of_page(page)})

    def keymap(self, page: Page) -> dict[str, str]:
        """Key → action in force on a page."""
        return keys.keymap(self.of(page))

    def read(self) -> None:
        """Read a person's own keys."""
        apparatus, name = self._session.apparatus, self._session.actor.name
        self._session.run(lambda: apparatus.preference(name, _PREFERENCE, {}) or {}, self._take)

    def _take(self, own: Mapping[str, str]) -> None:
        self._own = {str(action): str(key) for action, key in own.items()}
        for page in self._pages.values():
            page.rekeyed(self.of(page))
        self._changed()

    # -- the sheet ----------------------------------------------------------------------------------------

    def _titled(self) -> dict[str, keys.Keys]:
        return {page.title: keys.of_page(page) for page in self._pages.values() if page.keymap}

    def show(self, current: str) -> None:
        """Open the sheet, with the keys of the `current` page first."""
        title = self._pages[current].title
        pages = {title: {}, **self._titled()}
        self.dialog.set(
            kind="keys", title="Keys", submit="Keep", other="As shipped", error="",
            fields=keys.sheet(self._own, pages, title),
        )  # fmt: skip
        self.dialog.open = True

    def _answered(self, message: Mapping[str, Any]) -> None:
        if message.get("closed"):
            self._close()
        elif "other" in message:
            self._as_shipped()
        elif "submit" in message:
            groups: Mapping[str, Mapping[str, str]] = message.get("values") or {}
            told = {str(action): str(key) for group in groups.values() for action, key in group.items()}
            try:
                own = keys.check(told, self._titled())
            except ImgdashError as error:
                self.dialog.error = f"{error.cause} {error.remedy}"
                return
            self._keep(own)

    def _keep(self, own: dict[str, str]) -> None:
        """Keep the keys that were changed here; another tab may have changed others."""
        changes = {action: own.get(action) for action in {*own, *self._own} if own.get(action) != self._own.get(action)}
        apparatus, name = self._session.apparatus, self._session.actor.name
        self._close()
        self._take(own)
        if changes:
            self._session.run(lambda: apparatus.prefer_parts(name, _PREFERENCE, changes), self._kept)

    def _kept(self, own: Mapping[str, str]) -> None:
        """What is kept by now, with the keys of another tab."""
        self._take(own)
        pages = self._titled()
        there = {*keys.EVERYWHERE, *(action for page in pages.values() for action in page)}
        try:
            keys.check({action: key for action, key in self._own.items() if action in there}, pages)
        except ImgdashError as error:
            self._session.tell(error.cause, "warning", f"Another tab has changed keys, too. {error.remedy}")

    def _as_shipped(self) -> None:
        apparatus, name = self._session.apparatus, self._session.actor.name
        self._close()
        self._take({})
        self._session.run(lambda: apparatus.prefer(name, _PREFERENCE, {}))

    def _close(self) -> None:
        self.dialog.open = False
