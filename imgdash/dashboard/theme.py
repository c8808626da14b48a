"""How pages look: one palette for CSS, Material widgets and HoloViews; icons as outlines of our own."""

from __future__ import annotations

from typing import Any, Final

import holoviews as hv

# Neutral greys, so that the eye judges the image alone; one accent, three signal colours (contrast AA on `panel`).
# A `line` separates; an `edge` is all that shows where an input is (WCAG 2.2, 1.4.11: 3 to 1).
PALETTE: Final[dict[str, str]] = {
    "ground": "#0b0d10",
    "panel": "#14171c",
    "raised": "#1c2027",
    "line": "#2a3038",
    "edge": "#6b7480",
    "text": "#d9dee5",
    "dim": "#9aa4b2",
    "faint": "#87919e",
    "accent": "#4cc2ff",
    "good": "#5fd38d",
    "warn": "#ffc14d",
    "bad": "#ff7a70",
    "film": "#c39bff",
}

# State of an image, queue entry or request → colour name, icon, word for people. Never colour alone.
STATES: Final[dict[str, tuple[str, str, str]]] = {
    "received": ("dim", "arriving", "arriving"),
    "awaiting": ("accent", "eye", "awaiting"),
    "postponed": ("warn", "clock", "postponed"),
    "confirmed": ("good", "check", "confirmed"),
    "delivered": ("good", "done", "delivered"),
    "requested": ("film", "request", "requested"),
    "replaced": ("faint", "swap", "replaced"),
    "rejected": ("bad", "cross", "rejected"),
    "quarantined": ("bad", "warning", "quarantined"),
    "deleted": ("faint", "trash", "deleted"),
    "waiting": ("accent", "clock", "waiting"),
    "held": ("warn", "pause", "held"),
    "sending": ("accent", "send", "sending"),
    "committing": ("accent", "send", "committing"),
    "done": ("good", "done", "done"),
    "failed": ("bad", "warning", "failed"),
    "uncertain": ("warn", "question", "uncertain"),
    "cancelled": ("faint", "cross", "cancelled"),
    "proposed": ("warn", "question", "proposed"),
    "sent": ("accent", "send", "sent"),
    "accepted": ("accent", "check", "accepted"),
    "answered": ("film", "swap", "answered"),
    "satisfied": ("good", "done", "satisfied"),
    "superseded": ("faint", "swap", "superseded"),
    "refused": ("bad", "cross", "refused"),
    "withdrawn": ("faint", "cross", "withdrawn"),
    "new": ("accent", "orders", "new"),
}

# Paths in a 24 × 24 box, drawn as outlines.
ICONS: Final[dict[str, str]] = {
    "review": "M3 5h18v14H3zM8 9v6M12 8v8M16 10v4",
    "orders": "M6 3h12v18H6zM9 8h6M9 12h6M9 16h4",
    "list": "M4 6h16M4 12h16M4 18h16",
    "conditions": "M5 4v9M5 17v3M12 4v3M12 11v9M19 4v11M19 19v1M3 13h4M10 7h4M17 15h4",
    "queue": "M4 5h10v5H4zM4 14h10v5H4zM17 8l3 4-3 4",
    "request": "M20 12a8 8 0 1 1-3-6M20 3v4h-4",
    "bell": "M5 17h14c-2-2-2-4-2-7a5 5 0 0 0-10 0c0 3 0 5-2 7M10 20h4",
    "records": "M4 20V10M10 20V4M16 20v-7M21 20H3",
    "system": "M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6M12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.6l2.1 2.1M16.3 16.3l2.1 2.1"
    "M18.4 5.6l-2.1 2.1M7.7 16.3l-2.1 2.1",
    "eye": "M2 12c4-7 16-7 20 0-4 7-16 7-20 0M12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5",
    "clock": "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M12 8v4l3 2",
    "check": "M5 12l5 5 9-10",
    "done": "M2 12l5 5 8-10M11 15l2 2 9-10",
    "cross": "M6 6l12 12M18 6L6 18",
    "warning": "M12 4l9 16H3zM12 10v4M12 17v.5",
    "question": "M9 9a3 3 0 1 1 4 3c-1 .5-1 1-1 2M12 17v.5",
    "swap": "M4 9h14l-4-4M20 15H6l4 4",
    "trash": "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13",
    "pause": "M9 5v14M15 5v14",
    "send": "M4 12L20 4l-5 16-3-7zM12 13l8-9",
    "arriving": "M12 4v11M7 10l5 5 5-5M4 20h16",
    "lock": "M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3",
    "star": "M12 3l2.7 6 6.3.6-4.8 4.2 1.5 6.4L12 16.8 6.3 20.2l1.5-6.4L3 9.6 9.300 9z",
    "bolt": "M13 2L5 14h6l-1 8 8-12h-6z",
    "user": "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8M4 21c1-8 15-8 16 0",
    "leave": "M10 4H4v16h6M9 12h11M16 8l4 4-4 4",
    "undo": "M9 7L4 11l5 4M4 11h10a6 6 0 0 1 0 9h-3",
    "keyboard": "M2 6h20v12H2zM6 10h.5M10 10h.5M14 10h.5M18 10h.5M7 14h10",
    "film": "M5 3h14v18H5zM8 6h8v9H8z",
    "storage": "M4 6c0-4 16-4 16 0v12c0 4-16 4-16 0zM4 6c0 4 16 4 16 0M4 12c0 4 16 4 16 0",
    "fit": "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
    "invert": "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M12 4v16M12 8h5M12 12h7M12 16h5",
    "turn": "M19 12a7 7 0 1 1-2-5M19 3v5h-5",
    "mirror": "M12 3v18M9 7L3 17h6zM15 7l6 10h-6z",
    "compare": "M3 5h18v14H3zM12 5v14M6 12h3M16 9v6",
    "tags": "M4 5h16M4 10h10M4 15h16M4 20h8",
    "columns": "M3 5h18v14H3zM9 5v14M15 5v14",
    "panes": "M3 5h18v14H3zM15 5v14",
    "up": "M12 19V5M6 11l6-6 6 6",
    "down": "M12 5v14M6 13l6 6 6-6",
    "first": "M5 4h14M12 20V9M6 14l6-6 6 6",
    "ruler": "M3 15L15 3l6 6L9 21zM7 11l2 2M10 8l3 3M13 5l2 2",
    "lens": "M10 4a6 6 0 1 0 0 12 6 6 0 0 0 0-12M14.500 14.500L21 21M10 7v6M7 10h6",
    "beside": "M3 5h8v14H3zM13 5h8v14h-8z",
    "reset": "M4 12a8 8 0 1 0 3-6M4 3v5h5",
    "size": "M2 19L8 5L14 19M4.500 14h7M15 19L18.500 10L22 19M16 16h5",
    "edit": "M4 20l1-5L16 4l4 4L9 19z",
    "hold": "M8 12V6a1.5 1.5 0 0 1 3 0v5-7a1.5 1.5 0 0 1 3 0v7-5a1.5 1.5 0 0 1 3 0v8c0 4-2 7-6 7-3 0-4-2-6-6"
    "-1-2 1-3 3 0",
}

# On a screen this wide everything is drawn larger: it stands further away than a small one, or has finer pixels.
# A person may have it otherwise (scaling.py).
LARGE: Final = ((2200, 1.2), (3200, 1.5))
SCALES: Final = "".join(f"@media(min-width:{width}px){{:root{{--scale:{scale}}}}}" for width, scale in LARGE)
_VARIABLES = "".join(f"--{name}:{value};" for name, value in PALETTE.items())
# Fonts that a workstation has; nothing is loaded.
FONT: Final = "'Inter','Segoe UI','Noto Sans','DejaVu Sans',system-ui,sans-serif"
PAGE_CSS: Final = f"""
:root{{{_VARIABLES}--font:{FONT};color-scheme:dark;--design-background-color:{PALETTE["ground"]};
--panel-background-color:{PALETTE["panel"]};--panel-surface-color:{PALETTE["panel"]};
--panel-on-background-color:{PALETTE["text"]};--panel-on-surface-color:{PALETTE["text"]};
--panel-primary-color:{PALETTE["accent"]};--background-text-color:{PALETTE["text"]};
--background-color:{PALETTE["panel"]};--surface-color:{PALETTE["panel"]};--surface-text-color:{PALETTE["text"]}}}
{SCALES}
body{{zoom:var(--scale,1)}}html,body{{margin:0;height:100%;overflow:hidden;background:{PALETTE["ground"]};color:{PALETTE["text"]};
font:13px/1.35 {FONT}}}
body>div:first-of-type{{height:100%}}
"""

# For Material widgets: `theme_config=theme.MATERIAL, dark_theme=True`.
MATERIAL: Final[dict[str, Any]] = {
    "palette": {
        "mode": "dark",
        "primary": {"main": PALETTE["accent"]},
        "error": {"main": PALETTE["bad"]},
        "warning": {"main": PALETTE["warn"]},
        "success": {"main": PALETTE["good"]},
        "background": {"default": PALETTE["ground"], "paper": PALETTE["raised"]},
        "text": {"primary": PALETTE["text"], "secondary": PALETTE["dim"]},
    },
    "typography": {"fontFamily": FONT, "fontSize": 12},
    "shape": {"borderRadius": 4},
}

_AXIS: Final[dict[str, Any]] = {
    "axis_line_color": PALETTE["line"],
    "major_tick_line_color": PALETTE["line"],
    "minor_tick_line_color": None,
    "major_label_text_color": PALETTE["dim"],
    "major_label_text_font_size": "10px",
    "axis_label_text_color": PALETTE["dim"],
    "axis_label_text_font_size": "11px",
    "axis_label_text_font_style": "normal",
}


def dress(figure: Any) -> None:
    """Give a Bokeh figure the look of the pages; call it in a HoloViews hook: ``lambda plot, _: dress(plot.state)``."""
    # Bokeh reckons in the screen's own pixels: drawn at another scale, it would take the pointer for somewhere else.
    figure.stylesheets = [":host{zoom:calc(1/var(--scale,1))}"]
    figure.background_fill_color = PALETTE["panel"]
    figure.border_fill_color = PALETTE["panel"]
    figure.outline_line_color = PALETTE["line"]
    # Nothing here gains by WebGL: it draws a joint at each point, and stalls without a graphics card.
    figure.output_backend = "canvas"
    for axis in figure.axis:
        axis.update(**_AXIS)
    for grid in figure.grid:
        grid.update(grid_line_color=PALETTE["line"], grid_line_alpha=0.6)
    for legend in figure.legend:
        legend.update(
            background_fill_color=PALETTE["raised"], label_text_color=PALETTE["text"], border_line_color=PALETTE["line"]
        )
    if figure.title is not None:
        figure.title.update(text_color=PALETTE["text"], text_font_size="12px")


def apply() -> None:
    """Load HoloViews' Bokeh backend into this process."""
    hv.extension("bokeh", logo=False)
