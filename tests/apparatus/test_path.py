"""The whole path on real images: DCMTK sends, Orthanc stores, dcmprscp prints, SQL tells (S1-S8)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import xarray as xr

from imgdash import Apparatus
from tests.apparatus.sites import send, site
from tests.helpers import free_ports, wait_until
from tests.output.conftest import program  # noqa: F401 (a fixture)
from tests.output.orthanc import start as start_orthanc
from tests.output.test_printing import CONFIGURATION

pytestmark = [pytest.mark.peer, pytest.mark.radiographs]
# The films that the shipped condition keys ask for.
SIZES = CONFIGURATION.replace(r"8INX10IN\14INX17IN", r"8INX10IN\10INX12IN\14INX17IN")
IMAGES = ("RG2.dcm", "RG3.dcm", "RG2_J2KR.dcm")


def test_three_real_images_come_out_processed_in_orthanc_and_on_film(
    tmp_path: Path,
    radiographs: Path,
    program: Callable[..., Any],  # noqa: F811
) -> None:
    dicom, storage, printer = free_ports(3)
    path = site(
        tmp_path / "site",
        station={"dicom_port": dicom},
        apparatus=[
            {"name": "PACS", "kind": "storage", "ae_title": "ORTHANC", "port": storage},
            {"name": "FILM", "kind": "printer", "ae_title": "FILM", "port": printer, "dpi": 50},
        ],
    )
    orthanc = start_orthanc(program, tmp_path / "orthanc", storage, dicom)
    films = tmp_path / "printer"
    for name in ("spool", "database"):
        (films / name).mkdir(parents=True)
    (films / "printers.cfg").write_text(SIZES.format(port=printer), encoding="ascii")
    program("dcmprscp", "-c", "printers.cfg", "-p", "FILM", port=printer, cwd=films)
    with Apparatus(path) as apparatus:
        for name in IMAGES:
            options = ("-xv",) if "J2K" in name else ()
            assert send(apparatus, radiographs / name, options=options).returncode == 0
        wait_until(lambda: len(apparatus.images("awaiting")) == 3, within=60)
        received = {image.transfer_syntax: image for image in apparatus.images()}
        assert pydicom.uid.JPEG2000Lossless in received
        for image in apparatus.images():
            apparatus.confirm(image.image_id, by="anna")
        wait_until(lambda: len(apparatus.images("delivered")) == 3, within=90)
        stored = {ds.SourceImageSequence[0].ReferencedSOPInstanceUID: ds for ds in orthanc.datasets()}
        for image in apparatus.images():
            ds = stored[image.sop_instance_uid]
            assert ds.SOPInstanceUID != image.sop_instance_uid
            assert ds.PatientID == image.patient.id
            np.testing.assert_array_equal(ds.pixel_array, apparatus.process(image.image_id).values)
        assert len(list((films / "database").glob("SP_*.dcm"))) == 3
        regions = apparatus.sql("select body_part, count(*) from image group by all order by all").fetchall()
        assert regions == [("EXTREMITY", 1), ("HIP", 2)]
        report = apparatus.report("radiographing")
        assert report.num_rows == 3


def test_a_file_keeps_the_bytes_it_was_sent_with(tmp_path: Path, radiographs: Path) -> None:
    with Apparatus(site(tmp_path / "site")) as apparatus:
        assert send(apparatus, radiographs / "RG2_J2KR.dcm", options=("-xv",)).returncode == 0
        wait_until(lambda: apparatus.images("awaiting"), within=60)
        kept = pydicom.dcmread(apparatus.files.path(apparatus.images()[0].image_id))
        sent = pydicom.dcmread(radiographs / "RG2_J2KR.dcm")
        assert kept.file_meta.TransferSyntaxUID == sent.file_meta.TransferSyntaxUID
        assert kept.PixelData == sent.PixelData


def test_xarray_opens_a_radiograph(radiographs: Path) -> None:
    pixels = xr.open_dataset(radiographs / "RG2.dcm", engine="imgdash").pixels
    assert pixels.dims == ("y", "x")
    assert float(pixels.y[-1]) == pytest.approx(0.2 * (pixels.sizes["y"] - 1))
    np.testing.assert_array_equal(pixels.values, pydicom.dcmread(radiographs / "RG2.dcm").pixel_array)
