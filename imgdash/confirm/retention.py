"""Keeping and deleting (R7): a rejected image goes at once or after a time; a protected one stays."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from imgdash.config import Site
from imgdash.model import ImageHeader
from imgdash.store.change import Change
from imgdash.store.files import Files
from imgdash.store.store import Store

_LOG = logging.getLogger(__name__)


def sweep(store: Store, site: Site, files: Files, now: datetime | None = None) -> list[str]:
    """Delete what its time has come for; call it at start and every few minutes.

    Deleted are images rejected or replaced more than ``station.keep_rejected_days`` ago, and, where
    ``station.auto_delete_delivered_days`` is set, delivered ones. An image with entries still in a queue stays.
    The transition is journalled first and the file goes after, so that a crash in between leaves only a file
    that the next call takes away.

    Returns
    -------
    list of str
        The `image_id` of each image whose file went.
    """
    now = now or datetime.now()
    for header in due(store, site, now):
        store.write(partial(_delete, image_id=header.image_id))
    gone = []
    for header in store.images("state = 'deleted' and file <> ''"):
        try:
            if store.write(partial(_take_away, files=files, image_id=header.image_id)):
                gone.append(header.image_id)
        except OSError as error:
            # It is tried again at the next call; meanwhile the others go.
            _LOG.warning("the file of image %s cannot be deleted: %s", header.image_id, error.strerror)
    return gone


def due(store: Store, site: Site, now: datetime) -> Sequence[ImageHeader]:
    """Images whose time has come."""
    limits: list[tuple[tuple[str, ...], float]] = [(("rejected", "replaced"), site.station.keep_rejected_days)]
    if site.station.auto_delete_delivered_days is not None:
        limits.append((("delivered",), site.station.auto_delete_delivered_days))
    found: list[ImageHeader] = []
    for states, days in limits:
        before = now - timedelta(days=days)
        marks = ", ".join("?" for _ in states)
        found += store.images(
            f"state in ({marks}) and not coalesce(protected, false)"
            " and not exists (select 1 from queue where queue.image_id = image.image_id"
            "   and queue.state in ('waiting', 'held', 'sending', 'committing', 'uncertain'))"
            " and (select max(journal.at) from journal where journal.subject = 'image'"
            "   and journal.id = image.image_id"
            "   and journal.event in ('reject', 'replace', 'deliver')) <= ?",
            [*states, before],
        )
    return found


def _delete(change: Change, image_id: str) -> None:
    # Looked at again inside the transaction: somebody may just have restored or protected it.
    header = change.image(image_id)
    if header.protected or header.state not in ("rejected", "replaced", "delivered"):
        return
    if header.state == "delivered":
        change.transition("image", image_id, "expire", why="kept long enough after its delivery")
    else:
        change.transition("image", image_id, "delete", why="kept long enough after its rejection")


def _take_away(change: Change, files: Files, image_id: str) -> bool:
    """In the change, so that an image that is received again is either still deleted here, or has its file."""
    header = change.image(image_id)
    if header.state != "deleted":
        return False
    files.delete(image_id)
    if header.file.startswith("quarantine/"):
        (files.quarantine / header.file.split("/")[-1]).unlink(missing_ok=True)
    change.set("image", image_id, why="its file was deleted", file="")
    return True
