"""Overlays as a Grayscale Softcopy Presentation State beside the image: shown on it, not burnt into it (D3)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from highdicom import PresentationLUTTransformation
from highdicom.pr import (
    GraphicAnnotation,
    GraphicLayer,
    GraphicObject,
    GrayscaleSoftcopyPresentationState,
    TextObject,
)
from pydicom.dataset import Dataset

from imgdash.output.job import Job, derived_uid
from imgdash.process.overlay import Item

_LAYER = "OVERLAYS"
# A letter is about this much as wide as it is high.
_LETTER = 0.7


def state(job: Job, image: Dataset, items: Sequence[Item]) -> Dataset:
    """The presentation state of a processed image.

    Parameters
    ----------
    image
        The data set that it refers to.
    items
        What is to be shown; at least one.
    """
    layer = GraphicLayer(_LAYER, 1, description="Markers and comments")
    texts, lines = [], []
    for item in items:
        if item.kind == "scale":
            drawn = _scale(item, image)
            if drawn is not None:
                lines.append(drawn[0])
                texts.append(drawn[1])
        else:
            texts.append(_text(item.text, item.x, item.y, item.height, image))
    annotation = GraphicAnnotation([image], layer, graphic_objects=lines or None, text_objects=texts or None)
    ds = GrayscaleSoftcopyPresentationState(
        [image],
        series_instance_uid=derived_uid("presentation", image.SeriesInstanceUID),
        series_number=1,
        sop_instance_uid=derived_uid("presentation", job.output_uid),
        instance_number=job.header.number,
        manufacturer="imgdash",
        manufacturer_model_name="imgdash",
        software_versions=job.version,
        device_serial_number=job.station.name or "imgdash",
        content_label=_LAYER,
        graphic_annotations=[annotation],
        graphic_layers=[layer],
        institution_name=job.station.institution or None,
        presentation_lut_transformation=PresentationLUTTransformation(presentation_lut_shape="IDENTITY"),
    )
    # The same at each try, as the image's own.
    ds.InstanceCreationDate, ds.InstanceCreationTime = image.InstanceCreationDate, image.InstanceCreationTime
    ds.PresentationCreationDate = image.InstanceCreationDate
    ds.PresentationCreationTime = image.InstanceCreationTime
    for item in ds.get("ContributingEquipmentSequence") or ():
        item.ContributionDateTime = f"{image.InstanceCreationDate}{image.InstanceCreationTime}"
    ds.ContentDate, ds.ContentTime = image.InstanceCreationDate, image.InstanceCreationTime
    return ds


def _text(text: str, x: float, y: float, height: float, image: Dataset) -> TextObject:
    """Text in a box on the pixels (PS3.3 C.10.5: 1\\1 is the first pixel)."""
    left, top = 1 + x * (image.Columns - 1), 1 + y * (image.Rows - 1)
    letter = height * image.Rows
    right = min(float(image.Columns), left + max(1.0, letter * _LETTER * len(text)))
    bottom = min(float(image.Rows), top + letter)
    return TextObject(text, units="PIXEL", bounding_box=(left, top, max(right, left), max(bottom, top)))


def _scale(item: Item, image: Dataset) -> tuple[GraphicObject, TextObject] | None:
    """A line of true length with its length beside; None where the pixel spacing is not known."""
    spacing = image.get("PixelSpacing") or image.get("ImagerPixelSpacing")
    if not spacing:
        return None
    x, top = 1 + item.x * (image.Columns - 1), 1 + item.y * (image.Rows - 1)
    room = (image.Rows - top) * float(spacing[0])
    length_mm = min(item.length_mm, room // 10 * 10)
    if length_mm < 10:
        return None
    line = np.array([[x, top], [x, top + length_mm / float(spacing[0])]])
    label = _text(f"{length_mm:g} mm", max(0.0, item.x - 0.15), item.y, item.height, image)
    return GraphicObject("POLYLINE", line, units="PIXEL"), label
