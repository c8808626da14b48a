"""Pixels for the browser over HTTP: thumbnails, previews, full frames; only for who is logged in.

``/image/<image_id>/thumbnail | preview | frame | received | original | output``: preview and frame are processed,
small and full; received and original the same without processing; output is what the output apparatus ``a`` would
get. The address carries ``v``, a digest of everything the pixels depend on, so whatever is under one address never
changes and the browser may keep it; where it is not that of the image as it is now, it may not. ``o`` (JSON) carries
parameters that are tried and not kept, ``c`` another condition key than the image's own.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from tornado.iostream import StreamClosedError
from tornado.web import RequestHandler

from imgdash.dashboard.login import actor_of
from imgdash.dashboard.review.worklist import look, sent
from imgdash.dashboard.theme import ICONS, PALETTE
from imgdash.model import ImgdashError, NotFound
from imgdash.process import Chain

if TYPE_CHECKING:
    from imgdash.apparatus import Apparatus
    from imgdash.dashboard.thumbnails import Thumbnails

_LOG = logging.getLogger(__name__)
_POOL = ThreadPoolExecutor(2, thread_name_prefix="frames")
# Apart, so that a strip of hundreds does not keep the image that is looked at waiting.
_THUMBNAILS = ThreadPoolExecutor(1, thread_name_prefix="thumbnails")
# A whole image is sent in such parts: between them the loop takes what somebody has just pressed.
_PART: Final = 1 << 20
_FOREVER = "private, max-age=604800, immutable"
# As it came: the same signal range, no frequency processing, no equalization, a straight curve.
_PLAIN: Final[dict[str, Any]] = {
    "frequency.amount": 0.0,
    "equalization.light": 0.0,
    "equalization.dark": 0.0,
    "equalization.method": "compression",
    "gradation.type": "linear",
    "gradation.contrast": 1.0,
    "gradation.shift": 0.0,
}

Form = Callable[["Apparatus", str, str | None, Any, bool], tuple[Any, int]]
_NO_PICTURE: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-24 -18 72 60" fill="none" stroke-width="1.2" '
    f'stroke="{PALETTE["faint"]}"><path d="{ICONS["warning"]}"/></svg>'
)


class Frames(RequestHandler):
    """One image in one form."""

    def initialize(self, apparatus: Apparatus, thumbnails: Thumbnails) -> None:
        """Called by Tornado with what the route was given."""
        self.apparatus, self.thumbnails = apparatus, thumbnails

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
        self.set_header("Cache-Control", "no-store")
        version = self.get_query_argument("v", "")
        if version and self.request.headers.get("If-None-Match") == _etag(image_id, kind, version):
            self._keep(image_id, kind, version)
            self.set_status(304)
            self.finish()
            return
        try:
            overrides = json.loads(self.get_query_argument("o", "null"))
            await self._answer(image_id, kind, overrides, version)
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

    def _keep(self, image_id: str, kind: str, version: str) -> None:
        """The browser may keep it."""
        self.set_header("Cache-Control", _FOREVER)
        self.set_header("Etag", _etag(image_id, kind, version))

    async def _answer(self, image_id: str, kind: str, overrides: Any, version: str) -> None:
        loop = asyncio.get_running_loop()
        now: bool | None = None
        if kind == "thumbnail":
            try:
                picture, now = await loop.run_in_executor(_THUMBNAILS, self._thumbnail, image_id, version)
            except NotFound:
                # Of an image whose pixels cannot be read there is none; one that never came is not found.
                await loop.run_in_executor(_THUMBNAILS, self.apparatus.image, image_id)
                self.set_header("Content-Type", "image/svg+xml")
                self.finish(_NO_PICTURE)
                return
            if now:
                self._keep(image_id, kind, version)
            self.set_header("Content-Type", "image/jpeg")
            self.finish(picture)
            return
        if kind == "output":
            name = self.get_query_argument("a", "")
            future = await loop.run_in_executor(_POOL, self.apparatus.output, image_id, name)
            pixels, bits = await asyncio.wrap_future(future)
        else:
            condition: str | None = self.get_query_argument("c", "") or None
            form = _small if kind in ("preview", "received") else _full
            plain = kind in ("received", "original")
            # Asked for in the same turn of the thread, where the pixels are there at once: each turn of another thread
            # is a wait where many are at work.
            pixels, bits, now = await loop.run_in_executor(
                _POOL, _formed, form, self.apparatus, image_id, kind, condition, overrides, plain, version
            )
            if isinstance(pixels, Future):
                pixels = await asyncio.wrap_future(pixels)
        if now is None:
            now = await loop.run_in_executor(_POOL, _is_now, self.apparatus, image_id, kind, version)
        if now:
            self._keep(image_id, kind, version)
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("X-Shape", f"{pixels.shape[0]},{pixels.shape[1]}")
        self.set_header("X-Bits", str(bits))
        self.set_header("Content-Length", str(pixels.nbytes))
        await self._send(pixels)

    def _thumbnail(self, image_id: str, version: str) -> tuple[bytes, bool]:
        return self.thumbnails.get(image_id), _is_now(self.apparatus, image_id, "thumbnail", version)

    async def _send(self, pixels: np.ndarray) -> None:
        content = np.ascontiguousarray(pixels).reshape(-1).view(np.uint8)
        try:
            for start in range(0, len(content), _PART):
                self.write(content[start : start + _PART].tobytes())
                await self.flush()
        except StreamClosedError:
            _LOG.debug("who asked for these pixels has gone on")


def _etag(image_id: str, kind: str, version: str) -> str:
    return f'"{image_id}-{kind}-{version}"'


def _is_now(apparatus: Apparatus, image_id: str, kind: str, version: str) -> bool:
    """Whether an image looks as who asked believes; asked after its pixels were made.

    Else somebody has changed it since he was told of it, and the new pixels would be kept under the old address.
    """
    if not version:
        return False
    header = apparatus.image(image_id)
    if kind == "output":
        return version == sent(header)
    # Another condition key stands behind a dash.
    return version.partition("-")[0] == look(header) or version == apparatus.look(image_id)


def _chain(apparatus: Apparatus, image_id: str, condition: str | None, overrides: Any, plain: bool) -> Chain | None:
    """None for the image's own."""
    own = overrides if isinstance(overrides, dict) else None
    if own is None and condition is None and not plain:
        return None
    chain = apparatus.chain(image_id, condition, own)
    return chain.with_(**_PLAIN) if plain else chain


def _formed(
    form: Form,
    apparatus: Apparatus,
    image_id: str,
    kind: str,
    condition: str | None,
    overrides: Any,
    plain: bool,
    version: str,
) -> tuple[Any, int, bool | None]:
    """Pixels or their future, bits, and `_is_now` where they are there."""
    pixels, bits = form(apparatus, image_id, condition, overrides, plain)
    return pixels, bits, None if isinstance(pixels, Future) else _is_now(apparatus, image_id, kind, version)


def _small(apparatus: Apparatus, image_id: str, condition: str | None, overrides: Any, plain: bool) -> tuple[Any, int]:
    chain = _chain(apparatus, image_id, condition, overrides, plain)
    return apparatus.preview(image_id, chain, condition=condition), 8


def _full(apparatus: Apparatus, image_id: str, condition: str | None, overrides: Any, plain: bool) -> tuple[Any, int]:
    chain = _chain(apparatus, image_id, condition, overrides, plain)
    return apparatus.frame(image_id, chain, condition=condition), 12


class Health(RequestHandler):
    """``/healthz``: counts for whoever watches the station, no patient data, no login."""

    def initialize(self, apparatus: Apparatus) -> None:
        """Called by Tornado with what the route was given."""
        self.apparatus = apparatus

    def head(self) -> None:
        """A sign of life, for pages."""
        self.set_header("Cache-Control", "no-store")

    async def get(self) -> None:
        """Count in a thread."""
        health = await asyncio.get_running_loop().run_in_executor(_POOL, self.apparatus.health)
        self.set_header("Cache-Control", "no-store")
        self.write(health)
