"""Thumbnails as JPEG: made once for all tabs, until the image looks different."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

import cv2

from imgdash.dashboard.review.worklist import look
from imgdash.model import ImgdashError

if TYPE_CHECKING:
    from imgdash.apparatus import Apparatus

_SIDE = 220
# About 10 kB each.
_KEPT = 1024


class Thumbnails:
    """The thumbnails of an apparatus that were asked for lately."""

    def __init__(self, apparatus: Apparatus) -> None:
        self._apparatus = apparatus
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    def get(self, image_id: str) -> bytes:
        """The processed image as it looks now, 220 pixels long; the unprocessed one where it cannot be processed.

        Raises
        ------
        ImgdashError
            If there is no such image, or nothing that can be shown of it.
        """
        key = (image_id, look(self._apparatus.image(image_id)))
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = self._made(image_id)
        # Changed meanwhile: it may be of either look.
        if (image_id, look(self._apparatus.image(image_id))) == key:
            with self._lock:
                self._kept[key] = made
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
        return made

    def _made(self, image_id: str) -> bytes:
        try:
            pixels = self._apparatus.preview(image_id)
        except ImgdashError:
            pixels = self._apparatus.thumbnail(image_id)
        factor = _SIDE / max(pixels.shape)
        small = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        found, jpeg = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 88])
        if not found:
            raise ImgdashError("The thumbnail cannot be written.", "See the log.")
        return bytes(jpeg)
