"""The queue of a folder: a DICOM file-set with a DICOMDIR, for a share or for media (PS3.10, PS3.11)."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pydicom

from imgdash.config import OutputApparatus
from imgdash.model import ImageHeader, ImgdashError, PeerFailed
from imgdash.output import registry, removal
from imgdash.output.delivery import Formed
from imgdash.output.dicomdir import NAME, TEMPORARY, Directory, durable
from imgdash.output.exporting import Exporting
from imgdash.output.former import Former
from imgdash.output.trouble import Refused
from imgdash.store.store import Store

_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


def place(apparatus: OutputApparatus, site: Path) -> Path:
    """The folder, ready to be written into.

    One in the site folder is made; another may be a share that is not mounted now, so it has to be there.

    Raises
    ------
    PeerFailed
        If it is not there, or may not be written.
    """
    path = Path(apparatus.path or ".")
    folder = site / path
    try:
        if not path.is_absolute():
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PeerFailed(f"{folder} cannot be made: {error.strerror}.", "Check the path.") from None
    if not folder.is_dir():
        raise PeerFailed(f"There is no folder {folder}.", "Make it, or mount the share that it is on.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PeerFailed(f"{folder} cannot be written.", "Give this user the right to write there.")
    return folder


class FolderQueue(Exporting):
    """Writes each image and its presentation state, then the directory: what it names is there."""

    def __init__(self, apparatus: OutputApparatus, store: Store, former: Former, site: Path) -> None:
        super().__init__(apparatus, store, former)
        self._site = site
        # File-sets in which a former run was stopped while it wrote.
        self._unfinished: set[str] = set()

    @contextmanager
    def connect(self) -> Iterator[Path]:
        """The folder."""
        folder = place(self.apparatus, self._site)
        for name in self._unfinished:
            for pattern in (f"{NAME}{TEMPORARY}", f"IMAGES/*{TEMPORARY}"):
                for path in (folder / name).glob(pattern):
                    path.unlink(missing_ok=True)
        self._unfinished = set()
        yield folder

    def recover(self) -> None:
        """Sent again under the same SOP Instance UID; what the stop left half written is removed."""
        left = [self.store.image(entry.image_id) for entry in registry.in_state(self.store, self.name, "sending")]
        self._unfinished = {file_set(self.apparatus, header) for header in left}
        super().recover()

    def work(self) -> bool:
        """Something to write, or to take out again."""
        return super().work() or bool(removal.owed(self.store, self.name))

    def converse(self, assoc: Path) -> None:
        """Take out what was rejected, then write until there is no more."""
        for row in removal.owed(self.store, self.name):
            if not self.may_go:
                return
            self._take_out(assoc, row)
        super().converse(assoc)

    def _take_out(self, place_: Path, row: Mapping[str, Any]) -> None:
        entry = registry.by_entry(self.store, row["entry_id"])
        if entry is None:
            return
        name = row["file_set"]
        folder = place_ / (file_set(self.apparatus, self.store.image(entry.image_id)) if name is None else name)
        try:
            removal.take_out(folder, row["output_uid"])
        except OSError as error:
            raise PeerFailed(f"{folder} cannot be written: {error.strerror or error}.", "Look after it.") from None
        except ImgdashError as error:
            removal.told(self.store, row, "fail", str(error))
            return
        removal.told(self.store, row, "send", f"taken out of {self.name}")

    def interrupt(self, assoc: Path) -> None:
        """A disk is not waited for any longer."""

    def send(self, assoc: Any, formed: Sequence[Formed]) -> None:
        """Write one image."""
        for made in formed:
            folder: Path = assoc / file_set(self.apparatus, made.job.header)
            try:
                where = write(folder, made)
            except OSError as error:
                trouble = "has no room" if error.errno in _FULL else f"cannot be written: {error.strerror or error}"
                raise PeerFailed(f"{folder} {trouble}.", "Make room, or look after the share.") from None
            except PeerFailed:
                raise
            except ImgdashError as error:
                raise Refused(error.cause, error.remedy, retry=False) from None
            header = pydicom.dcmread(made.path, stop_before_pixels=True, specific_tags=["SeriesInstanceUID"])
            told = {
                "sop_class_uid": str(header.file_meta.MediaStorageSOPClassUID),
                "series_uid": str(header.SeriesInstanceUID),
                "file_set": file_set(self.apparatus, made.job.header),
            }
            name = "/".join(part for part in (told["file_set"], *where) if part)
            registry.finish(self.store, [made.entry], f"written as {name}", **told)


def file_set(apparatus: OutputApparatus, header: ImageHeader) -> str:
    """Name of the subfolder whose DICOMDIR an image enters; '' for the folder itself. The same at each try."""
    if apparatus.file_set == "one":
        return ""
    if apparatus.file_set == "day":
        return (header.confirmed_at or header.received_at).strftime("%Y%m%d")
    # Nothing that a peer wrote becomes a path.
    day = (header.acquired_at or header.received_at).strftime("%Y%m%d")
    return f"{day}-{hashlib.sha256(header.study_uid.encode()).hexdigest()[:10]}"


def write(folder: Path, made: Formed) -> tuple[str, ...]:
    """Write an image, its presentation state, and the directory; returns the File ID of the image.

    Raises
    ------
    ImgdashError
        If the file-set that is there is not ours.
    OSError
        If it cannot be written.
    """
    folder.mkdir(exist_ok=True)
    directory = Directory(folder)
    where: tuple[str, ...] = ()
    for path in (made.job.presentation, made.path):
        if not path.exists():
            continue
        ds = pydicom.dcmread(path, stop_before_pixels=True)
        where = directory.file_id(str(ds.SOPInstanceUID))
        target = folder.joinpath(*where)
        target.parent.mkdir(parents=True, exist_ok=True)
        durable(target, path.read_bytes())
        directory.add(ds, where)
    directory.write()
    return where
