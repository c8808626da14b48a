"""Image storage 54: takes images, commits itself to them, answers the terminals 52 and 53, hides what is rejected."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydicom.uid import AllTransferSyntaxes
from pynetdicom import AllStoragePresentationContexts, evt

from imgdash.simulate import commitment, retrieve
from imgdash.simulate.archive import Archive
from imgdash.simulate.machine import SUCCESS, Address, Conduct, Machine

logger = logging.getLogger(__name__)
CANNOT_UNDERSTAND, OUT_OF_RESOURCES = 0xC000, 0xA700


class Storage(Machine):
    """A storage with a folder.

    Parameters
    ----------
    known
        AE title → address of those it reports commitments to and moves images to.
    """

    def __init__(
        self, address: Address, folder: Path, known: Mapping[str, Address] | None = None, conduct: Conduct | None = None
    ) -> None:
        super().__init__(address, conduct)
        self.archive = Archive(folder)
        self.known = dict(known or {})
        for context in AllStoragePresentationContexts:
            # The other role is for C-GET, where the storage sends on the association of who asks.
            self.offer(str(context.abstract_syntax), AllTransferSyntaxes, both_roles=True)
        self.on(evt.EVT_C_STORE, "c-store", self._store)
        commitment.offer(self, self.archive.held, self.known.get)
        retrieve.offer(self, self.archive, self.known.get)

    def status(self) -> dict[str, Any]:
        """How many objects it holds and hides."""
        return dict(self.archive.status())

    def _store(self, event: evt.Event) -> int:
        try:
            self.archive.put(event.encoded_dataset())
        except OSError as error:
            logger.warning("cannot store: %s", error.strerror)
            return OUT_OF_RESOURCES
        except (AttributeError, ValueError, TypeError) as error:
            logger.info("not a data set that can be stored: %s", type(error).__name__)
            return CANNOT_UNDERSTAND
        return SUCCESS


__all__ = ["Storage"]
