"""The DICOM files: what arrived, what is kept, what cannot be read (ARCHITECTURE decision 1)."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from imgdash.model import ImgdashError, NotFound

_IMAGE_ID = re.compile(r"[0-9a-f]{32}")


class Files:
    """Folders of a site: ``incoming``, ``images``, ``quarantine``, ``output``.

    A file is named by the hash of its content. What a peer calls it never becomes part of a path.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.incoming = folder / "incoming"
        self.images = folder / "images"
        self.quarantine = folder / "quarantine"
        self.output = folder / "output"
        for path in (self.incoming, self.images, self.quarantine, self.output):
            path.mkdir(parents=True, exist_ok=True)

    def path(self, image_id: str) -> Path:
        """Where the record of `image_id` is.

        Raises
        ------
        NotFound
            If it is no image id, or there is no such file.
        """
        path = self._path(image_id)
        if not path.exists():
            raise NotFound(f"No file for image {image_id!r}.", "It was deleted, or the folder 'images' was changed.")
        return path

    def has(self, image_id: str) -> bool:
        """Whether the record of `image_id` is there."""
        return bool(_IMAGE_ID.fullmatch(image_id)) and self._path(image_id).exists()

    def _path(self, image_id: str) -> Path:
        if not _IMAGE_ID.fullmatch(image_id):
            raise NotFound(f"{image_id!r} is not an image id.", "An image id has 32 hexadecimal digits.")
        return self.images / image_id[:2] / f"{image_id}.dcm"

    def keep(self, incoming: Path, image_id: str) -> Path:
        """Give an arrived file its lasting name; the arrived name stays until `done`.

        A hard link costs no bytes, and a crash between the two leaves the arrived file to be taken again.
        """
        path = self._path(image_id)
        path.parent.mkdir(exist_ok=True)
        try:
            os.link(incoming, path)
        except FileExistsError:
            return path
        except OSError as error:
            raise ImgdashError(f"{incoming.name} cannot be kept: {error}.", "See 'imgdash doctor'.") from error
        for folder in (path.parent, self.images):
            sync_folder(folder)
        return path

    def done(self, incoming: Path) -> None:
        """The arrived name is no longer needed."""
        incoming.unlink(missing_ok=True)

    def set_aside(self, incoming: Path) -> Path:
        """Put a file that cannot be read where a person may look at it; it is renamed, never lost."""
        aside = self.quarantine / incoming.name
        if incoming.exists():
            os.replace(incoming, aside)
            sync_folder(self.quarantine)
        return aside

    def delete(self, image_id: str) -> None:
        """Delete the record and what was made from it (R7)."""
        self._path(image_id).unlink(missing_ok=True)
        for made in self.output.glob(f"{image_id}*"):
            made.unlink(missing_ok=True)

    def arrived(self) -> list[Path]:
        """Files waiting in ``incoming``, in the order of their arrival."""
        return sorted(path for path in self.incoming.iterdir() if path.name.endswith((".dcm", ".msg.json")))

    def kept(self) -> list[Path]:
        """Every record."""
        return sorted(self.images.glob("??/*.dcm"))


def sync_folder(folder: Path) -> None:
    """Make names in a folder durable."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def content_id(path: Path, offset: int) -> str:
    """First 32 hexadecimal digits of the SHA-256 of a file from `offset` on: the data set as it was sent.

    The file meta information is left out: it says by which way the image came, not what it is.
    """
    digest = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:
        file.seek(offset)
        buffer = bytearray(1 << 20)
        view = memoryview(buffer)
        while count := file.readinto(buffer):
            digest.update(view[:count])
    return digest.hexdigest()[:32]
