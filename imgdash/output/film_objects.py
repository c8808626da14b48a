"""Film session, film box and image box as data sets (PS3.3 C.13)."""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset
from pynetdicom.sop_class import BasicFilmSession, PresentationLUT

from imgdash.config import OutputApparatus
from imgdash.output.film import Page


def session(apparatus: OutputApparatus, priority: bool, label: str) -> Dataset:
    """A film session of one copy; `label` without patient data."""
    ds = Dataset()
    ds.NumberOfCopies = "1"
    ds.PrintPriority = "HIGH" if priority else "MED"
    ds.MediumType = apparatus.medium
    ds.FilmDestination = "PROCESSOR"
    ds.FilmSessionLabel = label
    return ds


def film_box(apparatus: OutputApparatus, page: Page, session_uid: str, lut_uid: str | None) -> Dataset:
    """The film: size, layout, densities, and the light box it is made for."""
    ds = Dataset()
    ds.ImageDisplayFormat = page.layout
    ds.FilmOrientation = page.orientation
    ds.FilmSizeID = page.film_size
    # The box has as many pixels as the film at this resolution: it is not to be blown up further.
    ds.MagnificationType = "CUBIC"
    ds.BorderDensity = "BLACK"
    ds.EmptyImageDensity = "BLACK"
    ds.Trim = "NO"
    ds.MinDensity, ds.MaxDensity = round(apparatus.d_min * 100), round(apparatus.d_max * 100)
    ds.ReferencedFilmSessionSequence = [_reference(BasicFilmSession, session_uid)]
    if lut_uid is not None:
        ds.ReferencedPresentationLUTSequence = [_reference(PresentationLUT, lut_uid)]
        ds.Illumination, ds.ReflectedAmbientLight = apparatus.illumination, apparatus.reflected
    return ds


def image_box(apparatus: OutputApparatus, page: Page, position: int) -> Dataset:
    """One image on it."""
    image = Dataset()
    image.SamplesPerPixel = 1
    image.PhotometricInterpretation = "MONOCHROME2"
    image.Rows, image.Columns = page.pixels.shape
    image.PixelAspectRatio = ["1", "1"]
    allocated = 16 if page.bits > 8 else 8
    image.BitsAllocated, image.BitsStored, image.HighBit = allocated, page.bits, page.bits - 1
    image.PixelRepresentation = 0
    data = np.ascontiguousarray(page.pixels, dtype=f"<u{allocated // 8}").tobytes()
    image.PixelData = data + b"\0" * (len(data) % 2)
    image["PixelData"].VR = "OW" if allocated == 16 else "OB"
    box = Dataset()
    box.ImageBoxPosition = position
    box.Polarity = "NORMAL"
    if apparatus.true_size or page.true:
        # Width on film: without it the printer may fit the image to what it can print on.
        box.RequestedImageSize = f"{page.width_mm:.2f}"
        # It says how large it is, so it must not be made smaller.
        box.RequestedDecimateCropBehavior = "FAIL"
    box.BasicGrayscaleImageSequence = [image]
    return box


def _reference(sop_class: str, uid: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, uid
    return item
