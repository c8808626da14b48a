"""What changes on a page always reaches the browser, also while it is busy taking what changed before."""

from __future__ import annotations

from typing import Any

from panel.io import document as panel_document

_dispatch = panel_document._dispatch_msgs


async def _send_all(doc: Any) -> None:
    """As Panel's, which leaves messages lying.

    A change that is made while others are being written is put beside them, to be written by a task of its own. When
    the writing ends, Panel takes the mark away by which that task knows that there is something: it goes home, and the
    last change is not seen before another one follows.
    """
    if doc in panel_document._WRITE_MSGS:
        panel_document._WRITE_BLOCK[doc] = True
    await _dispatch(doc)


def send_everything() -> None:
    """Mend it, for all pages of this process; called again it changes nothing."""
    panel_document._dispatch_msgs = _send_all
