"""DICOM objects of the simulated modalities: CR (PS3.3 A.2), DX (A.26), CT (A.3), with patient, order and exposure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    CTImageStorage,
    DigitalXRayImageStorageForPresentation,
    DigitalXRayImageStorageForProcessing,
)

from imgdash.model.codes import Code
from imgdash.simulate import processing
from imgdash.simulate.image_header import Station, Step, header
from imgdash.simulate.phantom import BITS, Exposure
from imgdash.wire.dicom import code_item, parameters_to_items

# Region and view as SNOMED CT codes (CID 4009, CID 4010).
_REGIONS = {
    "CHEST": ("51185008", "Chest"), "ABDOMEN": ("818983003", "Abdomen"), "PELVIS": ("12921003", "Pelvis"),
    "HIP": ("24136001", "Hip joint"), "SKULL": ("89546000", "Skull"), "HAND": ("85562004", "Hand"),
    "KNEE": ("72696002", "Knee"), "HEAD": ("69536005", "Head"),
}  # fmt: skip
_VIEWS = {
    "AP": ("399348003", "antero-posterior"), "PA": ("399132005", "postero-anterior"),
    "LL": ("399173006", "left lateral"), "RL": ("399198007", "right lateral"),
}  # fmt: skip
_ORIENTATION = {"PA": ("L", "F"), "AP": ("L", "F"), "LL": ("P", "F"), "RL": ("A", "F")}


def projection(
    station: Station,
    step: Step,
    exposure: Exposure,
    *,
    unprocessed: bool,
    wanted: Mapping[str, Any] | None = None,
    squeeze: bool = False,
    as_dx: bool = False,
    number: int = 1,
) -> Dataset:
    """A CR or DX image of an exposure.

    Parameters
    ----------
    unprocessed
        Detector values (DX For Processing, linear; CR logarithmic), else the maker's own processing.
    wanted
        Processing parameters wanted (R2).
    squeeze
        Processed inappropriately.
    as_dx
        A plate reader answers as a DX object where that is asked for.
    """
    dx = station.kind == "DX" or as_dx
    if dx:
        sop_class = DigitalXRayImageStorageForProcessing if unprocessed else DigitalXRayImageStorageForPresentation
    else:
        sop_class = ComputedRadiographyImageStorage
    ds = header(station, step, sop_class, number)
    ds.Modality = "DX" if dx else "CR"
    # In CR objects this is an extension; without it nobody could tell raw from processed pixels.
    ds.PresentationIntentType = "FOR PROCESSING" if unprocessed else "FOR PRESENTATION"
    _projection_attributes(ds, exposure, step, dx)
    _exposure_attributes(ds, exposure, step.begun)
    if unprocessed:
        _unprocessed_pixels(ds, exposure, dx)
    else:
        _processed_pixels(ds, exposure, wanted, squeeze, dx, station.bits)
    return ds


def ct_slice(
    station: Station, step: Step, pixels: NDArray[np.int16], pitch_mm: float, position_mm: float, number: int
) -> Dataset:
    """A CT image; pixels in HU."""
    ds = header(station, step, CTImageStorage, number)
    ds.Modality = "CT"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.BodyPartExamined = step.body_part
    ds.PatientPosition = "HFS"
    ds.FrameOfReferenceUID = f"{step.series_uid}.1" if len(step.series_uid) < 62 else step.series_uid
    ds.PositionReferenceIndicator = ""
    corner = -pitch_mm * (pixels.shape[0] - 1) / 2
    ds.ImagePositionPatient = [f"{corner:.3f}", f"{corner:.3f}", f"{position_mm:.1f}"]
    ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    ds.SliceLocation, ds.SliceThickness = f"{position_mm:.1f}", "5"
    ds.PixelSpacing = [f"{pitch_mm:.6g}"] * 2
    ds.KVP, ds.XRayTubeCurrent, ds.ExposureTime, ds.ConvolutionKernel = "120", 220, 500, "STANDARD"
    ds.CTDIvol = 8.4
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "-1024", "1", "HU"
    ds.WindowCenter, ds.WindowWidth = ("40", "400") if step.body_part == "CHEST" else ("35", "80")
    _pixels(ds, (pixels.astype(np.int32) + 1024).clip(0, 4095).astype(np.uint16), 12, "MONOCHROME2")
    return ds


def _projection_attributes(ds: Dataset, exposure: Exposure, step: Step, dx: bool) -> None:
    region, view = step.body_part, step.view
    ds.BodyPartExamined, ds.ViewPosition = region, view
    ds.ImagerPixelSpacing = [f"{exposure.pitch_mm:g}"] * 2
    if step.side:
        ds.ImageLaterality = ds.Laterality = step.side
    elif dx:
        # Type 1 in the DX anatomy module: unpaired.
        ds.ImageLaterality = "U"
    ds.PatientOrientation = list(_ORIENTATION.get(view, ("L", "F")))
    if region in _REGIONS:
        ds.AnatomicRegionSequence = [code_item(Code(_REGIONS[region][0], "SCT", _REGIONS[region][1]))]
    if view in _VIEWS:
        ds.ViewCodeSequence = [code_item(Code(_VIEWS[view][0], "SCT", _VIEWS[view][1]))]
    if dx:
        ds.DetectorType, ds.DetectorID, ds.DetectorActiveTime = "SCINTILLATOR", "PANEL1", ""
        ds.FieldOfViewOrigin, ds.FieldOfViewRotation, ds.FieldOfViewHorizontalFlip = [0, 0], "0", "NO"
        ds.AcquisitionContextSequence = []
    else:
        ds.PlateType, ds.PhosphorType, ds.PlateID = "Phantom plate", "BaFBr:Eu", "PLATE1"


def _exposure_attributes(ds: Dataset, exposure: Exposure, at: datetime) -> None:
    truth = exposure.truth
    ds.KVP, ds.DistanceSourceToDetector = f"{truth.kv:g}", f"{exposure.distance_cm * 10:g}"
    ds.Exposure, ds.ExposureInuAs = max(round(truth.mas), 1), round(truth.mas * 1000)
    ds.XRayTubeCurrent = 200
    ds.ExposureTime = max(round(truth.mas / 0.2), 1)
    ds.EntranceDoseInmGy = round(truth.entrance_ugy / 1000 * 1.9, 6)
    ds.EntranceDose = round(ds.EntranceDoseInmGy / 100)
    (x0, y0), _, (x1, y1), _ = truth.field_mm
    # µGy·cm² → dGy·cm²; the product does not depend on the distance.
    ds.ImageAndFluoroscopyAreaDoseProduct = f"{truth.entrance_ugy * (x1 - x0) * (y1 - y0) / 100 * 1e-5:.4f}"
    ds.ExposureIndex = f"{truth.ei:.1f}"
    ds.TargetExposureIndex = f"{truth.target_ei:.1f}"
    ds.DeviationIndex = f"{10 * np.log10(truth.ei / truth.target_ei):.1f}"
    ds.RelativeXRayExposure = round(truth.ei)
    ds.FilterMaterial, ds.FilterType = "ALUMINUM", "FLAT"
    ds.AcquisitionDateTime = at.strftime("%Y%m%d%H%M%S")


def _unprocessed_pixels(ds: Dataset, exposure: Exposure, dx: bool) -> None:
    ds.ImageType = ["ORIGINAL", "PRIMARY", ""]
    ds.AcquisitionDeviceProcessingDescription = "none"
    ds.PixelIntensityRelationshipSign = 1
    if dx:
        ds.PixelIntensityRelationship = "LIN"
        ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "0", "1", "US"
        _pixels(ds, exposure.pixels, BITS, "MONOCHROME1")
    else:
        ds.PixelIntensityRelationship = "LOG"
        _pixels(ds, processing.raw_log(exposure), 12, "MONOCHROME1")


def _processed_pixels(
    ds: Dataset, exposure: Exposure, wanted: Mapping[str, Any] | None, squeeze: bool, dx: bool, bits: int
) -> None:
    done = processing.process(exposure, wanted, bits=bits, squeeze=squeeze)
    ds.ImageType = ["DERIVED", "PRIMARY", ""]
    state_contents(ds, done.performed)
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "0", "1", "US"
    ds.WindowCenter, ds.WindowWidth = str(2 ** (bits - 1)), str(2**bits)
    ds.PixelIntensityRelationship, ds.PixelIntensityRelationshipSign = "LOG", -1
    if dx:
        ds.PresentationLUTShape = "IDENTITY"
        _pixels(ds, done.pixels, bits, "MONOCHROME2")
    else:
        # Plate readers of the film era: the smallest value is shown white.
        ds.PixelIntensityRelationshipSign = 1
        ds.PresentationLUTShape = "INVERSE"
        _pixels(ds, (2**bits - 1) - done.pixels, bits, "MONOCHROME1")


def state_contents(ds: Dataset, performed: Mapping[str, Any]) -> None:
    """Say what processing was done ("contents of the image processing", R3): in words, as code, as parameters."""
    ds.AcquisitionDeviceProcessingDescription = processing.DESCRIPTION
    ds.AcquisitionDeviceProcessingCode = "USM-DRC-SIG"
    ds.PerformedProcessingParametersSequence = performed_items(performed)


def performed_items(performed: Mapping[str, Any]) -> list[Dataset]:
    """Items of the Performed Processing Parameters Sequence (0074,1212)."""
    return parameters_to_items(performed, processing.UNITS)


def _pixels(ds: Dataset, pixels: NDArray[np.uint16], bits: int, photometric: str) -> None:
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, photometric
    ds.Rows, ds.Columns = pixels.shape
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, bits, bits - 1, 0
    ds.BurnedInAnnotation, ds.LossyImageCompression = "NO", "00"
    ds.PixelData = np.ascontiguousarray(pixels, "<u2").tobytes()


def forget(ds: Dataset, keywords: Sequence[str]) -> None:
    """Leave information away, as a radiographer in a hurry does."""
    for keyword in keywords:
        if keyword in ds:
            delattr(ds, keyword)


__all__ = ["Station", "Step", "ct_slice", "forget", "performed_items", "projection", "state_contents"]
