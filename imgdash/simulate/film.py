"""What a film looks like on the light box: P-values through presentation LUT and film characteristic (PS3.14)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

Image = NDArray[np.uint8]
# PS3.14 section 7, equation 7.1: the grayscale standard display function, j from 1 to 1023.
_A, _C, _E, _G, _M = -1.3011877, 8.0242636e-2, 1.3646699e-1, -2.5468404e-2, 1.3635334e-3
_B, _D, _F, _H, _K = -2.5840191e-2, -1.0320229e-1, 2.8745620e-2, -3.1978977e-3, 1.2992634e-4
# Width and height in mm (PS3.3 C.13.3, Film Size ID).
_SIZES = {
    "8INX10IN": (203, 254), "8_5INX11IN": (216, 279), "10INX12IN": (254, 305), "10INX14IN": (254, 356),
    "11INX14IN": (279, 356), "11INX17IN": (279, 432), "14INX14IN": (356, 356), "14INX17IN": (356, 432),
    "24CMX24CM": (240, 240), "24CMX30CM": (240, 300), "A4": (210, 297), "A3": (297, 420),
}  # fmt: skip
_DOTS_PER_MM = 4.0
_BORDER_MM = 5.0
_BASES = {"BLUE FILM": (1.0, 0.93, 0.82), "CLEAR FILM": (1.0, 1.0, 0.99), "PAPER": (0.98, 1.0, 1.0)}


def luminance(j: NDArray[np.float64]) -> NDArray[np.float64]:
    """Luminance in cd/m² of a JND index (PS3.14 equation 7.1)."""
    x = np.log(j)
    top = _A + _C * x + _E * x**2 + _G * x**3 + _M * x**4
    below = 1 + _B * x + _D * x**2 + _F * x**3 + _H * x**4 + _K * x**5
    return np.asarray(10 ** (top / below))


def densities(
    n: int, *, d_min: float = 0.20, d_max: float = 3.0, illumination: float = 2000, reflected: float = 10
) -> NDArray[np.float64]:
    """Optical density of `n` P-values from 0 to the greatest (PS3.14 D.2): equal steps of perception."""
    j = np.linspace(1, 1023, 4096)
    standard = luminance(j)
    low, high = (reflected + illumination * 10**-d for d in (d_max, d_min))
    ends = np.interp([low, high], standard, j)
    seen = luminance(np.linspace(ends[0], ends[1], n))
    return np.asarray(-np.log10((seen - reflected) / illumination))


@dataclass
class Film:
    """A film box with its image boxes, as the printer keeps them until they are printed."""

    uid: str
    session_uid: str
    settings: Dataset
    image_boxes: dict[str, Dataset | None] = field(default_factory=dict)
    annotations: dict[str, Dataset | None] = field(default_factory=dict)
    lut: Dataset | None = None

    @property
    def layout(self) -> list[int]:
        """Columns of each row (PS3.3 C.13.3: STANDARD\\C,R and ROW\\r1,r2,… are understood)."""
        kind, _, numbers = str(self.settings.get("ImageDisplayFormat", "STANDARD\\1,1")).partition("\\")
        counts = [int(n) for n in re.findall(r"\d+", numbers)]
        if kind == "STANDARD" and len(counts) == 2:
            return [counts[0]] * counts[1]
        return counts if kind == "ROW" and counts else [1]


def render(film: Film, label: str) -> Image:
    """A picture of the film on a light box, shape (rows, columns, 3), BGR."""
    settings = film.settings
    wide, tall = _SIZES.get(str(settings.get("FilmSizeID") or "14INX17IN"), _SIZES["14INX17IN"])
    if settings.get("FilmOrientation") == "LANDSCAPE":
        wide, tall = tall, wide
    base = np.array(_BASES.get(str(settings.get("MediumType") or "BLUE FILM"), _BASES["BLUE FILM"]))
    d_min, d_max = (float(settings.get(key) or otherwise) / 100
                    for key, otherwise in (("MinDensity", 20), ("MaxDensity", 300)))  # fmt: skip
    light = {"illumination": float(settings.get("Illumination") or 2000),
             "reflected": float(settings.get("ReflectedAmbientLight") or 10)}  # fmt: skip
    border = d_max if settings.get("BorderDensity", "BLACK") == "BLACK" else d_min
    density = np.full((round(tall * _DOTS_PER_MM), round(wide * _DOTS_PER_MM)), border, np.float32)
    places = _places(film.layout, density.shape)
    for place, box in zip(places, film.image_boxes.values(), strict=False):
        if box is not None:
            _print_box(density, place, box, _characteristic(film.lut, d_min, d_max, light))
    _print_text(density, film, label, d_min)
    seen = light["reflected"] + light["illumination"] * 10.0**-density
    white = light["reflected"] + light["illumination"] * 10.0 ** -min(d_min, 0.2)
    # The eye, and so the screen, works on roughly the 1/2.2 power of luminance.
    shown = np.clip(seen / white, 0, 1) ** (1 / 2.2)
    return np.round(255 * shown[..., None] * base).astype(np.uint8)


def _characteristic(lut: Dataset | None, d_min: float, d_max: float, light: dict[str, float]) -> NDArray[np.float64]:
    """Density over input values: P-values by default; a presentation LUT before them, or linear in density."""
    if lut is not None and lut.get("PresentationLUTShape") == "LIN OD":
        return np.linspace(d_max, d_min, 4096)
    curve = densities(4096, d_min=d_min, d_max=d_max, **light)
    for table in (lut.get("PresentationLUTSequence") or []) if lut is not None else []:
        entries = np.asarray(table.LUTData, np.float64) / (2 ** int(table.LUTDescriptor[2]) - 1)
        return np.interp(np.clip(entries, 0, 1), np.linspace(0, 1, len(curve)), curve)
    return curve


def _places(layout: list[int], shape: tuple[int, ...]) -> list[tuple[int, int, int, int]]:
    """Upper left corner and size of each image box in dots."""
    edge = round(_BORDER_MM * _DOTS_PER_MM)
    tall = (shape[0] - edge * (len(layout) + 1)) // len(layout)
    places = []
    for row, count in enumerate(layout):
        wide = (shape[1] - edge * (count + 1)) // count
        places += [(edge + row * (tall + edge), edge + n * (wide + edge), tall, wide) for n in range(count)]
    return places


def _print_box(
    density: NDArray[np.float32], place: tuple[int, int, int, int], box: Dataset, curve: NDArray[np.float64]
) -> None:
    image = box.BasicGrayscaleImageSequence[0]
    bits = int(image.BitsStored)
    dtype = np.uint8 if int(image.BitsAllocated) == 8 else np.dtype("<u2")
    values = np.frombuffer(image.PixelData, dtype, int(image.Rows) * int(image.Columns))
    p = values.reshape(int(image.Rows), int(image.Columns)).astype(np.float32) / (2**bits - 1)
    inverted = image.get("PhotometricInterpretation") == "MONOCHROME1"
    if inverted != (box.get("Polarity") == "REVERSE"):
        p = 1 - p
    top, left, tall, wide = place
    aspect = _aspect(image)
    scale = min(tall / (p.shape[0] * aspect), wide / p.shape[1])
    if box.get("RequestedImageSize"):
        # The width wanted on film, in mm (PS3.3 C.13.5).
        scale = min(float(box.RequestedImageSize) * _DOTS_PER_MM / p.shape[1], scale)
    size = (max(round(p.shape[1] * scale), 1), max(round(p.shape[0] * scale * aspect), 1))
    small = cv2.resize(p, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC).clip(0, 1)
    y, x = top + (tall - size[1]) // 2, left + (wide - size[0]) // 2
    density[y : y + size[1], x : x + size[0]] = np.interp(small, np.linspace(0, 1, len(curve)), curve)


def _aspect(image: Dataset) -> float:
    ratio = image.get("PixelAspectRatio")
    return float(ratio[0]) / float(ratio[1]) if ratio and float(ratio[1]) else 1.0


def _print_text(density: NDArray[np.float32], film: Film, label: str, d_min: float) -> None:
    lines = [str(box.TextString) for box in film.annotations.values() if box is not None and box.get("TextString")]
    if film.settings.get("ConfigurationInformation"):
        lines.append(str(film.settings.ConfigurationInformation))
    written = "   ".join([*lines, label])
    # The fonts of OpenCV know ASCII only.
    written = written.encode("ascii", "replace").decode()[:120]
    at = (round(_BORDER_MM * _DOTS_PER_MM), density.shape[0] - round(1.4 * _DOTS_PER_MM))
    layer = np.zeros(density.shape, np.uint8)
    cv2.putText(layer, written, at, cv2.FONT_HERSHEY_SIMPLEX, 0.42, 255, 1, cv2.LINE_AA)
    density[:] = np.where(layer, d_min + 0.3 + (density - d_min - 0.3) * (1 - layer / np.float32(255)), density)


__all__ = ["Film", "Image", "densities", "luminance", "render"]
