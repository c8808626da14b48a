"""The annotation band of a film: who, when, where, what, and how large (F6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
import xarray as xr

from imgdash.model import ImageHeader
from imgdash.output import lettering

BAND_MM: Final = 11.0
BAND_PART: Final = 0.1
"""Height of the band; on a small image it may not take more than this part."""
_UNKNOWN_SIDE_MM: Final = 350.0
_LETTER_MM: Final = 3.2
_LEAST_PIXELS: Final = 7
# Within this of 100 % a film is called true to size; a printer is no more exact than that.
_TRUE: Final = 0.005


@dataclass(frozen=True)
class Lines:
    """Two lines on the left, two on the right."""

    left: tuple[str, str]
    right: tuple[str, str]


def lines(header: ImageHeader, institution: str, size: str) -> Lines:
    """What stands below the image; corrected information is what counts. `size` is for films."""
    edits = header.edits
    patient = [
        person(edits.get("PatientName", header.patient.name)),
        edits.get("PatientID", header.patient.id),
        edits.get("PatientSex", header.patient.sex),
        day(edits.get("PatientBirthDate", header.patient.birth_date)),
    ]
    side = header.marked.get("ImageLaterality", "")
    what = [
        header.acquired_at.strftime("%Y-%m-%d %H:%M") if header.acquired_at else "",
        " ".join(
            part
            for part in (edits.get("BodyPartExamined", header.body_part), edits.get("ViewPosition", header.view), side)
            if part
        ),
        edits.get("AccessionNumber", header.accession),
    ]
    return Lines(
        left=("   ".join(part for part in patient if part), "   ".join(part for part in what if part)),
        right=(institution, size),
    )


def size_on_film(magnification: float | None, *, wanted_true: bool) -> str:
    """How large the image is on film, in words.

    Parameters
    ----------
    magnification
        Size on film : size on the detector, or None where that is unknown.
    wanted_true
        Whether true size was asked for: where it could not be, that is said.
    """
    if magnification is None:
        return "size not known"
    if is_true(magnification):
        return "true size"
    return f"{magnification * 100:.0f} %" + (" (does not fit in true size)" if wanted_true else "")


def is_true(magnification: float | None) -> bool:
    """Whether a film is called true to size."""
    return magnification is not None and abs(magnification - 1) <= _TRUE


def person(name: str) -> str:
    """A person name as people write it: ``Yamada^Tarou=山田^太郎`` → ``Yamada, Tarou (山田 太郎)``."""
    groups = [group.strip("^ ") for group in name.split("=")]
    family, _, rest = groups[0].partition("^")
    given = " ".join(rest.replace("^", " ").split())
    alphabetic = ", ".join(part for part in (family.strip(), given) if part)
    ideographic = " ".join(groups[1].replace("^", " ").split()) if len(groups) > 1 else ""
    return f"{alphabetic} ({ideographic})" if alphabetic and ideographic else alphabetic or ideographic


def day(date: str) -> str:
    """``19790511`` → ``1979-05-11``; what is no date stays as it is."""
    try:
        return datetime.strptime(date, "%Y%m%d").strftime("%Y-%m-%d")
    except ValueError:
        return date


def band(text: Lines, rows: int, columns: int, pitch: float, magnification: float | None) -> npt.NDArray[np.uint8]:
    """The band as a mask, 0 … 255: two lines of text, and between them a ruler in mm of the detector plane.

    Parameters
    ----------
    rows, columns
        Of the band, in pixels.
    pitch
        mm of film for one pixel.
    """
    mask = np.zeros((rows, columns), np.uint8)
    letter = max(_LEAST_PIXELS, min(round(_LETTER_MM / pitch), round(rows * 0.34)))
    pad = max(2, letter // 2)
    right_width = min(max(lettering.width(line, letter) for line in text.right), columns // 3)
    end = columns - 2 * pad - right_width
    ruler = _ruler(mask[:, :end], letter, pitch, magnification) if magnification else 0
    for number, (left, right) in enumerate(zip(text.left, text.right, strict=True)):
        base = round(rows * (0.42 + 0.46 * number))
        lettering.put(mask, right, (columns - pad - right_width, base), letter, right_width)
        lettering.put(mask, left, (pad, base), letter, end - ruler - 2 * pad)
    return mask


def below(header: ImageHeader, institution: str, image: xr.DataArray, bits: int) -> npt.NDArray[np.uint16]:
    """The band for a stored image, as wide as it, in its P-values (``annotate = "burnt-in"``)."""
    rows, columns = image.shape
    spacing = image.attrs.get("PixelSpacing")
    pitch = spacing[0] if spacing else _UNKNOWN_SIDE_MM / max(rows, columns)
    height = round(min(BAND_MM / pitch, max(rows * BAND_PART, 4 * _LEAST_PIXELS)))
    text = lines(header, institution, "")
    return p_values(band(text, height, columns, pitch, 1.0 if spacing else None), bits)


def p_values(mask: npt.NDArray[np.uint8], bits: int) -> npt.NDArray[np.uint16]:
    """A mask 0 … 255 as P-values."""
    return np.rint(mask.astype(np.float32) * (((1 << bits) - 1) / 255)).astype(np.uint16)


def _ruler(mask: npt.NDArray[np.uint8], letter: int, pitch: float, magnification: float) -> int:
    """Draw a ruler at the right end; returns the columns it takes, 0 where it has no room."""
    rows, columns = mask.shape
    for length_mm in (100, 50, 20, 10):
        length = length_mm * magnification / pitch
        if length <= columns / 4:
            break
    else:
        return 0
    label = f"{length_mm} mm"
    label_width = lettering.width(label, letter)
    left = round(columns - label_width - letter - length)
    middle, thickness = rows // 2, max(1, letter // 10)
    cv2.line(mask, (left, middle), (left + round(length), middle), 255, thickness, cv2.LINE_AA)
    for tick in range(length_mm // 10 + 1):
        x = left + round(tick * 10 * magnification / pitch)
        half = letter // 2 if tick % 5 == 0 else letter // 4
        cv2.line(mask, (x, middle - half), (x, middle + half), 255, thickness, cv2.LINE_AA)
    lettering.put(mask, label, (columns - label_width, middle + letter // 3), letter, label_width)
    return columns - left + letter
