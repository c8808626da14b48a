"""The viewport: one image, coarse then full, window and level in the browser."""

from __future__ import annotations

from typing import Any

import param

from imgdash.dashboard.component import Component, script
from imgdash.model import ImageHeader


class Viewport(Component):
    """A canvas of our own for 16-bit images.

    Sends ``{"contrast": factor, "shift": difference}`` at the end of a window/level drag where `adjustable`, both
    in parts of the P-value range; the page makes processing parameters of them, so that what is seen is what is sent.
    """

    image = param.String(default="", doc="image_id; empty shows nothing.")
    version = param.String(default="", doc="Digest of the look; a new one fetches new pixels.")
    trial = param.String(default="", doc="JSON of overrides that are tried and not kept; empty for none.")
    logical = param.List(default=[0, 0], doc="Rows and columns of the whole image as turned.")
    pitch = param.List(default=[0, 0], doc="mm for each of them, (y, x); 0 where unknown.")
    following = param.List(default=[], doc="What is fetched ahead: ``{image, version, logical}``.")
    corners = param.Dict(default={}, doc="``ul``, ``ur`` → lines of text over the image.")
    adjustable = param.Boolean(default=False, doc="Whether dragging changes the processing, or the display only.")
    pixels = param.Bytes(default=b"", doc="Second transport, for notebooks: uint8 or uint16 of `logical` shape.")

    _esm = script("pixels.js", "loader.js", "viewport.js")


def geometry(header: ImageHeader, rotation: int) -> dict[str, Any]:
    """Extent and pitch of an image as it stands on the screen after `rotation` quarter turns in degrees."""
    shape, pitch = [header.rows, header.columns], list(header.pixel_spacing or (0, 0))
    turned = rotation in (90, 270)
    return {"logical": shape[::-1] if turned else shape, "pitch": pitch[::-1] if turned else pitch}
