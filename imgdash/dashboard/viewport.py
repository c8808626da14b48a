"""The viewport: one image, coarse then full, window and level in the browser; another form of it beside it."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from imgdash.dashboard.component import Component, Told, script, web
from imgdash.model import ImageHeader


class Viewport(Component):
    """A canvas of our own for 16-bit images.

    Sends ``{"contrast": factor, "shift": difference, "image": image_id}`` at the end of a window/level drag over that
    image where `adjustable`, both in parts of the P-value range (the page makes processing parameters of them, so that
    what is seen is what is sent); ``{"shown": image_id}`` once an image was painted; ``{"beside": name, "image":
    image_id}`` for what shall stand beside that image; ``{"action": "request", "image": image_id}`` from an image that
    cannot be shown. Who asks which image is in sight (`inSight` of web/dom.js) is told the one that is painted, not
    one that is on its way.
    """

    image = param.String(default="", doc="image_id; empty shows `said`.")
    version = param.String(default="", doc="Digest of the look; a new one fetches new pixels.")
    trial = param.String(default="", doc="JSON of overrides that are tried and not kept; empty for none.")
    logical = Told(default=[0, 0], doc="Rows and columns of the whole image as turned, in square pixels.")
    pitch = Told(default=[0, 0], doc="mm for each of them, (y, x); 0 where unknown.")
    following = Told(default=[], doc="What is fetched ahead: as `source` describes it.")
    corners = Told(default={}, doc="``ul``, ``ur`` → lines of text over the image.")
    adjustable = param.Boolean(default=False, doc="Whether dragging changes the processing, or the display only.")
    said = param.String(default="", doc="Words where no image is open.")
    reading = param.Boolean(default=False, doc="Whether something is on its way that `said` waits for.")
    why = Told(default=[], doc="Cause and remedy where the image is known not to be showable.")
    offers = param.String(default="", doc="Key under which an image that cannot be shown is asked for again.")
    besides = Told(default=[], doc="``{name, label}`` of what may stand beside it.")
    beside = Told(default={}, doc="As `imgdash.dashboard.review.beside` describes it; empty for nothing.")
    pixels = param.Bytes(default=b"", doc="Second transport, for notebooks: uint8 or uint16 of `logical` shape.")

    _esm = script("pixels.js", "loader.js", "pane.js", "hands.js", "viewport.js")
    _stylesheets: ClassVar[list[str]] = [*Component._stylesheets, web("viewer.css")]


def geometry(header: ImageHeader, rotation: int) -> dict[str, Any]:
    """Extent and pitch of an image as it stands on the screen after `rotation` quarter turns in degrees.

    Where pixels are not square the extent is counted in square ones, so that a circle looks like one.
    """
    shape, pitch = (header.rows, header.columns), header.pixel_spacing or (0.0, 0.0)
    finest = min(pitch) or 1.0
    extent = [length * (mm / finest if mm else 1.0) for length, mm in zip(shape, pitch, strict=True)]
    side = min(pitch)
    return {"logical": extent[::-1] if rotation in (90, 270) else extent, "pitch": [side, side]}


def source(header: ImageHeader, version: str, rotation: int) -> dict[str, Any]:
    """What the browser needs to fetch and place an image that is not the one open."""
    placed = geometry(header, rotation)
    return {"image": header.image_id, "version": version, "logical": placed["logical"], "mm": placed["pitch"][0]}
