"""Output range and output image range of each apparatus, in parts of the film or stored image (D2, D3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from imgdash.config import OutputApparatus, Site
from imgdash.dashboard.review.sheets import goes_over, largest, over_several
from imgdash.model import Condition, ImageHeader, ImgdashError
from imgdash.output import framing
from imgdash.output.film_format import film_words, grid
from imgdash.output.framing import Framing
from imgdash.output.job import profile
from imgdash.output.sop_class import stays
from imgdash.process import Chain, geometry, overlay
from imgdash.process.geometry import Placement

# Longer side of the image that overlays are laid out on.
_SIDE: Final = 900
# What letters may touch of the field's edge before a person is warned.
_COVERED: Final = 0.02
_ENLARGED: Final = "enlarged to {:.0%}: lengths on the film are not true"


def ranges(header: ImageHeader, condition: Condition, site: Site, chain: Chain | None = None) -> list[dict[str, Any]]:
    """One entry for each output apparatus, as the components of `imgdash.dashboard.panels` draw it.

    Parameters
    ----------
    chain
        The image's processing chain, where it is known already.
    """
    chain = chain or Chain.of(condition.processing, header.overrides)
    chosen = site.destinations(header.outputs, condition.outputs)
    found = []
    for apparatus in site.apparatus:
        findings = header.judgement.film if apparatus.kind == "printer" else header.judgement.storage
        entry: dict[str, Any] = {
            "name": apparatus.name,
            "kind": apparatus.kind,
            "chosen": apparatus.name in chosen,
            "trouble": ["not fit for it"] if findings else [],
            "own": dict(header.ranges.get(apparatus.name, {})),
            **_NOWHERE,
        }
        try:
            view = _View.of(header, chain, profile(apparatus, condition))
            entry.update(_film(view) if apparatus.kind == "printer" else _stored(view))
            entry["field"], entry["sides"] = view.field, view.sides
            entry["marks"], entry["unfielded"] = view.marks(), not view.field
            entry["trouble"] = [
                *entry["trouble"],
                *entry["warnings"],
                *_covering(entry["marks"], view.field),
                *_smaller(entry["marks"]),
            ]
        except ImgdashError as error:
            entry["trouble"] = [error.cause]
        found.append(entry)
    return found


_NOWHERE: Final[dict[str, Any]] = {
    "frame": [1, 1], "free": [0, 0, 1, 1], "cells": [], "band": [], "place": [0, 0, 1, 1], "text": "", "scale": 1.0,
    "most": 1.0, "largest": 1.0, "sides": [0, 0, 1, 1], "field": [], "marks": [], "unfielded": True, "aspect": 1.0,
    "movable": False, "formed": True, "warnings": [], "parts": [],
}  # fmt: skip


@dataclass(frozen=True)
class _View:
    """An image on its way to one apparatus, without its pixels."""

    header: ImageHeader
    apparatus: OutputApparatus
    chain: Chain
    wanted: Framing
    turned: Placement
    cut: Placement
    sides: list[float]

    @classmethod
    def of(cls, header: ImageHeader, chain: Chain, apparatus: OutputApparatus) -> _View:
        wanted = Framing.of(header.ranges.get(apparatus.name))
        chain = chain.with_(**wanted.trim) if wanted.trim else chain
        turned = _turned(header, chain, apparatus.steps)
        height, width = turned.shape
        rows, columns = slice(0, height), slice(0, width)
        if apparatus.kind == "printer" or "scale" in apparatus.steps:
            rows, columns = geometry.cut(chain.geometry, turned, header.parameters.get("field") or ())
        shape = (rows.stop - rows.start, columns.stop - columns.start)
        moved = turned.then([[1, 0, -columns.start], [0, 1, -rows.start], [0, 0, 1]], shape)
        sides = [columns.start / width, rows.start / height, columns.stop / width, rows.stop / height]
        return cls(header, apparatus, chain, wanted, turned, moved, sides)

    @property
    def known(self) -> bool:
        return self.header.pixel_spacing is not None

    @property
    def extent(self) -> tuple[float, float]:
        """Height and width of the output image range, mm; pixels where the pitch is unknown."""
        pitch_y, pitch_x = self.cut.pitch()
        return self.cut.shape[0] * pitch_y, self.cut.shape[1] * pitch_x

    @property
    def aspect(self) -> float:
        pitch_y, pitch_x = self.turned.pitch()
        return self.turned.shape[1] * pitch_x / (self.turned.shape[0] * pitch_y)

    @property
    def field(self) -> list[list[list[float]]]:
        """Corners of the irradiated field in parts of the turned image."""
        rows, columns = self.turned.shape
        polygons = self.header.parameters.get("field") or ()
        return [(self.turned.apply(polygon) / [columns, rows]).round(4).tolist() for polygon in polygons]

    def marks(self) -> list[dict[str, Any]]:
        """Where each overlay will stand, in parts of the output image range."""
        if "overlay" not in self.apparatus.steps:
            return []
        height, width = self.extent
        factor = _SIDE / max(height, width)
        shape = (max(1, round(height * factor)), max(1, round(width * factor)))
        small, blank = geometry.scale_placement(self.cut, shape), np.zeros(shape, np.uint16)
        placed, found = self.header.overlays, []
        items = overlay.items_of(self.chain.overlay, self.header.marked, placed)
        for number, item in enumerate(items):
            field = self.header.parameters.get("field") or ()
            _, places, _ = overlay.draw(blank, [item], small, field, 12, self.known)
            own = number - (len(items) - len(placed))
            for place in places:
                # `place` is where it stands, x and y are where it was wanted.
                kept = {"x": item.x, "y": item.y, "height": item.height, "length_mm": item.length_mm}
                found.append({**place, **kept, "text": item.text, "index": own if own >= 0 else -1})
        return found


def _turned(header: ImageHeader, chain: Chain, steps: Sequence[str]) -> Placement:
    shape = (max(header.rows, 1), max(header.columns, 1))
    placement = Placement.of_image(shape, header.pixel_spacing or (1.0, 1.0))
    if "rotation" in steps:
        placement = geometry.turn_placement(placement, chain.geometry.rotation, False)
        if chain.geometry.angle:
            placement = geometry.tilt_placement(placement, chain.geometry.angle)
    return geometry.turn_placement(placement, 0, bool(chain.geometry.mirror and "mirror" in steps))


def _film(view: _View) -> dict[str, Any]:
    apparatus, (height, width) = view.apparatus, view.extent
    wanted = view.wanted.wanted(apparatus)
    way = framing.orientation(apparatus, height, width, wanted if view.known else None)
    box, band = framing.box(apparatus, way)
    columns, rows = grid(apparatus.layout)
    box_height, box_width = box.rows * box.pitch, box.columns * box.pitch
    film_height, film_width = box_height * rows, box_width * columns
    free_height = (box.rows - band) * box.pitch
    most = min(free_height / height, box_width / width)
    if view.known:
        factor = most if wanted is None else wanted
        if factor > most and not goes_over(apparatus, box, band, height * factor, width * factor):
            factor = most
    else:
        factor = most * min(1.0 if wanted is None else wanted, 1.0)
    h, w = height * factor, width * factor
    left, top = max(0.0, box_width - w) * view.wanted.x, max(0.0, free_height - h) * view.wanted.y
    size = "true size" if abs(factor - 1) < 0.005 else f"{factor:.0%} of true size"
    warnings = []
    several: dict[str, Any] = {}
    if view.known and factor > most:
        several = over_several(h, w, box, band, apparatus.split_overlap_mm)
        if factor > 1.005:
            several["warnings"].append(_ENLARGED.format(factor))
    elif wanted is not None and view.known and wanted > most * 1.001:
        warnings = [f"larger than the film{' at true size' if wanted == 1 else ''}: made smaller"]
    elif view.known and factor > 1.005:
        warnings = [_ENLARGED.format(factor)]
    cells = [(c / columns, r / rows, 1 / columns, 1 / rows) for r in range(rows) for c in range(columns)]
    return {
        "frame": [film_width, film_height],
        "cells": cells if len(cells) > 1 else [],
        "free": [0, 0, box_width / film_width, free_height / film_height],
        "band": [0, free_height / film_height, box_width / film_width, (box_height - free_height) / film_height],
        "place": [left / film_width, top / film_height, w / film_width, h / film_height],
        "scale": factor if view.known else factor / most,
        "most": most if view.known else 1.0,
        "largest": largest(apparatus, (height, width), most) if view.known else 1.0,
        "text": f"{film_words(apparatus.film_size)} · {size if view.known else 'size not known'}",
        "aspect": view.aspect,
        "movable": True,
        "warnings": warnings,
        **several,
    }


def _stored(view: _View) -> dict[str, Any]:
    apparatus, (height, width) = view.apparatus, view.extent
    scale = view.wanted.scale if view.wanted.scale is not None else apparatus.scale
    factor = scale * view.chain.geometry.scale if "scale" in apparatus.steps else 1.0
    rows, columns = geometry.target_shape(view.cut, view.chain.geometry, scale, None) if factor != 1 else view.cut.shape
    return {
        "frame": [width, height],
        "place": [0, 0, 1, 1],
        "scale": scale,
        "most": 4.0,
        "largest": 4.0,
        "text": f"{columns} × {rows} px · {apparatus.bits} bit",
        "aspect": view.aspect,
        "movable": False,
        "formed": not stays(apparatus, view.header.modality),
        "warnings": [],
    }


def _covering(marks: Sequence[Mapping[str, Any]], field: Sequence[Any]) -> list[str]:
    """Overlays that hide something of the irradiated field; where no field is known a person has to look."""
    if not field:
        return []
    names = [str(mark["text"] or mark["kind"]) for mark in marks if mark["covers_field"] > _COVERED]
    return [f"{', '.join(names)} {'covers' if len(names) == 1 else 'cover'} the irradiated field"] if names else []


def _smaller(marks: Sequence[Mapping[str, Any]]) -> list[str]:
    """Overlays that are written smaller, because the image has no room for their line."""
    return [f"{mark['text']} is written at {mark['part']:.0%} of its height" for mark in marks if mark["part"] < 1]
