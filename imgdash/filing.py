"""A simulated physicist: files the quality control of former months, as somebody did who looked at it then."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from imgdash.apparatus import Apparatus
from imgdash.model import Actor, Event, ImageHeader, ImgdashError, NotAllowed

_LOG = logging.getLogger(__name__)
PHYSICIST: Final = Actor("physicist-colleague", "manager")
# Quality control that was made since awaits whoever looks at the station now.
_LATEST: Final = timedelta(days=15)


class Filing:
    """Confirms images of quality control for the storages alone: nobody wants a film of each flat field.

    An image is left where it is until it was measured, and where something is to be said of it.
    """

    def __init__(self, apparatus: Apparatus) -> None:
        self._apparatus = apparatus
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._storages = tuple(output.name for output in apparatus.site.apparatus if output.kind == "storage")

    def run(self) -> None:
        """Work until `stop`."""
        unsubscribe = self._apparatus.subscribe(self._heard)
        try:
            while not self._stop.is_set():
                for image in self._apparatus.images("awaiting"):
                    if self.due(image):
                        self.file(image)
                self._wake.wait()
                self._wake.clear()
        finally:
            unsubscribe()

    def stop(self) -> None:
        """End the work."""
        self._stop.set()
        self._wake.set()

    def _heard(self, events: Sequence[Event]) -> None:
        if any(event.subject == "image" for event in events):
            self._wake.set()

    def due(self, image: ImageHeader) -> bool:
        """Whether it is a measured, unobjectionable image of an earlier quality control."""
        made = image.acquired_at
        return (
            # Of the simulated machines alone: a folder may have real ones by now.
            image.patient.id.startswith("QC-")
            and "quality" in image.parameters
            and image.judgement.fit
            and made is not None
            and datetime.now() - made > _LATEST
        )

    def file(self, image: ImageHeader) -> None:
        """Confirm it for the storages."""
        try:
            self._apparatus.adjust(image.image_id, PHYSICIST, outputs=self._storages)
            self._apparatus.confirm(image.image_id, PHYSICIST)
        except NotAllowed:
            # A person was quicker.
            return
        except ImgdashError as error:
            _LOG.info("an image of quality control is left to a person: %s", error.cause)


__all__ = ["Filing"]
