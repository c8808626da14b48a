"""Parameters that have no effect as the others are set: the page dims them."""

from __future__ import annotations

from typing import Final

from imgdash.process import Chain

_BANDS: Final = ("fine", "medium", "coarse")
_COMPRESSION: Final = ("light", "light_start", "dark", "dark_start")
_MASK: Final = ("kernel", "bands", "edge")
_ALPHA_BETA: Final = ("alpha", "beta", "middle")
_PERCENTILES: Final = ("low_percentile", "high_percentile", "low_margin", "high_margin")


def without_effect(chain: Chain) -> list[str]:
    """Dotted names, by how `imgdash.process` reads the chain."""
    idle: set[str] = set()

    def add(step: str, *names: str) -> None:
        idle.update(f"{step}.{name}" for name in names)

    if not chain.frequency.amount:
        idle.update(f"frequency.{name}" for name in chain.step("frequency") if name != "amount")
    elif chain.frequency.method == "multi-band":
        add("frequency", "kernel")
    else:
        add("frequency", *_BANDS)
    if chain.equalization.method == "compression":
        add("equalization", *_ALPHA_BETA)
        add("equalization", *(() if chain.equalization.light else ("light_start",)))
        add("equalization", *(() if chain.equalization.dark else ("dark_start",)))
        if not chain.equalization.light and not chain.equalization.dark:
            add("equalization", *_MASK)
    else:
        add("equalization", *_COMPRESSION)
        if chain.equalization.alpha == 1 and chain.equalization.beta == 1:
            add("equalization", "middle", *_MASK)
    if chain.geometry.trim != "rectangle":
        add("geometry", "left", "top", "right", "bottom")
    for name in ("side", "projection"):
        if getattr(chain.overlay, name) == "none":
            add("overlay", f"{name}_x", f"{name}_y")
    if not chain.overlay.comment:
        add("overlay", "comment_x", "comment_y")
    if not chain.overlay.scale:
        add("overlay", "scale_length", "scale_x", "scale_y")
    if chain.automatic.signal != "histogram":
        add("automatic", *_PERCENTILES)
    if chain.automatic.signal != "window":
        add("automatic", "window_center", "window_width")
    return sorted(idle)
