"""The reduced images (C3): for display as one zarr ``image, y, x`` array, for processing one small file each."""

from __future__ import annotations

import threading
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr

from imgdash.model import NotFound
from imgdash.reduce import Reduced


class ReducedImages:
    """Reduced images of a site, derived and therefore disposable.

    Parameters
    ----------
    folder
        Holds ``display.zarr`` and ``processing/``.
    size
        Longer side of the display image; the stack's images are square, filled up with 0.
    """

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        self.size = size
        self._files = folder / "processing"
        self._files.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._stack = zarr.open_group(str(folder / "display.zarr"), mode="a")
        if "display" not in self._stack:
            self._stack.create_array(
                "display",
                shape=(0, size, size),
                chunks=(1, size, size),
                dtype="u2",
                dimension_names=("image", "y", "x"),
            )

    def put(self, image_id: str, number: int, reduced: Reduced) -> None:
        """Keep the reduced images of the image with this number."""
        array = self._stack["display"]
        with self._lock:
            if array.shape[0] <= number:
                # Grown in steps: a resize rewrites the metadata of the whole stack.
                array.resize((max(number + 1, array.shape[0] + 256), self.size, self.size))
            padded = np.zeros((self.size, self.size), np.uint16)
            display = reduced.display[: self.size, : self.size]
            padded[: display.shape[0], : display.shape[1]] = display
            array[number] = padded
        temporary = self._files / f".{image_id}.npz.tmp"
        with open(temporary, "wb") as file:
            np.savez(file, **{field.name: getattr(reduced, field.name) for field in fields(Reduced)})
        temporary.replace(self._files / f"{image_id}.npz")

    def has(self, image_id: str) -> bool:
        """Whether there are reduced images of `image_id`."""
        return image_id.isalnum() and (self._files / f"{image_id}.npz").exists()

    def get(self, image_id: str) -> Reduced:
        """The reduced images of `image_id`.

        Raises
        ------
        NotFound
        """
        path = self._files / f"{image_id}.npz"
        if not self.has(image_id):
            raise NotFound(f"No reduced image for {image_id!r}.", "'imgdash doctor --rebuild' makes it anew.")
        with np.load(path, allow_pickle=False) as data:
            if any(field.name not in data for field in fields(Reduced)):  # an earlier version made it
                raise NotFound(
                    f"The reduced image of {image_id!r} lacks a part.", "'imgdash doctor --rebuild' makes it anew."
                )
            return Reduced(**{field.name: _value(data[field.name]) for field in fields(Reduced)})

    def thumbnail(self, image_id: str) -> np.ndarray:
        """The thumbnail, uint8."""
        path = self._files / f"{image_id}.npz"
        if not self.has(image_id):
            raise NotFound(f"No thumbnail for {image_id!r}.", "'imgdash doctor --rebuild' makes it anew.")
        with np.load(path, allow_pickle=False) as data:
            thumbnail: np.ndarray = data["thumbnail"]
        return thumbnail

    def stack(self) -> xr.DataArray:
        """All display images as one lazy array, dims ``image, y, x``; ``image`` is the image number."""
        array = xr.open_zarr(str(self.folder / "display.zarr"), consolidated=False)["display"]
        return array.assign_coords(image=np.arange(array.sizes["image"]))

    def delete(self, image_id: str) -> None:
        """Forget the reduced images of a deleted image."""
        if image_id.isalnum():
            (self._files / f"{image_id}.npz").unlink(missing_ok=True)


def _value(stored: np.ndarray) -> Any:
    """Arrays as arrays, everything else as the plain value it was."""
    if stored.ndim == 2 or (stored.ndim == 1 and stored.dtype == np.int64):
        return stored
    return tuple(stored.tolist()) if stored.ndim == 1 else stored.item()
