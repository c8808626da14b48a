"""Every page, view and dialog of the dashboard, and how a person comes there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from playwright.sync_api import Page


@dataclass(frozen=True)
class Place:
    """A page, and what is pressed or clicked there.

    Attributes
    ----------
    page
        Its name on the rail.
    keys
        Keys that open what is looked at.
    tab
        Name of the view that is chosen.
    click
        Selectors of what is clicked, one after another.
    shows
        Selector of what is seen then.
    """

    page: str
    keys: str = ""
    tab: str = ""
    click: tuple[str, ...] = ()
    shows: str = ""


_ROW = ".rows .row:visible"
_CARD = ".card:visible"


def _button(action: str) -> str:
    return f"[data-action={action}]:visible:enabled"


PAGES = ("review", "orders", "images", "conditions", "queues", "requests", "notices", "records", "system")
_TABS: Mapping[str, tuple[str, ...]] = {
    "orders": ("open", "again", "stray"),
    "images": ("work", "out", "asked", "bad", "gone"),
    "conditions": ("replay", "versions"),
    "queues": ("person", "over"),
    "requests": ("person", "ended", "all"),
    "notices": ("person", "over", "all"),
    "records": ("emission", "sql"),
    "system": ("users", "audit", "site"),
}
_DIALOG = "dialog[open]"
PLACES: dict[str, Place] = {
    **{page: Place(page) for page in PAGES},
    **{f"{page}, {tab}": Place(page, tab=tab) for page, tabs in _TABS.items() for tab in tabs},
    "review, keys": Place("review", "?", shows=f"{_DIALOG} .keys"),
    "review, size": Place("review", "v", shows=f"{_DIALOG} .choices"),
    "review, request": Place("review", "r", shows=f"{_DIALOG} #reason"),
    "review, reject": Place("review", "x", shows=f"{_DIALOG} #reason"),
    "review, layout": Place("review", "l", shows=f"{_DIALOG} .order"),
    "review, header": Place("review", "h", shows=f"{_DIALOG} [role=row]"),
    "review, output range": Place("review", "o", shows=".range .film canvas"),
    "review, side by side": Place("review", "s", shows="canvas.image >> nth=1"),
    "images, a line": Place("images", click=(_ROW,), shows="dl:visible, dd:visible"),
    "images, columns": Place("images", click=("[data-tool=columns]:visible",), shows=f"{_DIALOG} .order"),
    "images, reject": Place("images", "x", tab="work", click=(_ROW,), shows=f"{_DIALOG} #reason"),
    "images, route": Place("images", tab="work", click=(_ROW, _button("route")), shows=f"{_DIALOG} input"),
    "images, delete": Place("images", tab="bad", click=(_ROW, _button("delete")), shows=_DIALOG),
    "orders, key of a procedure": Place("orders", tab="open", click=(_ROW, _button("procedure")),
                                        shows=f"{_DIALOG} #key"),
    "queues, take out": Place("queues", click=(_CARD, _button("cancel")), shows=_DIALOG),
    "requests, withdraw": Place("requests", click=(_CARD, _button("withdraw")), shows=_DIALOG),
    "review, correcting": Place("review", click=("dd [role=button]:visible",), shows="dd input:visible"),
    "the messages": Place("review", click=(".more:visible",), shows=".past:visible"),
    "records, columns": Place("records", click=("[data-tool=columns]:visible",), shows=f"{_DIALOG} .order"),
    "images, header": Place("images", "h", click=(_ROW,), shows=f"{_DIALOG} [role=row]"),
}  # fmt: skip


def go(page: Page, place: Place, rests: Callable[[Page], None]) -> None:
    """Open a place; `rests` waits until nothing is drawn any more."""
    page.click(f"[data-page={place.page}]")
    page.wait_for_function("(name) => location.search.includes('page=' + name)", arg=place.page)
    if place.tab:
        page.click(f"[data-tab={place.tab}]:visible")
        page.wait_for_selector(f"[data-tab={place.tab}][aria-selected=true]:visible")
    rests(page)
    for selector in place.click:
        page.locator(selector).first.click()
    for key in place.keys:
        page.keyboard.press(key)
    if place.shows:
        page.locator(place.shows).first.wait_for()
        rests(page)


def leave(page: Page, place: Place) -> None:
    """Back to the page as it was."""
    if place.shows:
        page.keyboard.press("s" if place.keys == "s" else "Escape")
        page.wait_for_function("!document.documentElement.dataset.modal")
    first = page.locator("[role=tablist] [data-tab]:visible").first
    if place.tab:
        first.click()
