"""Hooks of HoloViews figures that let go of their page."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


def hook(owner: T, function: Callable[..., None], *arguments: Any) -> Callable[[Any, Any], None]:
    """A hook for HoloViews, ``function(owner, *arguments, plot)``, that does not keep its owner.

    HoloViews has options, and the hooks in them, in a table of its own until the element dies; where they keep the
    element's page, that is never.
    """
    weakly = weakref.ref(owner)

    def called(plot: Any, _element: Any) -> None:
        if (alive := weakly()) is not None:
            function(alive, *arguments, plot)

    return called
