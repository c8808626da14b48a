"""What cannot be registered is made known all the same: somebody has to see that it is there."""

from __future__ import annotations

import dataclasses
import logging
from datetime import datetime
from pathlib import Path

from imgdash.apparatus.examining import Examined
from imgdash.apparatus.registration import Registration, Unborn
from imgdash.model import Finding, Judgement
from imgdash.model.codes import UNREADABLE

_LOG = logging.getLogger(__name__)


class LastResort(Registration):
    """Registration, and what is done where it has failed too often."""

    def give_up(self, path: Path, arrived_at: datetime, found: Examined, trouble: str) -> None:
        """Make an arrived file known that `register` fails on.

        It goes the way of an image that cannot be read. Where even that fails, nothing but its header is kept; and one
        that is known already is given to the reviewer as far as it came.
        """
        if not self._is_known(found.image_id):
            unread = dataclasses.replace(found, reduced=None, trouble=trouble)
            try:
                self.register(path, arrived_at, unread)
            except Exception:
                _LOG.exception("image %s could not be registered as unreadable either", found.image_id)
                self._bare(path, arrived_at, unread)
        header = self.store.image(found.image_id)
        if header.state == "received" and found.reduced is not None and self.reduced.has(found.image_id):
            self.store.transition("image", found.image_id, "examine", why=trouble)
        elif header.state == "received":
            self._set_aside(header, dataclasses.replace(found, trouble=trouble))
        self._put_away(path, found)

    def _bare(self, path: Path, arrived_at: datetime, found: Examined) -> None:
        """An image of which nothing is derived: no order, no dose, no request."""
        if self._is_known(found.image_id):
            return
        kept = self.files.keep(path, found.image_id) if found.readable_header else self.files.quarantine / path.name
        trouble = (Finding("unreadable", UNREADABLE.value, found.trouble),)
        header = self._header(found, kept, arrived_at, None)
        header = dataclasses.replace(header, judgement=Judgement(trouble, trouble))
        bare = dataclasses.replace(found, readable_header=False)
        with self._births:
            born = self.store.write(lambda change: self._birth(change, bare, Unborn(header, None, {}), path.name))
        self._tell(born)

    def _is_known(self, image_id: str) -> bool:
        return bool(self.store.images("image_id = ? and state <> 'deleted'", [image_id]))


__all__ = ["LastResort"]
