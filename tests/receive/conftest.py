"""Receivers on a free port, and what they wrote."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian, generate_uid

from imgdash.config import Site, parse
from imgdash.receive import Receivers
from tests.helpers import wait_until


@dataclass
class Station:
    """A running set of receivers."""

    receivers: Receivers
    incoming: Path
    names: list[str]

    @property
    def port(self) -> int:
        return self.receivers.address[1]

    @property
    def images(self) -> list[Path]:
        return sorted(self.incoming.glob("*.dcm"))

    def messages(self, count: int) -> list[dict[str, Any]]:
        """The message files, when there are `count`."""
        paths = wait_until(lambda: len(found := sorted(self.incoming.glob("*.msg.json"))) >= count and found)
        return [json.loads(path.read_text()) for path in paths]


def site_in(folder: Path, **station: Any) -> Site:
    """A site that any AE title on loopback may send to."""
    settings = {"dicom_port": 0, "hl7_port": 0, "open_to": "loopback"} | station
    return parse({"station": settings}, folder / "site.toml")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Station]]:
    with ExitStack() as stack:

        def start(site: Site | None = None, **station: Any) -> Station:
            site = site or site_in(tmp_path, **station)
            names: list[str] = []
            receivers = stack.enter_context(Receivers(site, on_file=names.append))
            return Station(receivers, site.folder / "incoming", names)

        yield start


@pytest.fixture
def station(start: Callable[..., Station]) -> Station:
    return start(receivers=1)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """One for tests that leave nothing behind."""
    site = site_in(tmp_path_factory.mktemp("shared"), receivers=1)
    names: list[str] = []
    with Receivers(site, on_file=names.append) as receivers:
        yield Station(receivers, site.folder / "incoming", names)


def small_image(**attributes: Any) -> Dataset:
    """A complete CR image of 64 bytes of pixels."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID = ComputedRadiographyImageStorage, generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID = generate_uid(), generate_uid()
    ds.PatientID, ds.PatientName, ds.Modality = "P1", "Phantom^Hand", "CR"
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = 4, 8, 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.PixelData = bytes(range(64))
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds
