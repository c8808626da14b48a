"""Which SOP class an output image has, and what that class demands of its header (PS3.3 A.2, A.8, A.26)."""

from __future__ import annotations

from typing import Final

from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.uid import UID

from imgdash.config import OutputApparatus

_PRESENTATION: Final = {
    uid.DigitalXRayImageStorageForProcessing: uid.DigitalXRayImageStorageForPresentation,
    uid.DigitalMammographyXRayImageStorageForProcessing: uid.DigitalMammographyXRayImageStorageForPresentation,
    uid.DigitalIntraOralXRayImageStorageForProcessing: uid.DigitalIntraOralXRayImageStorageForPresentation,
}
_DX_FAMILY: Final = frozenset(_PRESENTATION.values())
_WANTED: Final = {
    "dx": uid.DigitalXRayImageStorageForPresentation,
    "cr": uid.ComputedRadiographyImageStorage,
    "sc": uid.SecondaryCaptureImageStorage,
}
# Their values are quantities (HU, counts, SUV), or their geometry is three-dimensional: P-values are no such image.
_KEPT_AS_IS: Final = frozenset({"CT", "MR", "PT", "NM", "US", "IVUS", "OPT"})

# What may go out: radiographs as P-values, and what passes as it came.
SENT: Final = (
    uid.DigitalXRayImageStorageForPresentation,
    uid.ComputedRadiographyImageStorage,
    uid.SecondaryCaptureImageStorage,
    uid.DigitalXRayImageStorageForProcessing,
    uid.DigitalMammographyXRayImageStorageForPresentation,
    uid.DigitalMammographyXRayImageStorageForProcessing,
    uid.DigitalIntraOralXRayImageStorageForPresentation,
    uid.DigitalIntraOralXRayImageStorageForProcessing,
    uid.XRayRadiofluoroscopicImageStorage,
    uid.XRayAngiographicImageStorage,
    uid.CTImageStorage,
    uid.EnhancedCTImageStorage,
    uid.MRImageStorage,
    uid.EnhancedMRImageStorage,
    uid.UltrasoundImageStorage,
    uid.UltrasoundMultiFrameImageStorage,
    uid.PositronEmissionTomographyImageStorage,
    uid.NuclearMedicineImageStorage,
    uid.MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    uid.MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    uid.MultiFrameTrueColorSecondaryCaptureImageStorage,
    uid.VLPhotographicImageStorage,
    uid.GrayscaleSoftcopyPresentationStateStorage,
)

# Type 2 of the patient, study, series, equipment and image modules: may be empty, but has to be there.
_TYPE2: Final = (
    "PatientName PatientID PatientBirthDate PatientSex StudyDate StudyTime StudyID AccessionNumber "
    "ReferringPhysicianName SeriesNumber InstanceNumber Manufacturer"
).split()
_TYPE2_OF: Final = {
    uid.ComputedRadiographyImageStorage: ("BodyPartExamined", "ViewPosition", "PatientOrientation"),
    uid.DigitalXRayImageStorageForPresentation: ("DetectorType", "PatientOrientation"),
    uid.SecondaryCaptureImageStorage: ("PatientOrientation",),
}


def target(source: str, wanted: str) -> UID:
    """The SOP class of a processed image.

    Parameters
    ----------
    source
        SOP Class UID as received.
    wanted
        ``sop_class`` of the apparatus: ``same`` keeps it (For Processing becomes For Presentation).
    """
    if wanted == "same":
        return UID(_PRESENTATION.get(UID(source), source))
    return UID(_WANTED[wanted])


def quantitative(modality: str) -> bool:
    """Whether the pixels of this modality are kept as they are when its own SOP class is kept."""
    return modality in _KEPT_AS_IS


def stays(apparatus: OutputApparatus, modality: str) -> bool:
    """Whether the pixels of this modality go out as they came: where no step runs (G2), or by their own SOP class."""
    return not apparatus.steps or (apparatus.sop_class == "same" and quantitative(modality))


def complete(ds: Dataset, sop_class: UID) -> None:
    """Give a processed image what its SOP class demands; what is unknown is empty, or left out, never guessed."""
    ds.SOPClassUID = sop_class
    for keyword in (*_TYPE2, *_TYPE2_OF.get(sop_class, ())):
        if keyword not in ds:
            setattr(ds, keyword, None)
    if sop_class in _DX_FAMILY:
        _complete_dx(ds, sop_class)
        return
    ds.pop("PresentationIntentType", None)
    if sop_class == uid.ComputedRadiographyImageStorage:
        ds.Modality = "CR"
    if sop_class == uid.SecondaryCaptureImageStorage:
        ds.ConversionType = "WSD"
        ds.SecondaryCaptureDeviceManufacturer = "imgdash"
    if sop_class in (uid.XRayAngiographicImageStorage, uid.XRayRadiofluoroscopicImageStorage):
        ds.PixelIntensityRelationship = "DISP"


def _complete_dx(ds: Dataset, sop_class: UID) -> None:
    if sop_class == uid.DigitalXRayImageStorageForPresentation:
        ds.Modality = "DX"
    ds.PresentationIntentType = "FOR PRESENTATION"
    # Lighter is less exposed: log-like, and of the opposite sense (PS3.3 C.8.11.3.1.2).
    ds.PixelIntensityRelationship = "LOG"
    ds.PixelIntensityRelationshipSign = -1
    ds.setdefault("LossyImageCompression", "00")
    for keyword in ("AnatomicRegionSequence", "AcquisitionContextSequence"):
        if keyword not in ds:
            setattr(ds, keyword, [])
    if "ImageLaterality" not in ds and ds.get("Laterality") in ("L", "R", "B"):
        ds.ImageLaterality = ds.Laterality
    if "ImagerPixelSpacing" not in ds and "PixelSpacing" in ds:
        ds.ImagerPixelSpacing = ds.PixelSpacing
