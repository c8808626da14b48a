"""The quality control that a simulated modality sends."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
from pydicom.uid import DigitalXRayImageStorageForProcessing

from imgdash.config import Peer, Site
from imgdash.model import ImgdashError
from imgdash.process.quality import edges
from imgdash.simulate import quality_control
from imgdash.simulate.image_header import Station
from imgdash.simulate.targets import Panel

AT = datetime(2026, 3, 2, 7, 30)
DR = Station("DR60", "DX", "Phantom Hospital")
PANEL = Panel(size=(480, 480))


def test_its_images_announce_themselves_without_a_body_part() -> None:
    made = quality_control.series(DR, PANEL, AT)
    assert [ds.SeriesDescription for ds in made] == ["QC edge plate", "QC flat field", "QC step wedge"]
    assert len({ds.SOPInstanceUID for ds in made}) == 3
    assert len({ds.SeriesInstanceUID for ds in made}) == 1
    for ds in made:
        assert ds.SOPClassUID == DigitalXRayImageStorageForProcessing
        assert (ds.PresentationIntentType, ds.PixelIntensityRelationship) == ("FOR PROCESSING", "LIN")
        assert (ds.PatientID, ds.DetectorID) == ("QC-DR60", "DR60-1")
        assert "BodyPartExamined" not in ds
        assert ds.AcquisitionDate == "20260302"
        assert ds.pixel_array.shape == PANEL.size


def test_a_year_wears_it_out() -> None:
    made = quality_control.year(DR, PANEL, until=AT, months=3, wear=0.5, only=("edge",))
    assert [ds.AcquisitionDate for ds in made] == ["20251231", "20260131", "20260302"]
    falls = [np.mean([edge.falls_to(0.5) for edge in edges(ds.pixel_array, (0.16, 0.16))]) for ds in made]
    expected = [Panel(blur_mm=0.1 * factor).falls_to(0.5) for factor in (1, 1.25, 1.5)]
    assert falls == pytest.approx(expected, rel=0.04)


def test_the_mtf_of_a_panel_is_that_of_blur_and_aperture() -> None:
    assert Panel(blur_mm=0.0).falls_to(0.5) == pytest.approx(0.6034 / 0.16, rel=1e-3)
    assert Panel(pitch_mm=1e-3, blur_mm=0.1).falls_to(0.5) == pytest.approx(1.874, rel=1e-3)


def test_a_modality_that_is_not_there_is_said() -> None:
    site = Site(peers=(Peer(name="CT1", kind="modality"), Peer(name="CR1", kind="modality")))
    with pytest.raises(ImgdashError, match=r"no modality 'CT1' for radiographs.*It has: CR1"):
        quality_control.of_site(site, "CT1")
