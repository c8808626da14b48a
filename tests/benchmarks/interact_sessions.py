"""Tabs opened and closed, and what stays of them in the server: a part of `tests.benchmarks.interact`.

Memory is read after a full collection and after the allocator gave back what it has free, so that what is still
taken is taken by something.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from playwright.sync_api import Browser

from tests.dashboard.visiting import Visitor
from tests.helpers import wait_until

Station = Callable[..., AbstractContextManager[dict[str, Any]]]
_GROUP = 20


def sessions(browser: Browser, station: Station, count: int) -> dict[str, Any]:
    """Tabs as people open and close them, and clients that leave before they have the page."""
    with station("--images", "2", "--rows", "400", "--columns", "300") as about:
        context = browser.new_context(viewport={"width": 1600, "height": 900})

        def tab(number: int) -> None:
            page = context.new_page()
            page.set_default_timeout(60_000)
            page.goto(about["url"])
            if not number:
                page.click("button[value=reviewer0]")
            page.wait_for_function("(window.imgdash?.painted || []).length > 0")
            page.close()

        visitor = Visitor(about["url"], "reviewer1")

        def hasty(number: int) -> None:
            token = visitor.page()
            if number % 2:
                visitor.connect(token).close()

        found = {"tabs": _grown(tab, count, about["rest"]), "hasty clients": _grown(hasty, count, about["rest"])}
        context.close()
        return found


def _grown(come: Callable[[int], None], count: int, rest: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Sessions in groups, and the memory between them."""
    taken: list[float] = []
    begun = time.monotonic()
    for number in range(count):
        come(number)
        if number % _GROUP == _GROUP - 1:
            told = wait_until(lambda: (one := rest())["open"] == 0 and one, within=60, every=0.5)
            taken.append(told["mb"])
            print(f"{number + 1}: {told}, {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    # The first groups fill caches.
    quarter = max(len(taken) // 4, 1)
    first, last = taken[quarter : 2 * quarter] or taken[:1], taken[-quarter:]
    grown = sum(last) / len(last) - sum(first) / len(first)
    between = max(len(taken) - quarter - (len(first) + len(last)) / 2, 1) * _GROUP
    return {
        "count": count,
        "MB at the start": round(taken[0]),
        "MB at the end": round(taken[-1]),
        "MB from the second to the last quarter": round(grown, 1),
        "kB for each": round(1000 * grown / between),
    }
