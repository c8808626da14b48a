"""Sites and senders for tests of the whole apparatus."""

from __future__ import annotations

import atexit
import functools
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import tomli_w
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian, generate_uid

from imgdash import Apparatus
from imgdash.store.conditions import Conditions
from tests.conftest import peer

# Two processes of each kind, as a station has them by itself.
BOTH = {"receivers": 2, "workers": 2}


def site(folder: Path, **content: Any) -> Path:
    """A site file with free ports that takes images from anybody on loopback.

    One process each receives and works, for a second one costs half of what a start does; `BOTH` where it matters.
    """
    station = {"dicom_port": 0, "hl7_port": 0, "open_to": "loopback", "receivers": 1, "workers": 1}
    station |= content.pop("station", {})
    path = folder / "site.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(tomli_w.dumps({"station": station, **content}), encoding="utf-8")
    condition_files(path.parent / "conditions")
    return path


def condition_files(folder: Path) -> Path:
    """The condition files that a first start leaves, if the folder is new: writing them waits 66 times for the disk."""
    if not folder.exists():
        shutil.copytree(_first_start(), folder)
    return folder


@functools.cache
def _first_start() -> Path:
    """Once in each process, as the apparatus makes them."""
    folder = Path(tempfile.mkdtemp(prefix="imgdash-conditions-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Conditions(folder).folder


def send(apparatus: Apparatus, *files: Path, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Send files with DCMTK's storescu."""
    return send_to(apparatus.addresses["dicom"][1], *files, options=options)


def send_to(port: int, *files: Path, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """As `send`, to a port."""
    command = [peer("storescu"), *options, "-aec", "IMGDASH", "-aet", "TESTER", "127.0.0.1", str(port)]
    return subprocess.run([*command, *map(str, files)], capture_output=True, text=True, timeout=60, check=False)


def radiograph(path: Path, size: int = 96, **attributes: Any) -> Path:
    """A small CR image of a plate with a bright bone in it."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = ComputedRadiographyImageStorage
    ds.SOPInstanceUID = generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID = generate_uid(), generate_uid()
    ds.PatientID, ds.PatientName, ds.PatientSex, ds.PatientBirthDate = "P1", "Phantom^Hand", "O", "19700101"
    ds.Modality, ds.BodyPartExamined, ds.ViewPosition = "CR", "HAND", "PA"
    ds.Laterality = "L"
    ds.StudyDate = ds.AcquisitionDate = "20240102"
    ds.StudyTime = ds.AcquisitionTime = "101112"
    ds.PhotometricInterpretation, ds.SamplesPerPixel = "MONOCHROME2", 1
    ds.Rows = ds.Columns = size
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.PixelSpacing = [1.0, 1.0]
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:size, 0:size] / size
    pixels = 600 + 900 * np.exp(-(((x - 0.5) / 0.3) ** 2)) + 1500 * (abs(x - 0.5) < 0.08) * (y > 0.2)
    ds.PixelData = (pixels + rng.normal(0, 20, (size, size))).clip(0, 4095).astype("<u2").tobytes()
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    pydicom.dcmwrite(path, ds, enforce_file_format=True)
    return path
