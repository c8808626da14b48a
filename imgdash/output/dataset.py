"""The header of an output image: that of the record, made true for what is sent (F5, PS3.3)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import numpy as np
import pydicom
import xarray as xr
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from imgdash.model import ImageHeader
from imgdash.output import annotation, edits, encoding, placement, provenance, sop_class
from imgdash.output.job import Job, derived_uid, series_uid
from imgdash.output.placement import Placed
from imgdash.wire.items import code_item

# What spoke of the stored values of the record; P-values need none of it.
_OF_FORMER_PIXELS: Final = (
    "SmallestImagePixelValue LargestImagePixelValue SmallestPixelValueInSeries LargestPixelValueInSeries "
    "PixelPaddingValue PixelPaddingRangeLimit ModalityLUTSequence VOILUTSequence WindowCenterWidthExplanation "
    "PixelIntensityRelationship PixelIntensityRelationshipSign PixelIntensityRelationshipLUTSequence "
    "NumberOfFrames FrameIncrementPointer IconImageSequence PixelDataProviderURL"
).split()
# What was signed or enciphered is no longer what it was.
_OF_FORMER_BYTES: Final = "MACParametersSequence DigitalSignaturesSequence EncryptedAttributesSequence".split()
_LOSSY: Final = {
    uid.JPEGBaseline8Bit: "ISO_10918_1",
    uid.JPEGExtended12Bit: "ISO_10918_1",
    uid.JPEGLSNearLossless: "ISO_14495_1",
    uid.JPEG2000: "ISO_15444_1",
}


def processed(job: Job, image: xr.DataArray, formed: xr.DataArray) -> Dataset:
    """The processed image as it is sent: P-values, MONOCHROME2, For Presentation.

    Parameters
    ----------
    image
        The record's pixels with their attributes.
    formed
        What `imgdash.process` made of them.
    """
    ds = pydicom.dcmread(job.record, stop_before_pixels=True)
    received_as = ds.file_meta.TransferSyntaxUID
    if job.apparatus.private_tags != "keep":
        # They may speak of pixels that are no longer there.
        ds.remove_private_tags()
    placed = Placed.of(formed.attrs, image.attrs)
    description, codes = provenance.derivation(job, formed)
    written = [job.chain.overlay.comment, *(str(overlay.get("text", "")) for overlay in job.header.overlays)]
    named = [job.condition.title, job.station.institution, job.station.name, description]
    encoding.make_room_for(ds, [*job.header.edits.values(), *named, *written])
    _identify(ds, job, series_uid(job.header.study_uid, job.header.modality, job.condition.key, job.apparatus.name))
    for keyword in (*_OF_FORMER_PIXELS, *_OF_FORMER_BYTES):
        ds.pop(keyword, None)
    placement.apply(ds, placed)
    if "SeriesDescription" not in ds and job.condition.title:
        ds.SeriesDescription = job.condition.title[:64]
    ds.SeriesNumber = None
    ds.InstanceNumber = job.header.number
    ds.ImageType = ["DERIVED", *(list(ds.get("ImageType") or ())[1:] or ["PRIMARY"])]
    edits.apply(ds, job.header.edits, at=_moment(job.header), system=_system(job))
    pixels = formed.values
    if job.apparatus.annotate == "burnt-in":
        band = annotation.below(job.header, job.station.institution, formed, job.apparatus.bits)
        pixels = np.vstack([pixels, band])
    encoding.set_pixels(ds, pixels, job.apparatus.bits)
    _p_values(ds, job.apparatus.bits)
    if received_as in _LOSSY and ds.get("LossyImageCompression") != "01":
        ds.LossyImageCompression, ds.LossyImageCompressionMethod = "01", _LOSSY[received_as]
    if ds.get("BurnedInAnnotation") != "YES":
        # A side marker does not tell who the patient is; what a person wrote may.
        comment = any(place["kind"] == "comment" for place in formed.attrs.get("overlay_rectangles", ()))
        ds.BurnedInAnnotation = "YES" if comment or job.apparatus.annotate == "burnt-in" else "NO"
    sop_class.complete(ds, sop_class.target(job.header.sop_class_uid, job.apparatus.sop_class))
    ds.DerivationDescription = description
    ds.DerivationCodeSequence = Sequence([code_item(code) for code in codes])
    _exposure(ds, job.header)
    provenance.source(ds, job, image.attrs.get("unprocessed"), placed)
    provenance.equipment(ds, job, _moment(job.header))
    provenance.write(ds, provenance.of(job, formed), job.chain.units())
    return ds


def passed(job: Job) -> Dataset:
    """The image with its pixels as they were received, under its own SOP class: for CT, colour, several frames.

    Only corrected information and identity differ from the record, so private attributes stay too, where the
    apparatus takes any.
    """
    ds = pydicom.dcmread(job.record)
    if ds.file_meta.TransferSyntaxUID.is_compressed:
        ds.decompress(generate_instance_uid=False)
    encoding.make_room_for(ds, [*job.header.edits.values(), job.station.institution, job.station.name])
    # A CT series stays one series, and none of it meets that of another one.
    _identify(ds, job, derived_uid("series", job.header.study_uid, job.header.series_uid, job.apparatus.name))
    for keyword in _OF_FORMER_BYTES:
        ds.pop(keyword, None)
    edits.apply(ds, job.header.edits, at=_moment(job.header), system=_system(job))
    provenance.source(ds, job, image_unprocessed(ds), Placed(0, False, False, False, None, None))
    provenance.equipment(ds, job, _moment(job.header))
    return ds


def image_unprocessed(ds: Dataset) -> bool:
    """Whether the image says that it is For Processing."""
    return ds.get("PresentationIntentType") == "FOR PROCESSING"


def _identify(ds: Dataset, job: Job, series: str) -> None:
    ds.SOPInstanceUID = job.output_uid
    ds.SeriesInstanceUID = series
    if not ds.get("StudyInstanceUID"):
        ds.StudyInstanceUID = derived_uid("study", job.header.image_id)
    at = _moment(job.header)
    ds.InstanceCreationDate, ds.InstanceCreationTime = at.strftime("%Y%m%d"), at.strftime("%H%M%S")
    ds.pop("InstanceCreatorUID", None)


def _p_values(ds: Dataset, bits: int) -> None:
    """Rescale and window that leave P-values as they are (PS3.3 C.11.2.1.2, C.11.6)."""
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "0", "1", "US"
    ds.WindowCenter, ds.WindowWidth = str(1 << (bits - 1)), str(1 << bits)
    ds.VOILUTFunction = "LINEAR"
    ds.PresentationLUTShape = "IDENTITY"


def _exposure(ds: Dataset, header: ImageHeader) -> None:
    """Exposure index (IEC 62494-1), where only we know it; an unknown one stays unknown."""
    known = header.parameters
    if "ExposureIndex" in ds or known.get("ei") is None:
        return
    ds.ExposureIndex = f"{known['ei']:.1f}"
    for keyword, name in (("TargetExposureIndex", "target_ei"), ("DeviationIndex", "di")):
        if known.get(name) is not None:
            setattr(ds, keyword, f"{known[name]:.1f}")


def _moment(header: ImageHeader) -> datetime:
    """When it was confirmed: the same at each try, so that a repeat is the same object byte for byte."""
    return header.confirmed_at or header.received_at


def _system(job: Job) -> str:
    return f"imgdash {job.station.name}".strip()
