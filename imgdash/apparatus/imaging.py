"""The facade: pixels and headers of one image, as received and as processed."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

import numpy as np
import xarray as xr
from pydicom.dataset import Dataset

from imgdash.apparatus.comparison import Compared, compare
from imgdash.apparatus.looking import Looking
from imgdash.apparatus.screen import digest
from imgdash.apparatus.tags import Element, elements
from imgdash.model import ImageHeader
from imgdash.process import Chain, describe, form
from imgdash.reduce import Reduced
from imgdash.store import header, pixels


class Imaging(Looking):
    """An image to be looked at (C2, C3, G1)."""

    def open(self, image_id: str) -> xr.DataArray:
        """Stored pixels, lazy, full resolution; coordinates in mm."""
        image = self.image(image_id)
        found = pixels.open_image(self.files.path(image_id), unprocessed=self._raw(image.sender))
        return found.assign_attrs(image.marked)

    def raw(self, image_id: str) -> np.ndarray:
        """Stored pixels as an array."""
        return np.asarray(self.open(image_id).values)

    def dataset(self, image_id: str) -> Dataset:
        """The header as it is now: the file's, with corrected information in it (C2)."""
        ds = header.read(self.files.path(image_id)).ds
        for keyword, value in self.image(image_id).edits.items():
            setattr(ds, keyword, value)
        return ds

    def elements(self, image_id: str) -> list[Element]:
        """Every attribute of the header, with what the file says where it was corrected (C2)."""
        return elements(header.read(self.files.path(image_id)).ds, self.image(image_id).edits)

    def chain(self, image_id: str, condition: str | None = None, overrides: Mapping[str, Any] | None = None) -> Chain:
        """The processing parameters an image has, or would have with another condition key."""
        return self.screen.chain(self.image(image_id), condition, overrides)

    def process(
        self, image_id: str, condition: str | None = None, overrides: Mapping[str, Any] | None = None
    ) -> xr.DataArray:
        """The processed image, uint16 P-values, full resolution (G1)."""
        image = self.as_if(image_id, condition)
        chain = self.screen.chain(image, condition, overrides)
        return form(self.open(image_id), chain, image.parameters, overlays=image.overlays)

    def reduced(self, image_id: str) -> Reduced:
        """The reduced images (C3)."""
        return self.screen.reduced(image_id)

    def thumbnail(self, image_id: str) -> np.ndarray:
        """The processed thumbnail, uint8; the unprocessed one where it cannot be processed."""
        return self.reduced_images.thumbnail(image_id)

    def as_if(self, image_id: str, condition: str | None) -> ImageHeader:
        """The header an image would have with another condition key; nothing is kept."""
        image = self.image(image_id)
        if condition is None or condition == image.condition:
            return image
        return self._registration.recalculate(image, condition, self.reduced(image_id))

    def preview(self, image_id: str, chain: Chain | None = None, *, condition: str | None = None) -> np.ndarray:
        """The processed display image, within milliseconds; `condition` for another key than its own."""
        return self.screen.preview(self.as_if(image_id, condition), chain)

    def frame(self, image_id: str, chain: Chain | None = None, *, condition: str | None = None) -> Future[np.ndarray]:
        """The processed image for the screen in full resolution, kept for the next look."""
        return self.screen.frame(self.as_if(image_id, condition), chain)

    def output(self, image_id: str, name: str) -> Future[tuple[np.ndarray, int]]:
        """The pixels that the output apparatus `name` would get now, and their bits (D2, D3)."""
        return self.outputs.shown(image_id, name)

    def look(self, image_id: str, chain: Chain | None = None) -> str:
        """A short name of how an image looks now; it changes when the look does, so pages can cache by it."""
        image = self.image(image_id)
        return digest(chain or self.screen.chain(image), image)

    def compared(self, request_id: str) -> Compared | None:
        """The modality's processing beside ours, where it sent the unprocessed image or told what it did (R3)."""
        request = self.store.request(request_id)
        if not request.answer:
            return None
        labels = {one.name: one.label for one in describe()}
        return compare(request, self.chain(request.answer).flat(), labels)
