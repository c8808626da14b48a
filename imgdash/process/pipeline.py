"""Forming the output image (F5, G1-G4): frequency → equalization → gradation → rotation → mirror → scale → overlay.

Steps (2)-(6) make an image that can be stored (`form_cached`, G3); (7) and (8) finish it for an apparatus. Rotation
by quarter turns and mirror are fused into (2)-(4) (G4): each strip of graded pixels is written where it belongs
while it is still in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from imgdash.model import ImgdashError
from imgdash.process import geometry, overlay, tone
from imgdash.process.aperture import field_of
from imgdash.process.geometry import Placement
from imgdash.process.parameters import Chain
from imgdash.process.prepared import Prepared
from imgdash.process.shutter import blacken, shutter_of
from imgdash.process.signal import scale_of, source_of
from imgdash.process.spacing import spacing_of

Pixels = npt.NDArray[np.uint16]

ALL: Final = ("frequency", "equalization", "gradation", "rotation", "mirror", "scale", "overlay")


def form(
    image: xr.DataArray,
    chain: Chain,
    calculated: Mapping[str, Any],
    *,
    steps: Sequence[str] = ALL,
    scale: float | None = None,
    size: tuple[int, int] | None = None,
    bits: int = 12,
    overlays: Iterable[Mapping[str, Any]] = (),
    fused: bool = True,
) -> xr.DataArray:
    """Form an output image: every step, in the patent's order.

    Parameters
    ----------
    image
        Stored values, dims (y, x), attributes as DICOM keywords.
    chain, calculated
        Processing parameters, and what `imgdash.process.calculate` found for this image.
    steps
        Which of (2)-(8) run (G2); without gradation the signal itself is written over the full range.
    scale, size
        Factor, or the box (rows, columns) to fill.
    bits
        Of the P-values.
    overlays
        Placed by a person: ``{"kind", "text", "x", "y", …}``, see `imgdash.process.overlay.Item`.
    fused
        False runs rotation and mirror as passes of their own (G4): same pixels, more memory traffic.

    Returns
    -------
    uint16 P-values, 0 = black, dims (y, x), pixel centres in mm; attrs: ``processing_log``, ``overlay_rectangles``,
    ``placement`` (received mm → pixels, see `imgdash.process.geometry.Placement`), ``field`` (mm), ``notes``,
    and the DICOM keywords that hold for the new image.
    """
    stage6 = _stage6(image, chain, calculated, steps, bits, fused)
    return _finished(stage6, chain, scale, size, overlays, steps, bits).array()


def form_cached(
    image: xr.DataArray,
    chain: Chain,
    calculated: Mapping[str, Any],
    steps: Sequence[str] = ALL,
    *,
    bits: int = 12,
    fused: bool = True,
) -> xr.DataArray:
    """The image after step (6), to be stored and finished for several apparatus (G3)."""
    return _stage6(image, chain, calculated, steps, bits, fused).array()


def _stage6(
    image: xr.DataArray, chain: Chain, calculated: Mapping[str, Any], steps: Sequence[str], bits: int, fused: bool
) -> _Formed:
    steps = checked_steps(steps)
    values = plane(image)
    attrs = image.attrs
    spacing = spacing_of(attrs, values.shape)
    prepared = tone.plan(
        Prepared(source_of(values, attrs), spacing.pitch, field_of(calculated)), chain, calculated, steps
    )
    log = prepared.log
    rotation = chain.geometry.rotation if "rotation" in steps else 0
    mirror = bool(chain.geometry.mirror and "mirror" in steps)
    angle = chain.geometry.angle if "rotation" in steps else 0.0
    as_sent = prepared.tone.as_sent
    shutter = shutter_of(chain, calculated, steps) and not as_sent
    placement = Placement.of_image((values.shape[0], values.shape[1]), spacing.pitch)
    if fused and not angle and not shutter:
        pixels = prepared.render(bits, rotation, mirror)
        placement = geometry.turn_placement(placement, rotation, mirror)
    else:
        pixels = prepared.render(bits)
        del prepared  # its pyramid is as large as what comes now
        if shutter:
            pixels = blacken(pixels, calculated["field"], placement)
        pixels = np.ascontiguousarray(geometry.turn(pixels, rotation, False))
        placement = geometry.turn_placement(placement, rotation, False)
        if angle:
            pixels = geometry.tilt(pixels, angle, chain.geometry.interpolation)
            np.minimum(pixels, (1 << bits) - 1, out=pixels)
            placement = geometry.tilt_placement(placement, angle)
        pixels = np.ascontiguousarray(geometry.turn(pixels, 0, mirror))
        placement = geometry.turn_placement(placement, 0, mirror)
    if shutter:
        log.append({"step": "shutter"})
    elif chain.geometry.shutter and "gradation" in steps and not as_sent:
        log.append({"step": "shutter left out", "why": "the irradiated field is uncertain"})
    if rotation or angle:
        log.append({"step": "rotation", "rotation": rotation, "angle": angle})
    if mirror:
        log.append({"step": "mirror"})
    notes = [*frame_notes(image), *scale_of(attrs).notes, *spacing.notes, *image.attrs.get("notes", ())]
    field = list(calculated.get("field") or ())
    return _Formed(pixels, placement, bits, spacing.known, _kept(attrs), log, notes, field)


def finish(
    stage6: xr.DataArray,
    chain: Chain,
    *,
    scale: float | None = None,
    size: tuple[int, int] | None = None,
    overlays: Iterable[Mapping[str, Any]] = (),
    steps: Sequence[str] = ALL,
    bits: int = 12,
) -> xr.DataArray:
    """Steps (7) and (8) on a stored stage-6 image (G3). See `form`."""
    return _finished(_Formed.of(stage6), chain, scale, size, overlays, steps, bits).array()


def _finished(
    stage6: _Formed,
    chain: Chain,
    scale: float | None,
    size: tuple[int, int] | None,
    overlays: Iterable[Mapping[str, Any]],
    steps: Sequence[str],
    bits: int,
) -> _Formed:
    steps = checked_steps(steps)
    pixels, placement = stage6.pixels, stage6.placement
    log, notes = list(stage6.log), list(stage6.notes)
    if bits != stage6.bits:
        factor = ((1 << bits) - 1) / ((1 << stage6.bits) - 1)
        pixels = np.rint(pixels * factor).astype(np.uint16)
    if "scale" in steps:
        rows, columns = geometry.cut(chain.geometry, placement, stage6.field)
        if (rows.stop - rows.start, columns.stop - columns.start) != placement.shape:
            pixels = pixels[rows, columns]
            placement = placement.then(
                [[1, 0, -columns.start], [0, 1, -rows.start], [0, 0, 1]], (pixels.shape[0], pixels.shape[1])
            )
            kept_part = {"rows": [rows.start, rows.stop], "columns": [columns.start, columns.stop]}
            log.append({"step": "trim", "trim": chain.geometry.trim, **kept_part})
        shape = geometry.target_shape(placement, chain.geometry, scale, size)
        if shape != placement.shape:
            pixels = geometry.scale_to(pixels, shape, chain.geometry.interpolation)
            np.minimum(pixels, (1 << bits) - 1, out=pixels)  # cubic interpolation overshoots at edges
            placement = geometry.scale_placement(placement, shape)
            log.append({"step": "scale", "shape": list(shape), "interpolation": chain.geometry.interpolation})
    places: list[dict[str, Any]] = []
    if "overlay" in steps and (items := overlay.items_of(chain.overlay, stage6.kept, overlays)):
        pixels, places, said = overlay.draw(pixels, items, placement, stage6.field, bits, stage6.spacing_known)
        notes.extend(said)
        log.append({"step": "overlay", "items": [f"{p['kind']} {p['text']}".strip() for p in places]})
    kept = {**stage6.kept, "overlay_rectangles": places}
    return _Formed(np.ascontiguousarray(pixels), placement, bits, stage6.spacing_known, kept, log, notes, stage6.field)


def checked_steps(steps: Sequence[str]) -> tuple[str, ...]:
    """The steps in the patent's order.

    Raises
    ------
    ImgdashError
        For a step that does not exist.
    """
    if unknown := set(steps) - set(ALL):
        raise ImgdashError(f"There is no processing step {sorted(unknown)[0]!r}.", f"Steps are {', '.join(ALL)}.")
    return tuple(step for step in ALL if step in steps)


def plane(image: xr.DataArray) -> npt.NDArray[Any]:
    """The 2-D pixels; of several frames the first.

    Raises
    ------
    ImgdashError
        For an image without pixels or with other than 2 or 3 dimensions.
    """
    if image.ndim == 3 and image.shape[0]:
        image = image[0]  # before the values are asked for: the other frames are not decoded
    values = np.asarray(image.values)
    if values.ndim != 2 or 0 in values.shape:
        raise ImgdashError(f"An image of shape {image.shape} cannot be processed.", "It needs rows and columns.")
    return values


def frame_notes(image: xr.DataArray) -> list[str]:
    """What `plane` left out, in words."""
    several = image.ndim == 3 and image.shape[0] > 1
    return [f"The first of {image.shape[0]} frames is taken."] if several else []


def _kept(attrs: Mapping[str, Any]) -> dict[str, Any]:
    """What of the received image's attributes holds for the new one."""
    return {key: attrs[key] for key in ("Laterality", "ImageLaterality", "ViewPosition") if key in attrs}


@dataclass(frozen=True)
class _Formed:
    """An image on its way; only what leaves becomes a DataArray, whose indices alone cost as much as a megapixel."""

    pixels: Pixels
    placement: Placement
    bits: int
    spacing_known: bool
    kept: Mapping[str, Any]
    log: list[dict[str, Any]]
    notes: list[str]
    field: list[Any]

    @classmethod
    def of(cls, stage6: xr.DataArray) -> _Formed:
        """An image that `array` made, maybe in another process."""
        attrs, pixels = stage6.attrs, np.asarray(stage6.values)
        x, y = attrs["placement"]
        placement = Placement((tuple(x), tuple(y)), (pixels.shape[0], pixels.shape[1]))
        told = attrs["BitsStored"], attrs["spacing_known"], _kept(attrs)
        return cls(pixels, placement, *told, list(attrs["processing_log"]), list(attrs["notes"]), attrs["field"])

    def array(self) -> xr.DataArray:
        """As `form` describes it."""
        pitch = self.placement.pitch()
        attrs: dict[str, Any] = {
            **self.kept,
            "PhotometricInterpretation": "MONOCHROME2",
            "BitsStored": self.bits,
            "PixelRepresentation": 0,
            "processing_log": self.log,
            "notes": list(dict.fromkeys(self.notes)),
            "placement": [list(row) for row in self.placement.matrix],
            "field": self.field,
            "spacing_known": self.spacing_known,
        }
        if self.spacing_known:
            attrs["PixelSpacing"] = [pitch[0], pitch[1]]
        rows, columns = self.pixels.shape
        coords = {"y": np.arange(rows) * pitch[0], "x": np.arange(columns) * pitch[1]}  # pixel centres
        return xr.DataArray(self.pixels, dims=("y", "x"), coords=coords, attrs=attrs)
