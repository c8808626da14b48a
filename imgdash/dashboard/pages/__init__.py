"""The pages, in the order of the rail."""

from __future__ import annotations

from imgdash.dashboard.page import Page


def all_pages() -> tuple[type[Page], ...]:
    """Every page, imported when the server starts."""
    from imgdash.dashboard.pages.conditions import Conditions
    from imgdash.dashboard.pages.images import Images
    from imgdash.dashboard.pages.notices import Notices
    from imgdash.dashboard.pages.orders import Orders
    from imgdash.dashboard.pages.queues import Queues
    from imgdash.dashboard.pages.records import Records
    from imgdash.dashboard.pages.requests import Requests
    from imgdash.dashboard.pages.review import Review
    from imgdash.dashboard.pages.system import System

    return (Review, Orders, Images, Conditions, Queues, Requests, Notices, Records, System)
