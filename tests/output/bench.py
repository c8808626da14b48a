"""A small site with confirmed images, for tests of output: everything real but the reviewer."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom import uid
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset

from imgdash import config
from imgdash.model import Condition, Event, ImageHeader, QueueEntry
from imgdash.output import Outputs
from imgdash.process import Chain, calculate
from imgdash.reduce import reduce_image
from imgdash.store import header, rows
from imgdash.store.conditions import Conditions
from imgdash.store.files import Files
from imgdash.store.image_rows import image_columns
from imgdash.store.pixels import open_image
from imgdash.store.store import Store
from imgdash.workers import Workers
from tests.apparatus.sites import condition_files

CONDITION = Condition(
    key="hand",
    title="Hand",
    group="extremities",
    processing={"frequency": {"amount": 0.6}, "gradation": {"contrast": 1.2}},
)


def radiograph(
    number: int = 1, *, kind: str = "cr", rows_: int = 220, columns: int = 160, **attributes: Any
) -> FileDataset:
    """A small radiograph of a wedge and a few discs: ``cr`` (MONOCHROME1), ``dx`` (For Processing) or ``ct``."""
    y, x = np.mgrid[0:rows_, 0:columns]
    values = 600 + 8 * x + 200 * np.sin(y / 9)
    for k in range(4):
        values[(y - 40 - 45 * k) ** 2 + (x - 80) ** 2 < 15**2] += 500 + 100 * number
    pixels = np.clip(values, 0, 4095).astype("<u2")
    ds = Dataset()
    ds.SOPClassUID = {
        "cr": uid.ComputedRadiographyImageStorage,
        "dx": uid.DigitalXRayImageStorageForProcessing,
        "ct": uid.CTImageStorage,
    }[kind]
    ds.SOPInstanceUID = f"1.2.3.4.{number}"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.3", f"1.2.3.{10 if kind == 'ct' else number}"
    ds.PatientName, ds.PatientID, ds.PatientSex, ds.PatientBirthDate = "Phantom^Hand", "P1", "F", "19790511"
    ds.AccessionNumber, ds.StudyDate, ds.StudyTime, ds.StudyID = "A1", "20260301", "101500", "S1"
    ds.ReferringPhysicianName = ""
    ds.AcquisitionDate, ds.AcquisitionTime = "20260301", "101600"
    ds.SeriesNumber, ds.InstanceNumber, ds.Manufacturer = "1", str(number), "Phantoms"
    ds.BodyPartExamined, ds.ViewPosition, ds.PatientOrientation = "HAND", "PA", ["L", "F"]
    ds.Modality = {"cr": "CR", "dx": "DX", "ct": "CT"}[kind]
    ds.ImageType = ["ORIGINAL", "PRIMARY"]
    ds.PixelSpacing = ["0.5", "0.5"]
    ds.SamplesPerPixel, ds.PixelRepresentation = 1, 0
    ds.PhotometricInterpretation = "MONOCHROME1" if kind == "cr" else "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 16, 12, 11
    ds.WindowCenter, ds.WindowWidth = "2048", "4096"
    if kind == "dx":
        ds.PresentationIntentType, ds.PixelIntensityRelationship = "FOR PROCESSING", "LIN"
        ds.PixelIntensityRelationshipSign, ds.ImageLaterality = 1, "R"
        ds.ImagerPixelSpacing = ds.PixelSpacing
        del ds.PixelSpacing
    if kind == "ct":
        ds.RescaleSlope, ds.RescaleIntercept = "1", "-1024"
        ds.ImagePositionPatient, ds.ImageOrientationPatient = [0, 0, 10 * number], [1, 0, 0, 0, 1, 0]
        ds.FrameOfReferenceUID = "1.2.3.9"
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    ds.Rows, ds.Columns = pixels.shape
    ds.PixelData = pixels.tobytes()
    ds["PixelData"].VR = "OW"
    block = ds.private_block(0x0029, "PHANTOMS", create=True)
    block.add_new(0x01, "LO", "private")
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    return FileDataset("", ds, file_meta=meta, preamble=b"\0" * 128)


class Bench:
    """A site folder with its store; restartable, as after a crash."""

    def __init__(self, folder: Path, workers: Workers, apparatus: list[dict[str, Any]], **station: Any) -> None:
        self.folder = folder
        self.workers = workers
        self.site = config.parse(
            {
                "station": {"institution": "St. Elsewhere", "name": "QC1", **station},
                "apparatus": [
                    {"retry_seconds": 0.1, "retry_cap_seconds": 0.4, "timeout_seconds": 3, **one} for one in apparatus
                ],
            },
            folder / "site.toml",
        )
        self.files = Files(folder)
        self.conditions = Conditions(condition_files(folder / "conditions"))
        self.condition = self.conditions.save(CONDITION, "test")
        self.store = Store(folder)
        self.outputs = self._outputs()

    def _outputs(self) -> Outputs:
        return Outputs(self.store, self.site, self.conditions, self.files, self.workers)

    def restart(self) -> Outputs:
        """New queues on the same store, as after a kill."""
        self.outputs = self._outputs()
        return self.outputs

    @contextmanager
    def running(self) -> Iterator[Outputs]:
        """The queues at work."""
        self.outputs.start()
        try:
            yield self.outputs
        finally:
            self.outputs.stop()

    def add(self, ds: FileDataset | Path, state: str = "confirmed", **columns: Any) -> ImageHeader:
        """Register an image as if it had been received, calculated and confirmed."""
        number = len(self.store.images()) + 1
        arrived = self.files.incoming / f"{number}.dcm"
        if isinstance(ds, Path):
            arrived.write_bytes(ds.read_bytes())
        else:
            ds.save_as(arrived, enforce_file_format=True)
        image_id = hashlib.sha256(arrived.read_bytes()).hexdigest()[:32]
        path = self.files.keep(arrived, image_id)
        self.files.done(arrived)
        record = header.read(path)
        image = open_image(path)
        condition = self.conditions.get(columns.get("condition", "hand"))
        calculated: Mapping[str, Any] = {}
        if image.ndim == 2:
            chain = Chain.of(condition.processing, columns.get("overrides", {}))
            calculated = calculate(reduce_image(image), chain, attrs=image.attrs)
        known = {
            "parameters": calculated,
            "condition": "hand",
            "condition_version": condition.version,
            "confirmed_at": datetime(2026, 3, 1, 11, 0),
            "confirmed_by": "anna",
        }
        found = ImageHeader(
            image_id=image_id,
            number=number,
            state=state,
            file=str(path.relative_to(self.folder)),
            received_at=datetime(2026, 3, 1, 10, 30),
            **{**header.columns(record), **known, **columns},
        )
        # The same radiograph once more is the same image, as it is to be now.
        event = "set" if self.store.find(image_id) else "register"
        self.store.write(lambda change: change.emit(Event("image", image_id, event, image_columns(found))))
        return self.store.image(image_id)

    def register(self, image: ImageHeader, apparatus: str, *, position: float | None = None, **columns: Any) -> str:
        """A queue entry, as confirmation makes one; its id."""
        number = len(self.store.queue("image_id = ? and apparatus = ?", [image.image_id, apparatus])) + 1
        entry = QueueEntry(
            entry_id=f"{image.image_id}@{apparatus}#{number}",
            image_id=image.image_id,
            apparatus=apparatus,
            state=columns.pop("state", "waiting"),
            position=float(image.number) if position is None else position,
            output_uid=str(uid.generate_uid(prefix=None)),
            registered_at=datetime.now(),
        )
        entry = dataclasses.replace(entry, **columns)
        self.store.write(
            lambda change: change.emit(Event("queue", entry.entry_id, "register", rows.entry_columns(entry)))
        )
        return entry.entry_id

    def entry(self, entry_id: str) -> QueueEntry:
        """The entry as it is now."""
        return self.store.queue("entry_id = ?", [entry_id])[0]

    def states(self, apparatus: str | None = None) -> list[str]:
        """States of every entry, in order."""
        found = self.store.queue("apparatus = ?", [apparatus]) if apparatus else self.store.queue()
        return [entry.state for entry in found]

    def events(self, entry_id: str) -> list[str]:
        """What happened to an entry."""
        found = self.store.query("select event from journal where id = ? order by seq", [entry_id])
        return [row["event"] for row in found]

    def close(self) -> None:
        """Write everything back."""
        self.store.close()


def received(folder: Path) -> list[FileDataset]:
    """What a Storage SCP wrote, in the order of arrival."""
    found = sorted((path for path in folder.iterdir() if path.is_file()), key=lambda path: path.stat().st_mtime_ns)
    return [pydicom.dcmread(path, force=True) for path in found]
