"""The buttons of the Review page."""

from __future__ import annotations

from typing import Any, Final

# From left to right; | and > lay out.
ACTIONS: Final[list[dict[str, Any]]] = [
    {"name": "confirm", "label": "Confirm", "icon": "check", "style": "main", "title": "Confirm, send, next image"},
    {"name": "postpone", "label": "Postpone", "icon": "clock", "style": "later", "title": "Postpone, or resume"},
    {"name": "request", "label": "Request", "icon": "request", "style": "ask", "title": "Ask for a better image"},
    {"name": "reject", "label": "Reject", "icon": "cross", "style": "danger", "title": "Reject with a reason"},
    {"name": "|"},
    {"name": "protect", "label": "Protect", "icon": "lock", "toggle": True, "wide": True,
     "title": "Keep it after sending"},
    {"name": "priority", "label": "Emergency", "icon": "bolt", "toggle": True, "wide": True,
     "title": "Before all others"},
    {"name": "|"},
    {"name": "undo", "label": "Undo", "icon": "undo", "wide": True, "title": "Take the last confirmation back"},
    {"name": ">"},
    {"name": "tags", "label": "Header", "icon": "tags", "wide": True,
     "title": "Every attribute, searched and corrected"},
    {"name": "advance", "label": "Auto-advance", "icon": "send", "toggle": True, "wide": True,
     "title": "After a decision, open the next image"},
    {"name": "layout", "label": "Layout", "icon": "panes", "wide": True,
     "title": "Which panels are shown, and where the thumbnails are"},
    {"name": "keys", "label": "Keys", "icon": "keyboard", "wide": True, "title": "All keys; change them"},
]  # fmt: skip

# Where the image is decided, by somebody else or a while ago, the same key goes on.
DECIDED: Final[list[dict[str, Any]]] = [
    {**action, "label": "Next", "icon": "send", "title": "Decided already: the next image that awaits you"}
    if action["name"] == "confirm"
    else action
    for action in ACTIONS
]
