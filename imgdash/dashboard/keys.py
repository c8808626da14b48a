"""Keys of the Review page: defaults, a person's own, conflicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from imgdash.model import ImgdashError

# Action → (key as in KeyboardEvent.key with letters small, what it does).
DEFAULTS: Final[dict[str, tuple[str, str]]] = {
    "confirm": (" ", "Confirm and next"),
    "postpone": ("p", "Postpone / resume"),
    "request": ("r", "Request a better image"),
    "reject": ("x", "Reject"),
    "undo": ("z", "Undo the last confirmation"),
    "protect": ("k", "Protection on/off"),
    "priority": ("e", "Emergency on/off"),
    "next": ("ArrowDown", "Next image"),
    "previous": ("ArrowUp", "Previous image"),
    "compare": ("b", "Before/after, while held"),
    "fit": ("f", "Fit the image"),
    "actual": ("a", "1:1, again 2:1"),
    "zoomin": ("+", "Larger"),
    "zoomout": ("-", "Smaller"),
    "invert": ("i", "Invert the view"),
    "turn": ("t", "Turn the view"),
    "mirror": ("m", "Mirror the view"),
    "reset": ("w", "Reset the view"),
    "advance": ("n", "Auto-advance on/off"),
    "keys": ("?", "These keys"),
    **{f"condition{n}": (str(n), f"Condition key {n} of the group") for n in range(1, 10)},
}
# What the viewport does without asking the server.
LOCAL: Final = ("compare", "fit", "actual", "zoomin", "zoomout", "invert", "turn", "mirror", "reset")


def chosen(own: Mapping[str, str]) -> dict[str, str]:
    """Action → key: the defaults, with a person's own keys in their places."""
    keys = {action: key for action, (key, _) in DEFAULTS.items()}
    keys.update({action: key for action, key in own.items() if action in keys})
    return keys


def keymap(keys: Mapping[str, str]) -> dict[str, str]:
    """Key → action; an action without a key is left out."""
    return {key: action for action, key in keys.items() if key}


def check(keys: Mapping[str, str]) -> dict[str, str]:
    """What differs from the defaults, to be kept for a person.

    Raises
    ------
    ImgdashError
        If two actions have the same key, or one has no key that can be pressed.
    """
    taken: dict[str, str] = {}
    for action, key in keys.items():
        if action not in DEFAULTS:
            raise ImgdashError(f"There is no action {action!r}.", "Choose keys for those listed.")
        if not key:
            continue
        if len(key) > 16 or key in ("Control", "Shift", "Alt", "Meta", "AltGraph", "Escape", "Enter", "Tab"):
            raise ImgdashError(f"{key!r} cannot be a key of its own.", "Choose another one.")
        if key in taken:
            raise ImgdashError(
                f"{name(key)} stands for '{DEFAULTS[taken[key]][1]}' and '{DEFAULTS[action][1]}'.",
                "Give one of them another key.",
            )
        taken[key] = action
    return {action: key for action, key in keys.items() if key != DEFAULTS[action][0]}


def name(key: str) -> str:
    """A key as people call it."""
    return {" ": "Space"}.get(key, key.upper() if len(key) == 1 else key)
