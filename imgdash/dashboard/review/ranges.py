"""Output range and output image range of each apparatus, in parts of the film or stored image (D2)."""

from __future__ import annotations

from typing import Any

from imgdash.config import OutputApparatus, Site
from imgdash.model import Condition, ImageHeader, ImgdashError
from imgdash.output.film_format import film_mm, grid
from imgdash.output.job import profile
from imgdash.process import Chain
from imgdash.process.overlay import items_of

Box = tuple[float, float, float, float]


def ranges(header: ImageHeader, condition: Condition, chain: Chain, site: Site) -> list[dict[str, Any]]:
    """One entry for each output apparatus, as `imgdash.dashboard.panels.Destinations` draws it."""
    chosen = site.destinations(header.outputs, condition.outputs)
    found = []
    for apparatus in site.apparatus:
        findings = header.judgement.film if apparatus.kind == "printer" else header.judgement.storage
        entry = {
            "name": apparatus.name,
            "kind": apparatus.kind,
            "chosen": apparatus.name in chosen,
            "trouble": "not fit for it" if findings else "",
            "overlays": [
                {"text": item.text or f"{item.length_mm:g} mm", "x": item.x, "y": item.y}
                for item in items_of(chain.overlay, header.marked, header.overlays)
            ],
        }
        try:
            wanted = profile(apparatus, condition)
            entry.update(
                _film(header, chain, wanted) if apparatus.kind == "printer" else _stored(header, chain, wanted)
            )
        except ImgdashError as error:
            entry.update(frame=[1, 1], cells=[], range=[0, 0, 1, 1], text="", trouble=error.cause)
        found.append(entry)
    return found


def image_mm(header: ImageHeader, chain: Chain) -> tuple[float, float]:
    """Width and height of the image as turned and trimmed, mm of the detector; pixels where the pitch is unknown."""
    pitch_y, pitch_x = header.pixel_spacing or (1.0, 1.0)
    width, height = max(header.columns, 1) * pitch_x, max(header.rows, 1) * pitch_y
    if chain.geometry.rotation in (90, 270):
        width, height = height, width
    if chain.geometry.trim == "rectangle":
        width *= abs(chain.geometry.right - chain.geometry.left) or 1.0
        height *= abs(chain.geometry.bottom - chain.geometry.top) or 1.0
    return width, height


def _film(header: ImageHeader, chain: Chain, apparatus: OutputApparatus) -> dict[str, Any]:
    film_width, film_height = film_mm(apparatus.film_size)
    columns, rows = grid(apparatus.layout)
    width, height = image_mm(header, chain)
    lying = apparatus.orientation == "LANDSCAPE" or (
        apparatus.orientation == "auto" and (columns, rows) == (1, 1) and width > height
    )
    if lying:
        film_width, film_height = film_height, film_width
    cell_width, cell_height = film_width / columns, film_height / rows
    filling = min(cell_width / width, cell_height / height)
    true = apparatus.true_size and header.pixel_spacing is not None and filling >= 1
    factor = 1.0 if true else filling
    cells: list[Box] = [(c / columns, r / rows, 1 / columns, 1 / rows) for r in range(rows) for c in range(columns)]
    w, h = width * factor / film_width, height * factor / film_height
    size = "true size" if true else f"{factor:.0%} of true size" if header.pixel_spacing else "filling"
    return {
        "frame": [film_width, film_height],
        "cells": cells if len(cells) > 1 else [],
        "range": [(1 / columns - w) / 2, (1 / rows - h) / 2, w, h],
        "text": f"{apparatus.film_size.replace('_', '.')} · {size}",
        **({"trouble": "larger than the film at true size: made smaller"} if apparatus.true_size and not true else {}),
    }


def _stored(header: ImageHeader, chain: Chain, apparatus: OutputApparatus) -> dict[str, Any]:
    width, height = image_mm(header, chain)
    factor = apparatus.scale * chain.geometry.scale
    columns, rows = header.columns, header.rows
    if chain.geometry.rotation in (90, 270):
        columns, rows = rows, columns
    return {
        "frame": [width, height],
        "cells": [],
        "range": [0, 0, 1, 1],
        "text": f"{columns * factor:.0f} × {rows * factor:.0f} px · {apparatus.bits} bit",
    }
