"""Keys: what each stands for, a person's own, conflicts.

An action that several pages have (confirm, undo …) is one action with one key on all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from imgdash.model import ImgdashError

if TYPE_CHECKING:
    from imgdash.dashboard.page import Page

Keys = dict[str, tuple[str, str]]
# On every page. `jump` is followed by the number of a page on the rail.
EVERYWHERE: Final[Keys] = {
    "keys": ("?", "These keys"),
    "jump": ("j", "Go to a page: then its number on the rail"),
    "size": ("v", "Size of text and controls"),
}
# Of the Review page: action → (key as in KeyboardEvent.key with letters small, what it does).
DEFAULTS: Final[dict[str, tuple[str, str]]] = {
    "confirm": (" ", "Confirm and next"),
    "postpone": ("p", "Postpone / resume"),
    "request": ("r", "Request a better image"),
    "reject": ("x", "Reject"),
    "undo": ("z", "Undo the last confirmation"),
    "correct": ("c", "Correct what is missing"),
    "protect": ("k", "Protection on/off"),
    "priority": ("e", "Emergency on/off"),
    "next": ("ArrowDown", "Next image"),
    "previous": ("ArrowUp", "Previous image"),
    "compare": ("b", "Before/after, while held"),
    "beside": ("s", "Side by side on/off"),
    "magnify": ("g", "Magnifier, while held"),
    "measure": ("d", "Measure distances on/off"),
    "fit": ("f", "Fit the image"),
    "actual": ("a", "1:1, again 2:1"),
    "zoomin": ("+", "Larger"),
    "zoomout": ("-", "Smaller"),
    "invert": ("i", "Invert the view"),
    "turn": ("t", "Turn the view"),
    "mirror": ("m", "Mirror the view"),
    "reset": ("w", "Reset the view"),
    "range": ("o", "Output range: move and scale"),
    "tags": ("h", "Header: every attribute"),
    "advance": ("n", "Auto-advance on/off"),
    "layout": ("l", "Layout of this page"),
    "keys": ("?", "These keys"),
    **{f"condition{n}": (str(n), f"Condition key {n} of the group") for n in range(1, 10)},
}
# What the viewport does without asking the server.
LOCAL: Final = (
    "compare",
    "beside",
    "magnify",
    "measure",
    "fit",
    "actual",
    "zoomin",
    "zoomout",
    "invert",
    "turn",
    "mirror",
    "reset",
)


def of_page(page: Page) -> Keys:
    """Action → (key as shipped, what it does) of a page."""
    return {action: (key, page.words.get(action, action)) for key, action in page.keymap.items()}


def chosen(own: Mapping[str, str], defaults: Mapping[str, tuple[str, str]] = DEFAULTS) -> dict[str, str]:
    """Action → key: the defaults, with a person's own keys in their places."""
    keys = {action: key for action, (key, _) in defaults.items()}
    keys.update({action: key for action, key in own.items() if action in keys})
    return keys


def keymap(keys: Mapping[str, str]) -> dict[str, str]:
    """Key → action; an action without a key is left out."""
    return {key: action for action, key in keys.items() if key}


def check(keys: Mapping[str, str], pages: Mapping[str, Keys] | None = None) -> dict[str, str]:
    """What differs from the defaults, to be kept for a person.

    Parameters
    ----------
    keys
        Action → key.
    pages
        Title of a page → its actions; those of `EVERYWHERE` work on each. None: the Review page.

    Raises
    ------
    ImgdashError
        If two actions of a page have the same key, or one has no key that can be pressed.
    """
    pages = {"Review": DEFAULTS} if pages is None else pages
    known: Keys = {**EVERYWHERE, **{action: told for page in pages.values() for action, told in page.items()}}
    for action, key in keys.items():
        if action not in known:
            raise ImgdashError(f"There is no action {action!r}.", "Choose keys for those listed.")
        if len(key) > 16 or key in _NO_KEYS:
            raise ImgdashError(f"{key!r} cannot be a key of its own.", "Choose another one.")
    for title, page in pages.items():
        taken: dict[str, str] = {}
        for action, (_, words) in {**EVERYWHERE, **page}.items():
            key = keys.get(action, known[action][0])
            if key and key in taken:
                raise ImgdashError(
                    f"{name(key)} stands for '{taken[key]}' and '{words}' on the page {title}.",
                    "Give one of them another key.",
                )
            taken[key] = words
    return {action: key for action, key in keys.items() if key != known[action][0]}


def sheet(own: Mapping[str, str], pages: Mapping[str, Keys], current: str) -> list[dict[str, Any]]:
    """Fields of the dialog with every key, each changeable; those of the `current` page first.

    An action is listed once, where it occurs first.
    """
    groups = {current: pages[current], "Every page": EVERYWHERE, **pages}
    listed: set[str] = set()
    fields = []
    for title, page in groups.items():
        rows = [
            {
                "name": action,
                "label": words,
                "key": own.get(action, key),
                "usual": key,
                "everywhere": action in EVERYWHERE,
            }
            for action, (key, words) in page.items()
            if action not in listed
        ]
        listed |= set(page)
        if rows:
            fields.append({"name": f"keys {title}", "kind": "keys", "label": title, "rows": rows})
    fields[0]["hint"] = _HINT
    return fields


def name(key: str) -> str:
    """A key as people call it."""
    return {" ": "Space", "ArrowDown": "↓", "ArrowUp": "↑", "ArrowLeft": "←", "ArrowRight": "→"}.get(
        key, key.upper() if len(key) == 1 else key
    )


_NO_KEYS: Final = ("Control", "Shift", "Alt", "Meta", "AltGraph", "Escape", "Enter", "Tab")
_HINT: Final = (
    "To change one, press Enter or click in its place, then the wanted key; Backspace takes it away. What an action "
    "has in common on several pages has one key on all of them. In an image: drag left changes contrast and density, "
    "drag right or Shift moves, the wheel zooms, double click fits. Tab comes to an image, too: then the arrows move a "
    "larger one."
)
