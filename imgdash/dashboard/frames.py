"""Pixels for the browser over HTTP: thumbnails, previews, full frames; only for who is logged in.

``/image/<image_id>/thumbnail | preview | frame | received``. The address carries ``v``, a digest of everything the
pixels depend on, so whatever is under one address never changes and the browser may keep it. ``o`` (JSON) carries
parameters that are tried and not kept.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from tornado.web import RequestHandler

from imgdash.dashboard.login import actor_of
from imgdash.model import ImgdashError, NotFound

if TYPE_CHECKING:
    from imgdash.apparatus import Apparatus

Pixels = tuple[np.ndarray, int]
_POOL = ThreadPoolExecutor(2, thread_name_prefix="frames")
_THUMBNAIL = 220
_FOREVER = "private, max-age=604800, immutable"


class Frames(RequestHandler):
    """One image in one form."""

    def initialize(self, apparatus: Apparatus) -> None:
        """Called by Tornado with what the route was given."""
        self.apparatus = apparatus

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Plain words, nothing of the inside."""
        self.finish({"status": status_code, "error": self._reason})

    async def get(self, image_id: str, kind: str) -> None:
        """Answer with pixels, or with why there are none."""
        actor = actor_of(self, self.apparatus)
        if actor is None or not actor.may("view"):
            self.set_status(401)
            self.finish({"error": "Log in first."})
            return
        version = self.get_query_argument("v", "")
        if version:
            etag = f'"{image_id}-{kind}-{version}"'
            self.set_header("Cache-Control", _FOREVER)
            self.set_header("Etag", etag)
            if self.request.headers.get("If-None-Match") == etag:
                self.set_status(304)
                self.finish()
                return
        else:
            self.set_header("Cache-Control", "no-store")
        try:
            overrides = json.loads(self.get_query_argument("o", "null"))
            await self._answer(image_id, kind, overrides)
        except NotFound as error:
            self._refuse(404, error)
        except (ImgdashError, json.JSONDecodeError) as error:
            self._refuse(422, error)

    def _refuse(self, status: int, error: Exception) -> None:
        self.set_status(status)
        self.set_header("Cache-Control", "no-store")
        self.clear_header("Etag")
        cause = error.cause if isinstance(error, ImgdashError) else "The parameters are not JSON."
        self.finish({"error": cause, "remedy": getattr(error, "remedy", "")})

    async def _answer(self, image_id: str, kind: str, overrides: Any) -> None:
        loop = asyncio.get_running_loop()
        if kind == "thumbnail":
            picture = await loop.run_in_executor(_POOL, _thumbnail, self.apparatus, image_id)
            self.set_header("Content-Type", "image/jpeg")
            self.finish(picture)
            return
        if kind == "frame":
            future = await loop.run_in_executor(_POOL, _frame, self.apparatus, image_id, overrides)
            pixels, bits = await asyncio.wrap_future(future), 12
        else:
            form: Callable[..., Pixels] = _preview if kind == "preview" else _received
            pixels, bits = await loop.run_in_executor(_POOL, form, self.apparatus, image_id, overrides)
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("X-Shape", f"{pixels.shape[0]},{pixels.shape[1]}")
        self.set_header("X-Bits", str(bits))
        self.set_header("Content-Length", str(pixels.nbytes))
        self.finish(pixels.tobytes())


def _chain(apparatus: Apparatus, image_id: str, overrides: Any) -> Any:
    return apparatus.chain(image_id, overrides=overrides) if isinstance(overrides, dict) else None


def _thumbnail(apparatus: Apparatus, image_id: str) -> bytes:
    try:
        pixels = apparatus.preview(image_id)
    except ImgdashError:
        pixels = apparatus.thumbnail(image_id)
    factor = _THUMBNAIL / max(pixels.shape)
    small = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    found, jpeg = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 88])
    if not found:
        raise ImgdashError("The thumbnail cannot be written.", "See the log.")
    return bytes(jpeg)


def _preview(apparatus: Apparatus, image_id: str, overrides: Any) -> Pixels:
    return apparatus.preview(image_id, _chain(apparatus, image_id, overrides)), 8


def _frame(apparatus: Apparatus, image_id: str, overrides: Any) -> Any:
    return apparatus.frame(image_id, _chain(apparatus, image_id, overrides))


def _received(apparatus: Apparatus, image_id: str, overrides: Any) -> Pixels:
    """As it came: the same signal range, no frequency processing, no equalization, a straight curve."""
    chain = apparatus.chain(image_id)
    plain = {
        "frequency.amount": 0.0,
        "equalization.light": 0.0,
        "equalization.dark": 0.0,
        "equalization.method": "compression",
        "gradation.type": "linear",
        "gradation.contrast": 1.0,
        "gradation.shift": 0.0,
    }
    return apparatus.preview(image_id, chain.with_(**plain)), 8


class Health(RequestHandler):
    """``/healthz``: counts for whoever watches the station, no patient data, no login."""

    def initialize(self, apparatus: Apparatus) -> None:
        """Called by Tornado with what the route was given."""
        self.apparatus = apparatus

    async def get(self) -> None:
        """Count in a thread."""
        health = await asyncio.get_running_loop().run_in_executor(_POOL, self.apparatus.health)
        self.set_header("Cache-Control", "no-store")
        self.write(health)
